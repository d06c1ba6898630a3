"""How often somebody may try, counted in the database, so that all processes of a server share one count."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.core import keys
from fieldsync.core.problems import Problem
from fieldsync.store import rates
from fieldsync.store.db import master_key

MINUTE_MS = 60_000


@dataclass(frozen=True)
class Limit:
    """At most `tries` of something within a window for each caller."""

    name: str
    tries: int
    window_ms: int


OF_PERSON_HERE = Limit("person and address", 10, 15 * MINUTE_MS)
OF_PERSON = Limit("person", 100, 15 * MINUTE_MS)
OF_ADDRESS = Limit("address", 60, 15 * MINUTE_MS)
"""Ten tries for one person from one place in a quarter of an hour; a hundred from everywhere; sixty for a place."""

OF_FACTOR = Limit("second factor", 10, 15 * MINUTE_MS)
"""A code has a million values and three are good: ten tries guess one in thirty thousand."""

OF_LINKS = Limit("links", 30, 15 * MINUTE_MS)
"""Invitations, resets and enrolment codes that one address may try."""

OF_RESETS = Limit("resets", 5, 60 * MINUTE_MS)
"""How often a person may be said to have forgotten her passphrase."""

OF_UNKNOWN_TOKENS = Limit("unknown tokens", 600, 15 * MINUTE_MS)
"""Requests from one address whose token is good for nothing; a lost phone tries now and then."""

OF_CALLS = Limit("calls", 6000, 5 * MINUTE_MS)
"""Requests of one person or device by the reading API: twenty a second."""


def count(session: Session, wanted: Iterable[tuple[Limit, str]], now_ms: int, weight: int = 1) -> Problem | None:
    """Count a try against each limit in turn, for (limit, caller); how long to wait where one is passed.

    What comes after that one is not counted: an address that tries too often fills no table.
    """
    for limit, caller in wanted:
        seconds = _wait_seconds(session, limit, caller, now_ms, weight)
        if seconds:
            return Problem("too_many_requests", detail={"seconds": str(seconds)})
    return None


def forgive(session: Session, limit: Limit, caller: str) -> None:
    """Forget a caller's tries: one of them was right."""
    rates.forgive(session, _bucket(session, limit, caller))


def _wait_seconds(session: Session, limit: Limit, caller: str, now_ms: int, weight: int) -> int:
    tried, started_ms = rates.count(session, _bucket(session, limit, caller), limit.window_ms, now_ms, weight)
    return (started_ms + limit.window_ms - now_ms) // 1000 + 1 if tried > limit.tries else 0


def _bucket(session: Session, limit: Limit, caller: str) -> bytes:
    """A digest under a key that is not in the database, so that no list of addresses lies in it."""
    return keys.digest(master_key(session), "rates", f"{limit.name}\0{caller}")
