"""Authors, and through which counter nothing of theirs is missing."""

from collections.abc import Collection, Iterable

import msgspec
from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many, for_update, places

COUNTERS_READ_MAX = 5000
"""How many counters one step of the search for the first gap reads."""

_COLUMNS = (
    "id, name, association_id, kind, device_id, hub_id, enrolled, known_through, durable_through, backed_up_through"
)


class AuthorRow(msgspec.Struct, frozen=True):
    """An author as stored."""

    id: int
    name: str
    association_id: int
    kind: str
    device_id: int | None
    hub_id: int | None
    enrolled: bool
    known_through: int
    durable_through: int
    backed_up_through: int


def add(
    session: Session,
    name: str,
    association_id: int,
    kind: str,
    device_id: int | None = None,
    hub_id: int | None = None,
    enrolled: bool = True,
) -> AuthorRow:
    """Store a new author; nothing of it is known."""
    sql = (
        "INSERT INTO author (name, association_id, kind, device_id, hub_id, enrolled, known_through, durable_through,"
        f" backed_up_through) VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0) RETURNING {_COLUMNS}"
    )
    row = execute(session, sql, (name, association_id, kind, device_id, hub_id, enrolled)).one()
    return AuthorRow(*row)


def find(session: Session, name: str) -> AuthorRow | None:
    """The author of that name."""
    row = execute(session, f"SELECT {_COLUMNS} FROM author WHERE name = ?", (name,)).first()
    return AuthorRow(*row) if row else None


def named(session: Session, names: Collection[str]) -> dict[str, AuthorRow]:
    """Authors by name, those that are known; at most a batch's worth of names."""
    if not names:
        return {}
    sql = f"SELECT {_COLUMNS} FROM author WHERE name IN ({places(len(names))})"
    return {row[1]: AuthorRow(*row) for row in execute(session, sql, sorted(names))}


def names_of(session: Session, author_ids: Collection[int]) -> dict[int, str]:
    """The names of authors by row id; at most a batch's worth."""
    ids = sorted(author_ids)
    sql = f"SELECT id, name FROM author WHERE id IN ({places(len(ids))})"
    return {row[0]: row[1] for row in execute(session, sql, ids)} if ids else {}


def of_device(session: Session, device_id: int) -> list[AuthorRow]:
    """A device's authors, its present one last; the one that OpenRosa gives it speaks by that door alone."""
    sql = f"SELECT {_COLUMNS} FROM author WHERE device_id = ? AND kind = 'device' ORDER BY id"
    return [AuthorRow(*row) for row in execute(session, sql, (device_id,))]


def of_hub(session: Session, hub_id: int, names: Collection[str]) -> list[AuthorRow]:
    """Those of the named authors for whom a hub speaks."""
    return [author for author in named(session, names).values() if author.hub_id == hub_id]


def sender_of(session: Session, author_id: int) -> int:
    """The row id of the device, or the hub, through which an author speaks."""
    sql = "SELECT coalesce(device_id, hub_id) FROM author WHERE id = ?"
    return int(execute(session, sql, (author_id,)).scalar_one())


def mark_enrolled(session: Session, author_id: int) -> None:
    """The enrolment of an author that a hub relayed has come."""
    execute(session, "UPDATE author SET enrolled = ? WHERE id = ?", (True, author_id))


def lock(session: Session, author_ids: Iterable[int]) -> None:
    """Keep other transactions from saying something for these authors, in rising order."""
    clause, ids = for_update(session), sorted(author_ids)
    if clause and ids:
        execute(session, f"SELECT id FROM author WHERE id IN ({places(len(ids))}) ORDER BY id{clause}", ids)


def move_counters(session: Session, moves: Iterable[tuple[int, int, int]]) -> None:
    """Set (known_through, durable_through) of authors: tuples (known, durable, author id)."""
    rows = sorted(moves, key=lambda move: move[2])
    execute_many(session, "UPDATE author SET known_through = ?, durable_through = ? WHERE id = ?", rows)


def counters_after(session: Session, author: AuthorRow, after: int) -> list[int]:
    """Counters above `after` that are here in any way, in order: said, quarantined or void; at most a step's worth."""
    sql = (
        "SELECT counter FROM operation WHERE author_id = ? AND counter > ? AND n = 0"
        " UNION SELECT counter FROM quarantine"
        " WHERE association_id = ? AND author = ? AND counter > ? AND counts = ? AND n = 0"
        " UNION SELECT counter FROM void WHERE author_id = ? AND counter > ?"
        " ORDER BY 1 LIMIT ?"
    )
    parameters = (
        author.id,
        after,
        author.association_id,
        author.name,
        after,
        True,
        author.id,
        after,
        COUNTERS_READ_MAX,
    )
    return [row[0] for row in execute(session, sql, parameters)]


def first_missing_file(session: Session, author_id: int) -> int | None:
    """The lowest counter of an author's operation that names a file which is not here."""
    sql = "SELECT min(counter) FROM missing_file WHERE author_id = ?"
    return execute(session, sql, (author_id,)).scalar()


def add_voids(session: Session, voids: Iterable[tuple[int, int, str]]) -> None:
    """Remember counters that will never come, and stop waiting for their files: tuples (author, counter, reason)."""
    rows = list(voids)
    execute_many(session, "INSERT INTO void (author_id, counter, reason) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", rows)
    execute_many(session, "DELETE FROM missing_file WHERE author_id = ? AND counter = ?", [row[:2] for row in rows])


def voids_among(session: Session, author_id: int, counters: Collection[int]) -> set[int]:
    """Which of these counters were declared void."""
    if not counters:
        return set()
    sql = f"SELECT counter FROM void WHERE author_id = ? AND counter IN ({places(len(counters))})"
    return {row[0] for row in execute(session, sql, (author_id, *sorted(counters)))}


def remember_backup(session: Session, covered: Iterable[tuple[int, int]]) -> None:
    """A verified backup holds everything through these counters: tuples (author id, counter)."""
    sql = "UPDATE author SET backed_up_through = ? WHERE id = ? AND backed_up_through < ?"
    execute_many(session, sql, [(counter, author_id, counter) for author_id, counter in covered])


def all_durable(session: Session) -> list[tuple[int, int]]:
    """(author id, durable_through) of every author."""
    return [(row[0], row[1]) for row in execute(session, "SELECT id, durable_through FROM author ORDER BY id")]


def of_holder(session: Session, person_id: int) -> frozenset[int]:
    """The authors of the devices that a person carries."""
    sql = "SELECT a.id FROM author a JOIN device d ON d.id = a.device_id WHERE d.holder_id = ?"
    return frozenset(row[0] for row in execute(session, sql, (person_id,)))


def teams(session: Session, association_id: int) -> dict[int, str]:
    """Author → team, for the devices of an association that are in one."""
    sql = (
        "SELECT a.id, d.team FROM author a JOIN device d ON d.id = a.device_id"
        " WHERE d.association_id = ? AND d.team <> ''"
    )
    return {row[0]: row[1] for row in execute(session, sql, (association_id,))}


def names(session: Session, association_id: int) -> dict[int, str]:
    """The names of an association's authors by row id; a programme has some hundreds."""
    sql = "SELECT id, name FROM author WHERE association_id = ? ORDER BY id"
    return {row[0]: row[1] for row in execute(session, sql, (association_id,))}


def of_carrier(session: Session, association_id: int, person: str) -> frozenset[int]:
    """The authors of the devices of an association that a person (by her UUID) carries."""
    sql = (
        "SELECT a.id FROM author a JOIN device d ON d.id = a.device_id JOIN person p ON p.id = d.holder_id"
        " WHERE d.association_id = ? AND p.uuid = ?"
    )
    return frozenset(row[0] for row in execute(session, sql, (association_id, person)))


def of_same_device(session: Session, association_id: int, name: str) -> frozenset[int]:
    """All authors of the device of an association that speaks under a name, that of its OpenRosa door too."""
    sql = (
        "SELECT b.id FROM author a JOIN author b ON b.device_id = a.device_id WHERE a.name = ? AND a.association_id = ?"
    )
    return frozenset(row[0] for row in execute(session, sql, (name, association_id)))
