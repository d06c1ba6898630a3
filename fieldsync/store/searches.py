"""Words that people search for, for as long as their session may want them."""

from sqlalchemy.orm import Session

from fieldsync.store.db import execute


def add(session: Session, ticket: str, owner: str, words: str, expires_ms: int) -> None:
    """Keep words under a ticket for one session (its UUID)."""
    sql = "INSERT INTO searched (ticket, session, words, expires_ms) VALUES (?, ?, ?, ?)"
    execute(session, sql, (ticket, owner, words, expires_ms))


def find(session: Session, ticket: str, owner: str) -> str | None:
    """The words of a ticket, where it belongs to that session."""
    sql = "SELECT words FROM searched WHERE ticket = ? AND session = ?"
    return execute(session, sql, (ticket, owner)).scalar()


def forget(session: Session, now_ms: int) -> int:
    """Drop what is over; return how many."""
    return execute(session, "DELETE FROM searched WHERE expires_ms < ?", (now_ms,)).rowcount
