"""Flags of the quality rules for people at the desk: told with their reasons, dismissed with a reason, put back."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core.access import ACT_ON_RECORDS, READ_HISTORY
from fieldsync.core.problems import Problem, render
from fieldsync.core.quality import OFF, RULES, Chosen, limits_of
from fieldsync.services import auditing, following, reading
from fieldsync.services.published import published
from fieldsync.services.readers import Reader
from fieldsync.services.working import decode_state
from fieldsync.store import associations, flags, observations, records
from fieldsync.store.associations import CollectionRow
from fieldsync.store.flags import FlagRow
from fieldsync.store.records import RecordRow

WHY_LENGTH_MAX = 500
"""Characters of the reason with which somebody dismisses a flag."""

LABEL_LENGTH_MAX = 120


def told(session: Session, reader: Reader, row: RecordRow, language: str) -> list[dict[str, Any]]:
    """What the rules found in a record, as the desk shows it; nothing for whoever may not see its history.

    Each has `code`, `other`, `message`, `raised_ms`, and where it was dismissed `dismissed_ms`, `why` and `by`.
    """
    collection = _collection(session, reader, row)
    if collection is None or not reading.may_read(reader, collection, row, READ_HISTORY):
        return []
    labels = _Labels(session, collection, row, language)
    return [_told(mark, labels, language) for mark in flags.of_records(session, [row.id]).get(row.id, ())
            if mark.code in RULES]  # fmt: skip


def dismiss(
    session: Session, reader: Reader, row: RecordRow, name: tuple[str, str], why: str, now_ms: int
) -> Problem | None:
    """Say that a flag was looked at and means nothing; it stays so until the rule sees something else."""
    why = why.strip()
    if not why or len(why) > WHY_LENGTH_MAX:
        return Problem("flag_reason_needed", detail={"limit": str(WHY_LENGTH_MAX)})
    return _change(session, reader, row, name, "flag_dismissed", now_ms, why)


def put_back(session: Session, reader: Reader, row: RecordRow, name: tuple[str, str], now_ms: int) -> Problem | None:
    """Let a dismissed flag stand again."""
    return _change(session, reader, row, name, "flag_reopened", now_ms, "")


def _change(
    session: Session, reader: Reader, row: RecordRow, name: tuple[str, str], action: str, now_ms: int, why: str
) -> Problem | None:
    collection = _collection(session, reader, row)
    mark = next((each for each in flags.of_records(session, [row.id]).get(row.id, ()) if each.name == name), None)
    may = collection is not None and reading.may_read(reader, collection, row, ACT_ON_RECORDS)
    if not may or mark is None or mark.code not in RULES:
        return Problem("not_found")
    by, at = (auditing.by(reader), now_ms) if why else ("", None)
    flags.put(session, [mark._replace(dismissed_ms=at, dismissed_by=by, dismissed_why=why)])
    following.touch(session, reader.association_id, [row.id])
    about = f"record:{records.uuid_text(row.uuid)}"
    auditing.note(session, reader.association_id, auditing.by(reader), action, about, now_ms, detail=mark.code)
    return None


def thresholds(session: Session, association_id: int) -> dict[str, dict[str, int] | None]:
    """The thresholds that hold in an association, rule by rule; None for a rule that is switched off."""
    held = limits_of(observations.chosen(session, association_id))
    return {code: held.get(code) for code in RULES}


def choose(session: Session, reader: Reader, wanted: Mapping[str, Mapping[str, int] | None], now_ms: int) -> None:
    """Let other thresholds hold: for what comes from now on at once, for the rest from the next nightly run."""
    chosen: Chosen = {code: {OFF: 1} if limits is None else dict(limits) for code, limits in wanted.items()}
    observations.choose(session, reader.association_id, chosen)
    held = limits_of(chosen)
    detail = "; ".join(f"{code} {' '.join(map(str, held[code].values())) if code in held else OFF}" for code in RULES)
    about = f"association:{reader.association_id}"
    auditing.note(
        session, reader.association_id, auditing.by(reader), "thresholds_changed", about, now_ms, detail=detail
    )


def reason(code: str, numbers: Mapping[str, str], language: str, question: str = "…") -> str:
    """Why a flag stands, in words."""
    detail = {**numbers, "question": question}
    said = render(Problem(code, detail=detail), language)
    return f"{said} {render(Problem(f'{code}_numbers', detail=detail), language)}" if numbers else said


def _collection(session: Session, reader: Reader, row: RecordRow) -> CollectionRow | None:
    owned = associations.collections(session, reader.association_id)
    return next((each for each in owned if each.id == row.collection_id), None)


class _Labels:
    """What questions of a record's form are called."""

    def __init__(self, session: Session, collection: CollectionRow, row: RecordRow, language: str) -> None:
        state = decode_state(bytes(row.state))
        found = published(session, collection.association_id, collection.of, state.version if state else None)
        self._questions = {each.path: each for each in found.form.questions} if found else {}
        self._language = language

    def of(self, path: str) -> str:
        """A question's label in the reader's language, or its path."""
        question = self._questions.get(path)
        labels = question.labels if question else {}
        return (labels.get(self._language) or next(iter(labels.values()), "") or path)[:LABEL_LENGTH_MAX]


def _told(mark: FlagRow, labels: _Labels, language: str) -> dict[str, Any]:
    return {
        "code": mark.code,
        "other": mark.other,
        "message": reason(mark.code, mark.numbers, language, labels.of(mark.other) if mark.other else "…"),
        "raised_ms": mark.raised_ms,
        "dismissed_ms": mark.dismissed_ms,
        "by": mark.dismissed_by,
        "why": mark.dismissed_why,
    }
