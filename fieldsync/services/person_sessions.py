"""A person's own sessions: which there are, ending them, choosing where she works, another passphrase."""

from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core.passphrases import wrong_with
from fieldsync.core.problems import Problem
from fieldsync.services import auditing, hashing, signing
from fieldsync.services.readers import Reader
from fieldsync.store import associations, people, sign_ins
from fieldsync.store.db import Database


def listed(session: Session, reader: Reader, now_ms: int) -> list[dict[str, Any]]:
    """Where she is signed in, newest first; `present` is the session that asks."""
    assert reader.person is not None
    present = reader.session.id if reader.session else 0
    return [
        {
            "session": row.uuid,
            "agent": row.agent,
            "made_ms": row.made_ms,
            "seen_ms": row.seen_ms,
            "expires_ms": row.expires_ms,
            "present": row.id == present,
        }
        for row in sign_ins.sessions_of(session, reader.person.id, now_ms)
    ]


def touch(session: Session, reader: Reader, now_ms: int) -> None:
    """Write down that she is here (`Reader.is_seen` says whether that is due)."""
    if reader.session is not None:
        sign_ins.touch(session, reader.session.id, now_ms)


def end(session: Session, reader: Reader, uuid: str, now_ms: int) -> Problem | None:
    """End one of her sessions."""
    assert reader.person is not None
    if not sign_ins.end_session(session, reader.person.id, uuid):
        return Problem("not_found")
    auditing.note(session, reader.person.association_id, auditing.by(reader), "session_ended", uuid, now_ms)
    return None


def end_others(session: Session, reader: Reader, now_ms: int) -> int:
    """End all her sessions but the present one; how many."""
    assert reader.person is not None
    count = sign_ins.end_sessions(session, reader.person.id, but=reader.session.id if reader.session else 0)
    if count:
        detail = str(count)
        auditing.note(
            session, reader.person.association_id, auditing.by(reader), "session_ended", "", now_ms, detail=detail
        )
    return count


def choices(session: Session, reader: Reader) -> list[dict[str, Any]]:
    """The associations in which she may work."""
    return [
        {"association": row.slug, "name": row.name, "present": row.id == reader.association_id}
        for row in associations.everyone(session)
        if reader.works_in(row.id)
    ]


def choose(session: Session, reader: Reader, slug: str) -> Problem | None:
    """Work in another association; one that is not hers is answered like one that is not there."""
    found = associations.find(session, slug)
    if found is None or reader.session is None or not reader.works_in(found.id):
        return Problem("not_found")
    sign_ins.choose(session, reader.session.id, found.id)
    return None


def change_passphrase(
    database: Database, reader: Reader, present: str, wanted: str, address: str, now_ms: int
) -> Problem | None:
    """Take another passphrase: the present one is asked for, and all other sessions and all tokens end."""
    person = reader.person
    assert person is not None
    refused = signing.prove_passphrase(database, person, present, address, now_ms)
    if refused is not None:
        return refused
    wrong = wrong_with(wanted, person.email)
    if wrong is not None:
        return wrong
    hashed = hashing.hash_of(wanted)

    def work(session: Session) -> None:
        people.set_password(session, person.id, hashed)
        people.remove_links(session, person.id)
        sign_ins.end_sessions(session, person.id, but=reader.session.id if reader.session else 0)
        sign_ins.end_tokens(session, person.id)
        auditing.note(session, person.association_id, auditing.by(reader), "passphrase_changed", "", now_ms)

    database.write(work)
    return None
