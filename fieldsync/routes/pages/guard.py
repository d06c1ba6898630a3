"""Who may see a page: every view says so once, as `access` does for the API; a session's cookie is the proof."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, TypeVar

from flask import Response, g, request, url_for

from fieldsync.core.access import READ_HISTORY
from fieldsync.core.problems import Problem
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import cookies, shell
from fieldsync.routes.pages.addresses import record_uuid
from fieldsync.services import desk_lists, person_sessions, readers, reading
from fieldsync.services.readers import Reader

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC, SIGNED_IN = "public", "signed_in"

SAFE = ("GET", "HEAD", "OPTIONS")


def page_access(need: str, *, fresh: bool = False, unenrolled: bool = False) -> Callable[[View], View]:
    """Declare who may call a page: `public`, `signed_in`, or whoever has a permission.

    `fresh`: she has proved who she is within minutes. `unenrolled`: also before a compulsory second factor is set.
    """

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if any("\0" in value for value in kwargs.values() if isinstance(value, str)):
                raise Refused(Problem("not_found"))
            g.reader = _reader()
            g.at_work = _at_work(g.reader, kwargs)
            sent_away = None if need == PUBLIC else _sent_away(need, fresh, unenrolled)
            if sent_away is not None:
                return sent_away
            if request.method not in SAFE:
                cookies.check_form()
            return view(*args, **kwargs)

        guarded.fieldsync_access = "public" if need == PUBLIC else "session"  # type: ignore[attr-defined]
        guarded.fieldsync_permission = None if need in (PUBLIC, SIGNED_IN) else need  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return declare


def reader() -> Reader:
    """Who is signed in, at work where the record lies that the address names (`whoever`: where she chose to work)."""
    found: Reader = g.at_work
    return found


def whoever() -> Reader | None:
    """Who is signed in, or nobody."""
    found: Reader | None = g.get("reader")
    return found


def _reader() -> Reader | None:
    token, here = cookies.read(cookies.SESSION), context()
    if not token:
        return None
    with here.database.read() as session:
        found = readers.find_by_session(session, token, here.now_ms())
    if found is not None and not found.is_seen(here.now_ms()):
        here.database.write(lambda session: person_sessions.touch(session, found, here.now_ms()))
    return found


def _at_work(who: Reader | None, named: dict[str, str]) -> Reader | None:
    """The reader at work where that lies which the address names: a record, or something quarantined."""
    of, record, ticket = named.get("form") or named.get("list"), named.get("record"), named.get("quarantined")
    if who is None or not (ticket or (of and record)):
        return who
    with context().database.read() as session:
        if ticket:
            find = partial(desk_lists.find_quarantined, session, ticket=ticket, permission=READ_HISTORY)
            return readers.where(session, who, lambda place: place.may(READ_HISTORY) and find(place) is not None)
        kind, uuid = "submission" if "form" in named else "entity", record_uuid(record or "")
        return readers.where(session, who, lambda place: bool(reading.find(session, place, uuid, kind, of)))


def _sent_away(need: str, fresh: bool, unenrolled: bool) -> Response | None:
    """Where somebody must go first; a permission that is missing is refused whatever the address names."""
    who = whoever()
    back = request.full_path.rstrip("?") if request.method in SAFE else shell.present_path()
    if who is None:
        return shell.onward_to(url_for("pages.sign_in", next=shell.own_path(back)))
    if who.must_enrol and not unenrolled:
        return shell.onward_to(url_for("pages.add_second_factor"))
    if need != SIGNED_IN and not reader().may(need):
        raise Refused(Problem("forbidden"))
    if fresh and not who.is_fresh(context().now_ms()):
        return shell.onward_to(url_for("pages.confirm", next=shell.own_path(back)))
    return None
