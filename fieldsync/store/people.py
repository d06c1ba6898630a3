"""People who sign in, and their tokens."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.store.db import execute


@dataclass(frozen=True)
class PersonRow:
    """A person as stored."""

    id: int
    association_id: int
    email: str
    role: str
    password_hash: str


_COLUMNS = "id, association_id, email, role, password_hash"


def add(session: Session, association_id: int, email: str, role: str, password_hash: str, now_ms: int) -> PersonRow:
    """Store a new person."""
    sql = (
        "INSERT INTO person (association_id, email, role, password_hash, created_ms) VALUES (?, ?, ?, ?, ?)"
        f" RETURNING {_COLUMNS}"
    )
    return PersonRow(*execute(session, sql, (association_id, email, role, password_hash, now_ms)).one())


def find(session: Session, email: str) -> PersonRow | None:
    """The person of that e-mail address."""
    row = execute(session, f"SELECT {_COLUMNS} FROM person WHERE email = ?", (email,)).first()
    return PersonRow(*row) if row else None


def add_token(session: Session, digest: bytes, person_id: int, expires_ms: int) -> None:
    """Store the digest of a person's token."""
    sql = "INSERT INTO person_token (digest, person_id, expires_ms) VALUES (?, ?, ?)"
    execute(session, sql, (digest, person_id, expires_ms))


def find_by_token(session: Session, digest: bytes, now_ms: int) -> PersonRow | None:
    """The person whose token has this digest and has not expired."""
    columns = ", ".join(f"p.{column.strip()}" for column in _COLUMNS.split(","))
    sql = (
        f"SELECT {columns} FROM person_token t JOIN person p ON p.id = t.person_id"
        " WHERE t.digest = ? AND t.expires_ms > ?"
    )
    row = execute(session, sql, (digest, now_ms)).first()
    return PersonRow(*row) if row else None


def remove_token(session: Session, digest: bytes) -> None:
    """Forget a token: its bearer has signed out."""
    execute(session, "DELETE FROM person_token WHERE digest = ?", (digest,))


def remove_expired(session: Session, person_id: int, now_ms: int) -> None:
    """Forget a person's tokens that have expired."""
    execute(session, "DELETE FROM person_token WHERE person_id = ? AND expires_ms <= ?", (person_id, now_ms))
