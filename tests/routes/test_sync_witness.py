"""A server that somebody put back from an older copy notices by what its phones give back to it."""

from collections.abc import Callable

import msgspec
import pytest

from fieldsync.core.cursors import Witness, read_witness, write_witness
from fieldsync.store import server
from tests import databases
from tests.world import HOUR_MS, START_MS, Json, Phone, World


def enrols_as(phone: Phone, author: str) -> int:
    """The phone takes a further id, with its token; the answer's status."""
    status = phone.post(msgspec.json.encode({"author": author}), "/api/v1/enrol").status_code
    if status == 200:
        phone.author, phone.counter = author, 0
    return status


def secret_of(world: World) -> bytes:
    identity = world.read(server.identity)
    assert identity is not None
    return identity.secret


def epoch_of(world: World) -> str:
    identity = world.read(server.identity)
    assert identity is not None
    return identity.epoch


def lost_a_day(world: World, phone: Phone) -> tuple[Json, Json]:
    """The server loses what the phone said after a copy: the phone's last answer, and what it said."""
    phone.sync(phone.says(), pull="none")
    copy = databases.copied(world.engine)
    world.now_ms += HOUR_MS
    lost = phone.says()
    answer = phone.sync(lost, pull="none")
    databases.put_back(world.engine, copy)
    world.now_ms += HOUR_MS
    return answer, lost


def test_a_phone_that_only_ever_pushed_tells_by_its_witness(world: World) -> None:
    amina = world.phone()
    before, lost = lost_a_day(world, amina)
    answer = amina.sync(amina.says(), pull="none", witness=before["witness"])
    assert answer["epoch"] != before["epoch"]
    assert answer["durable_through"] == {amina.author: 1}
    again = amina.sync(lost, pull="none", witness=answer["witness"])
    assert again["epoch"] == answer["epoch"]
    assert again["durable_through"] == {amina.author: 3}


def test_what_a_phone_says_next_does_not_fill_the_gap_that_it_shows(world: World) -> None:
    amina = world.phone()
    before, _ = lost_a_day(world, amina)
    world.now_ms = START_MS + HOUR_MS
    answer = amina.sync(amina.says(), pull="none", witness=before["witness"])
    assert answer["known_through"] == 3
    assert answer["epoch"] != before["epoch"]


def test_a_cursor_ahead_is_noticed_before_the_log_grows_past_it(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    brahim.sync(first := brahim.says())
    copy = databases.copied(world.engine)
    brahim.sync(brahim.says())
    assert len(amina.pulls()) == 2
    before = amina.sync()
    databases.put_back(world.engine, copy)
    said = [amina.says() for _ in range(3)]
    answer = amina.sync(*said)
    assert answer["epoch"] != before["epoch"]
    assert [record["record"] for record in answer["records"]] == [first["record"], *(one["record"] for one in said)]


def test_a_log_that_has_grown_past_what_a_phone_read_is_known_as_another(world: World) -> None:
    amina, brahim, zaina = world.phone(), world.phone(), world.phone()
    brahim.sync(kept := brahim.says())
    copy = databases.copied(world.engine)
    world.now_ms += HOUR_MS
    brahim.sync(brahim.says())
    assert len(amina.pulls()) == 2
    before = amina.sync()
    databases.put_back(world.engine, copy)
    world.now_ms += HOUR_MS
    said = [zaina.says() for _ in range(3)]
    assert zaina.sync(*said)["epoch"] == before["epoch"]
    answer = amina.sync(witness=before["witness"])
    assert answer["epoch"] != before["epoch"]
    assert [record["record"] for record in answer["records"]] == [kept["record"], *(one["record"] for one in said)]
    assert amina.sync(witness=answer["witness"])["epoch"] == answer["epoch"]


def test_an_honest_server_keeps_its_epoch_whatever_comes_between(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    first = amina.sync()
    witnesses = [first["witness"]]
    for _ in range(3):
        world.now_ms += HOUR_MS
        brahim.sync(brahim.says())
        witnesses.append(amina.sync(amina.says(), amina.says(writes={"nowhere": 1}))["witness"])
    for witness in witnesses:
        assert amina.sync(witness=witness)["epoch"] == first["epoch"]
    assert "witness" in amina.sync(pull="none")


def test_a_witness_of_another_association_says_nothing_here(world: World) -> None:
    zineb = world.phone(association_id=world.add_association("nour"))
    amina = world.phone()
    amina.sync(*(amina.says() for _ in range(5)))
    theirs = amina.sync()["witness"]
    before = zineb.sync()
    assert zineb.sync(witness=theirs)["epoch"] == before["epoch"]


def forged(world: World) -> str:
    """Signed by somebody else."""
    return write_witness(Witness(epoch_of(world), world.amal, 10**6, 5, {}), b"another secret")


def cut_short(world: World) -> str:
    """The server's own, and half of it lost."""
    return write_witness(Witness(epoch_of(world), world.amal, 10**6, 5, {}), secret_of(world))[:-3]


def of_another_epoch(world: World) -> str:
    """The server's own, from before it was restored."""
    return write_witness(Witness("0123456789abcdef", world.amal, 10**6, 5, {"f" * 32: 99}), secret_of(world))


NOT_HEARD: dict[str, Callable[[World], str]] = {
    "forged": forged,
    "cut short": cut_short,
    "of another epoch": of_another_epoch,
    "empty": lambda world: "",
    "no base64": lambda world: "é~",
    "long": lambda world: "A" * 2000,
}


@pytest.mark.parametrize("which", NOT_HEARD)
def test_a_witness_that_is_none_is_not_heard(world: World, which: str) -> None:
    amina = world.phone()
    before = amina.sync(amina.says())
    said = amina.says()
    answer = amina.sync(said, witness=NOT_HEARD[which](world))
    assert answer["epoch"] == before["epoch"]
    assert [result["status"] for result in answer["results"]] == ["applied"]


def test_what_would_be_heard_differs_in_the_signature_alone(world: World) -> None:
    amina = world.phone()
    before = amina.sync(amina.says())
    true = write_witness(Witness(epoch_of(world), world.amal, 10**6, 5, {}), secret_of(world))
    assert amina.sync(witness=true)["epoch"] != before["epoch"]


def test_a_witness_is_text(world: World) -> None:
    amina = world.phone()
    assert amina.ask([amina.says()], witness=17).status_code == 400
    assert amina.sync(witness=None)["known_through"] == 0


def test_a_server_that_was_told_of_its_restore_is_not_told_again(world: World) -> None:
    amina = world.phone()
    before, _ = lost_a_day(world, amina)
    world.write(lambda session: server.renew_epoch(session, "0123456789abcdef"))
    answer = amina.sync(witness=before["witness"])
    assert answer["epoch"] == "0123456789abcdef"


def test_a_phone_that_has_become_another_device_shows_no_other_history(world: World) -> None:
    amina = world.phone()
    amina.sync(amina.says(), amina.says())
    before = amina.sync()
    emptied = world.phone()
    assert emptied.sync(emptied.says(), witness=before["witness"])["epoch"] == before["epoch"]


def test_a_further_id_that_a_copy_does_not_know_is_witnessed_too(world: World) -> None:
    amina = world.phone()
    copy = databases.copied(world.engine)
    assert enrols_as(amina, "e" * 32) == 200
    before = amina.sync(amina.says(writes={"nowhere": 1}), pull="none")
    saw = read_witness(before["witness"], secret_of(world))
    assert saw is not None
    assert (saw.known["e" * 32], saw.position) == (1, 0)
    databases.put_back(world.engine, copy)
    assert amina.sync(pull="none", witness=before["witness"])["epoch"] != before["epoch"]
