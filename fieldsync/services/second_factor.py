"""The second factor: an authenticator app, and recovery codes for whoever lost it."""

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.core import keys, totp
from fieldsync.core.problems import Problem
from fieldsync.services import auditing
from fieldsync.services.readers import Reader
from fieldsync.store import second_factors, sign_ins
from fieldsync.store.db import master_key
from fieldsync.store.second_factors import FactorRow

ISSUER = "fieldsync"
NONCE_BYTES = 16
CODES = 10
CODE_BYTES = 10
"""Eighty bits: sixteen letters and digits, in fours."""

BEGUN_MS = 30 * 60_000
"""How long the picture that the app scans is good before its first code comes."""

Draw = Callable[[int], bytes]


@dataclass(frozen=True)
class Begun:
    """What an authenticator app needs, shown this once: as text to type, and as an address in a QR code."""

    secret: str
    uri: str


def begin(session: Session, reader: Reader, draw: Draw, now_ms: int) -> Begun | Problem:
    """Make a secret; it counts once `confirm` has seen a code."""
    assert reader.person is not None
    known = second_factors.find(session, reader.person.id)
    if known is not None and known.confirmed_ms is not None:
        return Problem("second_factor_set")
    nonce = draw(NONCE_BYTES)
    second_factors.begin(session, reader.person.id, nonce, now_ms)
    secret = _secret(session, reader.person.id, nonce)
    return Begun(totp.secret_text(secret), totp.provisioning_uri(secret, reader.person.email, ISSUER))


def pending(session: Session, reader: Reader, now_ms: int) -> Begun | None:
    """What was begun and not confirmed, shown again while it is good."""
    assert reader.person is not None
    known = second_factors.find(session, reader.person.id)
    if known is None or known.confirmed_ms is not None or now_ms - known.made_ms > BEGUN_MS:
        return None
    secret = _secret(session, reader.person.id, known.nonce)
    return Begun(totp.secret_text(secret), totp.provisioning_uri(secret, reader.person.email, ISSUER))


def codes_left(session: Session, reader: Reader) -> int:
    """How many recovery codes are still good."""
    assert reader.person is not None
    return second_factors.codes_left(session, reader.person.id)


def confirm(session: Session, reader: Reader, code: str, draw: Draw, now_ms: int) -> list[str] | Problem:
    """Let the app count from now on; the recovery codes, shown this once. All other sessions end."""
    assert reader.person is not None
    person_id = reader.person.id
    known = second_factors.find(session, person_id)
    if known is None or known.confirmed_ms is not None or now_ms - known.made_ms > BEGUN_MS:
        return Problem("second_factor_not_begun")
    step = totp.step_of(_secret(session, person_id, known.nonce), code, now_ms, 0)
    if step is None or not second_factors.confirm(session, person_id, step, now_ms):
        return Problem("wrong_code")
    sign_ins.end_sessions(session, person_id, but=reader.session.id if reader.session else 0)
    told = _make_codes(session, person_id, draw)
    auditing.note(session, reader.person.association_id, auditing.by(reader), "second_factor_set", "", now_ms)
    return told


def renew_codes(session: Session, reader: Reader, draw: Draw, now_ms: int) -> list[str] | Problem:
    """New recovery codes; the former are worthless."""
    assert reader.person is not None
    if not reader.has_second_factor:
        return Problem("second_factor_not_begun")
    told = _make_codes(session, reader.person.id, draw)
    auditing.note(session, reader.person.association_id, auditing.by(reader), "recovery_codes_made", "", now_ms)
    return told


def remove(session: Session, reader: Reader, now_ms: int) -> Problem | None:
    """Do without the app, where none of her roles needs it."""
    assert reader.person is not None
    if any(grant.role.second_factor for grant in reader.grants):
        return Problem("second_factor_needed")
    if not second_factors.remove(session, reader.person.id):
        return Problem("second_factor_not_begun")
    auditing.note(session, reader.person.association_id, auditing.by(reader), "second_factor_removed", "", now_ms)
    return None


def is_confirmed(known: FactorRow | None) -> bool:
    """Whether an app counts."""
    return known is not None and known.confirmed_ms is not None


def take(session: Session, person_id: int, code: str, now_ms: int) -> str | None:
    """How a code proved somebody: `app` or `recovery`; None for a code that is wrong or was used."""
    known = second_factors.find(session, person_id)
    if known is None or known.confirmed_ms is None:
        return None
    step = totp.step_of(_secret(session, person_id, known.nonce), code, now_ms, known.used_step)
    if step is not None:
        return "app" if second_factors.use_step(session, person_id, step) else None
    return "recovery" if second_factors.use_code(session, person_id, _digest(session, code), now_ms) else None


def _secret(session: Session, person_id: int, nonce: bytes) -> bytes:
    """The app's secret, from what is stored and a key that is not in the database."""
    text = f"{person_id}\0{nonce.hex()}"
    return keys.digest(master_key(session), "second factor", text)[: totp.SECRET_BYTES]


def _make_codes(session: Session, person_id: int, draw: Draw) -> list[str]:
    made = [base64.b32encode(draw(CODE_BYTES)).decode().lower() for _ in range(CODES)]
    second_factors.set_codes(session, person_id, (_digest(session, code) for code in made))
    return list(_in_fours(made))


def _digest(session: Session, code: str) -> bytes:
    plain = "".join(each for each in code.lower() if each.isalnum())
    return keys.digest(master_key(session), "recovery code", plain)


def _in_fours(codes: Iterable[str]) -> Iterable[str]:
    for code in codes:
        yield "-".join(code[start : start + 4] for start in range(0, len(code), 4))
