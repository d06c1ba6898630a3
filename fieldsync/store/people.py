"""People: who they are, whether they may come in, and the links that let them choose a passphrase."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.store.db import execute


@dataclass(frozen=True)
class PersonRow:
    """A person as stored; `status` is invited, active or disabled."""

    id: int
    uuid: str
    association_id: int | None
    email: str
    name: str
    status: str
    password_hash: str | None
    created_ms: int
    signed_in_ms: int
    reset_asked_ms: int


@dataclass(frozen=True)
class LinkRow:
    """An invitation or a reset that is good, and whose it is."""

    purpose: str
    expires_ms: int
    person: PersonRow


_NAMES = (
    *("id", "uuid", "association_id", "email", "name", "status", "password_hash", "created_ms", "signed_in_ms"),
    "reset_asked_ms",
)
COLUMNS = ", ".join(_NAMES)
COLUMNS_OF_P = ", ".join(f"p.{name}" for name in _NAMES)


def add(
    session: Session,
    uuid: str,
    association_id: int | None,
    email: str,
    name: str,
    password_hash: str | None,
    now_ms: int,
) -> PersonRow:
    """Store a new person; she is invited until she has a passphrase."""
    sql = (
        "INSERT INTO person (uuid, association_id, email, name, status, password_hash, created_ms, signed_in_ms,"
        f" reset_asked_ms) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0) RETURNING {COLUMNS}"
    )
    status = "invited" if password_hash is None else "active"
    given = (uuid, association_id, email, name, status, password_hash, now_ms)
    return PersonRow(*execute(session, sql, given).one())


def find(session: Session, email: str) -> PersonRow | None:
    """The person of that e-mail address, in its canonical form."""
    row = execute(session, f"SELECT {COLUMNS} FROM person WHERE email = ?", (email,)).first()
    return PersonRow(*row) if row else None


def find_by_uuid(session: Session, uuid: str) -> PersonRow | None:
    """The person with that UUID."""
    row = execute(session, f"SELECT {COLUMNS} FROM person WHERE uuid = ?", (uuid,)).first()
    return PersonRow(*row) if row else None


def find_by_id(session: Session, person_id: int) -> PersonRow | None:
    """The person with that row id."""
    row = execute(session, f"SELECT {COLUMNS} FROM person WHERE id = ?", (person_id,)).first()
    return PersonRow(*row) if row else None


def page(session: Session, association_id: int | None, after_id: int, limit: int, query: str = "") -> list[PersonRow]:
    """A page of the people who belong to an association or hold a role in it (None: all people), oldest first."""
    wanted = "p.id > ?"
    given: list[object] = [after_id]
    if association_id is not None:
        wanted += (
            " AND (p.association_id = ? OR p.id IN"
            " (SELECT person_id FROM role_grant WHERE association_id = ? AND status <> 'withdrawn'))"
        )
        given += [association_id, association_id]
    if query:
        wanted += " AND (lower(p.name) LIKE ? ESCAPE '!' OR p.email LIKE ? ESCAPE '!')"
        given += [_like(query)] * 2
    sql = f"SELECT {COLUMNS_OF_P} FROM person p WHERE {wanted} ORDER BY p.id LIMIT ?"
    return [PersonRow(*row) for row in execute(session, sql, (*given, limit))]


def _like(text: str) -> str:
    escaped = text.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"


def set_password(session: Session, person_id: int, password_hash: str) -> None:
    """A person has chosen a passphrase: she is active, unless somebody disabled her."""
    sql = (
        "UPDATE person SET password_hash = ?, reset_asked_ms = 0,"
        " status = CASE WHEN status = 'invited' THEN 'active' ELSE status END WHERE id = ?"
    )
    execute(session, sql, (password_hash, person_id))


def set_status(session: Session, person_id: int, status: str) -> None:
    """Let somebody in, or keep her out."""
    execute(session, "UPDATE person SET status = ? WHERE id = ?", (status, person_id))


def set_name(session: Session, person_id: int, name: str) -> None:
    """How people call her."""
    execute(session, "UPDATE person SET name = ? WHERE id = ?", (name, person_id))


def note_sign_in(session: Session, person_id: int, now_ms: int) -> None:
    """Remember when she last came in."""
    execute(session, "UPDATE person SET signed_in_ms = ? WHERE id = ?", (now_ms, person_id))


def note_reset_asked(session: Session, email: str, now_ms: int) -> int:
    """Remember that she asked for a new passphrase; how many there are of that address, 0 or 1."""
    sql = "UPDATE person SET reset_asked_ms = ? WHERE email = ? AND status = 'active'"
    return execute(session, sql, (now_ms, email)).rowcount


def add_link(session: Session, digest: bytes, person_id: int, purpose: str, now_ms: int, expires_ms: int) -> None:
    """Store an invitation or a reset by its digest; those made before are good no longer."""
    remove_links(session, person_id)
    sql = (
        "INSERT INTO secret_link (digest, person_id, purpose, made_ms, expires_ms, used_ms)"
        " VALUES (?, ?, ?, ?, ?, NULL)"
    )
    execute(session, sql, (digest, person_id, purpose, now_ms, expires_ms))


def remove_links(session: Session, person_id: int) -> None:
    """Make every link of a person worthless."""
    execute(session, "DELETE FROM secret_link WHERE person_id = ? AND used_ms IS NULL", (person_id,))


def find_link(session: Session, digest: bytes, now_ms: int) -> LinkRow | None:
    """A link that was neither used nor expired, of somebody who is not disabled; it stays so."""
    sql = (
        f"SELECT l.purpose, l.expires_ms, {COLUMNS_OF_P} FROM secret_link l JOIN person p ON p.id = l.person_id"
        " WHERE l.digest = ? AND l.used_ms IS NULL AND l.expires_ms > ? AND p.status <> 'disabled'"
    )
    row = execute(session, sql, (digest, now_ms)).first()
    return LinkRow(row[0], row[1], PersonRow(*row[2:])) if row else None


def use_link(session: Session, digest: bytes, now_ms: int) -> bool:
    """Take a link; nobody else can take it after."""
    sql = "UPDATE secret_link SET used_ms = ? WHERE digest = ? AND used_ms IS NULL AND expires_ms > ?"
    return execute(session, sql, (now_ms, digest, now_ms)).rowcount == 1
