"""Published form versions, their files, and what they say of entity lists."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec
from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many, places

_COLUMNS = "id, association_id, form, version, title, hash, state, published_ms"


class FormVersionRow(msgspec.Struct, frozen=True):
    """A form version without its bytes; `hash` is that of the XForm and its files, `state` is open or retired."""

    id: int
    association_id: int
    form: str
    version: str
    title: str
    hash: str
    state: str
    published_ms: int


@dataclass(frozen=True)
class FormBytes:
    """What a form version consists of. `source_kind` is xlsx, csv, md, yaml or xml; `findings` JSON."""

    xform: bytes
    xlsx: bytes | None
    source: bytes
    source_kind: str
    findings: bytes


@dataclass(frozen=True)
class PropertyRow:
    """What the forms say of an entity property; `protective` holds choices, most protective first.

    `part`: which part it plays when two entities are compared (core.linkage_features.PARTS), or "".
    """

    name: str
    sensitivity: str
    protective: tuple[str, ...]
    place: bool
    part: str = ""


def add(session: Session, row: FormVersionRow, content: FormBytes, files: Mapping[str, tuple[str, bytes]]) -> int:
    """Store a version with its files, name → (sha256, bytes); return its row id. `row.id` is ignored."""
    sql = (
        "INSERT INTO form_version (association_id, form, version, title, hash, state, published_ms, xform, xlsx,"
        " source, source_kind, findings) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id"
    )
    values = (
        row.association_id, row.form, row.version, row.title, row.hash, row.state, row.published_ms,
        content.xform, content.xlsx, content.source, content.source_kind, content.findings,
    )  # fmt: skip
    version_id = int(execute(session, sql, values).scalar_one())
    rows = [(version_id, name, sha256, data) for name, (sha256, data) in sorted(files.items())]
    execute_many(session, "INSERT INTO form_file (form_version_id, name, sha256, data) VALUES (?, ?, ?, ?)", rows)
    return version_id


def find(session: Session, association_id: int, form: str, version: str) -> FormVersionRow | None:
    """One version of a form."""
    sql = f"SELECT {_COLUMNS} FROM form_version WHERE association_id = ? AND form = ? AND version = ?"
    row = execute(session, sql, (association_id, form, version)).first()
    return FormVersionRow(*row) if row else None


def versions(session: Session, association_id: int, form: str | None = None) -> list[FormVersionRow]:
    """All versions of an association's forms, or of one form, oldest first."""
    sql = f"SELECT {_COLUMNS} FROM form_version WHERE association_id = ?"
    parameters: tuple[object, ...] = (association_id,)
    if form is not None:
        sql, parameters = f"{sql} AND form = ?", (association_id, form)
    return [FormVersionRow(*row) for row in execute(session, f"{sql} ORDER BY form, id", parameters)]


def page(session: Session, association_id: int, after_id: int, limit: int) -> list[FormVersionRow]:
    """A page of an association's form versions, oldest first."""
    sql = f"SELECT {_COLUMNS} FROM form_version WHERE association_id = ? AND id > ? ORDER BY id LIMIT ?"
    return [FormVersionRow(*row) for row in execute(session, sql, (association_id, after_id, limit))]


def content(session: Session, version_id: int) -> FormBytes:
    """The bytes of a version."""
    sql = "SELECT xform, xlsx, source, source_kind, findings FROM form_version WHERE id = ?"
    xform, xlsx, source, kind, findings = execute(session, sql, (version_id,)).one()
    return FormBytes(bytes(xform), bytes(xlsx) if xlsx else None, bytes(source), kind, bytes(findings))


def file_hashes(session: Session, version_id: int) -> dict[str, str]:
    """Names of a version's files → SHA-256."""
    sql = "SELECT name, sha256 FROM form_file WHERE form_version_id = ? ORDER BY name"
    return {row[0]: row[1] for row in execute(session, sql, (version_id,))}


def files(session: Session, version_id: int) -> dict[str, bytes]:
    """A version's files."""
    sql = "SELECT name, data FROM form_file WHERE form_version_id = ? ORDER BY name"
    return {row[0]: bytes(row[1]) for row in execute(session, sql, (version_id,))}


def file(session: Session, version_id: int, name: str) -> bytes | None:
    """One file of a version."""
    found = execute(session, "SELECT data FROM form_file WHERE form_version_id = ? AND name = ?", (version_id, name))
    data = found.scalar()
    return None if data is None else bytes(data)


def file_hash(session: Session, version_id: int, name: str) -> str | None:
    """The SHA-256 of one file of a version."""
    found = execute(session, "SELECT sha256 FROM form_file WHERE form_version_id = ? AND name = ?", (version_id, name))
    return found.scalar()


def set_state(session: Session, version_id: int, state: str) -> None:
    """Open or retire a version; retired ones still receive."""
    execute(session, "UPDATE form_version SET state = ? WHERE id = ?", (state, version_id))


def save_properties(session: Session, association_id: int, list_name: str, rows: Iterable[PropertyRow]) -> None:
    """Remember what a form says of an entity list's properties; the newest form wins."""
    sql = (
        "INSERT INTO entity_property (association_id, list, name, sensitivity, protective, place, part)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (association_id, list, name) DO UPDATE SET"
        " sensitivity = excluded.sensitivity, protective = excluded.protective, place = excluded.place,"
        " part = excluded.part"
    )
    values = [
        (association_id, list_name, row.name, row.sensitivity, " ".join(row.protective), row.place, row.part)
        for row in rows
    ]
    execute_many(session, sql, sorted(values))


def properties(session: Session, association_id: int, list_name: str) -> list[PropertyRow]:
    """What the forms say of an entity list."""
    sql = (
        "SELECT name, sensitivity, protective, place, part FROM entity_property"
        " WHERE association_id = ? AND list = ? ORDER BY name"
    )
    rows = execute(session, sql, (association_id, list_name))
    return [PropertyRow(row[0], row[1], tuple(row[2].split()), row[3], row[4]) for row in rows]


def lists(session: Session, association_id: int) -> list[str]:
    """The entity lists that the published forms speak of."""
    sql = "SELECT DISTINCT list FROM entity_property WHERE association_id = ? ORDER BY list"
    return [row[0] for row in execute(session, sql, (association_id,))]


def newest(session: Session, association_id: int, after: str, limit: int) -> list[tuple[FormVersionRow, int]]:
    """Forms by id after one: each with its newest version, the open ones first, and how many versions it has."""
    sql = (
        "SELECT coalesce(max(CASE WHEN state = 'open' THEN id END), max(id)), count(*) FROM form_version"
        " WHERE association_id = ? AND form > ? GROUP BY form ORDER BY form LIMIT ?"
    )
    counts = {row[0]: row[1] for row in execute(session, sql, (association_id, after, limit))}
    wanted = sorted(counts)
    sql = f"SELECT {_COLUMNS} FROM form_version WHERE id IN ({places(len(wanted))}) ORDER BY form"
    rows = execute(session, sql, wanted) if wanted else ()
    return [(FormVersionRow(*row), counts[row[0]]) for row in rows]


def findings(session: Session, version_id: int) -> bytes:
    """What was found when a version was published, as JSON."""
    return bytes(execute(session, "SELECT findings FROM form_version WHERE id = ?", (version_id,)).scalar_one())
