"""How a phone gets its id and token, and what happens when that goes wrong half-way."""

from typing import TYPE_CHECKING

import pytest

from fieldsync.client import enrol

if TYPE_CHECKING:
    from tests.client.conftest import Kit, Phone, Server


def test_a_code_enrols_a_phone(server: "Server", kit: "type[Kit]") -> None:
    phone = kit.Phone(server)
    assert enrol(phone.device.store, phone.link, "one-time", phone.dice).status == "enrolled"
    assert phone.device.author is not None
    assert len(phone.device.author) == 32
    phone.device.submit("participant", "3", {"name": "Fatima"})
    phone.settle()
    assert len(server.said()) == 1


def test_a_lost_answer_asks_for_the_same_id_again(server: "Server", kit: "type[Kit]") -> None:
    phone = kit.Phone(server)
    phone.link.faults = [kit.cut_before]
    assert enrol(phone.device.store, phone.link, "one-time", phone.dice).status == "link_down"
    asked = phone.device.store.state().next_author
    assert enrol(phone.device.store, phone.link, "one-time", phone.dice).status == "enrolled"
    assert phone.device.author == asked


def test_a_wrong_code_is_refused(server: "Server", kit: "type[Kit]") -> None:
    phone = kit.Phone(server)
    went = enrol(phone.device.store, phone.link, "guessed", phone.dice)
    assert (went.status, went.detail) == ("refused", "HTTP 403")
    assert phone.device.author is None
    phone.link.faults = [kit.answering(503)]
    assert enrol(phone.device.store, phone.link, "one-time", phone.dice).status == "busy"


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"author":"a","token":""}', b'{"author":"A B","token":"t"}', b'{"author":"z","token":"t"}'],
)
def test_half_an_answer_enrols_nobody(server: "Server", kit: "type[Kit]", body: bytes) -> None:
    phone = kit.Phone(server)
    phone.link.faults = [kit.answering(200, body)]
    assert enrol(phone.device.store, phone.link, "one-time", phone.dice).status == "malformed"
    assert phone.device.author is None


def test_a_code_whose_answer_was_lost_is_replaced_by_another(server: "Server", kit: "type[Kit]") -> None:
    phone = kit.Phone(server)
    phone.link.faults = [kit.cut_after]
    assert enrol(phone.device.store, phone.link, "one-time", phone.dice).status == "link_down"
    asked = phone.device.store.state().next_author
    assert enrol(phone.device.store, phone.link, "one-time", phone.dice).status == "refused"
    assert enrol(phone.device.store, phone.link, "second", phone.dice).status == "enrolled"
    assert phone.device.author == asked


def test_enrolling_again_under_the_same_id_keeps_the_outbox(server: "Server", kit: "type[Kit]") -> None:
    phone = kit.Phone(server)
    assert enrol(phone.device.store, phone.link, "one-time", phone.dice).status == "enrolled"
    record = phone.device.submit("participant", "3", {"name": "Fatima"})
    author = phone.device.author
    server.tokens.clear()
    assert phone.device.sync().status == "enrol_again"
    assert enrol(phone.device.store, phone.link, "second", phone.dice).status == "enrolled"
    assert phone.device.author == author
    phone.settle()
    assert server.record(record) is not None


def test_after_an_expired_token_the_unsent_moves_to_a_new_id(phone: "Phone", server: "Server") -> None:
    record = phone.device.submit("participant", "3", {"name": "Fatima"})
    former = phone.device.author
    server.tokens.clear()
    assert phone.device.sync().status == "enrol_again"
    assert enrol(phone.device.store, phone.link, "one-time", phone.dice).status == "enrolled"
    assert phone.device.author != former
    phone.settle()
    assert [key[0] for key, said in server.said().items() if said["record"] == record] == [phone.device.author]


def test_a_store_belongs_to_one_association(phone: "Phone", kit: "type[Kit]") -> None:
    phone.link.faults = [kit.changing(lambda answer: answer.update(association="another"))]
    assert enrol(phone.device.store, phone.link, "one-time", phone.dice).status == "other_association"
    with pytest.raises(ValueError, match="another association"):
        phone.device.adopt("c" * 32, "t", "another")
    with pytest.raises(ValueError, match="author"):
        phone.device.adopt("Not An Id", "t")
    assert phone.device.author == "a" * 32
