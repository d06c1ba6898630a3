"""Coming in and going out: the passphrase, the second step, proving again who one is."""

from flask import Response, request, url_for

from fieldsync.core.access import ACT_ON_RECORDS
from fieldsync.core.problems import Problem
from fieldsync.routes.context import context
from fieldsync.routes.pages import agents, cookies, fields, shell
from fieldsync.routes.pages.guard import PUBLIC, SIGNED_IN, page_access, reader, whoever
from fieldsync.routes.pages.shell import blueprint
from fieldsync.services import readers, signing
from fieldsync.services.signing import Attempt, HalfWay, SignedIn


def let_in(outcome: SignedIn | HalfWay, path: str) -> Response:
    """Give the browser its session, or its ticket for the second step."""
    if isinstance(outcome, HalfWay):
        response = shell.onward_to(url_for("pages.second_step", next=path))
        cookies.put(response, cookies.TICKET, outcome.ticket, cookies.TICKET_SECONDS)
        return response
    response = shell.onward_to(path if path != "/" else _first_page(outcome.token))
    cookies.put(response, cookies.SESSION, outcome.token)
    for left in (cookies.TICKET, cookies.VISIT, cookies.LINK):
        cookies.drop(response, left)
    return response


def _first_page(token: str) -> str:
    """Where somebody begins: at what waits for her, where she decides about records."""
    here = context()
    with here.database.read() as session:
        who = readers.find_by_session(session, token, here.now_ms())
    return url_for("pages.inbox") if who is not None and who.may(ACT_ON_RECORDS) else "/"


def address() -> str:
    """Where a request comes from, for the counts of tries."""
    return request.remote_addr or ""


def asked_next() -> str:
    """The page that somebody wanted before she had to come here."""
    return shell.own_path(request.args.get("next", ""))


@blueprint.get("/sign-in")
@page_access(PUBLIC)
def sign_in() -> Response:
    """The form; whoever is signed in already goes on."""
    if whoever() is not None:
        return shell.onward_to(asked_next())
    return shell.page("sign_in.html", next=asked_next(), email="", errors={})


@blueprint.post("/sign-in")
@page_access(PUBLIC)
def take_sign_in() -> Response:
    """A try."""
    here, email = context(), fields.text("email")
    attempt = Attempt(email, fields.secret("passphrase"), address(), agents.family())
    outcome = signing.sign_in(here.database, attempt, here.now_ms(), here.draw)
    if isinstance(outcome, Problem):
        errors = shell.said(outcome)
        return shell.page("sign_in.html", shell.status_of(outcome), next=asked_next(), email=email, errors=errors)
    return let_in(outcome, asked_next())


@blueprint.get("/sign-in/second-step")
@page_access(PUBLIC)
def second_step() -> Response:
    """The form for the code; without a ticket one begins anew."""
    if not cookies.read(cookies.TICKET):
        return shell.onward("pages.sign_in", next=asked_next())
    return shell.page("second_factor.html", errors={})


@blueprint.post("/sign-in/second-step")
@page_access(PUBLIC)
def take_second_step() -> Response:
    """A code of the authenticator app, or a recovery code."""
    here = context()
    ticket, code = cookies.read(cookies.TICKET), fields.text("code")
    outcome = signing.finish(here.database, ticket, code, address(), here.now_ms(), here.draw)
    if isinstance(outcome, Problem):
        return shell.page("second_factor.html", shell.status_of(outcome), errors=shell.said(outcome))
    return let_in(outcome, asked_next())


@blueprint.post("/sign-out")
@page_access(SIGNED_IN, unenrolled=True)
def sign_out() -> Response:
    """The session ends, here and on the server."""
    here, who = context(), reader()
    here.database.write(lambda session: signing.sign_out(session, who, here.now_ms()))
    response = shell.onward("pages.sign_in", "signed_out")
    cookies.drop(response, cookies.SESSION)
    return response


@blueprint.get("/confirm")
@page_access(SIGNED_IN, unenrolled=True)
def confirm() -> Response:
    """Ask again for the passphrase, before a dangerous act."""
    return _confirming({}, 200)


@blueprint.post("/confirm")
@page_access(SIGNED_IN, unenrolled=True)
def take_confirmation() -> Response:
    """The proof; the session goes on under a new token."""
    here, who = context(), reader()
    outcome = signing.confirm(
        here.database, who, fields.secret("passphrase"), fields.text("code"), address(), here.now_ms(), here.draw
    )
    if isinstance(outcome, Problem):
        return _confirming(shell.said(outcome), shell.status_of(outcome))
    return let_in(outcome, asked_next())


def _confirming(errors: dict[str, str], status: int) -> Response:
    return shell.page(
        "confirm.html", status, next=asked_next(), back="/", second_factor=reader().has_second_factor, errors=errors
    )
