"""Links that let somebody choose a passphrase: an invitation, or a reset. Good once; they tell nothing about others."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core.passphrases import wrong_with
from fieldsync.core.problems import Problem
from fieldsync.services import auditing, hashing, rates, second_factor, signing
from fieldsync.services.senders import digest_of
from fieldsync.services.signing import HalfWay, SignedIn
from fieldsync.store import associations, grants, people, second_factors, sign_ins
from fieldsync.store.db import Database
from fieldsync.store.people import PersonRow

INVITATION, RESET = "invitation", "reset"

INVITATION_MS = 7 * 24 * 3600 * 1000
"""A colleague in the mountains reads her messages once a week."""

RESET_MS = 30 * 60_000

Draw = Callable[[int], bytes]


def offer(session: Session, person: PersonRow, purpose: str, draw: Draw, now_ms: int) -> tuple[str, int]:
    """(what a link carries, shown this once; when it expires). Links made before are good no longer."""
    token = signing.new_token(draw)
    expires_ms = now_ms + (INVITATION_MS if purpose == INVITATION else RESET_MS)
    people.add_link(session, digest_of(token), person.id, purpose, now_ms, expires_ms)
    return token, expires_ms


def link_of(public_url: str, token: str) -> str:
    """The address that is handed over: what it carries stands after `#`, so that it reaches no log."""
    return f"{public_url.rstrip('/')}/welcome#{token}"


def look(database: Database, token: str, address: str, now_ms: int) -> dict[str, Any] | Problem:
    """What a link is for: `purpose`, `email`, `association`, `roles`, `expires_ms`."""
    wait = database.write(lambda session: rates.count(session, [(rates.OF_LINKS, address)], now_ms))
    if wait is not None:
        return wait
    with database.read() as session:
        found = people.find_link(session, digest_of(token), now_ms)
        if found is None:
            return Problem("link_unknown")
        home = found.person.association_id
        return {
            "purpose": found.purpose,
            "email": found.person.email,
            "association": associations.slug_of(session, home) if home is not None else None,
            "roles": [row.role for row in grants.of_person(session, found.person.id) if row.status == "active"],
            "expires_ms": found.expires_ms,
        }


def accept(
    database: Database, token: str, passphrase: str, address: str, agent: str, now_ms: int, draw: Draw
) -> SignedIn | HalfWay | Problem:
    """Choose a passphrase with a link, and come in; a second factor is still owed where there is one."""
    found = look(database, token, address, now_ms)
    if isinstance(found, Problem):
        return found
    wrong = wrong_with(passphrase, found["email"])
    if wrong is not None:
        return wrong
    hashed = hashing.hash_of(passphrase)

    def work(session: Session) -> SignedIn | HalfWay | Problem:
        link = people.find_link(session, digest_of(token), now_ms)
        if link is None or not people.use_link(session, digest_of(token), now_ms):
            return Problem("link_unknown")
        person = link.person
        people.set_password(session, person.id, hashed)
        sign_ins.end_sessions(session, person.id)
        sign_ins.end_tokens(session, person.id)
        actor = auditing.by_person(person.id)
        auditing.note(session, person.association_id, actor, "passphrase_changed", "", now_ms, detail=link.purpose)
        if second_factor.is_confirmed(second_factors.find(session, person.id)):
            return signing.half_way(session, person, agent, now_ms, draw)
        return signing.begin(session, person, agent, now_ms, draw)

    return database.write(work)


def ask_reset(database: Database, email: str, address: str, now_ms: int) -> Problem | None:
    """Note that somebody forgot her passphrase: her coordinator sees it. The answer is the same for everybody."""
    wanted = [(rates.OF_LINKS, address), (rates.OF_RESETS, signing.canonical(email))]

    def work(session: Session) -> Problem | None:
        wait = rates.count(session, wanted, now_ms)
        if wait is not None:
            return wait
        known = people.find(session, signing.canonical(email))
        people.note_reset_asked(session, signing.canonical(email), now_ms)
        about = auditing.by_person(known.id) if known else "nobody"
        auditing.note(session, known.association_id if known else None, "nobody", "reset_asked", about, now_ms)
        return None

    return database.write(work)
