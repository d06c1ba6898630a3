"""What keeps a database small and fast; nothing here touches what people said."""

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from fieldsync.store.db import execute


def forget_expired(session: Session, before_ms: int) -> int:
    """Drop codes, links, sessions, tokens and counts that were over before a moment; return how many."""
    gone = 0
    for table in ("enrolment_code", "secret_link", "person_session", "api_token"):
        gone += execute(session, f"DELETE FROM {table} WHERE expires_ms < ?", (before_ms,)).rowcount
    return gone + execute(session, "DELETE FROM rate_count WHERE started_ms < ?", (before_ms,)).rowcount


def optimize(engine: Engine) -> None:
    """Renew SQLite's statistics, and empty its write-ahead log as far as nobody reads from it."""
    with engine.connect().execution_options(read_only=True) as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        connection.rollback()
        driver.execute("PRAGMA optimize")
        driver.execute("PRAGMA wal_checkpoint(PASSIVE)")
