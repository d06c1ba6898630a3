"""Correcting a submission by its form's own rules, without script: what differs is written, once, as seen."""

import html
import re
from typing import Any

import msgspec
import pytest

from fieldsync.services import publishing
from fieldsync.store import audit
from tests.market_form import market
from tests.web.visitor import FORM_TOKEN, Visitor, visitor
from tests.world import Json, Phone, World

ROWS = ("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222")


@pytest.fixture
def bazaar(world: World) -> World:
    """The association's phones fill in a market form: cascades, relevance, a repeat, calculations."""
    world.write(lambda session: publishing.publish(session, world.amal, market(), world.now_ms))
    return world


def sold(phone: Phone, **writes: Any) -> Json:
    said = phone.says(of="market", writes={
        "today": "2026-09-21", "province": "haouz", "commune": "asni", "seller": "Fatima", "stall": "yes",
        "number": "7", "goods": {"set": ["wool", "salt"]}, "fee": "12.50", "day": "2026-09-20",
        "opened": "2026-09-20T09:30:00.000+01:00", "spot": {"lat": "31.2", "lon": "-7.9", "accuracy": "4"},
        f"sales[{ROWS[0]}]": 1, f"sales[{ROWS[0]}]/what": "Rug", f"sales[{ROWS[0]}]/price": 900,
        f"sales[{ROWS[1]}]": 2, f"sales[{ROWS[1]}]/what": "Salt", f"sales[{ROWS[1]}]/price": 100,
        "total": "1000", "drawn": "by chance", **writes,
    })  # fmt: skip
    assert phone.statuses(said) == ["applied"]
    return said


class Sheet:
    """The form of a page as a browser without script has it: every field with its value."""

    def __init__(self, who: Visitor, text: str, address: str) -> None:
        self.who, self.text, self.address = who, text, address
        self.fields: dict[str, list[str]] = {}
        form = re.search(r'<form id="correct".*?</form>', text, re.DOTALL)
        assert form, text[:2000]
        for tag in re.findall(r"<input[^>]*>", form[0]):
            given = {name: html.unescape(value) for name, value in re.findall(r'([a-z-]+)="([^"]*)"', tag)}
            if given.get("type") not in ("radio", "checkbox") or " checked" in tag:
                self.fields.setdefault(given["name"], []).append(given.get("value", ""))
        for name, inner in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form[0], re.DOTALL):
            self.fields.setdefault(html.unescape(name), []).append(html.unescape(inner))
        for name, inner in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form[0], re.DOTALL):
            chosen = re.search(r'<option value="([^"]*)" selected', inner)
            self.fields.setdefault(html.unescape(name), []).append(html.unescape(chosen[1]) if chosen else "")

    def puts(self, path: str, *texts: str) -> "Sheet":
        self.fields[f"a:{path}"] = list(texts)
        return self

    def presses(self, step: str, **more: str) -> Any:
        """The answer to a button."""
        given = {**self.fields, "step": step, **more}
        return self.who.posts(self.address, given)

    def follows(self, step: str = "follow") -> "Sheet":
        """The form after a step."""
        return Sheet(self.who, self.presses(step).text, self.address)

    def asks(self, path: str) -> bool:
        return path in self.fields.get("asked", ())


def opens(who: Visitor, said: Json) -> Sheet:
    address = f"/submissions/{said['of']}/{said['record']}/edit"
    response = who.opens(address)
    assert response.status_code == 200, response.text[:500]
    assert FORM_TOKEN.search(response.text)
    return Sheet(who, response.text, address)


def last_said(world: World, said: Json) -> Json:
    """The operation that was written last about a record."""
    from tests.routes.callers import person

    operations = person(world, "association_reviewer").pages(f"records/{said['record']}/operations", limit=100)
    return operations[-1]


def test_only_what_differs_is_written_as_one_operation_that_saw_the_heads(bazaar: World) -> None:
    phone, who = bazaar.phone(), visitor(bazaar, "association_reviewer")
    said = sold(phone)
    sheet = opens(who, said)
    assert sheet.presses("save").headers["Location"] == f"/submissions/market/{said['record']}"
    assert last_said(bazaar, said)["id"] == said["id"], "nothing differed"
    response = sheet.puts("fee", "13,5").puts("goods", "salt").presses("save")
    assert response.status_code == 303, response.text
    written = last_said(bazaar, said)
    assert written["writes"] == {"fee": "13.5", "goods": {"set": ["salt"]}}
    assert written["seen"] == [said["id"]]
    assert written["version"] == "1"


def test_what_somebody_says_meanwhile_stays_beside_as_a_conflict(bazaar: World) -> None:
    phone, who = bazaar.phone(), visitor(bazaar, "association_reviewer")
    said = sold(phone)
    sheet = opens(who, said).puts("fee", "14")
    assert phone.statuses(phone.says(said["record"], {"fee": "15", "number": "8"}, of="market", seen=[said])) == [
        "applied"
    ]
    assert sheet.presses("save").status_code == 303
    shown = bazaar.record(said["record"])
    assert shown is not None
    values = {shown["fields"]["fee"], *(each["value"] for each in shown["conflicts"]["fee"])}
    assert values == {"14", "15"}
    assert shown["fields"]["number"] == "8", "what she did not touch is not written over"


def test_a_choice_follows_the_one_before_it(bazaar: World) -> None:
    who, said = visitor(bazaar, "association_reviewer"), sold(bazaar.phone())
    sheet = opens(who, said)
    assert "Ijoukak" in sheet.text and "Jemaa" not in sheet.text
    moved = sheet.puts("province", "safi").follows()
    assert "Jemaa" in moved.text and "Ijoukak" not in moved.text
    response = moved.presses("save")
    assert response.status_code == 422, "Asni does not lie in Safi"
    assert 'href="#f-commune"' in response.text
    assert moved.puts("commune", "jemaa").presses("save").status_code == 303
    assert last_said(bazaar, said)["writes"] == {"province": "safi", "commune": "jemaa"}


def test_a_question_that_no_longer_applies_goes_with_its_answer(bazaar: World) -> None:
    who, said = visitor(bazaar, "association_reviewer"), sold(bazaar.phone())
    sheet = opens(who, said)
    assert sheet.asks("number")
    without = sheet.puts("stall", "no").follows()
    assert not without.asks("number")
    assert without.presses("save").status_code == 303
    assert last_said(bazaar, said)["writes"] == {"stall": "no", "number": None}


def test_a_broken_rule_is_told_with_its_field_and_written_only_on_purpose(bazaar: World) -> None:
    who, said = visitor(bazaar, "association_reviewer"), sold(bazaar.phone())
    sheet = opens(who, said).puts("fee", "250")
    response = sheet.presses("save")
    assert response.status_code == 422
    assert response.text.count("Below 100.") == 2, "in the summary, and at the field"
    assert last_said(bazaar, said)["id"] == said["id"]
    assert sheet.presses("anyway").status_code == 303
    shown = bazaar.record(said["record"])
    assert shown is not None
    assert (shown["fields"]["fee"], shown["review"]["state"]) == ("250", "hasIssues")


@pytest.mark.parametrize(
    ("path", "text"),
    [("fee", "a lot"), ("day", "yesterday"), ("spot", "here"), ("commune", "atlantis"), ("goods", "gold")],
)
def test_nothing_wrong_in_itself_is_ever_written(bazaar: World, path: str, text: str) -> None:
    who, said = visitor(bazaar, "association_reviewer"), sold(bazaar.phone())
    sheet = opens(who, said).puts(path, text)
    for step in ("save", "anyway"):
        response = sheet.presses(step)
        assert response.status_code == 422
        assert f'href="#f-{path}"' in response.text
        assert text in Sheet(who, response.text, sheet.address).fields.get(f"a:{path}", [text])
    assert last_said(bazaar, said)["id"] == said["id"]


def test_rows_come_and_go_and_their_sum_follows(bazaar: World) -> None:
    who, said = visitor(bazaar, "association_reviewer"), sold(bazaar.phone())
    sheet = opens(who, said).follows(f"remove:sales[{ROWS[1]}]").follows("add:sales")
    [new] = [row for row in sheet.fields["row"] if ROWS[0] not in row]
    sheet.puts(f"{new}/what", "Honey").puts(f"{new}/price", "60")
    assert sheet.presses("save").status_code == 303
    assert last_said(bazaar, said)["writes"] == {
        f"sales[{ROWS[1]}]": None, new: 2, f"{new}/what": "Honey", f"{new}/price": 60, "total": "960"
    }  # fmt: skip
    fields = bazaar.fields(said["record"])
    assert f"sales[{ROWS[1]}]/what" not in fields
    assert fields["drawn"] == "by chance", "what chance gave is not drawn again"


def test_a_time_that_nobody_touches_keeps_its_seconds_and_offset(bazaar: World) -> None:
    who, said = visitor(bazaar, "association_reviewer"), sold(bazaar.phone())
    sheet = opens(who, said)
    assert sheet.fields["a:opened"] == ["2026-09-20T09:30"]
    assert sheet.puts("opened", "2026-09-20T10:15").presses("save").status_code == 303
    assert last_said(bazaar, said)["writes"] == {"opened": "2026-09-20T10:15:00+01:00"}


def test_what_is_approved_changes_with_a_reason_alone(bazaar: World) -> None:
    who, phone = visitor(bazaar, "association_reviewer"), bazaar.phone()
    said = sold(phone)
    page = f"/submissions/market/{said['record']}"
    assert who.fills(f"{page}/review", {"decision": "approve"}, page=page).status_code == 303
    sheet = opens(who, said).puts("fee", "20")
    assert sheet.presses("save").status_code == 422
    assert sheet.presses("save", reason="She showed me the receipt.").status_code == 303
    shown = bazaar.record(said["record"])
    assert shown is not None
    assert (shown["fields"]["fee"], shown["review"]["state"]) == ("20", "edited")
    assert [each["text"] for each in shown["review"]["comments"]][-1] == "She showed me the receipt."


def test_a_coordinator_corrects_what_she_sees_and_touches_nothing_hidden(bazaar: World) -> None:
    who, said = visitor(bazaar, "coordinator"), sold(bazaar.phone())
    sheet = opens(who, said)
    assert "Fatima" not in sheet.text and not sheet.asks("seller")
    sheet.fields["asked"].append("seller")
    assert sheet.puts("seller", "Somebody else").puts("fee", "13").presses("save").status_code == 303
    assert last_said(bazaar, said)["id"] != said["id"]
    assert (bazaar.fields(said["record"])["seller"], bazaar.fields(said["record"])["fee"]) == ("Fatima", "13")


def test_what_is_masked_is_corrected_after_a_click_that_is_written_down(bazaar: World) -> None:
    who, said = visitor(bazaar, "coordinator"), sold(bazaar.phone())
    sheet = opens(who, said).follows("reveal")
    assert sheet.fields["a:seller"] == ["Fatima"]
    assert sheet.puts("seller", "Fadma").presses("save").status_code == 303
    assert bazaar.fields(said["record"])["seller"] == "Fadma"
    rows = bazaar.read(lambda session: [row for row in audit.rows(session, bazaar.amal)
                                        if row.action == "personal_revealed"])  # fmt: skip
    assert len(rows) == 2


@pytest.mark.parametrize(
    "seen", ["", "[]", "nonsense", '[["nobody", 1]]', '[["x", "y"]]', '{"a": 1}', "[" * 5000, '[["a", 1]]' * 2]
)
def test_a_form_that_began_nowhere_writes_nothing(bazaar: World, seen: str) -> None:
    who, said = visitor(bazaar, "association_reviewer"), sold(bazaar.phone())
    sheet = opens(who, said).puts("fee", "1")
    sheet.fields["seen"] = [seen]
    assert sheet.presses("save").status_code == 409
    assert last_said(bazaar, said)["id"] == said["id"]


def test_forged_rows_and_questions_are_left_out(bazaar: World) -> None:
    who, said = visitor(bazaar, "association_reviewer"), sold(bazaar.phone())
    sheet = opens(who, said)
    for row in ("sales[x]", "sales[]", f"nothing[{ROWS[0]}]", f"sales[{ROWS[0]}]/what[{ROWS[1]}]", "total", "[", "]"):
        sheet.fields["row"].append(row)
    for path in ("total", "drawn", "today", "meta/instanceID", "nothing", f"sales[{ROWS[1]}", "sales[x]/what", "", "["):
        sheet.fields["asked"].append(path)
        sheet.puts(path, "forged")
    assert sheet.presses("save").status_code == 303
    assert last_said(bazaar, said)["id"] == said["id"]


def test_who_may_not_act_has_no_form(bazaar: World) -> None:
    said = sold(bazaar.phone())
    address = f"/submissions/market/{said['record']}/edit"
    for role in ("companion", "designer", "viewer", "scorer"):
        who = visitor(bazaar, role)
        assert who.opens(address).status_code == 403
        assert (
            who.posts(address, {"seen": msgspec.json.encode([said["id"]]).decode(), "step": "save"}).status_code == 403
        )
