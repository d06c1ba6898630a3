"""Refusals and faults as pages: what happened, and what to do next."""

from flask import Response, g, request

from fieldsync.core.problems import Problem, render
from fieldsync.routes.pages import language, shell
from fieldsync.routes.pages.speech import _

SYMBOLS = {403: "lock", 404: "search", 413: "warn", 429: "clock", 500: "warn", 503: "hourglass"}
NOT_PAGES = ("/api/", "/openrosa/", "/static/", "/health")


def wants_page() -> bool:
    """Whether whoever sent the present request reads pages: a browser, outside the addresses of programs."""
    if request.path.startswith(NOT_PAGES):
        return False
    return request.blueprint == "pages" or "text/html" in request.headers.get("Accept", "")


def fault(problem: Problem, status: int | None = None) -> Response:
    """The page of a refusal. It quotes nothing of the request, not even its address."""
    code = status or shell.status_of(problem)
    is_worth_it = code in (429, 503) and request.method == "GET"
    return shell.page(
        "fault.html",
        code,
        heading=_heading(code),
        symbol=SYMBOLS.get(code, "warn"),
        text=render(problem, language.chosen()),
        advice=_advice(code),
        retry=shell.own_path(request.path) if is_worth_it else "",
        **_nobody(),
    )


def _nobody() -> dict[str, object]:
    """Without the frame of whoever is signed in, where her session could not be read."""
    return {} if "reader" in g else {"who": None, "navigation": []}


def _heading(code: int) -> str:
    known = {
        403: _("This is not open to you"),
        404: _("There is nothing here"),
        413: _("Too large"),
        429: _("Too often"),
        503: _("The server is busy"),
    }
    return known.get(code) or (_("Something went wrong") if code >= 500 else _("This did not work"))


def _advice(code: int) -> str:
    known = {
        403: _("If you need it for your work, ask whoever gives roles in your association."),
        404: _("The address may be old or mistyped, or what stood here is not yours to see."),
        429: _("Wait a quarter of an hour; nothing was lost."),
        503: _("Try again in some seconds; nothing was lost."),
    }
    return known.get(code, "")
