"""The second step: switching it on with an authenticator app, its recovery codes, switching it off."""

from flask import Response

from fieldsync.core.problems import Problem
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import fields, pictures, shell
from fieldsync.routes.pages.account import refuse
from fieldsync.routes.pages.guard import SIGNED_IN, page_access, reader
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.speech import _
from fieldsync.services import second_factor
from fieldsync.services.second_factor import Begun


@blueprint.get("/account/second-step")
@page_access(SIGNED_IN, unenrolled=True)
def add_second_factor() -> Response:
    """What it is for; or, once begun, the picture and the form."""
    return _adding({}, 200)


@blueprint.post("/account/second-step/begin")
@page_access(SIGNED_IN, unenrolled=True, fresh=True)
def begin_second_factor() -> Response:
    """Draw a secret for the app."""
    here, who = context(), reader()
    begun = here.database.write(lambda session: second_factor.begin(session, who, here.draw, here.now_ms()))
    refuse(begun if isinstance(begun, Problem) else None)
    return shell.onward("pages.add_second_factor")


@blueprint.get("/account/second-step/picture.svg")
@page_access(SIGNED_IN, unenrolled=True)
def second_factor_picture() -> Response:
    """The QR code that the app scans."""
    begun = _pending()
    if begun is None:
        raise Refused(Problem("not_found"))
    return shell.dressed(pictures.qr(begun.uri))


@blueprint.post("/account/second-step")
@page_access(SIGNED_IN, unenrolled=True, fresh=True)
def take_second_factor() -> Response:
    """The app's first code; the recovery codes are shown this once."""
    here, who, code = context(), reader(), fields.text("code")
    outcome = here.database.write(lambda session: second_factor.confirm(session, who, code, here.draw, here.now_ms()))
    if isinstance(outcome, Problem):
        return _adding(shell.said(outcome, "code"), shell.status_of(outcome))
    return shell.page("recovery_codes.html", codes=outcome)


@blueprint.get("/account/recovery-codes")
@page_access(SIGNED_IN, fresh=True)
def renew_recovery_codes() -> Response:
    """Whether the old ones shall be worthless."""
    return shell.deed(
        question=_("New recovery codes?"),
        consequence=_("The codes that you have kept so far open nothing any more. The new ones are shown once."),
        back="pages.account",
        keep=_("Keep the old ones"),
        deed=_("Make new codes"),
    )


@blueprint.post("/account/recovery-codes")
@page_access(SIGNED_IN, fresh=True)
def take_recovery_codes() -> Response:
    """New codes, shown this once."""
    here, who = context(), reader()
    outcome = here.database.write(lambda session: second_factor.renew_codes(session, who, here.draw, here.now_ms()))
    if isinstance(outcome, Problem):
        raise Refused(outcome)
    return shell.page("recovery_codes.html", codes=outcome)


@blueprint.get("/account/second-step/off")
@page_access(SIGNED_IN, fresh=True)
def remove_second_factor() -> Response:
    """Whether to do without."""
    return shell.deed(
        question=_("Switch off the second step?"),
        consequence=_("Then the passphrase alone opens your account."),
        back="pages.account",
        keep=_("Leave it on"),
        deed=_("Switch off"),
    )


@blueprint.post("/account/second-step/off")
@page_access(SIGNED_IN, fresh=True)
def take_removal() -> Response:
    """Do without."""
    here, who = context(), reader()
    refuse(here.database.write(lambda session: second_factor.remove(session, who, here.now_ms())))
    return shell.onward("pages.account", "second_factor_off")


def _adding(errors: dict[str, str], status: int) -> Response:
    begun, who = _pending(), reader()
    if who.has_second_factor:
        return shell.onward("pages.account")
    secret = " ".join(begun.secret[at : at + 4] for at in range(0, len(begun.secret), 4)) if begun else ""
    return shell.page("second_factor_add.html", status, secret=secret, compulsory=who.must_enrol, errors=errors)


def _pending() -> Begun | None:
    here, who = context(), reader()
    with here.database.read() as session:
        return second_factor.pending(session, who, here.now_ms())
