"""The words that somebody searches for: kept for her session and for a while, under a ticket that says nothing."""

import base64
from collections.abc import Sequence

from sqlalchemy.orm import Session

from fieldsync.core.names import search_keys
from fieldsync.services.readers import Reader
from fieldsync.store import searches
from fieldsync.store.inbox_query import Word

TICKET_BYTES = 16
KEPT_MS = 4 * 60 * 60 * 1000
TEXT_MAX = 100
WORDS_MAX = 5
PREFIX_LENGTH_MIN = 3


def remember(session: Session, reader: Reader, text: str, drawn: bytes, now_ms: int) -> str:
    """Keep what somebody searches for; return the ticket that stands in its place. `drawn`: TICKET_BYTES of chance."""
    assert reader.session is not None
    ticket = base64.urlsafe_b64encode(drawn).decode().rstrip("=")
    searches.add(session, ticket, reader.session.uuid, text[:TEXT_MAX], now_ms + KEPT_MS)
    return ticket


def text(session: Session, reader: Reader, ticket: str) -> str:
    """What a ticket stands for; empty where it is somebody else's, or is over: words are not shared with an address."""
    if not ticket or reader.session is None:
        return ""
    return searches.find(session, ticket, reader.session.uuid) or ""


def words(session: Session, reader: Reader, ticket: str) -> Sequence[str]:
    """The keys of the words that a ticket stands for; none where it stands for nothing."""
    return search_keys(text(session, reader, ticket))[:WORDS_MAX]


def as_word(key: str) -> Word:
    """How a key is looked for: a number or a code by its beginning, a name as a whole."""
    is_code = any(each.isdigit() for each in key) and len(key) >= PREFIX_LENGTH_MIN
    return Word(key, key[:-1] + chr(ord(key[-1]) + 1)) if is_code else Word(key)
