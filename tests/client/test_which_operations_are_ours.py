"""What the phone said, what the server shows of it, and what another life of the phone said under the same ids."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.client.conftest import Kit, Phone, Server

FORM, VERSION = "participant", "3"
AMINA = "a" * 32
KHADIJA = "b" * 32


def submit(phone: "Phone", **writes: Any) -> str:
    return phone.device.submit(FORM, VERSION, writes or {"name": "Fatima"})


def shown(phone: "Phone", record: str) -> Any:
    found = phone.device.record(record)
    assert found is not None
    return found


def test_an_own_operation_that_a_later_own_head_has_in_its_past_is_no_head(
    phone: "Phone", server: "Server", kit: "type[Kit]"
) -> None:
    record = submit(phone)
    phone.settle()
    khadija = kit.Phone(server, "khadija").enrolled(KHADIJA)
    khadija.settle()
    phone.device.edit(record, {"name": "Fatma"})
    phone.device.edit(record, {"age": 34})
    phone.link.faults = [kit.cut_after]
    phone.device.sync()
    khadija.device.edit(record, {"village": "Imlil"})
    khadija.settle()
    phone.link.faults = [kit.changing(lambda answer: answer["results"][0].update(status="retry"))] * 2
    for _ in range(2):
        phone.later()
        assert dict(phone.device.sync().results) == {"retry": 1}
    arrived = server.record(record)
    assert arrived is not None
    assert shown(phone, record)["heads"] == arrived["heads"]
    assert sorted(map(tuple, arrived["heads"])) == [(AMINA, 3), (KHADIJA, 1)]
    phone.device.edit(record, {"age": 35})
    assert sorted(phone.device.store.outbox(9)[0].content()["seen"]) == [[AMINA, 3], [KHADIJA, 1]]


def test_an_edit_names_the_form_version_that_only_the_phone_knows(phone: "Phone", server: "Server") -> None:
    record = submit(phone)
    server.verdicts = {record: "quarantined"}
    phone.settle()
    server.verdicts = {}
    server.say(
        {"id": ["desk", 1], "record": record, "kind": "submission", "of": FORM, "version": None}
        | {"stamp": [phone.clock, 0], "act": {"comment": "Please look at the name again"}}
    )
    phone.settle()
    arrived = server.record(record)
    assert arrived is not None
    assert (arrived["version"], shown(phone, record)["review"]["state"]) == (None, "received")
    phone.device.edit(record, {"name": "Fatima Zahra"})
    phone.device.comment(record, "Corrected")
    assert [said.content()["version"] for said in phone.device.store.outbox(9)] == [VERSION, VERSION]


def test_a_correction_after_a_comment_names_the_form_version_answered(phone: "Phone", server: "Server") -> None:
    record = submit(phone)
    phone.device.edit(record, {"name": "Fatma"}, version="4")
    phone.device.comment(record, "She told me so")
    phone.device.edit(record, {"age": 34})
    assert [said.content()["version"] for said in phone.device.store.outbox(9)] == ["3", "4", "4", "4"]


def test_a_correction_of_a_record_known_to_the_server_names_the_version_answered_since(phone: "Phone") -> None:
    record = submit(phone)
    phone.settle()
    phone.device.edit(record, {"name": "Fatma"}, version="4")
    phone.device.edit(record, {"age": 34})
    assert [said.content()["version"] for said in phone.device.store.outbox(9)] == ["4", "4"]


def test_comments_stand_in_the_order_in_which_they_were_made(phone: "Phone") -> None:
    record = submit(phone)
    phone.settle()
    later = {"text": "Approved", "id": ["desk", 1], "stamp": [(1 << 48) - 1, 0], "state": "approved"}
    with phone.device.store.transaction():
        [pulled] = phone.device.store.pulled(record)
        pulled["review"]["comments"] = [later]
        phone.device.store.put_pulled(pulled, phone.device.store.state().round)
    phone.device.comment(record, "Corrected")
    assert [comment["text"] for comment in shown(phone, record)["review"]["comments"]] == ["Corrected", "Approved"]


def other_life(phone: "Phone", server: "Server", kit: "type[Kit]") -> str:
    """Amina's record, edited by a life of her phone that she lost: her phone is back as it was before that edit."""
    record = submit(phone)
    phone.settle()
    khadija = kit.Phone(server, "khadija").enrolled(KHADIJA)
    khadija.settle()
    backup = phone.backup()
    phone.device.edit(record, {"name": "of the lost life"})
    phone.settle()
    khadija.device.edit(record, {"village": "Imlil"})
    khadija.settle()
    phone.restore(backup)
    phone.dice.seed("another life")
    return record


def test_a_head_of_the_lost_life_is_not_taken_for_what_the_new_one_said(
    phone: "Phone", server: "Server", kit: "type[Kit]"
) -> None:
    record = other_life(phone, server, kit)
    phone.device.edit(record, {"age": 34})
    report = phone.device.sync()
    assert dict(report.results) == {"quarantined": 1}
    assert [AMINA, 2] in shown(phone, record)["heads"]
    phone.settle()
    arrived = server.record(record)
    assert arrived is not None
    assert arrived["fields"] == {"name": "of the lost life", "village": "Imlil", "age": 34}
    assert shown(phone, record)["fields"] == arrived["fields"]
    assert phone.device.author != AMINA


def test_a_refused_operation_whose_counter_the_server_knows_tells_of_another_life(
    phone: "Phone", server: "Server", kit: "type[Kit]"
) -> None:
    other_life(phone, server, kit)
    server.poison = {submit(phone, name="unreadable")}
    phone.settle()
    assert phone.device.author != AMINA
    assert phone.device.waiting() == {"unsent": 0, "kept": 0, "set_aside": 1}
    record = submit(phone, name="of the new life")
    phone.settle()
    assert server.data["void"].get(AMINA, []) == []
    assert server.data["void"][phone.device.author] == [1]
    assert server.said()[(phone.device.author, 2)]["record"] == record
