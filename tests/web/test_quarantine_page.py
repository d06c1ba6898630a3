"""A coordinator reads what is quarantined, corrects it, releases it or lays it aside; nobody loses a word by it."""

import re
from typing import Any

import pytest
from sqlalchemy import Engine

from fieldsync.routes.pages import lists
from fieldsync.services import desk, verdicts
from fieldsync.store import audit, quarantine
from tests.routes.callers import person
from tests.web.visitor import Visitor, visitor, works_in_both
from tests.world import Json, Phone, World

TICKET = re.compile(r'name="ticket" value="([^"]+)"')
SEEN = re.compile(r'name="seen" value="([^"]*)"')

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@pytest.fixture
def reviewer(world: World) -> Visitor:
    """Somebody who reviews, and so sees personal answers at once."""
    return visitor(world, "association_reviewer")


def tickets(who: Visitor, query: str = "") -> list[str]:
    return TICKET.findall(who.opens(f"/quarantine{query}").text)


def name_of_field(page: str, label: str) -> str:
    """The field that a label belongs to."""
    found = re.search(rf'<label for="([^"]+)"><bdi[^>]*>{label}</bdi>', page)
    assert found, label
    return found[1]


def corrects(who: Visitor, ticket: str, answers: Json, reason: str = "A slip of the pen") -> Any:
    """Fill the form of the page, all of its fields with what stands in them but those named by their label."""
    page = who.opens(f"/quarantine/{ticket}").text
    seen = SEEN.search(page)
    given: Json = {"seen": seen[1] if seen else "", "reason": reason}
    for label, value in answers.items():
        name = name_of_field(page, label)
        given |= {f"{name}-there": "yes", name: value}
    return who.fills(f"/quarantine/{ticket}/correct", given, page=f"/quarantine/{ticket}")


def wrong_colour(phone: Phone, **more: Any) -> Json:
    return phone.says(writes={"name": "Fatima", "colour": "mauve", **more})


def test_the_page_says_why_and_what_was_sent(world: World, reviewer: Visitor) -> None:
    phone = world.phone()
    said = wrong_colour(phone, age=30)
    assert phone.statuses(said) == ["quarantined"]
    [ticket] = tickets(reviewer)
    page = reviewer.opens(f"/quarantine/{ticket}")
    assert page.status_code == 200
    for text in ("Colour", "mauve", "Fatima", "Ce choix n’existe pas", said["record"][24:30], ">30<"):
        assert text in page.text, text


def test_a_corrected_answer_counts_and_the_companions_words_stay_hers(world: World, reviewer: Visitor) -> None:
    phone = world.phone()
    said = wrong_colour(phone, age=30)
    phone.statuses(said)
    [ticket] = tickets(reviewer)
    assert corrects(reviewer, ticket, {"Colour": "red"}).status_code == 303
    shown = person(world, "association_reviewer").get(f"records/{said['record']}")
    assert shown["fields"] == {"name": "Fatima", "colour": "red", "age": 30}
    assert shown["conflicts"] == {}
    history = person(world, "association_reviewer").get(f"records/{said['record']}/operations")["items"]
    by_desk = [each for each in history if each["author"] != phone.author]
    assert [each["writes"] for each in by_desk if "writes" in each] == [{"colour": "red"}]
    [verdict] = [each["act"] for each in by_desk if "act" in each]
    assert (verdict["verdict"], verdict["note"]) == ("release", "A slip of the pen")
    [own] = [each for each in history if each["author"] == phone.author]
    assert own["writes"] == said["writes"]
    assert not tickets(reviewer)
    assert said["record"] in [each["record"] for each in phone.pulls()]


def test_what_is_still_wrong_is_told_at_its_field_and_nothing_is_written(world: World, reviewer: Visitor) -> None:
    phone = world.phone()
    said = wrong_colour(phone, age="old")
    phone.statuses(said)
    [ticket] = tickets(reviewer)
    page = corrects(reviewer, ticket, {"Colour": "red", "Age": "older"})
    assert page.status_code == 422
    assert 'value="older"' in page.text
    assert "aria-invalid" in page.text
    assert world.record(said["record"]) is None
    assert corrects(reviewer, ticket, {"Colour": "red", "Age": "31"}).status_code == 303
    assert world.fields(said["record"]) == {"name": "Fatima", "colour": "red", "age": 31}


def test_an_answer_to_no_question_of_the_form_is_left_out(world: World, reviewer: Visitor) -> None:
    phone = world.phone()
    said = phone.says(writes={"name": "Fatima", "shoe_size": 41})
    phone.statuses(said)
    [ticket] = tickets(reviewer)
    assert corrects(reviewer, ticket, {}).status_code == 303
    assert world.fields(said["record"]) == {"name": "Fatima", "shoe_size": None}


def test_an_id_that_is_taken_is_said_again_at_the_desk(world: World, reviewer: Visitor) -> None:
    """A phone that was restored from a copy says other things under the same numbers."""
    phone = world.phone()
    first = phone.says(writes={"name": "Fatima"})
    phone.statuses(first)
    phone.counter = 0
    other = wrong_colour(phone)
    assert phone.statuses(other) == ["quarantined"]
    [ticket] = tickets(reviewer)
    page = reviewer.opens(f"/quarantine/{ticket}").text
    assert 'value="release"' not in page
    assert corrects(reviewer, ticket, {"Colour": "green"}).status_code == 303
    assert world.fields(other["record"]) == {"name": "Fatima", "colour": "green"}
    row = world.read(lambda session: quarantine.find(session, world.amal, 1))
    assert row is not None and row.status == "rejected"


def test_what_came_to_the_record_meanwhile_is_not_written_over_unseen(world: World, reviewer: Visitor) -> None:
    amina, zaina = world.phone(), world.phone()
    first = amina.says(writes={"name": "Fatima", "colour": "green"})
    amina.tells(first)
    amina.tells(amina.says(first["record"], {"colour": "mauve"}, seen=[first]))
    [ticket] = tickets(reviewer)
    page = reviewer.opens(f"/quarantine/{ticket}").text
    zaina.tells(zaina.says(first["record"], {"colour": "green"}, seen=[first]))
    name, seen = name_of_field(page, "Colour"), SEEN.search(page)
    assert seen is not None
    given = {"seen": seen[1], "reason": "x", f"{name}-there": "yes", name: "red"}
    answer = reviewer.fills(f"/quarantine/{ticket}/correct", given, page=f"/quarantine/{ticket}")
    assert answer.status_code == 303, re.findall("<strong>(.*?)</strong>", answer.text)
    shown = world.record(first["record"])
    assert shown is not None
    assert {shown["fields"]["colour"], *(each["value"] for each in shown["conflicts"]["colour"])} == {"red", "green"}


def test_a_verdict_needs_a_reason_and_tells_it(world: World, reviewer: Visitor) -> None:
    phone = world.phone()
    phone.statuses(wrong_colour(phone))
    [ticket] = tickets(reviewer)
    path, page = f"/quarantine/{ticket}/verdict", f"/quarantine/{ticket}"
    assert reviewer.fills(path, {"verdict": "reject"}, page=page).status_code == 422
    assert reviewer.fills(path, {"verdict": "reject", "reason": "Test of a phone"}, page=page).status_code == 303
    assert not tickets(reviewer)
    assert "Test of a phone" in reviewer.opens(page).text
    assert reviewer.fills(path, {"verdict": "reject", "reason": "again"}, page=page).status_code == 409
    assert reviewer.fills(path, {"verdict": "release", "reason": "No, it was real"}, page=page).status_code == 303
    assert "No, it was real" in reviewer.opens(page).text


def test_several_of_one_reason_are_judged_together(world: World, reviewer: Visitor) -> None:
    """The late batch of a phone that was taken out."""
    phone = world.phone()
    world.revoke(phone)
    late = [phone.says(writes={"name": f"Fatima {number}"}) for number in range(4)]
    assert set(phone.statuses(*late)) == {"quarantined"}
    other = world.phone()
    other.statuses(wrong_colour(other))
    revoked = tickets(reviewer, "?why=device_revoked")
    assert len(revoked) == 4
    assert len(tickets(reviewer)) == 5
    assert reviewer.fills("/quarantine", {"verdict": "release", "ticket": revoked}).status_code == 422
    given = {"verdict": "release", "reason": "Handed in by hand", "ticket": [*revoked[:3], "0" * 22]}
    answer = reviewer.fills("/quarantine?why=device_revoked", given)
    assert answer.headers["Location"] == "/quarantine?why=device_revoked&judged=3&kept=1"
    assert "3 " in reviewer.opens(answer.headers["Location"]).text
    assert len(tickets(reviewer, "?why=device_revoked")) == 1
    assert sum(world.record(each["record"]) is not None for each in late) == 3


def test_all_of_one_reason_are_judged_together_on_whatever_page_they_stand(world: World, reviewer: Visitor) -> None:
    phone = world.phone()
    world.revoke(phone)
    assert set(phone.statuses(*[phone.says(writes={"name": "x"}) for _ in range(lists.ROWS + 2)])) == {"quarantined"}
    other = world.phone()
    other.statuses(wrong_colour(other))
    assert 'name="all"' not in reviewer.opens("/quarantine?why=unknown_choice").text
    page = reviewer.opens("/quarantine?why=device_revoked").text
    assert 'name="all"' in page and "ne peut pas être annulée" in page
    given = {"verdict": "reject", "reason": "A lost phone", "all": "1", "ticket": tickets(reviewer)[:1]}
    answer = reviewer.fills("/quarantine?why=device_revoked", given)
    assert f"judged={lists.ROWS + 2}&" in answer.headers["Location"] + "&"
    assert len(tickets(reviewer)) == 1, "what waits for another reason waits still"


def test_what_cannot_be_read_shows_as_text_and_can_only_be_laid_aside(world: World, reviewer: Visitor) -> None:
    phone = world.phone()
    said = phone.says(writes={"name": EVIL})
    assert phone.statuses(said | {"kind": EVIL}) == ["quarantined"]
    [ticket] = tickets(reviewer)
    page = reviewer.opens(f"/quarantine/{ticket}").text
    assert "onerror=alert(2)" in page
    assert "<script>alert" not in page and "<img src=x" not in page
    assert 'value="release"' not in page
    path = f"/quarantine/{ticket}/verdict"
    given = {"verdict": "reject", "reason": "A broken app"}
    assert reviewer.fills(path, given, page=f"/quarantine/{ticket}").status_code == 303
    assert "A broken app" in reviewer.opens(f"/quarantine/{ticket}").text
    assert not tickets(reviewer)


@pytest.mark.parametrize("where", ["colour", "name", EVIL, f"children[{EVIL}]/called"])
def test_nothing_that_a_phone_sent_is_taken_for_markup(world: World, reviewer: Visitor, where: str) -> None:
    phone = world.phone()
    phone.statuses(phone.says(writes={"name": "Fatima", "colour": "mauve", where: EVIL}))
    [ticket] = tickets(reviewer)
    for path in ("/quarantine", f"/quarantine/{ticket}"):
        page = reviewer.opens(path).text
        assert "<script>alert" not in page and "<img src=x" not in page


def test_personal_answers_are_masked_until_a_click_that_is_written_down(world: World) -> None:
    coordinator = visitor(world, "coordinator")
    phone = world.phone()
    phone.statuses(wrong_colour(phone), phone.says(writes={"name": "Zineb"}) | {"version": 7})
    for ticket in tickets(coordinator):
        page = coordinator.opens(f"/quarantine/{ticket}").text
        assert not re.search("Fatima|Zineb", page)
        shown = coordinator.fills(f"/quarantine/{ticket}/reveal", page=f"/quarantine/{ticket}")
        assert re.search("Fatima|Zineb", shown.text)
    log = person(world, "data_protection", also=()).get("audit")["items"]
    assert [each["about"] for each in log if each["action"] == "personal_revealed"] == [
        "quarantine:2",
        "quarantine:1",
    ]


def test_what_is_masked_goes_on_as_it_was_sent_when_the_rest_is_corrected(world: World) -> None:
    coordinator = visitor(world, "coordinator")
    phone = world.phone()
    said = wrong_colour(phone)
    phone.statuses(said)
    [ticket] = tickets(coordinator)
    assert corrects(coordinator, ticket, {"Colour": "red"}).status_code == 303
    assert world.fields(said["record"]) == {"name": "Fatima", "colour": "red"}


def test_what_is_held_says_for_what_it_waits_and_may_be_let_go(world: World, reviewer: Visitor) -> None:
    phone = world.phone()
    said = phone.says(writes={"name": "Fatima"}, seen=[["far-away", 3]])
    other = phone.says(writes={"name": "Fatima"}, version="9")
    assert phone.statuses(said, other) == ["held", "held"]
    page = reviewer.opens("/quarantine/held").text
    assert "far-away, 3" in page and "Visit 9" in page
    found = re.findall(r'action="(/quarantine/held/[^"]+)"', page)
    assert len(found) == 1  # what its form version is for, nobody can tell without it
    assert reviewer.fills(found[0], {}, page="/quarantine/held").status_code == 422
    assert reviewer.fills(found[0], {"reason": "It will not come"}, page="/quarantine/held").status_code == 303
    assert world.fields(said["record"]) == {"name": "Fatima"}
    assert reviewer.fills(found[0], {"reason": "again"}, page="/quarantine/held").status_code == 404


def test_who_only_reads_is_offered_no_verdict(sqlite_engine: Engine) -> None:
    """The operator's reader of the API sees the list; nobody without the permission judges."""
    world = World(sqlite_engine)
    phone = world.phone()
    phone.statuses(wrong_colour(phone))
    [ticket] = tickets(visitor(world, "association_reviewer"))
    for role in ("viewer", "designer", "companion"):
        who = visitor(world, role)
        assert who.opens("/quarantine").status_code == 403
        answer = who.posts(f"/quarantine/{ticket}/verdict", {"verdict": "release", "reason": "x"})
        assert answer.status_code == 403
    row = world.read(lambda session: quarantine.find(session, world.amal, 1))
    assert row is not None and row.status == "quarantined"


def test_two_coordinators_who_judge_at_once_do_not_both_carry_it_out(world: World) -> None:
    """The second is told that it is judged already."""
    phone = world.phone()
    said = wrong_colour(phone)
    phone.statuses(said)

    def judge(who: str, verdict: str) -> Any:
        def work(session: Any) -> Any:
            row = quarantine.find(session, world.amal, 1)
            assert row is not None
            by = desk.Desk(world.amal, who, world.now_ms)
            return verdicts.judge(session, by, row, verdict, "a reason")

        return world.write(work)

    assert judge("p1", "release") is None
    assert judge("p2", "reject").code == "already_judged"
    assert world.fields(said["record"])["colour"] == "mauve"


def test_whoever_reads_several_associations_opens_and_judges_what_is_quarantined_in_each(world: World) -> None:
    elsewhere = world.add_association("elsewhere")
    phone = world.phone(association_id=elsewhere)
    assert phone.statuses(wrong_colour(phone)) == ["quarantined"]
    [ticket] = tickets(visitor(world, "association_reviewer", association_id=elsewhere))
    both, one = works_in_both(world, elsewhere), visitor(world, "association_reviewer")
    listed = both.opens("/inbox?association=all&view=everything").text
    addresses = re.findall(r'href="(/quarantine/[^"]+)"', listed)
    assert [both.opens(each).status_code for each in addresses] == [200]
    assert one.opens(f"/quarantine/{ticket}").status_code == 404
    judged = {"verdict": "reject", "reason": "A test"}
    assert one.fills(f"/quarantine/{ticket}/verdict", judged, page="/account").status_code == 404
    assert both.fills(f"/quarantine/{ticket}/verdict", judged, page=f"/quarantine/{ticket}").status_code == 303
    assert not tickets(visitor(world, "association_reviewer", association_id=elsewhere))
    assert not world.read(lambda session: [row for row in audit.rows(session, world.amal) if row.action == "act"])
