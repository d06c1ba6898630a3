"""Reviews, comments and deletes of a whole record (docs/protocol.md, section 11)."""

from typing import NamedTuple

import msgspec

from fieldsync.core.causality import History
from fieldsync.core.operations import Operation, OperationId, Stamp

EDITED = "edited"
THE_RECORD = ""
"""Among the delete conflicts: the record itself, where the others are paths of occurrences."""


class Comment(msgspec.Struct, frozen=True):
    """What somebody said about a record; `state` is the review state that they gave with it, or None."""

    text: str
    id: OperationId
    stamp: Stamp
    state: str | None = None


class Deletion(NamedTuple):
    """Whether a record is deleted; `conflict` where somebody deleted it and somebody wrote unseen."""

    deleted: bool
    conflict: bool


def comment_of(operation: Operation) -> Comment | None:
    """The comment, or the review with its note, that the operation makes."""
    act = operation.act
    if act is None:
        return None
    if "review" in act:
        return Comment(act.get("note") or "", operation.id, operation.stamp, act["review"])
    if "comment" in act:
        return Comment(act["comment"], operation.id, operation.stamp)
    return None


def comment_order(comment: Comment) -> tuple[Stamp, OperationId]:
    return comment.stamp, comment.id


def comments(history: History) -> tuple[Comment, ...]:
    """All comments and reviews by (stamp, id)."""
    found = [comment for operation in history.operations if (comment := comment_of(operation))]
    return tuple(sorted(found, key=comment_order))


def is_review(operation: Operation) -> bool:
    return operation.act is not None and "review" in operation.act


def decision(history: History) -> str:
    """The state given by the review in force, `edited` where a write followed it, or "".

    In force is the last review of which every other write, delete and review of the record is either in the past or
    had it in its past.
    """
    reviews = [place for place, operation in enumerate(history.operations) if is_review(operation)]
    if not reviews:
        return ""
    weighty = sum(1 << place for place, operation in enumerate(history.operations) if _counts(operation))
    for review in reversed(reviews):
        after = _after(history, review)
        if not weighty & ~(history.pasts[review] | after | 1 << review):
            edited = any(history.operations[place].writes for place in range(len(history.pasts)) if after >> place & 1)
            act = history.operations[review].act
            return EDITED if edited or act is None else str(act["review"])
    return ""


def _counts(operation: Operation) -> bool:
    return bool(operation.writes) or operation.delete or is_review(operation)


def _after(history: History, position: int) -> int:
    """A mask of the operations that have this one in their past."""
    return sum(1 << place for place, past in enumerate(history.pasts) if past >> position & 1)


def deletion(history: History) -> Deletion:
    """A delete stands unless a write has it in its past; it holds where it has every write in its own.

    What a delete writes itself, it takes with it.
    """
    operations, pasts = history.operations, history.pasts
    deletes = [place for place, operation in enumerate(operations) if operation.delete]
    if not deletes:
        return Deletion(False, False)
    writes = [place for place, operation in enumerate(operations) if operation.writes and not operation.delete]
    revived = history.covered(writes)
    standing = [place for place in deletes if not revived >> place & 1]
    every = sum(1 << place for place in writes)
    deleted = any(not every & ~pasts[place] for place in standing)
    return Deletion(deleted, bool(standing) and not deleted)
