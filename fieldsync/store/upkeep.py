"""What keeps a database small and fast; nothing here touches what people said."""

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from fieldsync.store.db import execute


def forget_expired(session: Session, before_ms: int) -> int:
    """Drop enrolment codes and people's tokens that expired before a moment; return how many."""
    codes = execute(session, "DELETE FROM enrolment_code WHERE expires_ms < ?", (before_ms,)).rowcount
    return codes + execute(session, "DELETE FROM person_token WHERE expires_ms < ?", (before_ms,)).rowcount


def optimize(engine: Engine) -> None:
    """Renew SQLite's statistics, and empty its write-ahead log as far as nobody reads from it."""
    with engine.connect().execution_options(read_only=True) as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        connection.rollback()
        driver.execute("PRAGMA optimize")
        driver.execute("PRAGMA wal_checkpoint(PASSIVE)")
