"""The role book of the server: loaded with the programme, read with every request."""

from functools import lru_cache
from pathlib import Path

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.access import PERMISSIONS
from fieldsync.core.problems import Problem
from fieldsync.core.roles import RoleBook, read_book
from fieldsync.services import following, programme_files
from fieldsync.store import grants


def book(session: Session) -> RoleBook:
    """The roles that this server knows; none where no book was loaded."""
    return _decoded(grants.read_book(session) or b"")


@lru_cache(maxsize=4)
def _decoded(stored: bytes) -> RoleBook:
    return msgspec.json.decode(stored, type=RoleBook) if stored else RoleBook(())


@lru_cache(maxsize=2)
def _programme(path: Path) -> RoleBook:
    found = read_file(path)
    assert isinstance(found, RoleBook), found
    return found


def read_file(path: Path) -> RoleBook | Problem:
    """The role book of a programme's file."""
    data = programme_files.read(path)
    if data is None:
        return Problem("roles_wrong", detail={"reason": str(path)})
    found = read_book(data, PERMISSIONS)
    return Problem("roles_wrong", detail={"reason": found}) if isinstance(found, str) else found


def load(session: Session, wanted: RoleBook) -> None:
    """Replace the book; grants of roles that it does not know give nothing from now on.

    Which families are sealed may be another, so that what can be searched is noted anew.
    """
    grants.write_book(session, msgspec.json.encode(wanted))
    following.begin_again(session)


def load_programme(session: Session, path: Path) -> None:
    """Load the programme's book, unless another process just did."""
    if grants.read_book(session) is None:
        load(session, _programme(path))
