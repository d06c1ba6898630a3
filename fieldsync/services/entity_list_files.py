"""Entity lists kept as files: after a change only those parts are written anew in which something changed."""

from bisect import bisect_right
from collections.abc import Collection, Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from fieldsync.core import packed_parts
from fieldsync.services import entity_csv
from fieldsync.services.entity_csv import Entities
from fieldsync.services.senders import Sender
from fieldsync.store import associations, changes, entity_lists, list_files
from fieldsync.store.list_files import ListFile, Part

CHANGES_MAX = 20_000
"""Changes of an association after which a list is written whole; each costs 1 µs to look at."""

END = 2**63 - 1


def packed(session: Session, sender: Sender, name: str, mark: str, data: Path) -> bytes:
    """A list as gzip, as this phone may read it. `mark` is its digest."""
    file = entity_csv.scope(session, sender, name)
    kept = list_files.read(data, file)
    if kept is None or kept.mark != mark:
        kept = _written(session, sender, Entities(session, sender, name), mark, kept)
        list_files.write(data, file, kept)
    return kept.packed


def _written(session: Session, sender: Sender, entities: Entities, mark: str, before: ListFile | None) -> ListFile:
    association_id = sender.device.association_id
    position, _ = associations.positions(session, association_id)
    if before is None or not _is_of_the_past(session, association_id, before, position):
        made = list(_packed(entities, 0, END))
    else:
        changed = _changed(session, association_id, entities, before)
        made = list(_renewed(entities, before, changed))
    return ListFile(
        mark,
        position,
        changes.logged_ms(session, association_id, position),
        [Part(first, len(content)) for first, content in made],
        packed_parts.whole(content for _, content in made),
    )


def _is_of_the_past(session: Session, association_id: int, before: ListFile, position: int) -> bool:
    """Whether the log leads from what was written before to the present; a database put back has another past."""
    if not 0 <= position - before.position <= CHANGES_MAX:
        return False
    return before.logged_ms == changes.logged_ms(session, association_id, before.position)


def _changed(session: Session, association_id: int, entities: Entities, before: ListFile) -> Collection[int]:
    if entities.collection_id is None:
        return ()
    return entity_lists.changed_since(session, association_id, entities.collection_id, before.position)


def _renewed(entities: Entities, before: ListFile, changed: Collection[int]) -> Iterator[tuple[int, bytes]]:
    """The parts of before, but for those in which something changed: the last one has what is new."""
    firsts = [part.first for part in before.parts]
    touched = {bisect_right(firsts, row_id) - 1 for row_id in changed}
    contents = packed_parts.cut(before.packed, [part.size for part in before.parts])
    for number, (first, end) in enumerate(zip(firsts, [*firsts[1:], END], strict=True)):
        if number in touched:
            yield from _packed(entities, first, end)
        else:
            yield first, contents[number]


def _packed(entities: Entities, first: int, end: int) -> Iterator[tuple[int, bytes]]:
    for row_id, lines in entities.parts(first, end):
        yield row_id, packed_parts.part(lines.encode())
