"""The server's own row: its epoch and the secret that signs cursors."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.store.db import execute


@dataclass(frozen=True)
class ServerIdentity:
    """`epoch` is lower-case letters and digits; `secret` signs cursors."""

    epoch: str
    secret: bytes


def identity(session: Session) -> ServerIdentity | None:
    """This server, or None before it was set up."""
    row = execute(session, "SELECT epoch, secret FROM server WHERE id = 1").first()
    return ServerIdentity(row[0], bytes(row[1])) if row else None


def has_roles(session: Session) -> bool:
    """Whether a role book was loaded."""
    return execute(session, "SELECT 1 FROM server WHERE id = 1 AND roles IS NOT NULL").first() is not None


def set_up(session: Session, epoch: str, secret: bytes, now_ms: int) -> None:
    """Write the server's row, unless another process just did."""
    sql = "INSERT INTO server (id, epoch, secret, created_ms) VALUES (1, ?, ?, ?) ON CONFLICT DO NOTHING"
    execute(session, sql, (epoch, secret, now_ms))


def renew_epoch(session: Session, epoch: str) -> None:
    """Begin a new incarnation: the server's history went back in time."""
    execute(session, "UPDATE server SET epoch = ? WHERE id = 1", (epoch,))
