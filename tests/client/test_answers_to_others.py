"""An answer to another request, kept by something in between, is not believed in any part."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.client.conftest import Kit, Phone, Server

FORM, VERSION = "participant", "3"
OTHERS = {"id": ["c" * 32, 7], "status": "applied"}


def remembered(phone: "Phone") -> dict[str, Any]:
    """What the phone knows of the server, its pace set aside."""
    state = phone.device.store.state()
    names = ("author", "token", "renew", "counter", "epoch", "cursor", "round", "standing", "lease_until", "witness")
    return {name: getattr(state, name) for name in names}


@pytest.mark.parametrize("own_beside_it", [False, True])
def test_an_answer_about_what_was_not_sent_is_another_requests(
    phone: "Phone", server: "Server", kit: "type[Kit]", own_beside_it: bool
) -> None:
    phone.settle()
    record = phone.device.submit(FORM, VERSION, {"name": "Fatima"})
    before = remembered(phone)

    def of_another(answer: Any) -> None:
        answer["results"] = [*answer["results"][: int(own_beside_it)], OTHERS]
        answer.update(epoch="epoch-7", cursor="epoch-7:99", witness="theirs", known_through=99)
        answer.update(forms=[{"id": "theirs", "version": "1"}], device={"status": "revoked", "lease_until": 5})
        answer["durable_through"] = {phone.device.author: 99}

    phone.link.faults = [kit.changing(of_another)]
    assert phone.device.sync().status == "malformed"
    assert remembered(phone) == before
    assert phone.device.forms() == []
    assert [said.record for said in phone.device.store.outbox(9)] == [record]
    phone.later()
    phone.settle()
    assert phone.device.author == "a" * 32
    assert server.record(record) is not None
    assert len(server.said()) == 1


def test_the_witness_goes_back_with_the_next_request_as_it_came(
    phone: "Phone", server: "Server", kit: "type[Kit]"
) -> None:
    witnesses = ["b3BhcXVl-_1", "b3BhcXVl-_2"]
    phone.link.faults = [kit.changing(lambda answer: answer.update(witness=witnesses[0]))]
    phone.device.submit(FORM, VERSION, {"name": "Fatima"})
    phone.device.sync()
    phone.link.faults = [kit.cut_before, kit.changing(lambda answer: answer.update(witness=witnesses[1]))]
    phone.device.submit(FORM, VERSION, {"name": "Zineb"})
    phone.device.sync()
    phone.reopen()
    phone.later()
    phone.device.sync()
    phone.device.sync()
    assert [batch.get("witness", "none") for batch in server.batches] == ["none", *witnesses]
