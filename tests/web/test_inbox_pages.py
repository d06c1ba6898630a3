"""The inbox without script: finding, deciding about several records at once, and taking that back."""

import html
import re

import pytest
from werkzeug.test import TestResponse

from fieldsync.core.inbox import EVERYWHERE
from fieldsync.routes.pages import inbox
from fieldsync.services import bulk, desk
from fieldsync.store import audit
from fieldsync.store.db import execute
from tests.routes.test_need_to_know import publish_intake
from tests.web.visitor import Visitor, visitor, works_in_both
from tests.world import Json, Phone, World


@pytest.fixture
def reviewer(world: World) -> Visitor:
    """Whoever reviews what came in."""
    return visitor(world, "association_reviewer")


def named(said: Json) -> str:
    """How the form of the list names a record."""
    return f"{said['kind']} {said['of']} {said['record']}"


def ticks(page: str) -> list[str]:
    """The records that can be ticked on a page."""
    return re.findall(r'name="row" value="([^"]+)"', page)


def decided(who: Visitor, decision: str, *said: Json, note: str = "", status: int = 303) -> str:
    """Tick records and decide; the page that comes then."""
    answer = who.fills(
        "/inbox/decide", {"decision": decision, "note": note, "row": [named(each) for each in said]}, page="/inbox"
    )
    assert answer.status_code == status, answer.text
    return who.opens(answer.headers["Location"]).text if status == 303 else answer.text


def undone(who: Visitor, page: str) -> str:
    """Press «Undo» in the toast; the page that comes then."""
    [address] = set(re.findall(r'action="(/inbox/deeds/[^"]+)"', page))
    answer = who.fills(html.unescape(address), page="/inbox")
    assert answer.status_code == 303, answer.text
    return who.opens(answer.headers["Location"]).text


def states(world: World, *said: Json) -> list[str]:
    """The review states of records."""
    return [world.record(each["record"])["review"]["state"] for each in said]  # type: ignore[index]


def sent(phone: Phone, count: int = 3) -> list[Json]:
    """Visits that a companion sent."""
    said = [phone.says(writes={"name": f"Amina {number}"}) for number in range(count)]
    phone.tells(*said)
    return said


def test_what_has_just_come_is_on_the_page(world: World, reviewer: Visitor) -> None:
    """Nobody waits for a job: the page sorts in what it can, and says when more is left."""
    said = sent(world.phone())
    page = reviewer.opens("/inbox").text
    assert sorted(ticks(page)) == sorted(map(named, said))
    assert "Amina" not in page


def test_a_long_queue_is_told(world: World, reviewer: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "CAUGHT_UP_MAX", 2)
    sent(world.phone(), 5)
    assert "3 changements restent à classer" in reviewer.opens("/inbox").text
    assert "1 changement reste à classer" in reviewer.opens("/inbox").text
    assert "à classer" not in reviewer.opens("/inbox").text


def test_the_words_searched_for_stand_in_no_address(world: World, reviewer: Visitor) -> None:
    said = sent(world.phone(), 1)[0]
    other = world.phone()
    other.tells(other.says(writes={"name": "Khadija"}))
    answer = reviewer.fills("/inbox/search?of=submission&state=open", {"words": "أمينة"}, page="/inbox")
    address = answer.headers["Location"]
    assert answer.status_code == 303 and "state=open" in address and "search=" in address
    assert "amina" not in address.lower() and "%D8" not in address
    assert ticks(reviewer.opens(address).text) == [named(said)]
    colleague = visitor(world, "association_reviewer")
    shared = colleague.opens(address).text
    assert len(ticks(shared)) == 2
    assert "ne sont pas partagés" in shared and "أمينة" not in shared


def test_many_are_approved_at_once_and_that_is_taken_back(world: World, reviewer: Visitor) -> None:
    said = sent(world.phone())
    page = decided(reviewer, "approve", *said[:2])
    assert states(world, *said) == ["approved", "approved", "received"]
    assert "Annuler" in page
    undone(reviewer, page)
    assert states(world, *said) == ["received", "received", "received"]
    assert "Annuler" not in reviewer.opens("/inbox/deeds").text


def test_taking_back_leaves_what_was_decided_since(world: World, reviewer: Visitor) -> None:
    """A colleague rejected one, a companion corrected another: only the third goes back, and the page says so."""
    phone = world.phone()
    said = sent(phone)
    page = decided(reviewer, "approve", *said)
    world.at_desk(desk.review, said[0]["record"], "rejected", "no")
    world.at_desk(desk.correct, said[1]["record"], {"name": "Zineb"})
    after = undone(reviewer, page)
    assert states(world, *said) == ["rejected", "edited", "received"]
    assert "2 envois ont été décidés ou modifiés depuis" in after


def test_the_same_decision_of_a_colleague_stays_hers(world: World, reviewer: Visitor) -> None:
    said = sent(world.phone(), 1)
    page = decided(reviewer, "approve", *said)
    world.at_desk(desk.review, said[0]["record"], "approved", "seen on paper")
    undone(reviewer, page)
    assert states(world, *said) == ["approved"]


def test_a_deed_is_taken_back_once_and_by_its_doer(world: World, reviewer: Visitor) -> None:
    said = sent(world.phone(), 1)
    page = decided(reviewer, "approve", *said)
    [address] = set(re.findall(r'action="(/inbox/deeds/[^"]+)"', page))
    address = html.unescape(address)
    assert visitor(world, "association_reviewer").fills(address, page="/inbox").status_code == 404
    assert states(world, *said) == ["approved"]
    assert [reviewer.fills(address, page="/inbox").status_code for _ in range(2)] == [303, 404]


def test_what_cannot_take_a_state_stays_and_the_page_says_why(world: World, reviewer: Visitor) -> None:
    phone, other = world.phone(), world.phone()
    plain, torn = sent(phone, 2)
    phone.tells(phone.says(torn["record"], {"name": "A"}, seen=[torn]))
    other.tells(other.says(torn["record"], {"name": "B"}, seen=[torn]))
    page = decided(reviewer, "approve", plain, torn)
    assert states(world, plain, torn) == ["approved", "received"]
    assert "1 envoi est resté tel quel" in page


def test_a_correction_needs_a_note_that_reaches_the_companion(world: World, reviewer: Visitor) -> None:
    phone = world.phone()
    said = sent(phone, 2)
    phone.pulls()
    refused = decided(reviewer, "send_back", *said, status=422)
    assert refused.count(" checked") == 2
    assert states(world, *said) == ["received", "received"]
    decided(reviewer, "send_back", *said, note="Which village?")
    told = [comment["text"] for record in phone.pulls() for comment in record["review"]["comments"]]
    assert told == ["Which village?"] * 2


def test_nothing_ticked_changes_nothing(reviewer: Visitor) -> None:
    assert "Rien n’est coché" in html.unescape(decided(reviewer, "approve", status=422))


def every(who: Visitor, decision: str, query: str, note: str = "", seen: str = "") -> TestResponse:
    """Decide on all that a filter shows, as the page that asks shows it, or as it was seen before."""
    asking = f"/inbox/every?decision={decision}&{query}"
    seen = seen or seen_in(who.opens(asking).text)
    return who.fills(f"/inbox/every?{query}", {"decision": decision, "note": note, "seen": seen}, page=asking)


def seen_in(page: str) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found, page
    return found[1]


def test_all_of_a_list_is_decided_in_steps_and_taken_back_as_one(
    world: World, reviewer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "TICKED_MAX", 2)
    monkeypatch.setattr(bulk, "EVERY_MAX", 5)
    said, query = sent(world.phone(), 6), "of=submission.visit"
    assert "5 envois" in reviewer.opens(f"/inbox/every?decision=approve&{query}").text
    done = every(reviewer, "approve", query)
    assert done.status_code == 303
    assert sorted(states(world, *said)) == ["approved"] * 5 + ["received"]
    page = reviewer.opens(done.headers["Location"]).text
    assert "5 envois" in page
    assert every(reviewer, "approve", query).status_code == 303
    assert states(world, *said) == ["approved"] * 6, "the same again goes on with the rest"
    assert " 0 envoi" not in undone(reviewer, page)
    assert sorted(states(world, *said)) == ["approved", *["received"] * 5]
    assert every(reviewer, "reject", query).status_code == 422
    assert every(reviewer, "reject", query, note="A test").status_code == 303
    assert states(world, *said).count("rejected") == 5


def test_all_of_a_list_is_what_was_seen_and_nothing_that_came_since(world: World, reviewer: Visitor) -> None:
    phone = world.phone()
    first, query = sent(phone, 1), "of=submission.visit"
    seen = seen_in(reviewer.opens(f"/inbox/every?decision=approve&{query}").text)
    later = sent(phone, 1)
    assert every(reviewer, "approve", query, seen=seen).status_code == 409
    assert states(world, *first, *later) == ["received"] * 2
    assert reviewer.opens("/inbox/every?decision=burn").status_code == 404


def test_a_record_of_elsewhere_is_decided_by_nobody_here(world: World, reviewer: Visitor) -> None:
    elsewhere = world.add_association("elsewhere")
    foreign = sent(world.phone(association_id=elsewhere), 1)[0]
    absent = {**foreign, "record": world.uuid()}
    pages = [decided(reviewer, "approve", each) for each in (foreign, absent)]
    assert world.record(foreign["record"], association_id=elsewhere)["review"]["state"] == "received"  # type: ignore[index]
    assert len({re.sub(r'[\w-]{22}|value="\w+"', "", page) for page in pages}) == 1


def test_whoever_reads_all_associations_sees_them_beside_each_other(world: World) -> None:
    elsewhere = world.add_association("elsewhere")
    for association_id in (world.amal, elsewhere):
        world.publish("f5_monthly 1", association_id)
        phone = world.phone(association_id=association_id)
        phone.tells(phone.says(of="f5_monthly", writes={"group": "G", "month": "05"}))
    overseer = visitor(world, "programme_me")
    assert overseer.opens("/inbox").text.count("<tr ") == 2
    page = overseer.opens(f"/inbox?association={EVERYWHERE}").text
    assert page.count("<tr ") == 3 and "elsewhere" in page
    assert not ticks(page)
    opened = [overseer.opens(html.unescape(each)) for each in re.findall(r'href="(/submissions/[^"]+)"', page)]
    assert [each.status_code for each in opened] == [200, 200]
    assert ["elsewhere ·" in re.sub(r"<[^>]+>", "", each.text) for each in opened].count(True) == 1
    world.write(lambda session: execute(session, "UPDATE person SET association_id = NULL", ()))
    assert overseer.opens("/inbox").text.count("<tr ") == 3, "at home in no association, she begins with all of them"


def test_a_record_of_another_association_is_decided_there_by_whoever_works_in_both(world: World) -> None:
    elsewhere = world.add_association("elsewhere")
    phone = world.phone(association_id=elsewhere)
    said = phone.says(writes={"name": "Amina"})
    assert phone.statuses(said) == ["applied"]
    page = f"/submissions/visit/{said['record']}"
    both, one = works_in_both(world, elsewhere), visitor(world, "association_reviewer")
    assert one.opens(page).status_code == 404
    assert one.fills(f"{page}/review", {"decision": "approve"}, page="/account").status_code == 404
    assert both.fills(f"{page}/review", {"decision": "approve"}, page=page).status_code == 303
    told = world.record(said["record"], association_id=elsewhere)
    assert told is not None and told["review"]["state"] == "approved"
    assert not world.read(lambda session: [row for row in audit.rows(session, world.amal) if row.action == "act"])


def test_sealed_forms_show_as_a_number_and_a_small_one_not_even_so(world: World) -> None:
    publish_intake(world)
    phone = world.phone()
    coordinator = visitor(world, "coordinator")
    phone.tells(*[phone.says(of="f2_intake", writes={"story": "x"}) for _ in range(3)])
    assert "&lt; 5" in coordinator.opens("/inbox").text
    phone.tells(*[phone.says(of="f2_intake", writes={"story": "x"}) for _ in range(3)])
    page = coordinator.opens("/inbox").text
    assert "≥ 5" in page, "a seventh does not show by itself"
    assert "f2_intake" not in page and not ticks(page)


def test_a_page_says_nothing_of_what_an_address_cannot_mean(reviewer: Visitor) -> None:
    for query in (
        "at=a.b.c",
        "state=x&sort=drop",
        "since=2026-99-99",
        "of=submission.%00",
        "place=%27",
        "search=%3Cb%3E",
    ):
        assert reviewer.opens(f"/inbox?{query}").status_code == 200, query
