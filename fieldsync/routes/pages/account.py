"""One's own account: where one is signed in, the passphrase, where one works."""

from typing import Any

from flask import Response

from fieldsync.core.passphrases import LENGTH_MIN
from fieldsync.core.problems import Problem
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import fields, labels, shell, words
from fieldsync.routes.pages.guard import SIGNED_IN, page_access, reader
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.sign_in import address
from fieldsync.routes.pages.speech import _
from fieldsync.services import person_sessions, second_factor, tokens
from fieldsync.services.readers import Reader


@blueprint.get("/account")
@page_access(SIGNED_IN)
def account() -> Response:
    """Who one is, where one is signed in, which scripts act in one's name."""
    here, who = context(), reader()
    assert who.person is not None
    person = who.person
    with here.database.read() as session:
        choices = person_sessions.choices(session, who)
        values: dict[str, Any] = {
            "me": {
                "email": person.email,
                "second_factor": who.has_second_factor,
                "recovery_codes": second_factor.codes_left(session, who),
                "may_make_tokens": bool(tokens.offered(who)),
            },
            "grants": grants_shown(session, who),
            "associations": [(each["association"], labels.association(each["association"], each["name"]).text)
                             for each in choices],
            "present_association": next((each["association"] for each in choices if each["present"]), ""),
            "sessions": [_session(each) for each in person_sessions.listed(session, who, here.now_ms())],
            "tokens": [_token(each, here.now_ms()) for each in tokens.listed(session, person, here.now_ms())],
        }  # fmt: skip
    return shell.page("account.html", **values)


@blueprint.post("/account/association")
@page_access(SIGNED_IN)
def choose_association() -> Response:
    """Work in another association from now on."""
    here, who, slug = context(), reader(), fields.text("association")
    refuse(here.database.write(lambda session: person_sessions.choose(session, who, slug)))
    return shell.onward("pages.home", "association_chosen")


@blueprint.post("/account/sessions/<session>/end")
@page_access(SIGNED_IN)
def end_session(session: str) -> Response:
    """End one of one's own sessions."""
    here, who = context(), reader()
    refuse(here.database.write(lambda on: person_sessions.end(on, who, session, here.now_ms())))
    return shell.onward("pages.account", "session_ended")


@blueprint.post("/account/sessions/end-others")
@page_access(SIGNED_IN)
def end_other_sessions() -> Response:
    """End all but the present one."""
    here, who = context(), reader()
    here.database.write(lambda session: person_sessions.end_others(session, who, here.now_ms()))
    return shell.onward("pages.account", "sessions_ended")


@blueprint.get("/account/passphrase")
@page_access(SIGNED_IN)
def passphrase() -> Response:
    """The form for another passphrase."""
    return _passphrase({}, 200)


@blueprint.post("/account/passphrase")
@page_access(SIGNED_IN)
def take_new_passphrase() -> Response:
    """Another passphrase; everybody else who used the old one is out."""
    here, who = context(), reader()
    present, wanted = fields.secret("present"), fields.secret("passphrase")
    if wanted != fields.secret("again"):
        return _passphrase({"again": _("The two are not the same. Type the passphrase twice.")}, 422)
    problem = person_sessions.change_passphrase(here.database, who, present, wanted, address(), here.now_ms())
    if problem is not None:
        field = "present" if problem.code == "wrong_login" else "passphrase"
        text = {field: _("This is not your present passphrase.")} if field == "present" else shell.said(problem, field)
        return _passphrase(text, shell.status_of(problem))
    return shell.onward("pages.account", "passphrase_changed")


def grants_shown(session: Any, who: Reader) -> list[dict[str, Any]]:
    """What somebody may do, and where."""
    named = labels.associations_by_id(session)
    return [
        {
            "role": labels.role_name(grant.role),
            "association": named.get(grant.association_id) if grant.association_id is not None else None,
            "places": [labels.place(code) for code in grant.places],
            "waiting": False,
        }
        for grant in who.grants
    ]


def refuse(problem: Problem | None) -> None:
    """Refuse with a page of its own, if there is anything to refuse."""
    if problem is not None:
        raise Refused(problem)


def _passphrase(errors: dict[str, str], status: int) -> Response:
    who = reader()
    assert who.person is not None
    hint = _("At least %(count)s characters; four or five words that do not belong together do well.", count=LENGTH_MIN)
    return shell.page("passphrase.html", status, email=who.person.email, passphrase_hint=hint, errors=errors)


def _session(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "what": told["agent"] or _("Unknown program")}


def _token(told: dict[str, Any], now_ms: int) -> dict[str, Any]:
    return {
        **told,
        "scopes": [words.PERMISSIONS[each] for each in told["permissions"] if each in words.PERMISSIONS],
        "expired": told["expires_ms"] <= now_ms,
    }
