"""`fieldsync doctor` and `fieldsync settings`."""

import click

from fieldsync.app import now_ms
from fieldsync.cli.operating import Operator, Refused, lines, operated
from fieldsync.config import shown
from fieldsync.core.problems import Problem
from fieldsync.services import doctor_files
from fieldsync.services.doctor import examine
from fieldsync.services.uploads import open_files
from fieldsync.store import attachments
from fieldsync.store.attachments import AttachmentRow
from fieldsync.store.portable import snapshot


@click.command("doctor")
@click.option("--sizes-only", is_flag=True, help="Do not read files of records whole; much faster on a large store.")
@operated
def doctor(operator: Operator, sizes_only: bool) -> None:
    """Check every promise that can be checked at rest; beside a running server too. It only reads.

    Folds every record again, derives every entity operation again, and looks for gaps, strangers and operations that
    wait for what is here; reads every file of a record and compares its digest. Exits with 1 where anything is wrong.
    """
    store = open_files(operator.settings).store
    with operator.database() as database, snapshot(database.engine, database.session_info) as session:
        report = examine(session)

        def look_again(association_id: int, sha256: str) -> AttachmentRow | None:
            with database.read() as present:
                return attachments.find(present, association_id, sha256)

        doctor_files.examine(session, store, look_again, now_ms(), report, hashes=not sizes_only)
    findings = [{"check": check, "where": where, "what": what} for check, where, what in report.findings]
    found = {"ok": report.ok, "checked": dict(report.checked), "findings": findings}
    text = [f"{each['check']}: {each['where']} {each['what']}" for each in findings]
    if not report.ok:
        count = {"count": str(sum(report.faults.values()))}
        raise Refused(Problem("findings", detail=count), {**found, "faults": dict(report.faults)}, "\n".join(text))
    operator.show(found, f"{lines(report.checked)}\nnothing is wrong")


@click.command("settings")
@operated
def settings(operator: Operator) -> None:
    """Show every setting as it holds here, secrets left out."""
    found = shown(operator.settings)
    operator.show({"settings": found}, lines(found))
