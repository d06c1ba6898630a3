"""How phones are doing, as their coordinator must know it."""

import msgspec
from sqlalchemy import Engine

from fieldsync.services.sync_health import CHART_DAYS, DAY_MS, Health, health, state_of
from fieldsync.store import associations
from fieldsync.store.db import execute
from tests.counted_world import Village
from tests.web.visitor import visitor
from tests.world import Json, Phone


def heard(village: Village, phone: Phone, days_ago: float, **report: object) -> None:
    """A phone was heard of so long ago, and said so of itself."""
    device_id = village.device_id(phone)
    at = int(village.now_ms - days_ago * DAY_MS)
    sql = "UPDATE device SET last_sync_ms = ?, enrolled_ms = ?, report = ? WHERE id = ?"
    given = (at, village.now_ms - 40 * DAY_MS, msgspec.json.encode(report), device_id)
    village.write(lambda session: execute(session, sql, given))


def health_of(village: Village) -> Health:
    def read(session: object) -> Health:
        owner = next(each for each in associations.everyone(session) if each.id == village.home)  # type: ignore[arg-type]
        return health(session, (owner,), village.now_ms)  # type: ignore[arg-type]

    return village.read(read)


def test_who_is_silent_and_has_most_waiting_is_called_first(engine: Engine) -> None:
    village = Village(engine, "khl", ("f4_participant",))
    fresh, late, silent, full = village.phone_here, village.phone(), village.phone(), village.phone()
    heard(village, fresh, 0.1, app="1.5.0")
    heard(village, late, 3, app="1.5.0")
    heard(village, silent, 9, app="1.5.0")
    heard(village, full, 8, app="1.4.0", unsent=60)
    found = health_of(village)
    assert found.states == {"up_to_date": 1, "late": 1, "silent": 2}
    assert [each.device_id for each in found.calls] == [village.device_id(full), village.device_id(silent)]
    assert (found.unsent, found.faults["old_app"]) == (60, 1)
    assert len(found.days) == CHART_DAYS and found.days[-1] == (1, 1, 2)


def test_the_days_show_on_which_a_phone_sent_something(engine: Engine) -> None:
    village = Village(engine, "khl", ("f4_participant",))
    village.registers(village.uuid())
    heard(village, village.phone_here, 0)
    assert health_of(village).days[-1] == (1, 0, 0)
    village.now_ms += 2 * DAY_MS
    assert health_of(village).days[-3:] == [(1, 0, 0), (0, 1, 0), (0, 1, 0)]
    heard(village, village.phone_here, 0)
    assert health_of(village).days[-3:] == [(1, 0, 0), (0, 1, 0), (1, 0, 0)]


def test_a_day_and_a_week_are_the_borders() -> None:
    now = 100 * DAY_MS
    assert [state_of(now - days * DAY_MS + shift, now) for days, shift in ((1, 1), (1, 0), (7, 1), (7, 0))] == [
        "up_to_date",
        "late",
        "late",
        "silent",
    ]


def test_only_those_who_look_after_phones_see_them(engine: Engine) -> None:
    village = Village(engine, "khl", ("f4_participant",))
    silent: Json = {"unsent": 3}
    heard(village, village.phone_here, 9, **silent)
    assert 'id="sync"' in visitor(village, "coordinator", village.home).opens("/indicators").text
    assert 'id="sync"' not in visitor(village, "programme_me", village.home).opens("/indicators").text
