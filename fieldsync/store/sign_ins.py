"""Who is signed in where, and the tokens of people's scripts: found by the digest of what they show."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.store.db import execute
from fieldsync.store.people import COLUMNS_OF_P, PersonRow


@dataclass(frozen=True)
class SessionRow:
    """A session; `kind` is full, or half while the second factor is owed."""

    id: int
    uuid: str
    person_id: int
    digest: bytes
    kind: str
    association_id: int | None
    agent: str
    made_ms: int
    seen_ms: int
    authenticated_ms: int
    expires_ms: int


@dataclass(frozen=True)
class TokenRow:
    """A token of a script; `permissions` with spaces between."""

    id: int
    uuid: str
    person_id: int
    name: str
    permissions: str
    association_id: int | None
    made_ms: int
    used_ms: int
    expires_ms: int


_SESSION = (
    *("id", "uuid", "person_id", "digest", "kind", "association_id", "agent", "made_ms", "seen_ms"),
    *("authenticated_ms", "expires_ms"),
)
_TOKEN = ("id", "uuid", "person_id", "name", "permissions", "association_id", "made_ms", "used_ms", "expires_ms")


def add_session(session: Session, row: SessionRow) -> SessionRow:
    """Store a session; its id is drawn here."""
    columns = ", ".join(_SESSION[1:])
    sql = (
        f"INSERT INTO person_session ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING {', '.join(_SESSION)}"
    )
    given = (
        *(row.uuid, row.person_id, row.digest, row.kind, row.association_id, row.agent, row.made_ms, row.seen_ms),
        *(row.authenticated_ms, row.expires_ms),
    )
    return _session(execute(session, sql, given).one())


def find_session(
    session: Session, digest: bytes, kind: str, now_ms: int, idle_since_ms: int
) -> tuple[SessionRow, PersonRow] | None:
    """A session of that kind that has neither expired nor slept too long, and whose it is."""
    sql = (
        f"SELECT {', '.join(f's.{name}' for name in _SESSION)}, {COLUMNS_OF_P} FROM person_session s"
        " JOIN person p ON p.id = s.person_id WHERE s.digest = ? AND s.kind = ? AND s.expires_ms > ? AND s.seen_ms >= ?"
        " AND p.status = 'active'"
    )
    row = execute(session, sql, (digest, kind, now_ms, idle_since_ms)).first()
    return (_session(row[: len(_SESSION)]), PersonRow(*row[len(_SESSION) :])) if row else None


def sessions_of(session: Session, person_id: int, now_ms: int) -> list[SessionRow]:
    """A person's sessions that have not expired, newest first."""
    sql = (
        f"SELECT {', '.join(_SESSION)} FROM person_session WHERE person_id = ? AND kind = 'full' AND expires_ms > ?"
        " ORDER BY id DESC"
    )
    return [_session(row) for row in execute(session, sql, (person_id, now_ms))]


def touch(session: Session, session_id: int, now_ms: int) -> None:
    """Somebody was here."""
    execute(session, "UPDATE person_session SET seen_ms = ? WHERE id = ?", (now_ms, session_id))


def choose(session: Session, session_id: int, association_id: int) -> None:
    """She works in this association now."""
    execute(session, "UPDATE person_session SET association_id = ? WHERE id = ?", (association_id, session_id))


def replace_digest(session: Session, row: SessionRow, digest: bytes, now_ms: int) -> bool:
    """Give a session another token because of a proof; whether it still had the one that was known."""
    sql = "UPDATE person_session SET digest = ?, authenticated_ms = ?, seen_ms = ? WHERE id = ? AND digest = ?"
    return execute(session, sql, (digest, now_ms, now_ms, row.id, row.digest)).rowcount == 1


def end_session(session: Session, person_id: int, uuid: str) -> bool:
    """End one session of a person; whether it was there."""
    sql = "DELETE FROM person_session WHERE person_id = ? AND uuid = ?"
    return execute(session, sql, (person_id, uuid)).rowcount == 1


def end_sessions(session: Session, person_id: int, but: int = 0) -> int:
    """End all sessions of a person but one; how many."""
    sql = "DELETE FROM person_session WHERE person_id = ? AND id <> ?"
    return execute(session, sql, (person_id, but)).rowcount


def add_token(session: Session, digest: bytes, row: TokenRow) -> TokenRow:
    """Store a token by its digest; its id is drawn here."""
    columns = ", ".join(_TOKEN[1:])
    sql = f"INSERT INTO api_token ({columns}, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING {', '.join(_TOKEN)}"
    given = (
        *(row.uuid, row.person_id, row.name, row.permissions, row.association_id, row.made_ms, row.used_ms),
        *(row.expires_ms, digest),
    )
    return TokenRow(*execute(session, sql, given).one())


def find_token(session: Session, digest: bytes, now_ms: int) -> tuple[TokenRow, PersonRow] | None:
    """A token that has not expired, and whose it is."""
    sql = (
        f"SELECT {', '.join(f't.{name}' for name in _TOKEN)}, {COLUMNS_OF_P} FROM api_token t"
        " JOIN person p ON p.id = t.person_id WHERE t.digest = ? AND t.expires_ms > ? AND p.status = 'active'"
    )
    row = execute(session, sql, (digest, now_ms)).first()
    return (TokenRow(*row[: len(_TOKEN)]), PersonRow(*row[len(_TOKEN) :])) if row else None


def tokens_of(session: Session, person_id: int, now_ms: int) -> list[TokenRow]:
    """A person's tokens that have not expired, oldest first."""
    sql = f"SELECT {', '.join(_TOKEN)} FROM api_token WHERE person_id = ? AND expires_ms > ? ORDER BY id"
    return [TokenRow(*row) for row in execute(session, sql, (person_id, now_ms))]


def touch_token(session: Session, token_id: int, now_ms: int) -> None:
    """A script was here."""
    execute(session, "UPDATE api_token SET used_ms = ? WHERE id = ?", (now_ms, token_id))


def end_token(session: Session, person_id: int, uuid: str) -> bool:
    """Make a token worthless; whether it was there."""
    sql = "DELETE FROM api_token WHERE person_id = ? AND uuid = ?"
    return execute(session, sql, (person_id, uuid)).rowcount == 1


def end_tokens(session: Session, person_id: int) -> int:
    """Make all tokens of a person worthless; how many."""
    return execute(session, "DELETE FROM api_token WHERE person_id = ?", (person_id,)).rowcount


def _session(row: object) -> SessionRow:
    made = SessionRow(*row)  # type: ignore[misc]
    return SessionRow(**{**made.__dict__, "digest": bytes(made.digest)})
