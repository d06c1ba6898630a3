"""Where an entity comes from: the submissions that wrote it, and what else they speak of."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.core.declarations import chosen_entities
from fieldsync.core.operations import Operation, OperationId
from fieldsync.services import reading
from fieldsync.services.desk import Found
from fieldsync.services.published import published
from fieldsync.services.readers import Reader
from fieldsync.services.working import decode_state
from fieldsync.store import associations, operations, records
from fieldsync.store.records import RecordRow

SUBMISSIONS_MAX = 100
"""Submissions of one entity whose links a page looks for, the newest; a person is met some tens of times."""

LINKS_MAX = 100
"""Other entities that a page links to."""

DERIVED_MAX = 200
"""Entity operations of one submission that are looked at."""


@dataclass(frozen=True)
class Link:
    """Another entity of which one of the submissions speaks too."""

    found: Found
    by: Found


def submissions_of(session: Session, reader: Reader, said: Iterable[Operation]) -> dict[OperationId, Found]:
    """Entity operation → the submission from which it follows, where that is the reader's to read."""
    derived = [each for each in said if len(each.id) == 3]
    by_author: dict[str, set[int]] = {}
    for operation in derived:
        by_author.setdefault(operation.id[0], set()).add(operation.id[1])
    row_ids = {
        (author, counter): row_id
        for author, counters in by_author.items()
        for counter, row_id in operations.spoken_about(session, author, counters).items()
    }
    found = readable(session, reader, set(row_ids.values()))
    return {each.id: found[row_ids[each.id[:2]]] for each in derived if row_ids.get(each.id[:2]) in found}


def newest(submissions: Iterable[Found]) -> list[Found]:
    """Each submission once, those that came last first."""
    once = {each.row.id: each for each in submissions}
    return sorted(once.values(), key=lambda each: (each.row.arrived_ms, each.row.id), reverse=True)[:SUBMISSIONS_MAX]


def links(
    session: Session, reader: Reader, entity: Found, wrote: Iterable[Found], named: Iterable[Found]
) -> list[Link]:
    """The other entities that submissions speak of, as far as the reader may read them, each once.

    `wrote`: submissions that wrote the entity, with all that they write or name; `named`: those that only name it, with
    what they write. Nothing leads from what survivors said to any other list, or back (programme.md, rule R1).
    """
    found: dict[tuple[str, str], Link] = {}
    for other, submission in _others(session, reader, wrote, named):
        name = (other.of, records.uuid_text(other.row.uuid))
        if other.row.id != entity.row.id and name not in found and not is_apart(reader, entity, other):
            found[name] = Link(other, submission)
        if len(found) >= LINKS_MAX:
            break
    return list(found.values())


def _others(
    session: Session, reader: Reader, wrote: Iterable[Found], named: Iterable[Found]
) -> Iterator[tuple[Found, Found]]:
    for submission in wrote:
        for other in (*_written_by(session, reader, submission), *_named_by(session, reader, submission)):
            yield other, submission
    for submission in named:
        for other in _written_by(session, reader, submission):
            yield other, submission


def written_by(session: Session, submission: Found) -> list[RecordRow]:
    """The entities that a submission ever wrote."""
    counters: dict[str, list[int]] = {}
    for row in operations.history(session, [submission.row.id]):
        counters.setdefault(row.author, []).append(row.counter)
    ids = {
        record_id
        for author, said in counters.items()
        for _, _, record_id in operations.derived_from(session, author, said, DERIVED_MAX)
    }
    return list(records.by_ids(session, ids).values())


def readable(session: Session, reader: Reader, row_ids: Collection[int]) -> Mapping[int, Found]:
    """Those of some records that the reader may read, by row id."""
    named = {row.id: row for row in associations.collections(session, reader.association_id)}
    found = {}
    for row in records.by_ids(session, row_ids).values():
        collection = named.get(row.collection_id)
        if collection is not None and reading.may_read(reader, collection, row):
            found[row.id] = Found(row, collection.kind, collection.of)
    return found


def _written_by(session: Session, reader: Reader, submission: Found) -> Collection[Found]:
    return readable(session, reader, {row.id for row in written_by(session, submission)}).values()


def _named_by(session: Session, reader: Reader, submission: Found) -> list[Found]:
    """Entities that answers name: choices from an entity list are UUIDs."""
    state = decode_state(bytes(submission.row.state))
    form = published(session, reader.association_id, submission.of, state.version) if state else None
    if state is None or form is None:
        return []
    left_out = reading.hidden_of(session, reader, submission)
    hidden = left_out.withheld | left_out.masked
    chosen = [name for name, paths in chosen_entities(form.form, state.fields).items() if not paths <= hidden]
    return [each for of, uuid in chosen[:LINKS_MAX] for each in reading.find(session, reader, uuid, "entity", of)]


def is_apart(reader: Reader, one: Found, other: Found) -> bool:
    """Whether one of two records is of the listening centres and the other is not."""
    return _is_of_listening(reader, one) != _is_of_listening(reader, other)


def _is_of_listening(reader: Reader, found: Found) -> bool:
    family = reader.book.family(found.kind, found.of)
    return any(role.restricted and family in role.families for role in reader.book.roles)
