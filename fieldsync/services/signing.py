"""Signing in: a read, a slow hash outside of any transaction, a write. Unknown people cost the same as known ones."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from fieldsync.core.problems import Problem
from fieldsync.services import auditing, hashing, rates, second_factor
from fieldsync.services.readers import Reader
from fieldsync.services.senders import digest_of
from fieldsync.store import people, second_factors, sign_ins
from fieldsync.store.db import Database
from fieldsync.store.people import PersonRow
from fieldsync.store.sign_ins import SessionRow

TOKEN_BYTES = 32

SESSION_MS = 24 * 3600 * 1000
"""How long a session lasts at most."""

HALF_WAY_MS = 5 * 60_000
"""How long the second factor may take."""

AGENT_LENGTH_MAX = 80
NOBODY = 0

Draw = Callable[[int], bytes]


@dataclass(frozen=True)
class Attempt:
    """What somebody shows: `agent` names her program in the list of her sessions; a code where she gave one at once."""

    email: str
    passphrase: str
    address: str
    agent: str = ""
    code: str | None = None


@dataclass(frozen=True)
class SignedIn:
    """A session: its token, shown this once, and when it ends at the latest."""

    token: str
    expires_ms: int
    person: PersonRow


@dataclass(frozen=True)
class HalfWay:
    """The passphrase was right and the second factor is owed; the ticket is good for `finish`."""

    ticket: str
    expires_ms: int


def canonical(email: str) -> str:
    """The one form under which an e-mail address is known, and guesses are counted."""
    return email.strip().lower()


def sign_in(database: Database, attempt: Attempt, now_ms: int, draw: Draw) -> SignedIn | HalfWay | Problem:
    """Sign somebody in, or say how far she came."""
    email = canonical(attempt.email)
    wait = _count(database, email, attempt.address, now_ms)
    if wait is not None:
        return wait
    with database.read() as session:
        person = people.find(session, email)
        owes = second_factor.is_confirmed(second_factors.find(session, person.id if person else NOBODY))
    known = person if person is not None and person.status == "active" else None
    if not hashing.is_passphrase(known.password_hash if known else None, attempt.passphrase) or known is None:
        return _failed(database, person, now_ms)
    _rehash(database, known, attempt.passphrase)
    if owes and attempt.code is None:
        return database.write(lambda session: half_way(session, known, attempt.agent, now_ms, draw))
    code = attempt.code if owes else None
    return _proven(database, known, email, attempt, code, now_ms, draw)


def finish(database: Database, ticket: str, code: str, address: str, now_ms: int, draw: Draw) -> SignedIn | Problem:
    """Give the second factor for a ticket: an app's code, or a recovery code."""
    with database.read() as session:
        found = sign_ins.find_session(session, digest_of(ticket), "half", now_ms, 0)
    if found is None:
        return Problem("ticket_unknown")
    half, person = found

    def work(session: Session) -> SignedIn | Problem:
        if not _prove_by_code(session, person, code, now_ms):
            return Problem("wrong_code")
        if not sign_ins.end_session(session, person.id, half.uuid):
            return Problem("ticket_unknown")
        return begin(session, person, half.agent, now_ms, draw)

    wait = database.write(lambda session: rates.count(session, [(rates.OF_FACTOR, str(person.id))], now_ms))
    outcome = wait or database.write(work)
    if isinstance(outcome, Problem) and outcome.code == "wrong_code":
        _note_failure(database, person, now_ms, "code")
    if isinstance(outcome, SignedIn):
        _forgive(database, person, person.email, address)
    return outcome


def confirm(
    database: Database, reader: Reader, passphrase: str, code: str | None, address: str, now_ms: int, draw: Draw
) -> SignedIn | Problem:
    """Prove again who one is, before a dangerous act: the session gets another token."""
    person, row = reader.person, reader.session
    if person is None or row is None:
        return Problem("forbidden")
    refused = prove_passphrase(database, person, passphrase, address, now_ms)
    if refused is not None:
        return refused
    given = (code or "") if reader.has_second_factor else None
    outcome = database.write(lambda session: _confirmed(session, person, row, given, now_ms, draw))
    if isinstance(outcome, Problem) and outcome.code == "wrong_code":
        _note_failure(database, person, now_ms, "code")
    if isinstance(outcome, SignedIn):
        _forgive(database, person, person.email, address)
    return outcome


def prove_passphrase(
    database: Database, person: PersonRow, passphrase: str, address: str, now_ms: int
) -> Problem | None:
    """Why this is not taken for her passphrase, or None; whoever holds her session has no more tries than others."""
    wait = _count(database, person.email, address, now_ms)
    if wait is not None:
        return wait
    return None if hashing.is_passphrase(person.password_hash, passphrase) else _failed(database, person, now_ms)


def _confirmed(
    session: Session, person: PersonRow, row: SessionRow, code: str | None, now_ms: int, draw: Draw
) -> SignedIn | Problem:
    if code is not None:
        wait = rates.count(session, [(rates.OF_FACTOR, str(person.id))], now_ms)
        if wait is not None or not _prove_by_code(session, person, code, now_ms):
            return wait or Problem("wrong_code")
    token = new_token(draw)
    if not sign_ins.replace_digest(session, row, digest_of(token), now_ms):
        return Problem("unknown_token")
    auditing.note(session, person.association_id, auditing.by_person(person.id), "confirmed", "", now_ms)
    return SignedIn(token, row.expires_ms, person)


def begin(session: Session, person: PersonRow, agent: str, now_ms: int, draw: Draw) -> SignedIn:
    """A new session, always with a new token."""
    token = new_token(draw)
    expires_ms = now_ms + SESSION_MS
    row = SessionRow(
        0, new_uuid(draw), person.id, digest_of(token), "full", None, agent[:AGENT_LENGTH_MAX], now_ms, now_ms, now_ms,
        expires_ms,
    )  # fmt: skip
    sign_ins.add_session(session, row)
    people.note_sign_in(session, person.id, now_ms)
    auditing.note(session, person.association_id, auditing.by_person(person.id), "sign_in", "", now_ms)
    return SignedIn(token, expires_ms, person)


def half_way(session: Session, person: PersonRow, agent: str, now_ms: int, draw: Draw) -> HalfWay:
    """A ticket for whoever still owes the second factor."""
    ticket, expires_ms = new_token(draw), now_ms + HALF_WAY_MS
    row = SessionRow(
        0, new_uuid(draw), person.id, digest_of(ticket), "half", None, agent[:AGENT_LENGTH_MAX], now_ms, now_ms, 0,
        expires_ms,
    )  # fmt: skip
    sign_ins.add_session(session, row)
    return HalfWay(ticket, expires_ms)


def sign_out(session: Session, reader: Reader, now_ms: int) -> None:
    """End the present session, or make the present token worthless."""
    assert reader.person is not None
    if reader.session is not None:
        sign_ins.end_session(session, reader.person.id, reader.session.uuid)
    if reader.token is not None:
        sign_ins.end_token(session, reader.person.id, reader.token.uuid)
    auditing.note(session, reader.person.association_id, auditing.by(reader), "sign_out", "", now_ms)


def new_token(draw: Draw) -> str:
    """256 random bits as text."""
    return base64.urlsafe_b64encode(draw(TOKEN_BYTES)).decode().rstrip("=")


def new_uuid(draw: Draw) -> str:
    """A random UUID."""
    return str(UUID(bytes=draw(16), version=4))


def _proven(
    database: Database, person: PersonRow, email: str, attempt: Attempt, code: str | None, now_ms: int, draw: Draw
) -> SignedIn | Problem:
    """The passphrase was right; the code that was given with it must be, too."""
    if code is not None:
        wait = database.write(lambda session: rates.count(session, [(rates.OF_FACTOR, str(person.id))], now_ms))
        if wait is not None:
            return wait
        if not database.write(lambda session: _prove_by_code(session, person, code, now_ms)):
            _note_failure(database, person, now_ms, "code")
            return Problem("wrong_code")
    signed_in = database.write(lambda session: begin(session, person, attempt.agent, now_ms, draw))
    _forgive(database, person, email, attempt.address)
    return signed_in


def _prove_by_code(session: Session, person: PersonRow, code: str, now_ms: int) -> bool:
    proof = second_factor.take(session, person.id, code, now_ms)
    if proof == "recovery":
        actor = auditing.by_person(person.id)
        auditing.note(session, person.association_id, actor, "recovery_code_used", "", now_ms)
    return proof is not None


def _count(database: Database, email: str, address: str, now_ms: int) -> Problem | None:
    wanted = [
        (rates.OF_ADDRESS, address), (rates.OF_PERSON_HERE, f"{email}\0{address}"), (rates.OF_PERSON, email),
    ]  # fmt: skip
    return database.write(lambda session: rates.count(session, wanted, now_ms))


def _forgive(database: Database, person: PersonRow, email: str, address: str) -> None:
    def work(session: Session) -> None:
        rates.forgive(session, rates.OF_PERSON_HERE, f"{email}\0{address}")
        rates.forgive(session, rates.OF_PERSON, email)
        rates.forgive(session, rates.OF_FACTOR, str(person.id))

    database.write(work)


def _failed(database: Database, person: PersonRow | None, now_ms: int) -> Problem:
    _note_failure(database, person, now_ms, "passphrase")
    return Problem("wrong_login")


def _note_failure(database: Database, person: PersonRow | None, now_ms: int, what: str) -> None:
    """The log names whom it was tried for, if there is anybody."""
    about = auditing.by_person(person.id) if person else "nobody"
    chain = person.association_id if person else None
    database.write(
        lambda session: auditing.note(session, chain, "nobody", "sign_in_failed", about, now_ms, "refused", what)
    )


def _rehash(database: Database, person: PersonRow, passphrase: str) -> None:
    if person.password_hash and hashing.is_outdated(person.password_hash):
        renewed = hashing.hash_of(passphrase)
        database.write(lambda session: people.set_password(session, person.id, renewed))
