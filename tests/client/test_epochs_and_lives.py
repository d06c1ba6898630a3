"""Servers restored from backups; phones emptied, restored from backups, and enrolled again."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.client.conftest import Kit, Phone, Server

FORM = "participant"


def submit(phone: "Phone", **writes: Any) -> str:
    return phone.device.submit(FORM, "3", writes or {"name": "Fatima"})


def contents(server: "Server") -> dict[str, Any]:
    return {uuid: server.record(uuid) for uuid in {said["record"] for said in server.said().values()}}


def test_a_restored_server_gets_back_what_the_phone_still_holds(phone: "Phone", server: "Server") -> None:
    old = submit(phone, name="old")
    phone.settle()
    backup = server.backup()
    server.durable = False
    lost = submit(phone, name="lost")
    phone.device.edit(old, {"name": "edited"})
    phone.settle()
    unsent = submit(phone, name="unsent")
    server.restore(backup)
    phone.settle()
    for uuid, name in ((old, "edited"), (lost, "lost"), (unsent, "unsent")):
        arrived, shown = server.record(uuid), phone.device.record(uuid)
        assert arrived is not None
        assert shown is not None
        assert arrived["fields"] == shown["fields"] == {"name": name}
    assert phone.device.store.state().epoch == "epoch-2"


def test_only_what_durable_through_does_not_cover_is_said_again(phone: "Phone", server: "Server") -> None:
    for number in range(5):
        submit(phone, name=str(number))
    phone.settle()
    backup = server.backup()
    server.durable = False
    submit(phone, name="after")
    phone.settle()
    server.restore(backup)
    server.durable = True
    server.batches.clear()
    phone.settle()
    assert [said["writes"] for batch in server.batches for said in batch["operations"]] == [{"name": "after"}]


def test_an_old_epoch_is_never_followed(phone: "Phone", server: "Server", kit: "type[Kit]") -> None:
    submit(phone)
    phone.settle()
    server.restore(server.backup())
    phone.settle()
    cursor = phone.device.store.state().cursor
    record = submit(phone)
    phone.link.faults = [kit.changing(lambda answer: answer.update(epoch="epoch-1", cursor="epoch-1:0"))]
    assert phone.device.sync().status == "malformed"
    state = phone.device.store.state()
    assert (state.epoch, state.cursor) == ("epoch-2", cursor)
    assert [said.record for said in phone.device.store.outbox(9)] == [record]
    phone.later()
    phone.settle()


def test_a_record_that_a_restored_server_lost_leaves_the_view(
    phone: "Phone", server: "Server", kit: "type[Kit]"
) -> None:
    backup = server.backup()
    server.durable = False
    khadija = kit.Phone(server, "khadija").enrolled("b" * 32)
    record = submit(khadija)
    khadija.settle()
    phone.settle()
    assert phone.device.record(record) is not None
    server.restore(backup)
    phone.settle()
    assert phone.device.record(record) is None
    khadija.device.edit(record, {"name": "still here"})
    khadija.settle()
    phone.settle()
    shown = phone.device.record(record)
    assert shown is not None
    assert shown["fields"] == {"name": "still here"}


def test_what_was_set_aside_is_declared_again_to_a_restored_server(phone: "Phone", server: "Server") -> None:
    submit(phone)
    phone.settle()
    backup = server.backup()
    server.poison = {submit(phone)}
    phone.settle()
    server.restore(backup)
    phone.settle()
    phone.settle()
    assert set(server.data["void"][phone.device.author]) == {2}
    server.batches.clear()
    phone.settle()
    assert "void" not in server.batches[0]


def test_a_phone_restored_from_its_backup_takes_a_new_id_and_loses_nothing(phone: "Phone", server: "Server") -> None:
    submit(phone, name="one")
    phone.settle()
    unsent = submit(phone, name="unsent at the backup")
    backup = phone.backup()
    phone.device.edit(unsent, {"name": "of the lost life"})
    lost = submit(phone, name="lost life")
    phone.settle()
    before = contents(server)

    phone.restore(backup)
    first_author = phone.device.author
    phone.dice.seed("another life")
    mine = submit(phone, name="new life")
    phone.device.edit(mine, {"age": 3})
    phone.settle()

    assert phone.device.author != first_author
    after = contents(server)
    assert after[lost] == before[lost]
    assert after[mine]["fields"] == {"name": "new life", "age": 3}
    assert after[unsent]["fields"]["name"] == "of the lost life"
    for uuid, arrived in after.items():
        shown = phone.device.record(uuid)
        assert shown is not None
        assert shown["fields"] == arrived["fields"]
    said = {key: content for key, content in server.said().items() if key[0] == phone.device.author}
    assert [content["seen"] for content in said.values() if content["record"] == mine and "seen" in content] == [
        [list(key)] for key, content in said.items() if content["writes"] == {"name": "new life"}
    ]


def test_known_through_alone_tells_of_another_life(phone: "Phone", server: "Server") -> None:
    backup = phone.backup()
    record = submit(phone)
    phone.settle()
    phone.restore(backup)
    assert phone.device.sync().status == "ok"
    phone.settle()
    phone.device.sync()
    assert phone.device.author != "a" * 32
    shown = phone.device.record(record)
    assert shown is not None
    phone.device.edit(record, {"name": "edited by the new life"})
    phone.settle()
    arrived = server.record(record)
    assert arrived is not None
    assert (arrived["fields"], arrived["conflicts"]) == ({"name": "edited by the new life"}, {})


def test_a_lost_answer_to_the_new_id_is_asked_for_again(phone: "Phone", server: "Server", kit: "type[Kit]") -> None:
    backup = phone.backup()
    submit(phone)
    phone.settle()
    phone.restore(backup)
    submit(phone, name="new life")
    phone.device.sync()
    phone.link.faults = [kit.cut_after]
    assert phone.device.sync().status == "link_down"
    asked = phone.device.store.state().next_author
    phone.later()
    phone.reopen()
    phone.settle()
    assert phone.device.author == asked
    assert len(server.data["authors"]) == 2


def test_what_was_acknowledged_is_said_again_under_its_former_id(phone: "Phone", server: "Server") -> None:
    backup_of_server = server.backup()
    server.durable = False
    kept = submit(phone, name="kept")
    phone.settle()
    backup = phone.backup()
    submit(phone, name="lost life")
    phone.settle()
    phone.restore(backup)
    phone.settle()
    assert phone.device.author != "a" * 32
    server.restore(backup_of_server)
    phone.settle()
    assert server.said()[("a" * 32, 1)]["record"] == kept


def test_nothing_kept_waits_for_an_id_that_was_given_up(phone: "Phone", server: "Server") -> None:
    turned_back = submit(phone, name="turned back")
    server.verdicts = {turned_back: "retry"}
    submit(phone, name="kept")
    phone.device.sync()
    phone.later()
    assert phone.device.waiting() == {"unsent": 1, "kept": 1, "set_aside": 0}
    server.poison = {turned_back}
    phone.settle()
    # Another life may have said what the server knows up to: the phone took no chances.
    assert phone.device.author != "a" * 32
    assert phone.device.waiting() == {"unsent": 0, "kept": 0, "set_aside": 1}
    assert server.data["void"]["a" * 32] == [1]
    server.batches.clear()
    phone.settle()
    assert "void" not in server.batches[-1]


def test_bases_are_rewritten_too(phone: "Phone", server: "Server") -> None:
    backup = phone.backup()
    submit(phone)
    phone.settle()
    phone.restore(backup)
    first = submit(phone, name="makes an entity")
    author = phone.device.author
    assert author is not None
    phone.device.submit(FORM, "3", {"name": "B"}, bases={"entity": [(author, 1, 1)], "other": [("x", 1)]})
    phone.settle()
    new = phone.device.author
    bases = [content.get("bases") for key, content in server.said().items() if key[0] == new]
    assert bases == [None, {"entity": [[new, 1, 1]], "other": [["x", 1]]}]
    assert server.said()[(new, 1)]["record"] == first


def test_an_emptied_phone_enrols_anew_and_sees_its_former_work(
    phone: "Phone", server: "Server", kit: "type[Kit]"
) -> None:
    record = submit(phone)
    phone.settle()
    emptied = kit.Phone(server, "amina again")
    server.tokens["fresh"] = "c" * 32
    server.data["authors"]["c" * 32] = "a" * 32
    emptied.device.adopt("c" * 32, "fresh", "amal")
    emptied.settle()
    assert emptied.device.record(record) == phone.device.record(record)
