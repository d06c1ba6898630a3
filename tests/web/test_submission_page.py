"""The page of a submission: what it shows to whom, what may be decided, and what reaches the companion."""

import html
import json
import re

import pytest

from fieldsync.services import desk, inbox_projection, pictures, uploads
from fieldsync.store import audit
from tests.attachments import photos
from tests.attachments.photos import Photo
from tests.attachments.test_pictures import taken
from tests.routes import callers
from tests.routes.test_need_to_know import intake, listening_phone, publish_intake
from tests.web.visitor import Visitor, title, visitor
from tests.world import Json, Phone, World

CHILD = "5b0c1a52-5f0e-4f4e-9d2f-0f8b6a1c2d3e"


def address(record: str, form: str = "visit") -> str:
    return f"/submissions/{form}/{record}"


def sent(world: World, phone: Phone, **writes: object) -> Json:
    said = phone.says(writes={"name": "Fatima", "age": 34, "colour": "red", **writes})
    assert phone.statuses(said) == ["applied"]
    return said


def shown(text: str, path: str) -> str:
    """What a page shows under a path, as plain words."""
    found = re.search(rf'data-path="{re.escape(html.escape(path))}"[^>]*>(.*?)</(?:dd|td)>', text, re.DOTALL)
    assert found, path
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found[1])).split())


def state_of(world: World, record: str) -> str:
    told = world.record(record)
    assert told is not None
    return str(told["review"]["state"])


def decides(who: Visitor, record: str, decision: str, text: str = "", form: str = "visit") -> int:
    page = address(record, form)
    given = {"decision": decision, "text": text}
    return who.fills(f"{page}/review", given, page=page).status_code


def test_answers_stand_in_the_forms_order_with_their_labels(world: World) -> None:
    said = sent(world, world.phone(), likes={"set": ["green", "red"]}, **{f"children[{CHILD}]": 1,
                f"children[{CHILD}]/called": "Samir"})  # fmt: skip
    text = visitor(world, "association_reviewer").opens(address(said["record"])).text
    assert shown(text, "name") == "Fatima"
    assert shown(text, "age") == "34"
    assert (shown(text, "colour"), shown(text, "likes")) == ("Red", "Green , Red")
    assert shown(text, f"children[{CHILD}]/called") == "Samir"
    order = [text.index(f'data-path="{path}"') for path in ("name", "age", "colour", "likes")]
    assert order == sorted(order)
    assert "Name" in text and "Children" in text


def test_no_title_or_address_names_anybody(world: World) -> None:
    said = sent(world, world.phone())
    response = visitor(world, "association_reviewer").opens(address(said["record"]))
    assert "Fatima" not in title(response)


def test_a_coordinator_sees_names_after_a_click_that_is_written_down_and_hides_them_again(world: World) -> None:
    said, who = sent(world, world.phone()), visitor(world, "coordinator")
    page = address(said["record"])
    assert "Fatima" not in who.opens(page).text
    assert "Fatima" in who.fills(f"{page}/reveal", page=page).text
    rows = world.read(lambda session: [row.about for row in audit.rows(session, world.amal)
                                       if row.action == "personal_revealed"])  # fmt: skip
    assert rows == [f"record:{said['record']}"]
    assert "Fatima" not in who.opens(page).text


def test_what_is_masked_stays_masked_in_the_history(world: World) -> None:
    phone = world.phone()
    said = sent(world, phone)
    assert phone.statuses(phone.says(said["record"], {"name": "Fadma", "age": 40}, seen=[said])) == ["applied"]
    who = visitor(world, "coordinator")
    page = who.opens(address(said["record"])).text
    assert "Fadma" not in page and "Fatima" not in page
    assert re.search(r"<del>.*34.*</del>.*<ins>.*40.*</ins>", page)
    revealed = who.fills(f"{address(said['record'])}/reveal", page=address(said["record"])).text
    assert re.search(r"<del>.*Fatima.*</del>.*<ins>.*Fadma.*</ins>", revealed)


def test_a_record_is_approved_sent_back_and_rejected(world: World) -> None:
    said, who = sent(world, world.phone()), visitor(world, "association_reviewer")
    record = said["record"]
    assert (decides(who, record, "approve"), state_of(world, record)) == (303, "approved")
    assert (decides(who, record, "send_back"), state_of(world, record)) == (422, "approved")
    assert (decides(who, record, "send_back", "Which village?"), state_of(world, record)) == (303, "hasIssues")
    assert (decides(who, record, "reject"), state_of(world, record)) == (422, "hasIssues")
    assert (decides(who, record, "reject", "Twice"), state_of(world, record)) == (303, "rejected")
    assert (decides(who, record, "approve", "It is not"), state_of(world, record)) == (303, "approved")
    assert decides(who, record, "approve", "again") == 409
    assert decides(who, record, "nonsense") == 404


def test_nothing_in_conflict_is_approved_and_the_page_says_why(world: World) -> None:
    one, other = world.phone(), world.phone()
    said = sent(world, one)
    for phone, colour in ((one, "green"), (other, "red")):
        assert phone.statuses(phone.says(said["record"], {"age": {"green": 1, "red": 2}[colour]}, seen=[said])) == [
            "applied"
        ]
    who = visitor(world, "association_reviewer")
    page = who.opens(address(said["record"])).text
    assert 'aria-describedby="blocked"' in page
    assert (decides(who, said["record"], "approve"), state_of(world, said["record"])) == (409, "received")
    assert page.count('class="tone-info branch"') == 2, "two operations that did not know of each other"


def test_nothing_with_a_part_in_quarantine_is_approved(world: World) -> None:
    phone = world.phone()
    said = sent(world, phone)
    assert phone.statuses(phone.says(said["record"], {"colour": "mauve"}, seen=[said])) == ["quarantined"]
    who = visitor(world, "association_reviewer")
    assert (decides(who, said["record"], "approve"), state_of(world, said["record"])) == (409, "received")


def test_a_comment_goes_back_to_the_companion(world: World) -> None:
    phone = world.phone()
    said, who = sent(world, phone), visitor(world, "association_reviewer")
    page = address(said["record"])
    assert who.fills(f"{page}/comment", {"text": " "}, page=page).status_code == 422
    assert who.fills(f"{page}/comment", {"text": "x" * 2001}, page=page).status_code == 422
    assert who.fills(f"{page}/comment", {"text": "Which village?\r\nAsni?"}, page=page).status_code == 303
    [record] = phone.pulls()
    assert [each["text"] for each in record["review"]["comments"]] == ["Which village?\nAsni?"]
    assert "Which village?" in who.opens(page).text


def test_nobody_judges_what_was_said_since_the_page_was_opened(world: World) -> None:
    phone = world.phone()
    said, who = sent(world, phone), visitor(world, "association_reviewer")
    page = address(said["record"])
    opened = re.search(r'name="seen" value="([^"]*)"', who.opens(page).text)
    assert opened
    phone.tells(phone.says(said["record"], {"age": 35}, seen=[said]))
    given = {"decision": "approve", "seen": html.unescape(opened[1])}
    assert who.fills(f"{page}/review", given, page=page).status_code == 409
    assert state_of(world, said["record"]) == "received"
    assert who.fills(f"{page}/comment", {"text": "?", "seen": "nobody/1"}, page=page).status_code == 409


def test_a_comment_is_no_look_at_what_came_meanwhile(world: World) -> None:
    """She comments on the page that she had opened; what she writes later has not seen what came in between."""
    phone, other = world.phone(), world.phone()
    said, who = sent(world, phone), visitor(world, "association_reviewer")
    page = address(said["record"])
    opened = re.search(r'name="seen" value="([^"]*)"', who.opens(page).text)
    assert opened
    seen = html.unescape(opened[1])
    other.tells(other.says(said["record"], {"age": 40}, seen=[said]))
    assert who.fills(f"{page}/comment", {"text": "Which village?", "seen": seen}, page=page).status_code == 303
    path = f"records/{said['record']}/operations"
    operations = callers.person(world, "association_reviewer").get(path)["items"]
    assert [each["seen"] for each in operations if (each.get("act") or {}).get("comment")] == [[said["id"]]]


def test_the_filter_that_somebody_came_from_stays(world: World) -> None:
    said, who = sent(world, world.phone()), visitor(world, "association_reviewer")
    page = address(said["record"])
    kept = "?of=submission.visit&state=received"
    response = who.fills(f"{page}/review{kept}&nonsense=1", {"decision": "approve"}, page=page)
    assert response.headers["Location"] == f"{page}{kept}"


@pytest.mark.parametrize(("role", "status"), [("designer", 403), ("viewer", 403), ("instance_admin", 403)])
def test_who_reads_no_records_has_no_page(world: World, role: str, status: int) -> None:
    said = sent(world, world.phone())
    assert visitor(world, role).opens(address(said["record"])).status_code == status


def test_a_companion_reads_and_decides_nothing(world: World) -> None:
    """The tiny form belongs to the family of other forms, which companions read."""
    said, who = sent(world, world.phone()), visitor(world, "companion")
    page = who.opens(address(said["record"])).text
    assert "Fatima" in page
    assert 'id="decide"' not in page and 'id="history"' not in page
    assert decides(who, said["record"], "approve") == 403


def test_a_listening_worker_sees_her_own_cases_and_nobody_else_does(world: World) -> None:
    publish_intake(world)
    saida, nadia = visitor(world, "listening_worker"), visitor(world, "listening_worker")
    record = intake(world, listening_phone(world, saida))  # type: ignore[arg-type]
    page = address(record, "f2_intake")
    assert shown(saida.opens(page).text, "story") == "what happened"
    for who in (nadia, visitor(world, "coordinator"), visitor(world, "association_reviewer")):
        assert who.opens(page).status_code == 404
    reads = world.read(lambda session: [row.about for row in audit.rows(session, world.amal)
                                        if row.action == "restricted_read"])  # fmt: skip
    assert reads == [f"record:{record}"]


def test_a_long_history_comes_page_by_page(world: World) -> None:
    phone = world.phone()
    said = sent(world, phone)
    last = said
    for age in range(45):
        last = phone.says(said["record"], {"age": age}, seen=[last])
        phone.tells(last)
    who = visitor(world, "association_reviewer")
    counts, path = [], address(said["record"])
    while path:
        text = who.opens(path).text
        counts.append(text.count('class="when"'))
        found = re.search(r'href="([^"]*older=[^"]*)#history"', text)
        path = html.unescape(found[1]) if found else ""
    assert counts == [20, 20, 6]


def test_a_record_of_which_nothing_applies_yet_says_so(world: World) -> None:
    phone = world.phone()
    said = phone.says(writes={"name": "x"}, seen=[["far-away", 1]])
    assert phone.statuses(said) == ["held"]
    response = visitor(world, "association_reviewer").opens(address(said["record"]))
    assert (response.status_code, "Rien ne s’applique encore." in response.text) == (200, True)


def test_what_the_desk_deleted_says_so(world: World) -> None:
    said = sent(world, world.phone())
    assert world.at_desk(desk.delete, said["record"]) is None
    assert "Supprimé." in visitor(world, "association_reviewer").opens(address(said["record"])).text


def test_json_of_a_hostile_value_is_text(world: World) -> None:
    said = sent(world, world.phone(), village="<script>alert(1)</script>")
    text = visitor(world, "association_reviewer").opens(address(said["record"])).text
    assert "<script>alert" not in text
    assert shown(text, "village") == json.loads('"<script>alert(1)</script>"')


def test_next_and_previous_stay_within_the_filter(world: World) -> None:
    """Also from a record that meets the filter no longer, since it was just decided."""
    phone = world.phone()
    said = [sent(world, phone, village=str(number)) for number in range(3)]
    other = phone.says(of="monthly", writes={"group": "g", "month": "m"})
    phone.tells(other)
    world.write(lambda session: inbox_projection.step(session, world.amal, 100))
    who = visitor(world, "association_reviewer")
    kept = "?of=submission.visit&state=received"
    page = who.opens(f"{address(said[1]['record'])}{kept}").text
    for key, record in (("k", said[2]["record"]), ("j", said[0]["record"])):
        assert f'href="{html.escape(address(record) + kept)}" data-key="{key}"' in page
    assert "2 sur 3" in page and "sur 3" not in who.opens(address(said[1]["record"])).text
    assert decides(who, said[1]["record"], "approve") == 303
    world.write(lambda session: inbox_projection.step(session, world.amal, 100))
    page = who.opens(f"{address(said[1]['record'])}{kept}").text
    assert f'href="{html.escape(address(said[0]["record"]) + kept)}" data-key="j"' in page
    assert 'data-key="j"' not in who.opens(f"{address(said[0]['record'])}{kept}").text


def test_a_possible_duplicate_leads_to_the_other_report_as_far_as_it_is_hers(world: World) -> None:
    phone = world.phone()
    first, second = (phone.says(of="monthly", writes={"group": "g", "month": "m", "sales": each}) for each in (1, 2))
    assert phone.statuses(first, second) == ["applied", "applied"]
    who = visitor(world, "association_reviewer")
    way = f'href="{address(first["record"], "monthly")}"'
    text = who.opens(address(second["record"], "monthly")).text
    assert "Un autre rapport porte les mêmes clés." in text and text.count(way) == 1
    assert "mêmes clés" not in who.opens(address(first["record"], "monthly")).text


def test_only_a_picture_has_the_sign_of_a_picture(world: World) -> None:
    phone, reviewer = world.phone(), visitor(world, "association_reviewer")
    for kind, sign in (("image/jpeg", "picture"), ("application/pdf", "form"), ("audio/mp4", "form")):
        said = sent(world, phone, photo={**Photo(taken()).answer(), "type": kind})
        [stands_for_it] = re.findall(r'class="thumbnail">.*?#([a-z]+)"', reviewer.opens(address(said["record"])).text)
        assert stands_for_it == sign


def test_a_photo_shows_small_once_it_has_come_and_stays_masked_until_a_click(world: World) -> None:
    phone, photo = world.phone(), Photo(taken())
    said = sent(world, phone, photo=photo.answer())
    reviewer, coordinator = visitor(world, "association_reviewer"), visitor(world, "coordinator")
    page = address(said["record"])
    assert "pas encore arrivé" in reviewer.opens(page).text
    photos.send(phone, photo)
    pictures.make_all_ready(world.database, uploads.open_files(world.settings))
    small, whole = f"{page}/thumbnails/{photo.sha256}", f"{page}/files/{photo.sha256}"
    assert f'src="{small}"' in reviewer.opens(page).text
    drawn = reviewer.opens(small)
    assert (drawn.status_code, drawn.mimetype, drawn.data[:2]) == (200, "image/jpeg", b"\xff\xd8")
    assert "sandbox" in drawn.headers["Content-Security-Policy"]
    assert "attachment" in reviewer.opens(whole).headers["Content-Disposition"]
    assert [coordinator.opens(each).status_code for each in (small, whole)] == [404, 404]
    revealed = coordinator.fills(f"{page}/reveal", page=page).text
    [ticket] = re.findall(rf'src="({re.escape(small)}\?ticket=[^"]+)"', revealed)
    assert coordinator.opens(ticket).status_code == 200
    assert visitor(world, "coordinator").opens(ticket).status_code == 404, "a ticket is hers alone"
    world.now_ms += 16 * 60_000
    assert coordinator.opens(ticket).status_code == 404
