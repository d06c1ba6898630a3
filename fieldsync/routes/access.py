"""Who may call a route: every view function says so once, and a house test refuses one that does not."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request
from flask_smorest import Blueprint

from fieldsync.core.problems import Problem
from fieldsync.routes import openrosa_signing
from fieldsync.routes.calls import CALLS, Calls
from fieldsync.routes.context import context
from fieldsync.routes.description import refuses
from fieldsync.routes.errors import Refused, problem_response
from fieldsync.services import auditing, person_sessions, rates, readers
from fieldsync.services.readers import Reader
from fieldsync.services.senders import Sender, find_sender
from fieldsync.store.db import Busy

View = TypeVar("View", bound=Callable[..., Any])

WHO = ("public", "device", "reader", "person", "session", "key", "key_up")


def access(who: str, permission: str | None = None, fresh: bool = False) -> Callable[[View], View]:
    """Declare who may call a view.

    `public`; `device` (a device's token); `reader` (a device's or a person's); `person` (a session, or a script's
    token); `session` (a person herself); `key` (an OpenRosa client: its device's secret stands in the address as
    `<key>`, or its name does and it signs); `key_up` (one that only brings something: what it may read is not asked,
    and whether it still is that device only where the record is stored). A caller without the `permission` of
    core.access is refused alike whatever the address names, there or not. `fresh`: she must just have proved again who
    she is.
    """
    assert who in WHO
    assert not fresh or who == "session"

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if any("\0" in value for value in kwargs.values() if isinstance(value, str)):
                raise Refused(Problem("not_found"))  # no name holds U+0000, and PostgreSQL takes none
            _let_in(who, permission, fresh, kwargs)
            return view(*args, **kwargs)

        guarded.fieldsync_access = who  # type: ignore[attr-defined]
        guarded.fieldsync_permission = permission  # type: ignore[attr-defined]
        described: View = _described(guarded, who, permission, fresh)
        return described

    return declare


def _let_in(who: str, permission: str | None, fresh: bool, named: dict[str, Any]) -> None:
    if who == "device":
        g.sender = _sender(bearer_token())
    elif who == "key":
        g.sender = openrosa_signing.sender_of(str(named["key"]), refuse_client, brings_only=False)
    elif who == "key_up":
        g.secret = openrosa_signing.hands_in_by(str(named["key"]))
        g.sender = openrosa_signing.remembered(g.secret) or look_up(str(named["key"]))
    elif who != "public":
        g.reader = _reader()
        _check(g.reader, who, permission, fresh)


def _check(found: Reader, who: str, permission: str | None, fresh: bool) -> None:
    if (who == "person" and found.person is None) or (who == "session" and found.session is None):
        raise Refused(Problem("forbidden"))
    if permission is not None and not found.may(permission):
        raise Refused(Problem("second_factor_first" if found.must_enrol else "forbidden"))
    if fresh and not found.is_fresh(context().now_ms()):
        raise Refused(Problem("confirmation_needed"))


def _described(view: Callable[..., Any], who: str, permission: str | None, fresh: bool) -> Any:
    """The view with what the OpenAPI document says of its access; OpenRosa's addresses are not in it."""
    if who in ("key", "key_up"):
        return view
    if who == "public":
        return refuses(429, 503)(view)
    secured = Blueprint.doc(security=[{"bearer": []}])(view)
    plain = permission is None and not fresh and who in ("device", "reader")
    return refuses(401, 429, 503)(secured) if plain else refuses(401, 403, 429, 503)(secured)


def register(app: Flask) -> None:
    """Count calls, and write down who was shown what is restricted, before the answer leaves."""
    app.extensions[CALLS] = Calls()
    app.after_request(_note_disclosed)


def _note_disclosed(response: Response) -> Response:
    kept = g._get_current_object()
    found: Reader | None = kept.get("at_work") or kept.get("reader")  # into the log of where the record lies
    if found is None or not found.disclosed or response.status_code >= 400:
        return response
    here = context()
    try:
        here.database.write(lambda session: auditing.note_disclosed(session, found, found.disclosed, here.now_ms()))
    except Busy:
        return problem_response(Problem("busy"))  # what cannot be written down is not shown
    return response


def look_up(key: str) -> Sender:
    """Whose OpenRosa client this is, as the database says now."""
    openrosa_signing.forget(key)  # who is refused here is not remembered
    found = openrosa_signing.sender_of(key, refuse_client, brings_only=True)
    secret = secret_used()
    if secret is not None:
        openrosa_signing.addresses().remember(secret, found.device)
    return found


def secret_used() -> bytes | None:
    """The digest of the secret by which the present request hands in (`key_up`); None where the client signs."""
    found: bytes | None = g.secret
    return found


def sender() -> Sender:
    """The device that calls."""
    found: Sender = g.sender
    return found


def reader() -> Reader:
    """The device or person that reads."""
    found: Reader = g.reader
    return found


def caller_address() -> str:
    """Where the request comes from, for counting only."""
    return request.remote_addr or ""


def bearer_token() -> str:
    """The token of the request, or an empty text."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def counted(problem: Problem | None) -> None:
    """Refuse where somebody tried too often."""
    if problem is not None:
        raise Refused(problem, retry_after=int(problem.detail.get("seconds", "0")) or None)


def _sender(token: str) -> Sender:
    with context().database.read_in_turn() as session:
        found = find_sender(session, token)
    if found is None:
        _refuse_unknown()
    assert found is not None
    return found


def _reader() -> Reader:
    here, token = context(), bearer_token()
    with here.database.read() as session:
        found = readers.find_reader(session, token, here.now_ms())
    if found is None:
        _refuse_unknown()
    assert found is not None
    _count(f"calls {auditing.by(found)}", rates.OF_CALLS)
    if not found.is_seen(here.now_ms()):
        here.database.write(lambda session: person_sessions.touch(session, found, here.now_ms()))
    return found


def refuse_client() -> None:
    """An OpenRosa client asks for a name and a password at 401: only where it can answer with one."""
    _refuse_unknown("unknown_token" if openrosa_signing.challenges() else "unknown_address")


def _refuse_unknown(code: str = "unknown_token") -> None:
    _count(f"unknown {caller_address()}", rates.OF_UNKNOWN_TOKENS)
    raise Refused(Problem(code))


def _count(caller: str, limit: rates.Limit) -> None:
    """Count a call in this process, and now and then in the database, where all processes see the sum."""
    here = context()
    calls: Calls = current_app.extensions[CALLS]
    now_ms = here.now_ms()
    weight = calls.due(caller, now_ms)
    if weight:
        problem = here.database.write(lambda session: rates.count(session, [(limit, caller)], now_ms, weight))
        if problem is not None:
            calls.hold(caller, now_ms + int(problem.detail["seconds"]) * 1000)
    wait_ms = calls.wait_ms(caller, now_ms)
    if wait_ms > 0:
        raise Refused(Problem("too_many_requests"), retry_after=wait_ms // 1000 + 1)
