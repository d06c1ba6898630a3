"""What every page has: its frame, its headers, what it tells of the last deed, and where a form leads."""

import re
from typing import Any

from flask import Response, g, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l

from fieldsync import __version__
from fieldsync.core.messages import LANGUAGES
from fieldsync.routes.pages import assets, cookies, language

POLICY = "; ".join(
    (
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "img", "font", "connect", "manifest")),
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types default fieldsync-parsing",
    )
)
"""Nothing inline, nothing foreign. `default` sanitises what htmx puts into a page (static/trusted.js)."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
}

HSTS = "max-age=31536000"

OWN_PATH = re.compile(r"/(?!/)[a-z0-9/_-]{0,200}(\?[a-z0-9_=&.-]{0,200})?", re.IGNORECASE)
"""Where somebody may be sent on: a path of ours, never another host."""

NOTICES = {
    "signed_out": _l("Signed out."),
    "saved": _l("Saved."),
}
"""What a deed tells on the next page. The cookie carries the name only."""


def page(template: str, status: int = 200, **values: Any) -> Response:
    """A page in the reader's language."""
    notice = cookies.read(cookies.NOTICE)
    content = render_template(
        template,
        language=language.chosen(),
        direction=language.DIRECTIONS[language.chosen()],
        languages=language.NAMES,
        short_languages=language.SHORT_NAMES,
        notice=NOTICES.get(notice, ""),
        version=__version__,
        **values,
    )
    response = dressed(Response(content, status, mimetype="text/html"))
    if notice:
        cookies.drop(response, cookies.NOTICE)
    return response


def dressed(response: Response) -> Response:
    """An answer with what all pages share: headers, the language remembered, the visit's number."""
    response.headers.update(HEADERS)
    if cookies.over_https():
        response.headers["Strict-Transport-Security"] = HSTS
    response.headers["Content-Language"] = language.chosen()
    response.headers["Vary"] = "Accept-Language, Cookie"
    asked = request.args.get("lang", "")
    if asked in LANGUAGES:
        cookies.put(response, language.COOKIE, asked, language.COOKIE_SECONDS)
    cookies.keep_visit(response)
    return response


def onward(endpoint: str, notice: str = "", **values: Any) -> Response:
    """After a form: the next page, by GET, where the deed is told."""
    return onward_to(url_for(endpoint, **values), notice)


def onward_to(path: str, notice: str = "") -> Response:
    """After a form: the page at a path of ours."""
    response: Response = dressed(redirect(path, 303))  # type: ignore[arg-type]
    if notice:
        assert notice in NOTICES, notice
        cookies.put(response, cookies.NOTICE, notice, cookies.NOTICE_SECONDS)
    return response


def own_path(text: str) -> str:
    """A path of ours that somebody named, or the home page."""
    return text if OWN_PATH.fullmatch(text) else "/"


def present_path() -> str:
    """This page's own path: where a language link and a sign-in lead back to."""
    found: str = g.get("page_path") or request.path
    return found


def names_of_templates() -> dict[str, Any]:
    """What every template may call."""
    return {"asset": assets.address, "form_token": cookies.form_token, "present_path": present_path}
