"""The desk's list held against what it lists, as far as it has followed (part of `fieldsync doctor`)."""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy.orm import Session

from fieldsync.services import following, inbox_projection
from fieldsync.services.doctor_report import Report
from fieldsync.services.following import INBOX
from fieldsync.services.searchable import Searchable
from fieldsync.store import checks, inbox, inbox_checks
from fieldsync.store.associations import AssociationRow
from fieldsync.store.inbox import Tally

PAGE_ROWS = 500
"""Rows in hand at a time."""


def examine(session: Session, owner: AssociationRow, report: Report) -> None:
    """Check every row of an association: those of records that changed since are the follower's to mend."""
    late = inbox_checks.unfollowed(session, INBOX, owner.id)
    _records(session, owner, late, report)
    for row_id in inbox_checks.quarantine_beside(session, owner.id):
        report.tell("inbox", f"quarantine {row_id}", "waits and is not in the list, or the other way round")
    if not late and not following.is_behind(session, INBOX, owner.id):
        _tallies(session, owner, report)


def _records(session: Session, owner: AssociationRow, late: frozenset[int], report: Report) -> None:
    after = 0
    while ids := checks.record_ids(session, owner.id, after, PAGE_ROWS):
        after = ids[-1]
        wanted = [each for each in ids if each not in late]
        report.checked["inbox"] += len(wanted)
        _page(session, owner, wanted, report)


def _page(session: Session, owner: AssociationRow, ids: Sequence[int], report: Report) -> None:
    found = inbox.by_ids(session, ids)
    words = inbox.words_of(session, ids)
    paths = {number: path for path, number in inbox.paths(session, owner.id).items()}
    for row, told in inbox_projection.made(session, owner.id, ids, Searchable(session, owner.id)):
        if found.get(row.id) != row:
            report.tell("inbox", f"record {row.id}", "stands otherwise in the list than it is")
        elif {(paths.get(number), word) for number, word in words.get(row.id, frozenset())} != told:
            report.tell("inbox", f"record {row.id}", "is found under other words than it holds")
    if ids and inbox_checks.marks_beside(session, owner.id, ids):
        report.tell("inbox", f"records {ids[0]} to {ids[-1]}", "bear other marks in the list of marks")


def _tallies(session: Session, owner: AssociationRow, report: Report) -> None:
    counted: Counter[Tally] = Counter(inbox_checks.counts(session, owner.id))
    noted = {tally: count for tally, count in inbox.tallies(session, owner.id).items() if count}
    if dict(counted) != noted:
        report.tell("inbox", owner.slug, "has other tallies than rows")
