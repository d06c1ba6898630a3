"""The submissions around one instance id: which record they are, what an edit replaces, what came too late."""

from collections.abc import Sequence

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.merge import RecordState
from fieldsync.core.openrosa import Sheet, applied, record_of
from fieldsync.core.operations import Operation, OperationId, Stamp, Value
from fieldsync.core.parsing import parse_operation, stamp_of
from fieldsync.core.wire_values import is_uuid
from fieldsync.services import desk
from fieldsync.services.working import decode_state
from fieldsync.store import associations, openrosa, operations, quarantine, records
from fieldsync.store.authors import AuthorRow
from fieldsync.store.openrosa import SubmissionRow

EDITS_MAX = 200
"""How many edits in a row are followed back; after that an edit says all its answers again."""


class Chain(msgspec.Struct, frozen=True):
    """What is known around a submission. `base` is what it replaces, or what that does where it waits for its form
    version; None where nothing of it is here as an operation. `sound`: the same, where nothing in quarantine counts.

    `has_other_content`: its instance id is taken by other content. `is_late`: an edit of it, or of that, was applied to
    the same record before it came. `apart`: other records that it shows to be the same.
    """

    record: str
    base: SubmissionRow | None
    has_other_content: bool
    is_late: bool
    apart: Sequence[bytes] = ()
    sound: SubmissionRow | None = None


def around(session: Session, association_id: int, sheet: Sheet) -> list[SubmissionRow]:
    """The submissions that bear a submission's instance id, or the one that it replaces, or replace one of them."""
    asked = tuple(sorted({each for each in (sheet.instance, sheet.deprecated) if each}))
    return openrosa.around(session, association_id, sheet.form, asked)


def chain_of(
    session: Session, association_id: int, sheet: Sheet, found: Sequence[SubmissionRow], waited: SubmissionRow | None
) -> Chain:
    """What is `found` around a submission; `waited` is its own row where it was stored before."""
    rows = [row for row in found if row != waited]
    same = [row for row in rows if row.instance == sheet.instance]
    replaced = [row for row in rows if row.instance == sheet.deprecated != sheet.instance]
    replacing = [row for row in rows if row.deprecated == sheet.instance]
    beside = [row for row in rows if sheet.deprecated and row.deprecated == sheet.deprecated]
    known = [*([waited] if waited else []), *same, *replaced, *replacing, *beside]
    if known:
        record = records.uuid_text(bytes(known[0].record))
    else:
        first = sheet.deprecated or sheet.instance
        slug = "" if is_uuid(first) else associations.slug_of(session, association_id)
        record = record_of(slug, sheet.form, first)
    has_other_content = any(row.status != "quarantined" for row in same)
    base = _nearest(session, replaced)
    return Chain(
        record,
        base,
        has_other_content,
        is_late=_is_late(session, [row for row in replacing if row.record == known[0].record]),
        apart=() if has_other_content else _apart(known),
        sound=_nearest(session, [base], "quarantined") if base is not None and base.status == "quarantined" else base,
    )


def _is_late(session: Session, edits: Sequence[SubmissionRow]) -> bool:
    """Whether one of these edits of a submission was applied, or an edit of one that was not, and so on."""
    left = list(edits)
    for _ in range(EDITS_MAX):
        if not left or any(row.status == "applied" for row in left):
            return bool(left)
        edit = left.pop()
        found = openrosa.around(session, edit.association_id, edit.form, (edit.instance,))
        left += [row for row in found if row.deprecated == edit.instance != row.instance and row.record == edit.record]
    return False


def _apart(known: Sequence[SubmissionRow]) -> list[bytes]:
    """The records of some submissions, but for that of the first."""
    return list(dict.fromkeys(bytes(row.record) for row in known))[1:]


def _nearest(session: Session, replaced: Sequence[SubmissionRow], *but: str) -> SubmissionRow | None:
    """The nearest version in a chain that was read, going back from what is replaced; `but` those of some status."""
    left = list(replaced)
    for _ in range(EDITS_MAX):
        read = [row for row in left if row.waits_version is None and row.status not in but]
        sound = [row for row in read if row.status != "quarantined"]
        behind = next((row for row in left if row.deprecated not in ("", row.instance)), None)
        if read or behind is None:
            return next(iter([*sound, *read]), None)
        found = openrosa.around(session, behind.association_id, behind.form, (behind.deprecated,))
        left = [row for row in found if row.instance == behind.deprecated and row.record == behind.record]
    return None


def came_late(session: Session, row: SubmissionRow) -> list[OperationId]:
    """Of the versions before a submission, those that came after the one that replaces them: what each of them said.

    Whoever edits the submission has them in her past, as if they had come in order.
    """
    late: list[OperationId] = []
    link = row
    for _ in range(EDITS_MAX):
        base = openrosa.find(session, link.base_id) if link.base_id is not None else None
        behind = []
        if link.deprecated not in ("", link.instance) and (base is None or base.instance != link.deprecated):
            found = openrosa.around(session, link.association_id, link.form, (link.deprecated,))
            behind = [each for each in found if each.instance == link.deprecated and each.record == link.record]
        for each in behind:
            late += _said_late(session, each) if each.waits_version is None else []
        if base is None and not behind:
            break
        link = base if base is not None and not behind else behind[0]
    return late


def _said_late(session: Session, row: SubmissionRow) -> list[OperationId]:
    """The operation of a late submission, and the one after it that put back what was shown."""
    said = operation_of(session, row)
    after = operations.known(session, row.author_id, [row.counter + 1]).get(row.counter + 1)
    back = parse_operation(bytes(after.body)) if after is not None else None
    is_its_own = isinstance(back, Operation) and tuple(back.seen) == (said,)
    return [said, *((said[0], row.counter + 1) for _ in range(is_its_own))]


def operation_of(session: Session, row: SubmissionRow) -> OperationId:
    """The id of the operation that a submission became."""
    return openrosa.author_name(session, row.author_id), row.counter


def content_of(session: Session, row: SubmissionRow) -> dict[str, Value] | None:
    """The answers of a submission, the edits before it followed back; None where that leads too far."""
    said: list[Operation] = []
    link: SubmissionRow | None = row
    while link is not None:
        operation = _said(session, link)
        if operation is None or len(said) == EDITS_MAX:
            return None
        said.append(operation)
        link = openrosa.find(session, link.base_id) if link.base_id is not None else None
    fields: dict[str, Value] = {}
    for operation in reversed(said):
        fields = applied(fields, operation.writes)
    return fields


def last_stamp(session: Session, author: AuthorRow, counter: int) -> Stamp:
    """The stamp of what an author said last; the beginning of time where that cannot be read."""
    if counter == 0:
        return (0, 0)
    stored = operations.known(session, author.id, [counter]).get(counter)
    if stored is not None:
        return stamp_of(bytes(stored.body))
    rows = quarantine.targets(session, author.association_id, author.name, counter, 0)
    read = (parse_operation(bytes(row.body)) for row in rows)
    return max((each.stamp for each in read if isinstance(each, Operation)), default=(0, 0))


def state_of(session: Session, association_id: int, record: str, form: str) -> RecordState | None:
    """What the record of some submissions shows; None where nothing of it applies."""
    for found in desk.find(session, association_id, record):
        if (found.kind, found.of) == ("submission", form):
            return decode_state(bytes(found.row.state))
    return None


def _said(session: Session, row: SubmissionRow) -> Operation | None:
    stored = operations.known(session, row.author_id, [row.counter]).get(row.counter)
    if stored is not None:
        bodies = [bytes(stored.body)]
    else:
        name = openrosa.author_name(session, row.author_id)
        rows = quarantine.targets(session, row.association_id, name, row.counter, 0)
        bodies = [bytes(each.body) for each in rows]
    read = (parse_operation(body) for body in bodies)
    return next((each for each in read if isinstance(each, Operation)), None)
