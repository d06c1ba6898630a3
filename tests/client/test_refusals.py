"""No answer of any kind makes a device drop what was not acknowledged (docs/protocol.md, section 8)."""

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

if TYPE_CHECKING:
    from tests.client.conftest import Kit, Phone, Server


def submit(phone: "Phone", **writes: Any) -> str:
    return phone.device.submit("participant", "3", writes or {"name": "Fatima"})


def test_one_unreadable_operation_is_found_and_set_aside(phone: "Phone", server: "Server") -> None:
    records = [submit(phone, name=str(number)) for number in range(40)]
    server.poison = {records[17]}
    phone.settle()
    assert phone.device.waiting() == {"unsent": 0, "kept": 0, "set_aside": 1}
    assert len(server.said()) == 39
    assert server.data["void"] == {phone.device.author: [18]}
    assert phone.link.requests <= 14
    (exported,) = phone.device.export_set_aside()
    assert (exported["operation"]["record"], exported["reason"]) == (records[17], "refused")


def test_two_unreadable_operations_are_both_found(phone: "Phone", server: "Server") -> None:
    records = [submit(phone, name=str(number)) for number in range(40)]
    server.poison = {records[0], records[39]}
    phone.settle()
    assert phone.device.waiting() == {"unsent": 0, "kept": 0, "set_aside": 2}
    assert len(server.said()) == 38


def test_a_server_that_refuses_everything_accuses_nobody(phone: "Phone", kit: "type[Kit]") -> None:
    for number in range(5):
        submit(phone, name=str(number))
    phone.link.faults = [kit.answering(400, b"{}", Content_Type="application/problem+json")] * 30
    for _ in range(30):
        phone.device.sync()
        phone.later()
    assert phone.device.waiting() == {"unsent": 5, "kept": 0, "set_aside": 0}
    phone.settle()
    assert phone.device.waiting()["unsent"] == 0


def test_a_proxy_is_not_believed_to_judge_an_operation(phone: "Phone", kit: "type[Kit]") -> None:
    submit(phone)
    for status in (400, 413):
        phone.link.faults = [kit.answering(status, b"<html>", Content_Type="text/html")] * 5
        for _ in range(5):
            assert phone.device.sync().status == "malformed"
            phone.later()
    assert phone.device.waiting()["unsent"] == 1
    phone.settle()


def test_too_large_a_batch_is_halved_until_the_one_is_alone(phone: "Phone", server: "Server", kit: "type[Kit]") -> None:
    for number in range(8):
        submit(phone, name=str(number))
    too_large = kit.answering(413, b"{}", Content_Type="application/problem+json")
    phone.link.faults = [too_large, too_large, too_large, too_large]
    assert [phone.device.sync().sent for _ in range(4)] == [8, 4, 2, 1]
    phone.settle()
    assert server.batches[1]["void"] == [[1, "refused", phone.device.author]]
    assert phone.device.waiting() == {"unsent": 0, "kept": 0, "set_aside": 1}


@pytest.mark.parametrize(("status", "told"), [(401, "enrol_again"), (426, "update_needed")])
def test_an_unknown_token_and_an_old_protocol_keep_everything(
    phone: "Phone", kit: "type[Kit]", status: int, told: str
) -> None:
    submit(phone)
    phone.link.faults = [kit.answering(status)]
    assert phone.device.sync().status == told
    assert phone.reopen().standing == told
    assert phone.device.waiting()["unsent"] == 1
    phone.later()
    phone.settle()
    assert phone.device.standing == "active"


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_given_the_time_it_asks_for(phone: "Phone", kit: "type[Kit]", status: int) -> None:
    submit(phone)
    phone.link.faults = [kit.answering(status, Retry_After="120")]
    report = phone.device.sync()
    assert report.status == "busy"
    assert 120_000 <= report.wait_ms <= 150_000
    phone.clock += 119_000
    assert phone.reopen().sync().status == "waiting"
    assert phone.link.requests == 1
    phone.clock += 31_000
    assert phone.device.sync().status == "ok"


def test_retry_after_may_be_a_date_and_nonsense_is_no_order(phone: "Phone", kit: "type[Kit]") -> None:
    for header, least, most in (
        ("Mon, 21 Sep 2026 14:15:00 GMT", 100_000, 125_000),
        ("soon", 1_000, 60_000),
        ("-5", 1_000, 60_000),
        ("99999999999999", 3_600_000, 4_500_000),
    ):
        phone.clock = 1_790_000_000_000
        phone.link.faults = [kit.answering(503, Retry_After=header)]
        assert least <= phone.device.sync().wait_ms <= most, header
        phone.later()
        phone.settle()


def test_waits_double_with_chance_and_are_the_same_for_the_same_dice(server: "Server", kit: "type[Kit]") -> None:
    waits: list[list[int]] = []
    for _ in range(2):
        phone = kit.Phone(server, "same dice").enrolled()
        phone.link.faults = [kit.cut_before] * 12
        waits.append([])
        for _ in range(12):
            waits[-1].append(phone.device.sync().wait_ms)
            phone.clock += waits[-1][-1]
    assert waits[0] == waits[1]
    assert all(full // 2 <= wait <= full for wait, full in zip(waits[0], [2000, 4000, 8000, 16000], strict=False))
    assert max(waits[0]) <= 15 * 60_000


def test_answers_that_are_none_change_nothing(phone: "Phone", server: "Server", kit: "type[Kit]") -> None:
    submit(phone)
    before = phone.device.store.state()
    answers = [
        b"",
        b"<html>log in</html>",
        b"[]",
        b"{}",
        b"null",
        b'{"protocol":2}',
        b"\xff",
        b'{"protocol":1,"epoch":7}',
    ]
    answers += [b'{"protocol":1,"epoch":"e","results":{}}', b"[" * 5000, b'{"protocol":1,"epoch":"","results":[]}']
    for answer in answers:
        phone.link.faults = [kit.answering(200, answer)]
        assert phone.device.sync().status == "malformed", answer
        phone.later()
    for status in (204, 302, 404, 500, 502):
        phone.link.faults = [kit.answering(status)]
        assert phone.device.sync().status == "malformed"
        phone.later()
    after = phone.device.store.state()
    assert (after.epoch, after.cursor, after.counter) == (before.epoch, before.cursor, before.counter)
    assert phone.device.waiting()["unsent"] == 1
    phone.settle()
    assert len(server.said()) == 1


def test_only_an_operations_own_result_takes_it_from_the_outbox(phone: "Phone", kit: "type[Kit]") -> None:
    for number in range(4):
        submit(phone, name=str(number))
    author = phone.device.author

    def spoil(answer: dict[str, Any]) -> None:
        answer["results"] = [
            {"id": [author, 1], "status": "applied"},
            {"id": [author, 2], "status": "splendid"},
            {"id": "4", "status": "applied"},
            {"id": [author, True], "status": "applied"},
            "applied",
        ]

    phone.link.faults = [kit.changing(spoil)]
    report = phone.device.sync()
    assert report.status == "malformed"
    assert {said.counter for said in phone.device.store.outbox(9)} == {2, 3, 4}
    assert phone.device.store.state().cursor is None
    phone.later()
    phone.settle()


def test_a_page_that_cannot_be_read_does_not_move_the_cursor(
    phone: "Phone", server: "Server", kit: "type[Kit]"
) -> None:
    khadija = kit.Phone(server, "khadija").enrolled("b" * 32)
    record = submit(khadija)
    khadija.settle()
    for spoil in (
        lambda answer: answer.update(records=[{"record": 5}]),
        lambda answer: answer.update(records=None),
        lambda answer: answer["records"][0].pop("heads"),
        lambda answer: answer["records"][0].update(fields=[]),
        lambda answer: answer.update(cursor=7),
    ):
        phone.link.faults = [kit.changing(spoil)]
        assert phone.device.sync().status == "malformed"
        assert phone.device.store.state().cursor is None
        phone.later()
    phone.settle()
    assert phone.device.record(record) is not None


def test_the_answer_to_another_request_is_not_applied(phone: "Phone", server: "Server", kit: "type[Kit]") -> None:
    first = submit(phone)
    phone.link.faults = [kit.cut_after]
    phone.device.sync()
    stale = msgspec.json.encode(
        {"protocol": 1, "epoch": "epoch-1", "results": [{"id": [phone.device.author, 1], "status": "applied"}]}
        | {"records": [], "cursor": "epoch-1:77", "more": False}
    )
    phone.later()
    submit(phone)
    phone.link.faults = [kit.answering(200, stale)]
    phone.device.sync()
    assert phone.device.store.state().cursor is None
    assert [said.counter for said in phone.device.store.outbox(9)] == [2]
    phone.later()
    phone.settle()
    assert phone.device.record(first) is not None


def test_a_revoked_device_hands_over_and_hears_nothing(phone: "Phone", server: "Server") -> None:
    record = submit(phone)
    phone.settle()
    submit(phone)
    server.standing = {"status": "revoked", "wipe": False, "lease_until": 5}
    report = phone.device.sync()
    assert (report.status, report.unsent, report.quiet) == ("revoked", 0, True)
    assert phone.device.standing == "revoked"
    assert phone.device.store.state().lease_until == 5
    assert phone.device.record(record) is not None


def test_wipe_erases_what_came_down_and_never_the_unsent_outbox(
    phone: "Phone", server: "Server", kit: "type[Kit]"
) -> None:
    khadija = kit.Phone(server, "khadija").enrolled("b" * 32)
    secret = submit(khadija)
    khadija.settle()
    old = submit(phone)
    phone.settle()
    mine = submit(phone)
    server.verdicts = {mine: "retry"}
    server.standing = {"status": "revoked", "wipe": True}
    phone.device.sync()
    assert phone.device.record(secret) is None
    assert phone.device.record(old) is None
    assert phone.device.waiting()["unsent"] == 1
    server.verdicts, server.durable = {}, False
    phone.later()
    phone.device.sync()
    assert server.record(mine) is not None
    assert phone.device.records() == []
    assert phone.device.waiting()["kept"] == 1
