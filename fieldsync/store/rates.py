"""How often somebody tried, counted where all processes see it."""

from sqlalchemy.orm import Session

from fieldsync.store.db import execute


def count(session: Session, bucket: bytes, window_ms: int, now_ms: int, weight: int = 1) -> tuple[int, int]:
    """Count a try; (tries within the window so far, when it began in ms). A window that lies ahead begins anew."""
    sql = (
        "INSERT INTO rate_count (bucket, started_ms, count) VALUES (?, ?, ?)"
        " ON CONFLICT (bucket) DO UPDATE SET"
        " count = CASE WHEN rate_count.started_ms > ? AND rate_count.started_ms <= ? THEN rate_count.count ELSE 0 END"
        " + ?,"
        " started_ms = CASE WHEN rate_count.started_ms > ? AND rate_count.started_ms <= ? THEN rate_count.started_ms"
        " ELSE ? END RETURNING count, started_ms"
    )
    within = (now_ms - window_ms, now_ms)
    row = execute(session, sql, (bucket, now_ms, weight, *within, weight, *within, now_ms)).one()
    return row[0], row[1]


def forgive(session: Session, bucket: bytes) -> None:
    """Forget somebody's tries: one of them was right."""
    execute(session, "DELETE FROM rate_count WHERE bucket = ?", (bucket,))
