"""Records as others see them: the wire's form (docs/protocol.md section 5)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.problems import Problem, render
from fieldsync.services import folding
from fieldsync.services.judging import problems_from_json
from fieldsync.services.working import decode_state
from fieldsync.store import associations, openrosa_files, records
from fieldsync.store.associations import CollectionRow
from fieldsync.store.records import RecordRow


def shown(session: Session, association_id: int, rows: Sequence[RecordRow], language: str) -> dict[int, dict[str, Any]]:
    """Records by row id; those of which no answers apply yet are left out."""
    collections = {row.id: row for row in associations.collections(session, association_id)}
    flags = folding.flags_of(session, [row.id for row in rows])
    survivors = _survivors(session, rows)
    awaited = _awaited(session, rows)
    found: dict[int, dict[str, Any]] = {}
    for row in rows:
        if row.review != folding.HELD_REVIEW:
            marks = (*awaited.get(row.id, ()), *flags.get(row.id, ()))
            found[row.id] = _shown(row, collections[row.collection_id], survivors, marks, language)
    return found


def told(problems: Iterable[Problem], language: str) -> list[dict[str, Any]]:
    """Problems as the wire has them: code, path and a text in the reader's language."""
    return [{"code": each.code, "path": each.path, "message": render(each, language)} for each in problems]


def gone(row: RecordRow) -> dict[str, Any]:
    """What is left of a record for somebody who may no longer read it."""
    return {"record": records.uuid_text(row.uuid), "gone": True}


def _shown(
    row: RecordRow, collection: CollectionRow, survivors: Mapping[int, str], flags: Sequence[Problem], language: str
) -> dict[str, Any]:
    state = decode_state(bytes(row.state))
    assert state is not None
    comments = [msgspec.to_builtins(comment) for comment in state.comments]
    problems = told((*problems_from_json(row.problems), *flags), language)
    return {
        "record": records.uuid_text(row.uuid),
        "kind": collection.kind,
        "of": collection.of,
        "version": state.version,
        "heads": state.heads,
        "fields": state.fields,
        "conflicts": {path: [msgspec.to_builtins(each) for each in found] for path, found in state.conflicts.items()},
        "deleted": state.deleted,
        "delete_conflict": bool(state.delete_conflicts),
        "merged_into": survivors.get(row.merged_into) if row.merged_into else None,
        "problems": problems,
        "review": {"state": row.review, "comments": comments},
    }


def _awaited(session: Session, rows: Sequence[RecordRow]) -> dict[int, list[Problem]]:
    """By record, that files of it are not here; of which question, where no answer names the file yet."""
    incomplete = [row.id for row in rows if row.incomplete]
    found: dict[int, list[Problem]] = {}
    for record_id, path in openrosa_files.awaited_answers(session, incomplete):
        found.setdefault(record_id, []).append(Problem("file_missing", path))
    return {record_id: found.get(record_id, [Problem("file_missing")]) for record_id in incomplete}


def _survivors(session: Session, rows: Iterable[RecordRow]) -> dict[int, str]:
    wanted = {row.merged_into for row in rows if row.merged_into is not None}
    return {each.id: records.uuid_text(each.uuid) for each in records.by_ids(session, wanted).values()}
