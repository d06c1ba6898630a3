"""Who may call a route: every view function says so once, and a house test reads it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import g, request
from flask_smorest import Blueprint

from fieldsync.core.problems import Problem
from fieldsync.routes.context import context
from fieldsync.routes.description import refuses
from fieldsync.routes.errors import Refused
from fieldsync.services import people
from fieldsync.services.people import Reader
from fieldsync.services.senders import Sender, find_sender

View = TypeVar("View", bound=Callable[..., Any])

WHO = ("public", "device", "reader", "key")


def access(who: str, permission: str | None = None) -> Callable[[View], View]:
    """Declare who may call a view: `public`, `device` (a device's token), `reader` (a device's or a person's).

    `key` is a device whose token stands in the address, as `<token>`: OpenRosa clients can do no other.

    A reader without the `permission` (core.access) is refused alike whatever the address names, there or not.
    """
    assert who in WHO

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if any("\0" in value for value in kwargs.values() if isinstance(value, str)):
                raise Refused(Problem("not_found"))  # no name holds U+0000, and PostgreSQL takes none
            if who == "device":
                g.sender = _sender(bearer_token())
            elif who == "key":
                g.sender = _sender(str(kwargs["token"]))
            elif who == "reader":
                g.reader = _reader()
                if permission is not None and not g.reader.may(permission):
                    raise Refused(Problem("forbidden"))
            return view(*args, **kwargs)

        guarded.fieldsync_access = who  # type: ignore[attr-defined]
        described: View = _described(guarded, who, permission)
        return described

    return declare


def _described(view: Callable[..., Any], who: str, permission: str | None) -> Any:
    """The view with what the OpenAPI document says of its access."""
    if who == "public":
        return refuses(503)(view)
    secured = Blueprint.doc(security=[{"bearer": []}])(view)
    return refuses(401, 503)(secured) if permission is None else refuses(401, 403, 503)(secured)


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


def _sender(token: str) -> Sender:
    with context().database.read_in_turn() as session:
        found = find_sender(session, token)
    if found is None:
        raise Refused(Problem("unknown_token"))
    return found


def _reader() -> Reader:
    with context().database.read() as session:
        found = people.find_reader(session, bearer_token(), context().now_ms())
    if found is None:
        raise Refused(Problem("unknown_token"))
    return found
