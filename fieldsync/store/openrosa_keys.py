"""Secrets of devices for OpenRosa clients alone."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.store.db import execute


@dataclass(frozen=True)
class KeyRow:
    """A device's secret as it is stored; `user` is the name that a client signs in with."""

    device_id: int
    digest: bytes
    user: str
    basis: str


def put(session: Session, row: KeyRow, now_ms: int) -> None:
    """Give a device a secret; the one before is worthless from now on."""
    sql = (
        'INSERT INTO openrosa_key (device_id, digest, "user", basis, made_ms) VALUES (?, ?, ?, ?, ?)'
        " ON CONFLICT (device_id) DO UPDATE"
        ' SET digest = excluded.digest, "user" = excluded."user", basis = excluded.basis, made_ms = excluded.made_ms'
    )
    execute(session, sql, (row.device_id, row.digest, row.user, row.basis, now_ms))


def by_user(session: Session, user: str) -> KeyRow | None:
    """The secret of whoever signs in under a name."""
    sql = 'SELECT device_id, digest, "user", basis FROM openrosa_key WHERE "user" = ?'
    row = execute(session, sql, (user,)).first()
    return KeyRow(*row) if row else None
