"""The indicators, targets and funders of the server: data that is loaded like the roles, every edition kept."""

from functools import lru_cache
from pathlib import Path

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.counting import WAYS
from fieldsync.core.indicators import IndicatorBook, read_book
from fieldsync.core.problems import Problem
from fieldsync.services import programme_files
from fieldsync.store import associations, facts, figures, followers

FOLLOWER = "indicators"
"""Under which name counting follows the change logs."""


def book(session: Session) -> IndicatorBook:
    """The edition in force; an empty one where none was loaded."""
    return decoded(content(session))


def editions(session: Session, limit: int) -> list[tuple[int, int]]:
    """(number, when it was loaded, ms) of the last editions, the newest first."""
    return figures.editions(session, limit)


def content(session: Session) -> bytes:
    """The edition in force as it is stored; empty where none was loaded."""
    found = figures.read_book(session)
    return found[1] if found else b""


@lru_cache(maxsize=4)
def decoded(stored: bytes) -> IndicatorBook:
    """An edition as it was stored."""
    return msgspec.json.decode(stored, type=IndicatorBook) if stored else IndicatorBook()


@lru_cache(maxsize=2)
def _programme(path: Path) -> IndicatorBook:
    found = read_file(path)
    assert isinstance(found, IndicatorBook), found
    return found


def read_file(path: Path) -> IndicatorBook | Problem:
    """The indicators of a file."""
    data = programme_files.read(path)
    if data is None:
        return Problem("indicators_wrong", detail={"reason": str(path)})
    found = read_book(data, WAYS)
    return Problem("indicators_wrong", detail={"reason": found}) if isinstance(found, str) else found


def load(session: Session, wanted: IndicatorBook, now_ms: int) -> bool:
    """Put another edition into force, and have everything counted anew; whether it is another than before."""
    new = msgspec.json.encode(wanted)
    if content(session) == new:
        return False
    figures.write_book(session, new, now_ms)
    for owner in associations.everyone(session):
        facts.forget(session, owner.id)
        followers.move(session, FOLLOWER, owner.id, 0)
    return True


def load_programme(session: Session, path: Path, now_ms: int) -> None:
    """Load the programme's indicators, unless some are there already."""
    if figures.read_book(session) is None:
        load(session, _programme(path), now_ms)
