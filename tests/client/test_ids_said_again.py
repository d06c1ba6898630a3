"""A server put back from a copy may know a phone by its first id alone: the phone says which ids are its own."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from fieldsync.client import Store
from fieldsync.client.identity import become

if TYPE_CHECKING:
    from tests.client.conftest import Kit, Phone, Server

FORM, VERSION = "participant", "3"
FIRST = "a" * 32


def submit(phone: "Phone", **writes: Any) -> str:
    return phone.device.submit(FORM, VERSION, writes or {"name": "Fatima"})


def of_two_ids(phone: "Phone", server: "Server") -> tuple[str, Any]:
    """Amina's phone took a second id; the second one's name, and a copy of the server from before it."""
    backup = phone.backup()
    submit(phone, name="of the lost life")
    phone.settle()
    copy = server.backup()
    phone.restore(backup)
    phone.dice.seed("another life")
    submit(phone, name="of the new life")
    phone.settle()
    second = phone.device.author
    assert second not in (None, FIRST)
    return str(second), copy


def put_back(phone: "Phone", server: "Server", second: str, copy: Any) -> None:
    server.restore(copy)
    server.forget(second)
    phone.link.bodies.clear()


def enrolments(phone: "Phone") -> list[Any]:
    """The requests that say an id, in order."""
    return [said for said in _bodies(phone) if "author" in said]


def _bodies(phone: "Phone") -> list[Any]:
    plain = [body for body in phone.link.bodies if not body.startswith(b"\x1f\x8b")]
    return [msgspec.json.decode(body) for body in plain]


def test_after_a_restore_a_phone_says_all_its_ids_and_then_what_was_refused(phone: "Phone", server: "Server") -> None:
    second, copy = of_two_ids(phone, server)
    server.durable = False
    kept = submit(phone, name="acknowledged, and lost with the server")
    phone.settle()
    unsent = submit(phone, name="said to the server that knows the first id alone")
    put_back(phone, server, second, copy)
    assert dict(phone.device.sync().results) == {"quarantined": 1}
    phone.settle()
    assert {said["author"] for said in enrolments(phone)} >= {FIRST, second}
    for record in (kept, unsent):
        assert server.record(record) is not None
    assert phone.device.problems() == []
    phone.link.bodies.clear()
    submit(phone)
    phone.settle()
    assert enrolments(phone) == []


def test_an_id_that_is_refused_by_now_does_not_hold_up_the_others(
    phone: "Phone", server: "Server", kit: "type[Kit]"
) -> None:
    second, copy = of_two_ids(phone, server)
    put_back(phone, server, second, copy)
    phone.device.sync()
    record = submit(phone)
    phone.link.faults = [kit.answering(409, b"{}", Content_Type="application/problem+json")]
    assert phone.device.sync().status == "ok"
    assert [said["author"] for said in enrolments(phone)][:2] == sorted([FIRST, second])
    phone.settle()
    assert server.record(record) is not None


@pytest.mark.parametrize("trouble", ["cut before", "cut after", "busy", "too many"])
def test_nothing_is_said_before_all_ids_were_heard(
    phone: "Phone", server: "Server", kit: "type[Kit]", trouble: str
) -> None:
    second, copy = of_two_ids(phone, server)
    put_back(phone, server, second, copy)
    phone.device.sync()
    record = submit(phone)
    fault: Any = {
        "cut before": kit.cut_before,
        "cut after": kit.cut_after,
        "busy": kit.answering(503),
        "too many": kit.answering(429),
    }[trouble]
    phone.link.faults = [kit.as_is, fault]
    server.batches.clear()
    report = phone.device.sync()
    assert (report.status, report.wait_ms > 0) == ("link_down" if trouble.startswith("cut") else "busy", True)
    assert server.batches == []
    assert phone.device.sync().status == "waiting"
    phone.reopen()
    phone.later()
    assert phone.device.sync().status == "ok"
    phone.settle()
    assert server.record(record) is not None
    assert phone.device.problems() == []


def test_a_phone_that_said_more_under_its_first_id_than_under_its_second_loses_nothing(
    phone: "Phone", server: "Server"
) -> None:
    for number in range(4):
        submit(phone, name=f"before the two lives parted {number}")
    phone.settle()
    second, copy = of_two_ids(phone, server)
    put_back(phone, server, second, copy)
    record = submit(phone, name="said to the server that knows the first id alone")
    phone.settle()
    assert server.record(record) is not None
    assert phone.device.problems() == []


def test_a_phone_of_one_id_has_nothing_to_say_of_it(phone: "Phone", server: "Server") -> None:
    submit(phone)
    phone.settle()
    server.restore(server.backup())
    phone.settle()
    assert enrolments(phone) == []
    assert phone.device.store.state().epoch == "epoch-2"


def test_what_another_life_said_under_the_same_id_keeps_its_name(tmp_path: Path) -> None:
    """A phone put back from a copy saw what its other life had said, under the very id that it gave out next."""
    store = Store.at(tmp_path / "phone.db")
    own: dict[str, Any] = {"id": [FIRST, 1], "record": "r", "seen": [[FIRST, 1]], "writes": {"name": "Fatima"}}
    later: dict[str, Any] = {"id": [FIRST, 2], "record": "r", "seen": [[FIRST, 1]], "writes": {"name": "Fadma"}}
    with store.transaction():
        store.update(author=FIRST, token="t", counter=2)
        for said in (own, later):
            store.say((FIRST, said["id"][1]), "r", msgspec.json.encode(said))
        become(store, "b" * 32, "u")
    assert [said.content()["seen"] for said in store.all_said()] == [[[FIRST, 1]], [["b" * 32, 1]]]
