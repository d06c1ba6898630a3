"""A companion says things, a link fails, and everything arrives once."""

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from fieldsync.client import Device, Store
from fieldsync.client.device import NotEnrolled, UnknownRecord

if TYPE_CHECKING:
    from pathlib import Path

    from tests.client.conftest import Kit, Phone, Server

FORM, VERSION = "participant", "3"


def submit(phone: "Phone", **writes: Any) -> str:
    return phone.device.submit(FORM, VERSION, writes or {"name": "Fatima"})


def test_a_finished_form_goes_up_and_is_shown_before_and_after(phone: "Phone", server: "Server") -> None:
    record = submit(phone, name="فاطمة", age=34)
    before = phone.device.record(record)
    assert before is not None
    assert before["fields"] == {"name": "فاطمة", "age": 34}
    assert before["unsent"] == 1
    report = phone.device.sync()
    assert (report.status, report.sent, dict(report.results), report.quiet) == ("ok", 1, {"applied": 1}, True)
    after = phone.device.record(record)
    arrived = server.record(record)
    assert after is not None
    assert arrived is not None
    assert after["fields"] == arrived["fields"]
    assert after["heads"] == arrived["heads"]
    assert phone.device.waiting() == {"unsent": 0, "kept": 0, "set_aside": 0}


def test_before_enrolment_nothing_can_be_said(server: "Server", kit: "type[Kit]") -> None:
    stranger = kit.Phone(server)
    assert stranger.device.sync().status == "not_enrolled"
    with pytest.raises(NotEnrolled):
        submit(stranger)
    assert stranger.device.record("nothing") is None
    with pytest.raises(UnknownRecord):
        stranger.device.edit("nothing", {"name": "X"})


def test_a_lost_answer_is_asked_again_with_the_same_bytes(phone: "Phone", server: "Server", kit: "type[Kit]") -> None:
    record = submit(phone)
    phone.link.faults = [kit.cut_after]
    assert phone.device.sync().status == "link_down"
    assert phone.device.waiting()["unsent"] == 1
    phone.later()
    report = phone.device.sync()
    assert dict(report.results) == {"duplicate": 1}
    first, second = (batch["operations"][0] for batch in server.batches)
    assert msgspec.json.encode(first) == msgspec.json.encode(second)
    assert len(server.said()) == 1
    assert phone.device.record(record) is not None


def test_operations_travel_byte_for_byte(phone: "Phone") -> None:
    submit(phone, note="a/b \u00e9 \u0645", amount="1.50", nothing=None)
    raw = phone.device.store.outbox(1)[0].raw
    phone.device.sync()
    assert raw in phone.link.bodies[0]


def test_two_companions_meet_in_a_record_and_see_each_other(phone: "Phone", server: "Server", kit: "type[Kit]") -> None:
    record = submit(phone, name="Fatima", village="Ait Tamlil")
    phone.settle()
    khadija = kit.Phone(server, "khadija").enrolled("b" * 32)
    khadija.settle()
    khadija.device.edit(record, {"village": "Imlil"})
    phone.device.edit(record, {"name": "Fatima Zahra"})
    khadija.settle()
    phone.settle()
    khadija.settle()
    for device in (phone.device, khadija.device):
        shown = device.record(record)
        assert shown is not None
        assert shown["fields"] == {"name": "Fatima Zahra", "village": "Imlil"}
        assert shown["conflicts"] == {}


def test_an_edit_names_what_the_device_showed(phone: "Phone", server: "Server", kit: "type[Kit]") -> None:
    record = submit(phone)
    phone.device.edit(record, {"name": "B"})
    phone.device.edit(record, {"name": "C"})
    seen = [said.content().get("seen", []) for said in phone.device.store.outbox(9)]
    author = phone.device.author
    assert seen == [[], [[author, 1]], [[author, 2]]]
    phone.settle()
    khadija = kit.Phone(server, "khadija").enrolled("b" * 32)
    khadija.settle()
    khadija.device.comment(record, "seen")
    khadija.settle()
    phone.settle()
    assert phone.device.heads(record) == [("b" * 32, 1)]


def test_a_deleted_record_is_shown_deleted_and_a_write_revives_it(phone: "Phone", server: "Server") -> None:
    record = submit(phone)
    phone.device.delete(record)
    shown = phone.device.record(record)
    assert shown is not None
    assert shown["deleted"] is True
    phone.settle()
    phone.device.edit(record, {"name": "again"})
    phone.settle()
    shown, arrived = phone.device.record(record), server.record(record)
    assert shown is not None
    assert arrived is not None
    assert (shown["deleted"], shown["fields"]) == (arrived["deleted"], arrived["fields"]) == (False, {"name": "again"})


def test_batches_start_small_double_and_are_halved_by_a_cut(phone: "Phone", server: "Server", kit: "type[Kit]") -> None:
    for number in range(300):
        submit(phone, name=f"n{number}")
    phone.device.sync()
    phone.device.sync()
    phone.link.faults = [kit.cut_before]
    phone.device.sync()
    phone.later()
    phone.settle()
    assert [len(batch["operations"]) for batch in server.batches][:4] == [25, 50, 50, 100]
    assert len(server.said()) == 300
    assert [batch["pull"] for batch in server.batches][-1] == "records"
    assert server.batches[0]["pull"] == "none"


def test_the_outbox_keeps_its_order(phone: "Phone", server: "Server") -> None:
    for number in range(60):
        submit(phone, name=f"n{number}")
    phone.settle()
    counters = [said["id"][1] for batch in server.batches for said in batch["operations"]]
    assert counters == list(range(1, 61))


def test_a_body_stays_under_the_limits(phone: "Phone", server: "Server") -> None:
    noise = "".join(chr(0x4E00 + phone.dice.randrange(20000)) for _ in range(100_000))
    for number in range(10):
        submit(phone, note=f"{number}{noise[number * 7 :]}")
    phone.settle()
    assert max(map(len, phone.link.bodies)) < 1024 * 1024
    assert len(phone.link.bodies) > 2
    assert len(server.said()) == 10


def test_what_can_never_fit_is_set_aside_and_nothing_waits_for_it(phone: "Phone", server: "Server") -> None:
    submit(phone, note="x" * 9_000_000)
    small = submit(phone)
    phone.settle()
    assert server.record(small) is not None
    assert phone.device.waiting() == {"unsent": 0, "kept": 0, "set_aside": 1}
    assert server.batches[0]["void"] == [[1, "too_large", phone.device.author]]
    exported = phone.device.export_set_aside()
    assert len(exported[0]["operation"]["writes"]["note"]) == 9_000_000
    assert [problem["status"] for problem in phone.device.problems()] == ["set_aside"]


def test_retry_stays_and_goes_behind_the_others(phone: "Phone", server: "Server") -> None:
    stubborn = [submit(phone) for _ in range(25)]
    server.verdicts = dict.fromkeys(stubborn, "retry")
    willing = submit(phone)
    report = phone.device.sync()
    assert dict(report.results) == {"retry": 25}
    assert report.wait_ms > 0
    phone.later()
    phone.device.sync()
    assert server.record(willing) is not None
    server.verdicts = {}
    phone.settle()
    assert len(server.said()) == 26


def test_a_quarantined_operation_is_kept_and_told(phone: "Phone", server: "Server") -> None:
    record = submit(phone)
    server.verdicts = {record: "quarantined"}
    phone.settle()
    (problem,) = phone.device.problems()
    assert (problem["record"], problem["status"]) == (record, "quarantined")
    shown = phone.device.record(record)
    assert shown is not None
    assert shown["quarantined"] == [[phone.device.author, 1]]
    assert shown["fields"] == {}
    server.verdicts = {}
    phone.device.edit(record, {"name": "corrected"})
    phone.settle()
    assert server.said()[(phone.device.author, 2)]["seen"] == [[phone.device.author, 1]]


def test_a_released_operation_is_no_problem_any_more(phone: "Phone", server: "Server") -> None:
    record = submit(phone, name="Fatima")
    server.verdicts = {record: "quarantined"}
    phone.settle()
    server.release(record)
    phone.settle()
    assert phone.device.problems() == []
    shown = phone.device.record(record)
    assert shown is not None
    assert (shown["fields"], shown["quarantined"]) == ({"name": "Fatima"}, [])


def test_what_was_held_is_asked_about_when_a_form_arrives(phone: "Phone", server: "Server") -> None:
    record = submit(phone)
    server.verdicts = {record: "held"}
    phone.settle()
    assert [problem["status"] for problem in phone.device.problems()] == ["held"]
    server.data["operations"][(phone.device.author, 1)] = (server.said()[(phone.device.author, 1)], "applied")
    server.forms = [{"id": FORM, "version": VERSION, "hash": "h", "media": []}]
    phone.settle()
    phone.settle()
    assert phone.device.problems() == []
    assert phone.device.forms() == server.forms


def test_kept_operations_wait_for_the_top_server(phone: "Phone", server: "Server") -> None:
    record = submit(phone)
    server.durable = False
    phone.settle()
    assert phone.device.waiting() == {"unsent": 0, "kept": 1, "set_aside": 0}
    server.durable = True
    phone.settle()
    assert phone.device.waiting()["kept"] == 0
    assert phone.device.record(record) is not None


def test_pages_are_pulled_to_the_end(phone: "Phone", server: "Server", kit: "type[Kit]") -> None:
    khadija = kit.Phone(server, "khadija").enrolled("b" * 32)
    records = {submit(khadija, name=str(number)) for number in range(30)}
    khadija.settle()
    server.page = 7
    report = phone.device.sync()
    assert (report.pulled, report.more) == (7, True)
    assert phone.device.sync_until_quiet(limit=20).quiet
    assert {record["record"] for record in phone.device.records()} == records


def test_a_record_taken_away_leaves_the_view_but_not_the_own_work(
    phone: "Phone", server: "Server", kit: "type[Kit]"
) -> None:
    khadija = kit.Phone(server, "khadija").enrolled("b" * 32)
    one, two = submit(khadija), submit(khadija)
    khadija.settle()
    phone.settle()
    server.take_away(one)
    server.take_away(two)
    phone.device.edit(two, {"name": "mine"})
    phone.link.faults = [
        kit.changing(lambda answer: answer["results"][0].update(status="retry")),
    ]
    phone.device.sync()
    assert phone.device.record(one) is None
    shown = phone.device.record(two)
    assert shown is not None
    assert shown["fields"] == {"name": "mine"}
    assert shown["unsent"] == 1


def test_stamps_follow_what_was_heard_but_not_a_mad_clock(phone: "Phone", server: "Server") -> None:
    record = submit(phone, name="first")
    phone.settle()
    ahead = phone.clock + 60_000
    for author, name, ms in (("c", "x", ahead), ("d", "y", ahead), ("e", "z", ahead + 10**10)):
        server.say(
            {"id": [author, 1], "record": record, "kind": "submission", "of": FORM, "version": VERSION}
            | {"stamp": [ms, 4], "seen": [[phone.device.author, 1]], "writes": {"name": name}}
        )
    phone.settle()
    phone.device.edit(record, {"name": "last"})
    said = phone.device.store.outbox(1)[0].content()
    assert said["stamp"] == [ahead, 5]
    assert len(said["seen"]) == 3


def test_a_clock_that_jumps_by_years_loses_nothing(phone: "Phone", server: "Server", kit: "type[Kit]") -> None:
    year = 365 * 86_400_000
    records = []
    for jump in (0, 10 * year, -40 * year, -(10**15), 10**15):
        phone.clock = kit.start_ms + jump
        phone.link.faults = [kit.cut_before]
        records.append(submit(phone, name=str(jump)))
        phone.device.sync()
    stamps = [tuple(said.content()["stamp"]) for said in phone.device.store.outbox(9)]
    assert stamps == sorted(set(stamps))
    phone.clock = kit.start_ms
    phone.link.faults = []
    assert phone.device.sync().status == "ok"
    phone.settle()
    assert len(set(records)) == 5
    assert all(server.record(record) for record in records)


def test_decimals_are_text(phone: "Phone") -> None:
    with pytest.raises(ValueError, match="text"):
        submit(phone, amount=1.5)
    with pytest.raises(ValueError, match="text"):
        submit(phone, place={"lat": [float("nan")]})
    assert phone.device.waiting()["unsent"] == 0
    record = submit(phone, amount="1.50")
    assert [said.counter for said in phone.device.store.said_of(record)] == [1]


def test_a_server_that_turns_a_full_batch_back_for_ever_does_not_stop_what_comes_down(
    phone: "Phone", server: "Server", kit: "type[Kit]"
) -> None:
    server.verdicts = {submit(phone, name=str(number)): "retry" for number in range(120)}
    khadija = kit.Phone(server, "khadija").enrolled("b" * 32)
    record = submit(khadija)
    khadija.settle()
    for _ in range(12):
        phone.device.sync()
        phone.later()
    assert phone.device.record(record) is not None
    assert phone.device.waiting()["unsent"] == 120


def test_two_programs_may_open_the_same_file(server: "Server", kit: "type[Kit]", tmp_path: "Path") -> None:
    one = kit.Phone(server).enrolled()
    devices = [Device(Store.at(tmp_path / "phone.db"), one.link, lambda: one.clock, one.dice) for _ in range(2)]
    devices[0].adopt("a" * 32, f"token-{'a' * 32}", "amal")
    for number in range(10):
        devices[number % 2].submit(FORM, VERSION, {"name": str(number)})
        devices[number % 3 % 2].sync()
    assert devices[1].sync_until_quiet().quiet
    assert sorted(server.said()) == [("a" * 32, counter) for counter in range(1, 11)]


def test_text_that_is_no_text_is_refused_before_anything_is_stored(phone: "Phone") -> None:
    with pytest.raises(ValueError):
        submit(phone, name="\ud800")
    assert phone.device.waiting()["unsent"] == 0
    assert phone.device.store.state().counter == 0


def test_after_a_wait_the_companion_is_not_asked_to_count(phone: "Phone", kit: "type[Kit]") -> None:
    submit(phone)
    phone.link.faults = [kit.cut_before, kit.cut_after]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        phone.clock += int(seconds * 1000) + 1

    assert phone.device.sync_until_quiet(sleep=sleep).quiet
    assert len(slept) == 2
