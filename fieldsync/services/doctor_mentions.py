"""Which submissions name an entity, held against their answers, as far as that has followed (of `fieldsync doctor`)."""

from sqlalchemy.orm import Session

from fieldsync.services import mentions as services
from fieldsync.services.doctor_report import Report
from fieldsync.services.quality_follow import QUALITY
from fieldsync.services.taken import take_up
from fieldsync.store import checks, inbox_checks, mentions
from fieldsync.store.associations import AssociationRow

PAGE_ROWS = 500
"""Records in hand at a time."""


def examine(session: Session, owner: AssociationRow, report: Report) -> None:
    """Check every record of an association: those that changed since are the follower's to mend."""
    late = inbox_checks.unfollowed(session, QUALITY, owner.id)
    after = 0
    while ids := checks.record_ids(session, owner.id, after, PAGE_ROWS):
        after = ids[-1]
        wanted = [each for each in ids if each not in late]
        right = services.made(session, owner.id, take_up(session, owner.id, wanted))
        kept = mentions.of_records(session, wanted)
        report.checked["mentions"] += len(right)
        for row_id in sorted({row.record_id for row in kept ^ right}):
            report.tell("mentions", f"record {row_id}", "names other entities than are kept of it")
