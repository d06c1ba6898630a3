"""What the quality rules look at in submissions, what is usual, and the thresholds that associations chose."""

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.geometry import Ring, spot, spots_around
from fieldsync.core.observing import Facts
from fieldsync.core.quality import Chosen, Middle, Norm, Usual
from fieldsync.store.db import execute, execute_many, places

CHUNK_ROWS = 400
"""How many ids one statement names."""

NEAR_ROWS = 100
"""Submissions whose neighbours one statement counts."""

SECONDS, NUMBER, PLACE = "seconds", "number:", "place:"
"""What a norm is about."""

NORMS_MAX = 20_000
"""Norms of one association: its numeric questions, and its places."""

_DIGEST_BYTES = 4
_COLUMNS = (
    "record_id, collection_id, author_id, place, arrived_ms, begun_ms, seconds, clock_ms, latitude, longitude, spot,"
    " tells_times, answers, numbers"
)


class Observed(NamedTuple):
    """A submission's facts, and whose it is."""

    record_id: int
    collection_id: int
    author_id: int
    arrived_ms: int
    facts: Facts


class Clock(NamedTuple):
    """How a submission came: when by our clock, when by its phone's (None through a hub); its first operation."""

    received_ms: int
    sent_ms: int | None
    body: bytes


def save(session: Session, rows: Iterable[Observed]) -> None:
    """Remember what was seen; a submission that was seen before is seen anew."""
    names = [name.strip() for name in _COLUMNS.split(",")]
    changes = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
    sql = (
        f"INSERT INTO observation ({_COLUMNS}) VALUES ({places(len(names))})"
        f" ON CONFLICT (record_id) DO UPDATE SET {changes}"
    )
    execute_many(session, sql, [_stored(row) for row in sorted(rows)])


def forget(session: Session, record_ids: Collection[int]) -> None:
    """Forget submissions that are no longer there."""
    execute_many(session, "DELETE FROM observation WHERE record_id = ?", [(each,) for each in sorted(record_ids)])


def by_author(session: Session, collection_id: int, after: tuple[int, int], limit: int) -> list[Observed]:
    """A page of a form's submissions, author by author, in the order of arrival; `after` is (author, record) ids."""
    sql = (
        f"SELECT {_COLUMNS} FROM observation WHERE collection_id = ? AND (author_id, record_id) > (?, ?)"
        " ORDER BY author_id, record_id LIMIT ?"
    )
    return [_observed(row) for row in execute(session, sql, (collection_id, *after, limit))]


def by_ids(session: Session, record_ids: Collection[int]) -> dict[int, Observed]:
    """What was seen in some submissions."""
    found: dict[int, Observed] = {}
    wanted = sorted(record_ids)
    for start in range(0, len(wanted), CHUNK_ROWS):
        chunk = wanted[start : start + CHUNK_ROWS]
        sql = f"SELECT {_COLUMNS} FROM observation WHERE record_id IN ({places(len(chunk))})"
        found.update((row[0], _observed(row)) for row in execute(session, sql, chunk))
    return found


def answers_until(session: Session, row: Observed, last_id: int, limit: int) -> list[tuple[int, frozenset[int]]]:
    """What the author of a submission answered in the same form, up to a record: (record id, answers), latest first."""
    sql = (
        "SELECT record_id, answers FROM observation WHERE collection_id = ? AND author_id = ? AND record_id <= ?"
        " ORDER BY record_id DESC LIMIT ?"
    )
    rows = execute(session, sql, (row.collection_id, row.author_id, last_id, limit))
    return [(each[0], frozenset(_unpacked(each[1]))) for each in rows]


def count_near(session: Session, rows: Sequence[Observed]) -> dict[int, int]:
    """Of submissions with a point, of one form by one author: how many earlier ones lie around the spot of each."""
    found: dict[int, int] = {}
    for start in range(0, len(rows), NEAR_ROWS):
        chunk = rows[start : start + NEAR_ROWS]
        asked = [(row.record_id, *span) for row in chunk for span in _spans(row)]
        sql = (
            f"WITH asked (record_id, low, high) AS (VALUES {', '.join('(?, ?, ?)' for _ in asked)})"
            " SELECT a.record_id, count(*) FROM asked a CROSS JOIN observation o WHERE o.collection_id = ?"
            " AND o.author_id = ? AND o.spot BETWEEN a.low AND a.high AND o.record_id < a.record_id GROUP BY 1"
        )
        whose = (chunk[0].collection_id, chunk[0].author_id)
        counted = execute(session, sql, (*(value for each in asked for value in each), *whose))
        found.update((row[0], int(row[1])) for row in counted)
    return found


def _spans(row: Observed) -> tuple[tuple[int, int], ...]:
    assert row.facts.latitude is not None and row.facts.longitude is not None
    return spots_around(spot(row.facts.latitude, row.facts.longitude))


def clocks(session: Session, record_ids: Collection[int]) -> dict[int, Clock]:
    """How records first came, those that a device or hub sent."""
    found: dict[int, Clock] = {}
    wanted = sorted(record_ids)
    for start in range(0, len(wanted), CHUNK_ROWS):
        chunk = wanted[start : start + CHUNK_ROWS]
        sql = (
            "SELECT o.record_id, r.received_ms, CASE WHEN d.kind = 'hub' THEN NULL ELSE r.sent_ms END, o.body"
            " FROM operation o JOIN receipt r ON r.id = o.receipt_id LEFT JOIN device d ON d.id = r.device_id"
            f" WHERE o.record_id IN ({places(len(chunk))}) AND o.n = 0 ORDER BY o.id DESC"
        )
        found.update((row[0], Clock(row[1], row[2], bytes(row[3]))) for row in execute(session, sql, chunk))
    return found


def usual(session: Session, association_id: int, collection_id: int, outlines: Mapping[str, list[Ring]]) -> Usual:
    """What is usual for a form, as of last night; outlines of places come with it."""
    sql = (
        "SELECT collection_id, about, count, middle, spread FROM quality_norm"
        " WHERE association_id = ? AND collection_id IN (0, ?) LIMIT ?"
    )
    rows = execute(session, sql, (association_id, collection_id, NORMS_MAX))
    norms = {row[1]: (row[2], row[3], row[4]) for row in rows}
    seconds = norms.get(SECONDS)
    return Usual(
        seconds=Norm(*seconds) if seconds else None,
        numbers={about.removeprefix(NUMBER): Norm(*each) for about, each in norms.items() if about.startswith(NUMBER)},
        places={about.removeprefix(PLACE): Middle(*each) for about, each in norms.items() if about.startswith(PLACE)},
        outlines=outlines,
    )


def replace_norms(
    session: Session, association_id: int, collection_id: int, norms: Mapping[str, tuple[int, float, float]]
) -> None:
    """Put the norms of a form, or (collection 0) of places, in the place of last night's."""
    where = "association_id = ? AND collection_id = ?"
    execute(session, f"DELETE FROM quality_norm WHERE {where}", (association_id, collection_id))
    sql = (
        "INSERT INTO quality_norm (association_id, collection_id, about, count, middle, spread)"
        " VALUES (?, ?, ?, ?, ?, ?)"
    )
    rows = [(association_id, collection_id, about, *norm) for about, norm in sorted(norms.items())[:NORMS_MAX]]
    execute_many(session, sql, rows)


def chosen(session: Session, association_id: int) -> Chosen:
    """The thresholds that an association chose."""
    sql = "SELECT chosen FROM quality_choice WHERE association_id = ?"
    stored = execute(session, sql, (association_id,)).scalar()
    found: Chosen = msgspec.json.decode(bytes(stored)) if stored else {}
    return found


def choose(session: Session, association_id: int, thresholds: Chosen) -> None:
    """Let other thresholds hold in an association."""
    sql = (
        "INSERT INTO quality_choice (association_id, chosen, judged_ms) VALUES (?, ?, 0)"
        " ON CONFLICT (association_id) DO UPDATE SET chosen = excluded.chosen"
    )
    execute(session, sql, (association_id, msgspec.json.encode(thresholds)))


def judged_ms(session: Session, association_id: int) -> int:
    """When the last nightly run ended; 0 before the first."""
    sql = "SELECT judged_ms FROM quality_choice WHERE association_id = ?"
    return int(execute(session, sql, (association_id,)).scalar() or 0)


def note_judged(session: Session, association_id: int, now_ms: int) -> None:
    """A nightly run has ended."""
    sql = (
        "INSERT INTO quality_choice (association_id, chosen, judged_ms) VALUES (?, ?, ?)"
        " ON CONFLICT (association_id) DO UPDATE SET judged_ms = excluded.judged_ms"
    )
    execute(session, sql, (association_id, b"{}", now_ms))


def _stored(row: Observed) -> tuple[object, ...]:
    facts = row.facts
    has_point = facts.latitude is not None and facts.longitude is not None
    return (
        row.record_id, row.collection_id, row.author_id, facts.place, row.arrived_ms, facts.begun_ms, facts.seconds,
        facts.clock_ms, facts.latitude, facts.longitude,
        spot(facts.latitude, facts.longitude) if has_point else None,  # type: ignore[arg-type]
        facts.tells_times, array("I", facts.answers).tobytes(), msgspec.msgpack.encode(facts.numbers),
    )  # fmt: skip


def _observed(row: tuple[Any, ...]) -> Observed:
    record_id, collection_id, author_id, place, arrived_ms, begun_ms, seconds, clock_ms, latitude, longitude = row[:10]
    facts = Facts(
        place=place,
        begun_ms=begun_ms,
        seconds=seconds,
        clock_ms=clock_ms,
        latitude=latitude,
        longitude=longitude,
        numbers=msgspec.msgpack.decode(row[13]),
        answers=_digests(row[12]),
        tells_times=bool(row[11]),
    )
    return Observed(record_id, collection_id, author_id, arrived_ms, facts)


def _digests(packed: bytes) -> tuple[int, ...]:
    return tuple(_unpacked(packed))


def _unpacked(packed: bytes) -> "array[int]":
    found = array("I")
    assert found.itemsize == _DIGEST_BYTES
    found.frombytes(bytes(packed))
    return found
