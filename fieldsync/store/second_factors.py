"""Authenticator apps and the codes for those who lost theirs."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many


@dataclass(frozen=True)
class FactorRow:
    """A person's app; it counts once it is confirmed."""

    person_id: int
    nonce: bytes
    made_ms: int
    confirmed_ms: int | None
    used_step: int


def find(session: Session, person_id: int) -> FactorRow | None:
    """The app of a person, confirmed or not."""
    sql = "SELECT person_id, nonce, made_ms, confirmed_ms, used_step FROM second_factor WHERE person_id = ?"
    row = execute(session, sql, (person_id,)).first()
    return FactorRow(row[0], bytes(row[1]), row[2], row[3], row[4]) if row else None


def has(session: Session, person_ids: Iterable[int]) -> set[int]:
    """Which of these people have one."""
    wanted = tuple(person_ids)
    if not wanted:
        return set()
    places = ",".join("?" * len(wanted))
    sql = f"SELECT person_id FROM second_factor WHERE confirmed_ms IS NOT NULL AND person_id IN ({places})"
    return {row[0] for row in execute(session, sql, wanted)}


def begin(session: Session, person_id: int, nonce: bytes, now_ms: int) -> None:
    """Store an app that is yet to be confirmed, in the place of one that was not."""
    sql = "DELETE FROM second_factor WHERE person_id = ? AND confirmed_ms IS NULL"
    execute(session, sql, (person_id,))
    sql = "INSERT INTO second_factor (person_id, nonce, made_ms, confirmed_ms, used_step) VALUES (?, ?, ?, NULL, 0)"
    execute(session, sql, (person_id, nonce, now_ms))


def confirm(session: Session, person_id: int, step: int, now_ms: int) -> bool:
    """The app showed a right code; whether it was still waiting for one."""
    sql = "UPDATE second_factor SET confirmed_ms = ?, used_step = ? WHERE person_id = ? AND confirmed_ms IS NULL"
    return execute(session, sql, (now_ms, step, person_id)).rowcount == 1


def use_step(session: Session, person_id: int, step: int) -> bool:
    """Take a code's time step; it, and all before it, are good no longer."""
    sql = "UPDATE second_factor SET used_step = ? WHERE person_id = ? AND used_step < ?"
    return execute(session, sql, (step, person_id, step)).rowcount == 1


def remove(session: Session, person_id: int) -> bool:
    """Forget a person's app and codes; whether there was an app."""
    execute(session, "DELETE FROM recovery_code WHERE person_id = ?", (person_id,))
    return execute(session, "DELETE FROM second_factor WHERE person_id = ?", (person_id,)).rowcount == 1


def set_codes(session: Session, person_id: int, digests: Iterable[bytes]) -> None:
    """Replace a person's recovery codes."""
    execute(session, "DELETE FROM recovery_code WHERE person_id = ?", (person_id,))
    sql = "INSERT INTO recovery_code (digest, person_id, used_ms) VALUES (?, ?, NULL)"
    execute_many(session, sql, [(digest, person_id) for digest in digests])


def use_code(session: Session, person_id: int, digest: bytes, now_ms: int) -> bool:
    """Take a recovery code; it is good no longer."""
    sql = "UPDATE recovery_code SET used_ms = ? WHERE digest = ? AND person_id = ? AND used_ms IS NULL"
    return execute(session, sql, (now_ms, digest, person_id)).rowcount == 1


def codes_left(session: Session, person_id: int) -> int:
    """How many recovery codes a person has."""
    sql = "SELECT count(*) FROM recovery_code WHERE person_id = ? AND used_ms IS NULL"
    return int(execute(session, sql, (person_id,)).scalar_one())
