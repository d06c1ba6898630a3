"""Tokens for one's own scripts: made, shown once, ended."""

from flask import Response, url_for

from fieldsync.core.problems import Problem
from fieldsync.routes.context import context
from fieldsync.routes.pages import fields, shell, words
from fieldsync.routes.pages.account import refuse
from fieldsync.routes.pages.guard import SIGNED_IN, page_access, reader
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.speech import _, _l
from fieldsync.services import auditing, tokens

NAME_MAX = 60
DAYS = {"7": _l("a week"), "30": _l("a month"), "90": _l("three months"), "365": _l("a year")}


@blueprint.get("/account/tokens/new")
@page_access(SIGNED_IN, fresh=True)
def make_token() -> Response:
    """The form."""
    return _form({}, 200)


@blueprint.post("/account/tokens/new")
@page_access(SIGNED_IN, fresh=True)
def take_token() -> Response:
    """A token, shown this once."""
    here, who, name = context(), reader(), fields.text("name", NAME_MAX)
    wanted, days = fields.several("scopes", list(words.PERMISSIONS)), fields.one_of("days", list(DAYS))
    if not name or not wanted or not days:
        errors = {
            "name": "" if name else _("Name the script."),
            "scopes": "" if wanted else _("Tick at least one thing that it may do."),
            "days": "" if days else _("Choose how long it is good."),
        }
        return _form({field: text for field, text in errors.items() if text}, 422)
    made = here.database.write(
        lambda session: tokens.make(session, who, name, wanted, int(days), here.now_ms(), here.draw)
    )
    if isinstance(made, Problem):
        return _form(shell.said(made), shell.status_of(made))
    told, token = made
    return shell.page(
        "shown_once.html",
        heading=_("New token"),
        sub="",
        advice=_("Put it where only the script reads it, never into an address or a message."),
        label=_("The token"),
        shown=token,
        expires_ms=told["expires_ms"],
        onward=url_for("pages.account"),
    )


@blueprint.post("/account/tokens/<which>/end")
@page_access(SIGNED_IN)
def end_token(which: str) -> Response:
    """Make one worthless."""
    here, who = context(), reader()
    person = who.person
    assert person is not None
    by = auditing.by(who)
    refuse(here.database.write(lambda session: tokens.end(session, by, person, which, here.now_ms())))
    return shell.onward("pages.account", "token_ended")


def _form(errors: dict[str, str], status: int) -> Response:
    offered = tokens.offered(reader())
    return shell.page(
        "token_new.html",
        status,
        name=fields.text("name", NAME_MAX),
        scopes=[(code, label) for code, label in words.PERMISSIONS.items() if code in offered],
        chosen=fields.several("scopes", list(words.PERMISSIONS)),
        days=list(DAYS.items()),
        chosen_days=fields.one_of("days", list(DAYS)) or "30",
        errors=errors,
    )
