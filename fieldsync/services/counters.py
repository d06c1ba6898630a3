"""Through which counter everything of an author is here (docs/protocol.md sections 3 and 4)."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy.orm import Session

from fieldsync.services.judging import Said
from fieldsync.store import authors
from fieldsync.store.authors import AuthorRow


def advance(
    session: Session,
    said: Sequence[Said],
    void: Iterable[tuple[AuthorRow, int]],
    read: Mapping[str, AuthorRow] | None = None,
) -> None:
    """Move the counters of those who said something, after it was stored; `read`: their rows, read under their lock."""
    spoken: dict[str, set[int]] = {}
    for each in said:
        if each.counts and len(each.id) == 2:
            spoken.setdefault(each.id[0], set()).add(each.id[1])
    for author, counter in void:
        spoken.setdefault(author.name, set()).add(counter)
    rows = authors.named(session, spoken.keys()) if read is None else read
    moves = [_moved(session, rows[name], counters) for name, counters in spoken.items() if name in rows]
    authors.move_counters(session, moves)


def durable(session: Session, rows: Iterable[AuthorRow], backed_up: bool) -> dict[str, int]:
    """Author → counter up to which everything is safe, files too; in the last verified backup where that is asked."""
    found: dict[str, int] = {}
    for author in rows:
        first_missing = authors.first_missing_file(session, author.id)
        through = author.durable_through if first_missing is None else min(author.durable_through, first_missing - 1)
        found[author.name] = min(through, author.backed_up_through) if backed_up else through
    return found


def _moved(session: Session, author: AuthorRow, counters: set[int]) -> tuple[int, int, int]:
    known = max(author.known_through, *counters)
    durable_through = author.durable_through
    while durable_through + 1 in counters:
        durable_through += 1
    if known > durable_through:
        durable_through = _through_what_is_stored(session, author, durable_through)
    return known, durable_through, author.id


def _through_what_is_stored(session: Session, author: AuthorRow, durable_through: int) -> int:
    while True:
        stored = authors.counters_after(session, author, durable_through)
        for counter in stored:
            if counter != durable_through + 1:
                return durable_through
            durable_through = counter
        if not stored:
            return durable_through
