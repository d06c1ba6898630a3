"""Links that let somebody choose a passphrase: invitations and resets; and asking for a reset."""

from flask import Response, url_for

from fieldsync.core.passphrases import LENGTH_MIN
from fieldsync.core.problems import Problem
from fieldsync.routes.context import context
from fieldsync.routes.pages import agents, cookies, fields, labels, shell
from fieldsync.routes.pages.guard import PUBLIC, page_access
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.sign_in import address, let_in
from fieldsync.routes.pages.speech import _
from fieldsync.services import invitations

LINK_MAX = 400
"""Characters of a link that somebody pastes."""


@blueprint.get("/welcome")
@page_access(PUBLIC)
def set_passphrase() -> Response:
    """What the link is for, and the form.

    What a link carries stands after `#`, where it reaches no log: static/page.js hands it over, or people paste it.
    """
    if not cookies.read(cookies.LINK):
        return shell.page("link.html", errors={})
    return _choosing({}, 200)


@blueprint.post("/welcome/link")
@page_access(PUBLIC)
def open_link() -> Response:
    """Take what the link carries; the whole address may be pasted, too."""
    response = shell.onward("pages.set_passphrase")
    cookies.put(response, cookies.LINK, fields.text("link", LINK_MAX).rpartition("#")[2], cookies.LINK_SECONDS)
    return response


@blueprint.post("/welcome")
@page_access(PUBLIC)
def take_passphrase() -> Response:
    """The passphrase; whoever chose it is signed in."""
    wanted = fields.secret("passphrase")
    if wanted != fields.secret("again"):
        return _choosing({"again": _("The two are not the same. Type the passphrase twice.")}, 422)
    here = context()
    outcome = invitations.accept(
        here.database, cookies.read(cookies.LINK), wanted, address(), agents.family(), here.now_ms(), here.draw
    )
    if isinstance(outcome, Problem):
        return _choosing(shell.said(outcome, "passphrase"), shell.status_of(outcome))
    return let_in(outcome, url_for("pages.home"))


@blueprint.get("/forgotten")
@page_access(PUBLIC)
def ask_reset() -> Response:
    """The form."""
    return shell.page("reset_ask.html", asked=False, errors={})


@blueprint.post("/forgotten")
@page_access(PUBLIC)
def take_reset() -> Response:
    """The same answer whoever asks."""
    here = context()
    problem = invitations.ask_reset(here.database, fields.text("email"), address(), here.now_ms())
    if problem is not None:
        return shell.page("reset_ask.html", shell.status_of(problem), asked=False, errors=shell.said(problem))
    return shell.page("reset_ask.html", asked=True, errors={})


def _choosing(errors: dict[str, str], status: int) -> Response:
    here, token = context(), cookies.read(cookies.LINK)
    found = invitations.look(here.database, token, address(), here.now_ms())
    if isinstance(found, Problem):
        response = shell.page("link.html", shell.status_of(found), errors=shell.said(found))
        cookies.drop(response, cookies.LINK)
        return response
    with here.database.read() as session:
        association = labels.association_of_slug(session, found["association"])
        roles = [labels.role(session, code) for code in found["roles"]]
    return shell.page(
        "set_passphrase.html",
        status,
        purpose=found["purpose"],
        email=found["email"],
        association=association,
        roles=roles,
        passphrase_hint=_("At least %(count)s characters; four or five words that do not belong together do well.",
                          count=LENGTH_MIN),
        errors=errors,
    )  # fmt: skip
