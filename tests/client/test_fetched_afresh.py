"""Where only the server can tell what a record contains, the phone fetches that record by itself."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.client.conftest import Kit, Phone, Server

FORM, VERSION = "participant", "3"

HOURS_MS = 10 * 3_600_000
"""How far a clock may be wrong without being taken for a liar."""

CUT_SHORT = b'{"record":"0192f0c1-0000-7000-8000-000000000000","kind":"submission","of":"partici'
OF_A_PROXY = b"<html><body>Please log in to the hotel's network</body></html>"
OF_ANOTHER = (
    b'{"record":"0192f0c1-0000-7000-8000-000000000000","kind":"submission","of":"participant","version":"3",'
    b'"heads":[],"fields":{}}'
)


def name_of(phone: "Phone", record: str) -> Any:
    shown = phone.device.record(record)
    assert shown is not None
    return shown["fields"]["name"]


def met(phone: "Phone", server: "Server", kit: "type[Kit]") -> tuple[str, "Phone"]:
    """Amina's record, which Khadija has on her phone too."""
    record = phone.device.submit(FORM, VERSION, {"name": "Fatima"})
    phone.settle()
    khadija = kit.Phone(server, "khadija").enrolled("b" * 32)
    khadija.settle()
    khadija.device.comment(record, "I know her")
    khadija.settle()
    phone.settle()
    return record, khadija


def built_upon(phone: "Phone", server: "Server", kit: "type[Kit]") -> str:
    """Amina's edit arrived without her hearing so, and Khadija has edited what she saw of it."""
    record, khadija = met(phone, server, kit)
    phone.device.edit(record, {"name": "Fatma"})
    phone.link.faults = [kit.cut_after]
    assert phone.device.sync().status == "link_down"
    khadija.settle()
    khadija.device.edit(record, {"name": "Fatima Zahra"})
    khadija.settle()
    phone.later()
    return record


def turned_back_once(phone: "Phone", kit: "type[Kit]") -> None:
    """The record comes down with the edit in it, while a busy server has no word for the edit itself."""
    phone.link.faults = [kit.changing(lambda answer: answer["results"][0].update(status="retry"))]
    assert dict(phone.device.sync().results) == {"retry": 1}
    phone.later()


def test_an_edit_that_the_record_contains_already_is_not_laid_over_it(
    phone: "Phone", server: "Server", kit: "type[Kit]"
) -> None:
    record = built_upon(phone, server, kit)
    turned_back_once(phone, kit)
    assert name_of(phone, record) == "Fatma"
    assert dict(phone.device.sync().results) == {"duplicate": 1}
    assert name_of(phone, record) == "Fatima Zahra"


@pytest.mark.parametrize(
    "body",
    [b"", CUT_SHORT, OF_A_PROXY, OF_ANOTHER, b"[]"],
    ids=["nothing", "cut short", "a proxy", "another record", "no record"],
)
def test_half_a_record_is_asked_for_again(phone: "Phone", server: "Server", kit: "type[Kit]", body: bytes) -> None:
    record = built_upon(phone, server, kit)
    turned_back_once(phone, kit)
    phone.link.faults = [kit.as_is, kit.answering(200, body)]
    phone.device.sync()
    assert name_of(phone, record) == "Fatma"
    phone.settle()
    assert name_of(phone, record) == "Fatima Zahra"


@pytest.mark.parametrize("status", [403, 404])
def test_a_record_that_may_not_be_read_is_not_asked_for_again(
    phone: "Phone", server: "Server", kit: "type[Kit]", status: int
) -> None:
    record = built_upon(phone, server, kit)
    turned_back_once(phone, kit)
    phone.link.faults = [kit.as_is, kit.answering(status)]
    phone.device.sync()
    asked = phone.link.requests
    phone.device.sync()
    assert phone.link.requests == asked + 1
    assert name_of(phone, record) == "Fatma"


def test_what_a_quarantined_edit_is_laid_over_is_not_fetched_for_ever(
    phone: "Phone", server: "Server", kit: "type[Kit]"
) -> None:
    record, _ = met(phone, server, kit)
    server.verdicts = {record: "quarantined"}
    phone.device.edit(record, {"name": "Fatma"})
    phone.link.faults = [kit.cut_after]
    phone.device.sync()
    phone.later()
    asked = phone.link.requests
    assert dict(phone.device.sync().results) == {"duplicate": 1}
    assert phone.device.sync().quiet
    assert phone.link.requests == asked + 2
    assert [problem["status"] for problem in phone.device.problems()] == ["quarantined"]
    assert name_of(phone, record) == "Fatima"


def test_what_is_written_after_a_record_was_fetched_is_later_than_what_it_showed(
    phone: "Phone", server: "Server", kit: "type[Kit]"
) -> None:
    record, _ = met(phone, server, kit)
    about = {"record": record, "kind": "submission", "of": FORM, "version": VERSION}
    for author, name in (("c" * 32, "Fatiha"), ("d" * 32, "Fattouma")):
        stamp = [phone.clock + HOURS_MS, 0]
        heads = phone.device.heads(record)
        server.say({"id": [author, 1], **about, "stamp": stamp, "seen": heads, "writes": {"name": name}})
    phone.device.edit(record, {"name": "Fatma"})
    phone.link.faults = [kit.cut_after]
    assert phone.device.sync().status == "link_down"
    phone.later()
    server.page = 0  # the answer's records end before this one
    assert dict(phone.device.sync().results) == {"duplicate": 1}
    shown = phone.device.record(record)
    assert shown is not None
    newest = max(other["stamp"] for other in shown["conflicts"]["name"])
    assert newest[0] > phone.clock
    phone.device.comment(record, "They are one name")
    [said] = phone.device.store.said_in("outbox")
    assert said.content()["stamp"] > newest
