"""What a decision does to two submissions that may be one report: a repeat counts no longer, flags are dismissed."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from fieldsync.core.problems import Problem, render
from fieldsync.core.review_moves import RECEIVED, REJECTED
from fieldsync.core.short_codes import short_code
from fieldsync.services import following, reviewing
from fieldsync.services.desk import Desk, Found
from fieldsync.services.reports import POSSIBLE_DUPLICATE, SAME_CONTENT_AGAIN
from fieldsync.store import flags, records

Said = list[list[str | int]]
"""[UUID of the repeat, how it was reviewed before], as a decision keeps it."""


def mark(
    session: Session, by: Desk, repeats: Found, kept: Found, before: Said, language: str
) -> tuple[Said, Problem | None]:
    """Reject the submission that repeats the other; the reason tells its sender. `before`: by the decision of before.

    One that was marked already stays as it is, and with it how it was reviewed before that.
    """
    uuid = records.uuid_text(repeats.row.uuid)
    if repeats.row.review == REJECTED:
        return [each for each in before if each[0] == uuid] or [[uuid, REJECTED]], None
    told = Problem("marked_duplicate", detail={"record": short_code(records.uuid_text(kept.row.uuid))})
    problem = reviewing.decide(session, by, repeats, REJECTED, render(told, language))
    return [[uuid, repeats.row.review]], problem


def unmark(session: Session, by: Desk, both: Sequence[Found], before: Said, language: str) -> Problem | None:
    """A submission that was marked as a repeat stands again as it did before; received, where it cannot."""
    states = {str(each[0]): str(each[1]) if len(each) > 1 else RECEIVED for each in before}
    for each in both:
        wanted = states.get(records.uuid_text(each.row.uuid), REJECTED)
        if each.row.review == REJECTED != wanted:
            told = render(Problem("mark_taken_back"), language)
            problem = reviewing.decide(session, by, each, wanted, told)
            return reviewing.decide(session, by, each, RECEIVED, told) if problem else None
    return None


def dismiss(session: Session, by: Desk, left: Found, right: Found, why: str) -> None:
    """Nobody need look at the flags any more that say that one of two submissions repeats the other."""
    _set_flags(session, by, left, right, by.now_ms, by.actor, why)


def raise_again(session: Session, by: Desk, left: Found, right: Found) -> None:
    """The same flags stand again."""
    _set_flags(session, by, left, right, None, "", "")


def _set_flags(session: Session, by: Desk, left: Found, right: Found, moment: int | None, who: str, why: str) -> None:
    changed = []
    for one, other in ((left, right), (right, left)):
        uuid = records.uuid_text(other.row.uuid)
        for flag in flags.of_records(session, [one.row.id]).get(one.row.id, ()):
            if flag.other == uuid and flag.code in (POSSIBLE_DUPLICATE, SAME_CONTENT_AGAIN):
                changed.append(flag._replace(dismissed_ms=moment, dismissed_by=who, dismissed_why=why))
    flags.put(session, changed)
    following.touch(session, by.association_id, sorted({each.record_id for each in changed}))
