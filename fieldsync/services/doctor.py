"""Every invariant of docs/protocol.md section 10 that can be checked at rest, checked. It only reads."""

from sqlalchemy.orm import Session

from fieldsync.services import doctor_inbox, doctor_linkage, doctor_mentions, doctor_records, doctor_reports, presence
from fieldsync.services.doctor_report import Report
from fieldsync.store import associations, authors, changes, checks, form_versions, operations
from fieldsync.store.associations import AssociationRow
from fieldsync.store.authors import AuthorRow
from fieldsync.store.checks import WaitingRow

PAGE_ROWS = 500
"""Rows in hand at a time."""


def examine(session: Session) -> Report:
    """Check everything on one snapshot (store.portable.snapshot); memory stays bounded whatever the size."""
    report = Report()
    for fault in checks.file_faults(session):
        report.tell("file", "database", fault)
    _operations(session, report)
    for owner in associations.everyone(session):
        report.checked["associations"] += 1
        _change_log(session, owner, report)
        _authors(session, owner, report)
        _waiting(session, owner, report)
        _released(session, owner, report)
        doctor_records.examine(session, owner, report)
        doctor_inbox.examine(session, owner, report)
        doctor_linkage.examine(session, owner, report)
        doctor_mentions.examine(session, owner, report)
        doctor_reports.examine(session, owner, report)
    return report


def _operations(session: Session, report: Report) -> None:
    report.checked["operations"] = checks.count(session, "operation")
    for row_id in checks.unlogged_operations(session):
        report.tell("change_log", f"operation {row_id}", "stands in no change log")
    for author_id, counter, n in checks.twofold_ids(session):
        report.tell("ids", f"author {author_id}, {counter}, {n}", "is the id of more than one operation")
    for row_id in checks.strange_statuses(session):
        report.tell("status", f"operation {row_id}", "is neither applied nor held, and occupies its id")
    for row_id in checks.orphans(session):
        report.tell("derived", f"operation {row_id}", "is derived from a submission that does not apply")
    for row_id in checks.held_for_nothing(session):
        report.tell("held", f"operation {row_id}", "is held and waits for nothing")
    for row_id in checks.complete_without_files(session):
        report.tell("files", f"record {row_id}", "misses a file and does not say so")


def _change_log(session: Session, owner: AssociationRow, report: Report) -> None:
    rows, lowest, highest = changes.gaps(session, owner.id)
    position, _ = associations.positions(session, owner.id)
    report.checked["changes"] += rows
    if not (rows == highest == position and lowest == min(1, rows)):
        what = f"has {rows} rows from {lowest} to {highest}, and its counter is {position}"
        report.tell("change_log", owner.slug, what)
    for place in checks.strange_changes(session, owner.id):
        report.tell("change_log", f"{owner.slug} position {place}", "names no record of this association")


def _authors(session: Session, owner: AssociationRow, report: Report) -> None:
    after = 0
    while page := checks.author_page(session, owner.id, after, PAGE_ROWS):
        after = page[-1].id
        for author in page:
            _author(session, author, report)


def _author(session: Session, author: AuthorRow, report: Report) -> None:
    report.checked["authors"] += 1
    spoken = checks.spoken(session, author)
    if author.known_through != spoken.highest:
        what = f"known_through is {author.known_through}, the highest counter here is {spoken.highest}"
        report.tell("counters", author.name, what)
    if spoken.within != author.durable_through:
        what = f"durable_through is {author.durable_through}, and {spoken.within} counters up to it are here"
        report.tell("counters", author.name, what)
    elif spoken.next_is_here:
        report.tell("counters", author.name, f"{author.durable_through + 1} is here too, and not durable")
    if author.backed_up_through > author.durable_through:
        report.tell("counters", author.name, "more is backed up than is durable")


def _waiting(session: Session, owner: AssociationRow, report: Report) -> None:
    after = 0
    while page := checks.waiting_page(session, owner.id, after, PAGE_ROWS):
        after = page[-1].operation_id
        for row in page:
            report.checked["waiting"] += 1
            where = f"operation {row.operation_id}"
            if row.status != "held":
                report.tell("held", where, f"is {row.status} and still waits for {row.kind} {_shown(row)}")
            elif _is_here(session, owner, row):
                report.tell("held", where, f"waits for {row.kind} {_shown(row)}, which is here")


def _shown(row: WaitingRow) -> str:
    return row.what.replace("\n", " ")


def _is_here(session: Session, owner: AssociationRow, row: WaitingRow) -> bool:
    if row.kind == "form":
        form, _, version = row.what.partition("\n")
        return form_versions.find(session, owner.id, form, version) is not None
    if row.kind == "author":
        author = authors.find(session, row.what)
        return author is not None and author.enrolled
    name, counter, n = row.what.rsplit("/", 2)
    operation_id = (name, int(counter), int(n)) if int(n) else (name, int(counter))
    return bool(presence.find_here(session, owner.id, [operation_id]))


def _released(session: Session, owner: AssociationRow, report: Report) -> None:
    """What a verdict released is in the log."""
    after = 0
    while page := checks.released_page(session, owner.id, after, PAGE_ROWS):
        after = page[-1][0]
        known = authors.named(session, {name for _, name, _ in page})
        for row_id, name, counter in page:
            report.checked["released"] += 1
            if name not in known or not operations.known(session, known[name].id, [counter]):
                report.tell("quarantine", f"quarantine {row_id}", "was released and is not in the log")
