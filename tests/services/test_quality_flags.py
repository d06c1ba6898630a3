"""Flags of the quality rules as companions and coordinators live with them, on both databases."""

from typing import Any

import pytest

from fieldsync.core.observing import Facts
from fieldsync.core.quality import RULES, limits_of
from fieldsync.services import quality, quality_night, quality_told
from fieldsync.services.readers import Reader, find_by_session
from fieldsync.services.taken import take_up
from fieldsync.store import flags, observations, records
from fieldsync.store.db import execute
from tests.routes.callers import person
from tests.world import HOUR_MS, Json, Phone, World

ASNI = "07.041.07.03"


def round_of(world: World, phone: Phone, number: int, **changed: Any) -> Json:
    """A household that took ten minutes one morning, like the others and yet another."""
    begun = "2026-09-21T{:02d}:{:02d}:00.000+01:00"
    writes: Json = {
        "start": begun.format(9 + number // 4 % 6, number % 4 * 15),
        "end": begun.format(9 + number // 4 % 6, number % 4 * 15 + 9 + number % 3),
        "commune": ASNI,
        "where": {"lat": f"{31.25 + number % 7 / 500:.4f}", "lon": f"{-7.98 + number // 7 / 500:.4f}"},
        "women": 4 + number % 5,
        **{f"q{question}": f"{question} {number}" for question in range(1, 9)},
    }
    return phone.says(of="round", writes=writes | changed)


def made(world: World, phone: Phone, count: int = 40) -> list[Json]:
    """So many households; the rules have looked at them."""
    world.publish("round 1")
    said = [round_of(world, phone, number) for number in range(count)]
    assert set(phone.statuses(*said)) == {"applied"}
    look(world)
    return said


def look(world: World) -> None:
    """Whoever follows the change log looks at all that there is."""

    def work(session: Any) -> set[int]:
        ids = [row[0] for row in execute(session, "SELECT id FROM record")]
        return quality.observe(session, world.amal, take_up(session, world.amal, ids), world.now_ms)

    world.write(work)


def night(world: World) -> int:
    return quality_night.run(world.read, world.write, world.amal, world.now_ms)


def standing(world: World, said: Json) -> dict[tuple[str, str], flags.FlagRow]:
    """The flags of a submission that stand."""

    def read(session: Any) -> dict[tuple[str, str], flags.FlagRow]:
        [row] = records.by_uuids(session, [records.uuid_bytes(said["record"])])
        return {mark.name: mark for mark in flags.of_records(session, [row.id]).get(row.id, ())
                if mark.dismissed_ms is None}  # fmt: skip

    return world.read(read)


def codes(world: World, said: Json) -> list[str]:
    return [code for code, _ in standing(world, said)]


def reader_of(world: World, role: str) -> Reader:
    token = person(world, role).token
    found = world.read(lambda session: find_by_session(session, token, world.now_ms))
    assert found is not None
    return found


def test_careful_work_is_left_alone(world: World) -> None:
    said = made(world, world.phone())
    assert night(world) == 0
    assert {code for each in said for code in codes(world, each)} == set()


def test_a_companion_who_fills_in_at_night_and_too_fast_and_far_away(world: World) -> None:
    phone = world.phone()
    made(world, phone)
    night(world)
    late = round_of(
        world, phone, 41, start="2026-09-22T02:00:00.000+01:00", end="2026-09-22T02:00:20.000+01:00",
        where={"lat": "32.9", "lon": "-7.9"}, women=4000,
    )  # fmt: skip
    assert phone.statuses(late) == ["applied"]
    look(world)
    assert set(codes(world, late)) == {"filled_too_fast", "filled_at_night", "far_from_place", "far_from_usual"}
    assert standing(world, late)["far_from_usual", "women"].numbers == {"value": "4000", "usual": "6"}
    assert world.record(late["record"])["problems"] == []  # type: ignore[index]


def test_what_was_odd_before_anything_was_usual_is_found_at_night(world: World) -> None:
    phone = world.phone()
    world.publish("round 1")
    odd = round_of(world, phone, 1, women=4000)
    assert phone.statuses(odd) == ["applied"]
    look(world)
    assert codes(world, odd) == []
    made(world, phone)
    assert night(world) == 1
    assert codes(world, odd) == ["far_from_usual"]
    assert night(world) == 0


def test_a_correction_takes_the_flag_away(world: World) -> None:
    phone = world.phone()
    made(world, phone)
    night(world)
    odd = round_of(world, phone, 41, women=4000)
    assert phone.statuses(odd) == ["applied"]
    look(world)
    assert codes(world, odd) == ["far_from_usual"]
    right = phone.says(odd["record"], {"women": 4}, of="round", seen=[odd])
    assert phone.statuses(right) == ["applied"]
    look(world)
    assert codes(world, odd) == []


def test_the_same_answers_again_and_again_are_told_from_the_fourth_on(world: World) -> None:
    phone, other = world.phone(), world.phone()
    world.publish("round 1")
    same = {f"q{question}": "yes" for question in range(1, 9)} | {"women": 4}
    said = [round_of(world, phone, number, **same) for number in range(5)]
    elsewhere = round_of(world, other, 1, **same)
    assert set(phone.statuses(*said)) | set(other.statuses(elsewhere)) == {"applied"}
    look(world)
    assert [codes(world, each) for each in said] == [[], [], [], ["same_answers"], ["same_answers"]]
    assert codes(world, elsewhere) == []
    assert night(world) == 0


def test_many_at_one_point_are_told_from_the_eleventh_on(world: World) -> None:
    phone = world.phone()
    world.publish("round 1")
    said = [round_of(world, phone, number, where={"lat": "31.25", "lon": f"-7.98{number % 2}"}) for number in range(24)]
    assert set(phone.statuses(*said)) == {"applied"}
    look(world)
    assert [codes(world, each) for each in said] == [[]] * 20 + [["many_at_one_point"]] * 4
    assert night(world) == 0


def test_a_phone_whose_clock_is_half_a_day_off(world: World) -> None:
    phone = world.phone()
    world.publish("round 1")
    said = round_of(world, phone, 1)
    phone.tells(said, now=world.now_ms - 12 * HOUR_MS)
    look(world)
    assert standing(world, said)["clock_far_off", ""].numbers == {"minutes": "720"}


def test_a_hub_speaks_by_its_own_clock_not_by_the_phones(world: World) -> None:
    hub = world.hub()
    world.publish("round 1")
    said = round_of(world, hub, 1)
    hub.tells(said, now=world.now_ms - 12 * HOUR_MS)
    look(world)
    assert codes(world, said) == []


def test_a_flag_keeps_the_day_on_which_it_was_raised_though_the_usual_moves(world: World) -> None:
    phone = world.phone()
    made(world, phone)
    night(world)
    odd = round_of(world, phone, 41, women=4000)
    assert phone.statuses(odd) == ["applied"]
    look(world)
    raised = standing(world, odd)
    world.now_ms += 24 * HOUR_MS
    assert set(phone.statuses(*[round_of(world, phone, number, women=9) for number in range(50, 150)])) == {"applied"}
    night(world)
    look(world)
    assert standing(world, odd) == raised


def test_a_dismissed_flag_stays_away_until_something_else_is_seen(world: World) -> None:
    phone = world.phone()
    made(world, phone)
    night(world)
    odd = round_of(world, phone, 41, women=4000)
    assert phone.statuses(odd) == ["applied"]
    look(world)
    reviewer = reader_of(world, "association_reviewer")
    name = ("far_from_usual", "women")
    assert world.write(lambda session: _dismiss(session, reviewer, odd, name, "  ", world)) is not None
    assert world.write(lambda session: _dismiss(session, reviewer, odd, name, "counted twice with her", world)) is None
    look(world)
    night(world)
    assert codes(world, odd) == []
    [told] = world.read(lambda session: quality_told.told(session, reviewer, _row(session, odd), "fr"))
    assert (told["why"], told["dismissed_ms"]) == ("counted twice with her", world.now_ms)
    other = phone.says(odd["record"], {"women": 9000}, of="round", seen=[odd])
    assert phone.statuses(other) == ["applied"]
    look(world)
    assert codes(world, odd) == ["far_from_usual"]


def test_dismissing_and_putting_back_are_written_down_without_the_reason(world: World) -> None:
    phone = world.phone()
    made(world, phone)
    night(world)
    odd = round_of(world, phone, 41, women=4000)
    assert phone.statuses(odd) == ["applied"]
    look(world)
    reviewer, name = reader_of(world, "association_reviewer"), ("far_from_usual", "women")
    assert world.write(lambda session: _dismiss(session, reviewer, odd, name, "Amina told me", world)) is None
    back = world.write(lambda session: quality_told.put_back(session, reviewer, _row(session, odd), name, world.now_ms))
    assert back is None
    assert codes(world, odd) == ["far_from_usual"]
    rows = world.read(lambda session: execute(session, "SELECT action, about, detail FROM audit_row ORDER BY id"))
    mine = [tuple(row) for row in rows if row[0].startswith("flag_")]
    about = f"record:{odd['record']}"
    assert mine == [("flag_dismissed", about, "far_from_usual"), ("flag_reopened", about, "far_from_usual")]


def test_whoever_may_not_judge_neither_sees_nor_dismisses_flags(world: World) -> None:
    phone = world.phone()
    made(world, phone)
    night(world)
    odd = round_of(world, phone, 41, women=4000)
    assert phone.statuses(odd) == ["applied"]
    look(world)
    for role in ("companion", "viewer", "programme_me", "listening_supervisor"):
        reader = reader_of(world, role)
        assert _told_to(world, reader, odd) == []
        assert _dismissed_by(world, reader, odd) == "not_found", role
    assert codes(world, odd) == ["far_from_usual"]


def test_a_flag_names_the_question_in_the_readers_language(world: World) -> None:
    phone = world.phone()
    made(world, phone)
    night(world)
    odd = round_of(world, phone, 41, women=4000)
    assert phone.statuses(odd) == ["applied"]
    look(world)
    reviewer = reader_of(world, "association_reviewer")
    [told] = world.read(lambda session: quality_told.told(session, reviewer, _row(session, odd), "fr"))
    assert told["message"].startswith("« Women present »")
    assert "4000" in told["message"]


def test_a_form_with_restricted_questions_leaves_nothing_behind(world: World) -> None:
    world.publish("secret 1")
    phone = world.phone()
    said = phone.says(of="secret", writes={"start": "2026-09-22T02:00:00.000+01:00", "women": 3})
    phone.tells(said, now=world.now_ms - 99 * HOUR_MS)
    look(world)
    assert codes(world, said) == []
    assert world.read(lambda session: execute(session, "SELECT count(*) FROM observation").scalar()) == 0


def test_a_deleted_submission_is_forgotten_and_comes_back(world: World) -> None:
    phone = world.phone()
    world.publish("round 1")
    said = round_of(world, phone, 1, start="2026-09-22T02:00:00.000+01:00")
    gone = phone.says(said["record"], of="round", delete=True, seen=[said])
    assert phone.statuses(said) == ["applied"]
    look(world)
    assert codes(world, said) == ["filled_at_night"]
    assert phone.statuses(gone) == ["applied"]
    look(world)
    assert codes(world, said) == []
    assert night(world) == 0


def test_a_nightly_run_in_small_steps_finds_what_one_in_a_single_step_does(world: World, monkeypatch: Any) -> None:
    phones = [world.phone() for _ in range(3)]
    world.publish("round 1")
    same = {f"q{question}": "yes" for question in range(1, 9)} | {"women": 4}
    for phone in phones:
        said = [round_of(world, phone, number, **(same if number % 2 else {})) for number in range(30)]
        assert set(phone.statuses(*said)) == {"applied"}
    look(world)
    before = _all_flags(world)
    monkeypatch.setattr(quality_night, "STEP_ROWS", 7)
    assert night(world) == 0
    world.write(lambda session: execute(session, "DELETE FROM flag"))
    assert night(world) == len(before) > 0
    assert _all_flags(world) == before


def test_however_they_come_what_earlier_ones_say_is_what_the_night_finds(world: World, monkeypatch: Any) -> None:
    for module in (quality, quality_night):
        monkeypatch.setattr(module, "COMPARED_MAX", 3)
    phone, other = world.phone(), world.phone()
    world.publish("round 1")
    same = round_of(world, world.phone(), 0)["writes"]
    for number in range(30):
        alike = {name: value for name, value in same.items() if name[0] in "qw" and name != "where"}
        odd = ({"where": same["where"]} if number % 4 == 0 else {}) | (alike if number % 3 == 0 else {})
        for sender in (phone, other):
            sender.tells(round_of(world, sender, number, **odd))
    look(world)
    limits = limits_of({})
    [form] = {row[0] for row in world.read(lambda session: execute(session, "SELECT collection_id FROM observation"))}
    seen = world.read(lambda session: observations.by_author(session, form, (0, 0), 100))
    neighbours = quality_night.Neighbours()
    by_night = {row.record_id: neighbours.beside(row, limits) for row in seen}
    hers = [row for row in seen if row.author_id == seen[0].author_id]
    for every in (1, 2, 9, len(hers)):
        by_day: dict[int, Facts] = {}
        for start in range(every):
            some = hers[start::every]
            by_day |= world.read(lambda session, some=some: quality.beside_others(session, some, limits))  # type: ignore[misc]
        assert by_day == {row.record_id: by_night[row.record_id] for row in hers}
    assert max(by_night[row.record_id].near for row in hers) == 7
    assert max(by_night[row.record_id].alike for row in hers) == 1


def test_a_run_that_is_cut_off_begins_again(world: World, monkeypatch: Any) -> None:
    phone = world.phone()
    world.publish("round 1")
    odd = round_of(world, phone, 1, women=4000)
    assert phone.statuses(odd) == ["applied"]
    made(world, phone)
    monkeypatch.setattr(quality_night, "STEP_ROWS", 7)
    steps = 0

    def cut_off(work: Any) -> Any:
        nonlocal steps
        steps += 1
        if steps == 4:
            raise OSError("power cut")
        return world.write(work)

    with pytest.raises(OSError, match="power cut"):
        quality_night.run(world.read, cut_off, world.amal, world.now_ms)
    assert world.read(lambda session: observations.judged_ms(session, world.amal)) == 0
    night(world)
    assert codes(world, odd) == ["far_from_usual"]
    assert world.read(lambda session: observations.judged_ms(session, world.amal)) == world.now_ms


def test_a_submission_that_changes_during_the_night_is_not_judged_by_what_it_was(world: World) -> None:
    phone = world.phone()
    world.publish("round 1")
    odd = round_of(world, phone, 1, women=4000)
    assert phone.statuses(odd) == ["applied"]
    made(world, phone)
    corrected = phone.says(odd["record"], {"women": 4}, of="round", seen=[odd])
    writes = 0

    def meanwhile(work: Any) -> Any:
        nonlocal writes
        writes += 1
        if writes == 2:  # what is usual is written; the rules have not judged yet
            assert phone.statuses(corrected) == ["applied"]
            look(world)
        return world.write(work)

    quality_night.run(world.read, meanwhile, world.amal, world.now_ms)
    assert codes(world, odd) == []


def test_other_thresholds_hold_from_the_next_night_on(world: World) -> None:
    phone = world.phone()
    world.publish("round 1")
    said = round_of(world, phone, 1, start="2026-09-22T02:00:00.000+01:00")
    assert phone.statuses(said) == ["applied"]
    look(world)
    reviewer = reader_of(world, "association_reviewer")
    held = world.read(lambda session: quality_told.thresholds(session, world.amal))
    world.write(lambda session: quality_told.choose(session, reviewer, {**held, "filled_at_night": None}, world.now_ms))
    assert codes(world, said) == ["filled_at_night"]
    assert night(world) == 1
    assert codes(world, said) == []
    assert world.read(lambda session: quality_told.thresholds(session, world.amal))["filled_at_night"] is None


def _all_flags(world: World) -> list[tuple[Any, ...]]:
    wanted = ", ".join(f"'{code}'" for code in RULES)
    sql = f"SELECT record_id, code, other, evidence FROM flag WHERE code IN ({wanted}) ORDER BY 1, 2, 3"
    return [tuple(row) for row in world.read(lambda session: execute(session, sql))]


def _row(session: Any, said: Json) -> records.RecordRow:
    [row] = records.by_uuids(session, [records.uuid_bytes(said["record"])])
    return row


def _dismiss(session: Any, reader: Reader, said: Json, name: tuple[str, str], why: str, world: World) -> Any:
    return quality_told.dismiss(session, reader, _row(session, said), name, why, world.now_ms)


def _told_to(world: World, reader: Reader, said: Json) -> list[Json]:
    return world.read(lambda session: quality_told.told(session, reader, _row(session, said), "en"))


def _dismissed_by(world: World, reader: Reader, said: Json) -> str:
    name = ("far_from_usual", "women")
    refused = world.write(lambda session: _dismiss(session, reader, said, name, "because", world))
    return str(refused.code)
