"""The keys of reports and the pairs that follow, held against answers, merges and decisions (of `fieldsync doctor`)."""

from collections.abc import Collection

import msgspec
from sqlalchemy.orm import Session

from fieldsync.services import report_pairs
from fieldsync.services.doctor_report import Report
from fieldsync.services.following import REPORTS
from fieldsync.services.taken import take_up
from fieldsync.store import checks, declared_keys, inbox_checks
from fieldsync.store.associations import AssociationRow

PAGE_ROWS = 200
"""Records in hand at a time."""


def examine(session: Session, owner: AssociationRow, report: Report) -> None:
    """Check every submission of an association; those that changed since, or were not reached yet, are counted."""
    late = inbox_checks.unfollowed(session, REPORTS, owner.id)
    after = 0
    while ids := checks.record_ids(session, owner.id, after, PAGE_ROWS):
        after = ids[-1]
        _page(session, owner, ids, late, report)


def _page(session: Session, owner: AssociationRow, ids: Collection[int], late: Collection[int], report: Report) -> None:
    try:
        taken = take_up(session, owner.id, ids)
    except msgspec.DecodeError:
        return  # a record of them holds no JSON: doctor_records names it
    right = report_pairs.keys_of(session, owner.id, taken)
    borne = declared_keys.of_records(session, ids)
    report.checked["reports"] += len(right)
    wrong = {row.record_id for row in right ^ borne}
    report.checked["reports not keyed yet"] += len(wrong.intersection(late))
    for row_id in sorted(wrong.difference(late)):
        report.tell("reports", f"record {row_id}", "bears other keys than its answers and the merges give it")
    if not late:
        keyed = [row.record_id for row in right]
        for left, right_id in sorted(report_pairs.unsettled(session, owner.id, keyed)):
            report.tell("reports", f"records {left} and {right_id}", "are not the pair that their keys make them")
