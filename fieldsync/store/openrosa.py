"""Submissions by OpenRosa: which are known, which name which, and which wait for their form version."""

import msgspec
from sqlalchemy.orm import Session

from fieldsync.store.authors import AuthorRow, add
from fieldsync.store.db import execute, is_postgresql, places
from fieldsync.store.form_versions import FormVersionRow

AUTHOR_KIND = "openrosa"
"""The kind of a device's second author, in whose name its OpenRosa submissions stand."""

LINKS_MAX = 1000
"""How many submissions around one instance id are looked at: edits of it, and other content under it."""

EDITS_LOCK = -1
"""The second number of PostgreSQL's advisory lock under which edits of a form are taken in; the first is the form."""

_COLUMNS = (
    "id, association_id, form, instance, digest, revoked_device, deprecated, record, base_id, device_id, author_id,"
    " counter, status, waits_version, xml"
)


class SubmissionRow(msgspec.Struct, frozen=True):
    """A submission as stored; `record` is 16 bytes, `waits_version` is None once it was read, `xml` as it came."""

    id: int
    association_id: int
    form: str
    instance: str
    digest: bytes
    revoked_device: int
    deprecated: str
    record: bytes
    base_id: int | None
    device_id: int
    author_id: int
    counter: int
    status: str
    waits_version: str | None = None
    xml: bytes | None = None


def author_of_device(session: Session, device_id: int) -> tuple[AuthorRow | None, bytes | None]:
    """The author of a device's OpenRosa submissions, and what it said last, where that is among the operations."""
    sql = (
        "SELECT a.id, a.name, a.association_id, a.kind, a.device_id, a.hub_id, a.enrolled, a.known_through,"
        " a.durable_through, a.backed_up_through, o.body FROM author a LEFT JOIN operation o"
        " ON o.author_id = a.id AND o.counter = a.known_through AND o.n = 0 WHERE a.device_id = ? AND a.kind = ?"
    )
    row = execute(session, sql, (device_id, AUTHOR_KIND)).first()
    return (AuthorRow(*row[:-1]), row[-1]) if row else (None, None)


def add_author(session: Session, name: str, association_id: int, device_id: int) -> AuthorRow:
    """Give a device its OpenRosa author."""
    return add(session, name, association_id, AUTHOR_KIND, device_id)


def author_name(session: Session, author_id: int) -> str:
    """An author's name."""
    return str(execute(session, "SELECT name FROM author WHERE id = ?", (author_id,)).scalar_one())


def known(
    session: Session, association_id: int, form: str, instance: str, digest: bytes, revoked_device: int
) -> SubmissionRow | None:
    """The very same content under the same instance id, if it came before."""
    sql = (
        f"SELECT {_COLUMNS} FROM openrosa_submission WHERE association_id = ? AND form = ? AND instance = ?"
        " AND digest = ? AND revoked_device = ?"
    )
    row = execute(session, sql, (association_id, form, instance, digest, revoked_device)).first()
    return SubmissionRow(*row) if row else None


def keep_others_from(session: Session, form: str) -> None:
    """Nobody else takes an edit in, of a form by that name, before the commit: each finds what the other began."""
    if is_postgresql(session):
        execute(session, "SELECT pg_advisory_xact_lock(hashtext(?), ?)", (form, EDITS_LOCK))


def around(session: Session, association_id: int, form: str, instances: tuple[str, ...]) -> list[SubmissionRow]:
    """Submissions that bear one of these instance ids, or replace one that does; oldest first."""
    bearing = f"association_id = ? AND form = ? AND instance IN ({places(len(instances))})"
    replacing = bearing.replace("instance IN", "deprecated <> '' AND deprecated IN")  # each half has an index
    sql = f"SELECT {_COLUMNS} FROM openrosa_submission WHERE ({bearing}) OR ({replacing}) ORDER BY id LIMIT ?"
    asked = (association_id, form, *instances)
    return [SubmissionRow(*row) for row in execute(session, sql, (*asked, *asked, LINKS_MAX))]


def without_instance_id(session: Session, association_id: int, form: str, record: bytes) -> list[SubmissionRow]:
    """Submissions of a record that came without an instance id, and are known by their digest."""
    sql = (
        f"SELECT {_COLUMNS} FROM openrosa_submission WHERE association_id = ? AND form = ?"
        " AND instance >= 'sha256:' AND instance < 'sha256;' AND record = ? ORDER BY id LIMIT ?"
    )
    return [SubmissionRow(*row) for row in execute(session, sql, (association_id, form, record, LINKS_MAX))]


def find(session: Session, submission_id: int) -> SubmissionRow:
    """One submission by row id."""
    row = execute(session, f"SELECT {_COLUMNS} FROM openrosa_submission WHERE id = ?", (submission_id,)).one()
    return SubmissionRow(*row)


def add_submission(session: Session, row: SubmissionRow) -> None:
    """Remember a submission; `row.id` is ignored."""
    columns = _COLUMNS.removeprefix("id, ")
    values = (
        row.association_id, row.form, row.instance, row.digest, row.revoked_device, row.deprecated, row.record,
        row.base_id, row.device_id, row.author_id, row.counter, row.status, row.waits_version, row.xml,
    )  # fmt: skip
    execute(session, f"INSERT INTO openrosa_submission ({columns}) VALUES ({places(len(values))})", values)


def became(session: Session, submission_id: int, base_id: int | None, counter: int, status: str) -> None:
    """A submission that waited for its form version was read: this is its operation now."""
    sql = "UPDATE openrosa_submission SET base_id = ?, counter = ?, status = ?, waits_version = NULL WHERE id = ?"
    execute(session, sql, (base_id, counter, status, submission_id))


def move(session: Session, submission_id: int, record: bytes) -> None:
    """A submission belongs to another record from now on."""
    execute(session, "UPDATE openrosa_submission SET record = ? WHERE id = ?", (record, submission_id))


def waiting(session: Session, association_id: int, form: str, version: str) -> list[SubmissionRow]:
    """The submissions that wait for a form version, in the order in which they came."""
    sql = (
        f"SELECT {_COLUMNS} FROM openrosa_submission WHERE association_id = ? AND form = ? AND waits_version = ?"
        " ORDER BY id"
    )
    return [SubmissionRow(*row) for row in execute(session, sql, (association_id, form, version))]


def page_of_form(session: Session, association_id: int, form: str, after_id: int, limit: int) -> list[SubmissionRow]:
    """Submissions of a form in the order in which they came."""
    sql = (
        f"SELECT {_COLUMNS} FROM openrosa_submission WHERE association_id = ? AND form = ? AND id > ?"
        " ORDER BY id LIMIT ?"
    )
    return [SubmissionRow(*row) for row in execute(session, sql, (association_id, form, after_id, limit))]


def operations_applied(session: Session, record_id: int, besides: int) -> int:
    """How many operations of a record are folded, those of one author (a row id, or 0 for none) not counted."""
    sql = "SELECT count(*) FROM operation WHERE record_id = ? AND status = 'applied' AND author_id <> ?"
    return int(execute(session, sql, (record_id, besides)).scalar_one())


def form_by_hash(session: Session, association_id: int, content_hash: str) -> FormVersionRow | None:
    """The form version of that content."""
    sql = (
        "SELECT id, association_id, form, version, title, hash, state, published_ms FROM form_version"
        " WHERE association_id = ? AND hash = ? ORDER BY id LIMIT 1"
    )
    row = execute(session, sql, (association_id, content_hash)).first()
    return FormVersionRow(*row) if row else None
