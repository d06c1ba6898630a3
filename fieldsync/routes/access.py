"""Who may call a route: every view function says so once, and a house test reads it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import g, request

from fieldsync.core.problems import Problem
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.services import people
from fieldsync.services.people import Reader
from fieldsync.services.senders import Sender, find_sender

View = TypeVar("View", bound=Callable[..., Any])


def access(who: str) -> Callable[[View], View]:
    """Declare who may call a view: `public`, `device` (a device's token) or `reader` (a device's or a person's)."""

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if who == "device":
                g.sender = _sender()
            elif who == "reader":
                g.reader = _reader()
            return view(*args, **kwargs)

        guarded.fieldsync_access = who  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return declare


def sender() -> Sender:
    """The device that calls."""
    found: Sender = g.sender
    return found


def reader() -> Reader:
    """The device or person that reads."""
    found: Reader = g.reader
    return found


def bearer_token() -> str:
    """The token of the request, or an empty text."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _sender() -> Sender:
    with context().database.read() as session:
        found = find_sender(session, bearer_token())
    if found is None:
        raise Refused(Problem("unknown_token"))
    return found


def _reader() -> Reader:
    with context().database.read() as session:
        found = people.find_reader(session, bearer_token(), context().now_ms())
    if found is None:
        raise Refused(Problem("unknown_token"))
    return found
