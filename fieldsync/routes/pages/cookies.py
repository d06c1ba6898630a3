"""The cookies of the pages: who is signed in, which form was ours, what to tell on the next page."""

import hashlib
import hmac
from urllib.parse import urlsplit

from flask import Response, current_app, g, request

from fieldsync.core.problems import Problem
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.store import server

SESSION = "fieldsync-session"
VISIT = "fieldsync-visit"
"""A random number for forms that are filled before anybody is signed in: sign-in, invitation, reset."""
VISIT_BYTES = 16
NOTICE = "fieldsync-notice"
NOTICE_SECONDS = 60

TICKET = "fieldsync-ticket"
TICKET_SECONDS = 300
"""What the passphrase was right for, while the second step is owed."""
LINK = "fieldsync-link"
LINK_SECONDS = 3600
"""What an invitation or a reset carried: it leaves the address at once, and so the browser's history."""
CODE = "fieldsync-code"
"""An enrolment code in the browser that made it, for as long as it is good."""

COLLECT = "fieldsync-collect"
COLLECT_SECONDS = 900
"""A phone's new secret for ODK Collect, in the browser that asked for it."""

FORM_TOKEN = "form_token"
"""The name of the hidden field that shows that a form came from our own page."""

KEY = "fieldsync-form-key"
SAME_ORIGIN = ("same-origin", "none")


def over_https() -> bool:
    """Whether people reach this server by https, as its public address says."""
    return context().settings.public_url.startswith("https://")


def named(name: str) -> str:
    """A cookie's full name: over https a browser then accepts it from nowhere but this very host."""
    return f"__Host-{name}" if over_https() else name


def read(name: str) -> str:
    """A cookie's value, or an empty text."""
    return request.cookies.get(named(name), "")


def put(response: Response, name: str, value: str, seconds: int | None = None) -> None:
    """Set a cookie that no script and no other site gets to see; without `seconds` it ends with the browser."""
    response.set_cookie(
        named(name), value, max_age=seconds, secure=over_https(), httponly=True, samesite="Lax", path="/"
    )


def drop(response: Response, name: str) -> None:
    """Take a cookie back."""
    response.delete_cookie(named(name), secure=over_https(), httponly=True, samesite="Lax", path="/")


def visit() -> str:
    """The random number of a browser in which nobody is signed in; drawn where there is none."""
    if "visit" not in g:
        g.visit = read(VISIT) or context().draw(VISIT_BYTES).hex()
    found: str = g.visit
    return found


def keep_visit(response: Response) -> None:
    """Give the browser its number, where a form of this page needs it."""
    if "visit" in g and read(VISIT) != g.visit:
        put(response, VISIT, g.visit)


def form_token() -> str:
    """What a form on this page must carry: bound to the session, or to the visit before there is one."""
    return _bound(read(SESSION) or visit())


def check_form() -> None:
    """Refuse what did not come from a form of our own page."""
    base = read(SESSION) or read(VISIT)
    is_ours = bool(base) and hmac.compare_digest(request.form.get(FORM_TOKEN, "").encode(), _bound(base).encode())
    if not is_ours or not _comes_from_here():
        raise Refused(Problem("form_not_ours"))


def _comes_from_here() -> bool:
    """Whether the browser says that a page of this server sent the form; very old ones say nothing."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        return site in SAME_ORIGIN
    return origin is None or urlsplit(origin).netloc in (request.host, urlsplit(context().settings.public_url).netloc)


def _bound(base: str) -> str:
    return hmac.new(_key(), f"form {base}".encode(), hashlib.sha256).hexdigest()[:32]


def _key() -> bytes:
    key: bytes | None = current_app.extensions.get(KEY)
    if key is None:
        with context().database.read() as session:
            known = server.identity(session)
        assert known is not None
        key = current_app.extensions[KEY] = known.secret
    return key
