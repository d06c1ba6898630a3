"""Tokens for people's scripts: each narrower than its owner, and worthless after a while."""

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core.access import TOKEN_PERMISSIONS, permissions_of
from fieldsync.core.problems import Problem
from fieldsync.services import auditing, readers, role_book, signing
from fieldsync.services.readers import NO_ASSOCIATION, Reader
from fieldsync.services.senders import digest_of
from fieldsync.store import associations, sign_ins
from fieldsync.store.people import PersonRow
from fieldsync.store.sign_ins import TokenRow

DAYS_MAX = 366
TOKENS_MAX = 50
"""Tokens of one person; more is a mistake in a script."""

DAY_MS = 24 * 3600 * 1000

Draw = Callable[[int], bytes]


def listed(session: Session, person: PersonRow, now_ms: int) -> list[dict[str, Any]]:
    """A person's tokens, oldest first; never the tokens themselves."""
    slugs = {row.id: row.slug for row in associations.everyone(session)}
    return [_told(row, slugs) for row in sign_ins.tokens_of(session, person.id, now_ms)]


def offered(reader: Reader) -> frozenset[str]:
    """What she may give to a script: of what she may herself, what does not take a person."""
    return reader.permissions & TOKEN_PERMISSIONS


def make(
    session: Session, reader: Reader, name: str, permissions: Collection[str], days: int, now_ms: int, draw: Draw
) -> tuple[dict[str, Any], str] | Problem:
    """(the token as it is listed, the token itself, shown this once). A script makes none."""
    if reader.person is None or not reader.is_fresh(now_ms):
        return Problem("confirmation_needed")
    wanted = frozenset(permissions)
    if not wanted or not wanted <= offered(reader):
        return Problem("token_too_wide")
    return _make(session, reader.person, reader.association_id, name, wanted, days * DAY_MS, now_ms, draw)


def make_for(
    session: Session, person: PersonRow, name: str, lifetime_ms: int, now_ms: int, draw: Draw
) -> tuple[dict[str, Any], str] | Problem:
    """A token by the operator's hand, for all that the person's script may be given where she belongs."""
    held = readers.grants_of(session, person.id, role_book.book(session))
    home = person.association_id or next((each.association_id for each in held if each.association_id), NO_ASSOCIATION)
    wanted = permissions_of(held, home) & TOKEN_PERMISSIONS
    return _make(session, person, home, name, wanted, lifetime_ms, now_ms, draw)


def end(session: Session, actor: str, person: PersonRow, uuid: str, now_ms: int) -> Problem | None:
    """Make one of a person's tokens worthless."""
    if not sign_ins.end_token(session, person.id, uuid):
        return Problem("not_found")
    auditing.note(session, person.association_id, actor, "token_ended", uuid, now_ms)
    return None


def _make(
    session: Session, person: PersonRow, association_id: int, name: str, permissions: Collection[str],
    lifetime_ms: int, now_ms: int, draw: Draw,
) -> tuple[dict[str, Any], str] | Problem:  # fmt: skip
    if len(sign_ins.tokens_of(session, person.id, now_ms)) >= TOKENS_MAX:
        return Problem("too_many_tokens", detail={"limit": str(TOKENS_MAX)})
    token, uuid = signing.new_token(draw), signing.new_uuid(draw)
    row = TokenRow(
        0, uuid, person.id, name, " ".join(sorted(permissions)), association_id or None, now_ms, 0, now_ms + lifetime_ms
    )
    stored = sign_ins.add_token(session, digest_of(token), row)
    auditing.note(session, person.association_id, auditing.by_person(person.id), "token_made", uuid, now_ms)
    slugs = {each.id: each.slug for each in associations.everyone(session)}
    return _told(stored, slugs), token


def _told(row: TokenRow, slugs: dict[int, str]) -> dict[str, Any]:
    return {
        "token": row.uuid,
        "name": row.name,
        "permissions": row.permissions.split(),
        "association": slugs.get(row.association_id or NO_ASSOCIATION),
        "made_ms": row.made_ms,
        "used_ms": row.used_ms or None,
        "expires_ms": row.expires_ms,
    }
