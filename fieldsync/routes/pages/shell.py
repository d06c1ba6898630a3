"""What every page has: its frame, its headers, what it tells of the last deed, and where a form leads."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from fieldsync import __version__
from fieldsync.config import program_folder
from fieldsync.core.messages import LANGUAGES
from fieldsync.core.problems import Problem, http_status, render
from fieldsync.core.short_codes import short_code
from fieldsync.routes.context import context
from fieldsync.routes.pages import assets, cookies, labels, language
from fieldsync.routes.pages.speech import _l
from fieldsync.services.answering import public_url

blueprint = Blueprint("pages", __name__, template_folder=str(program_folder("web") / "templates"))

APP = "/app"
"""Below it lies the phones' web app, whose libraries compile WebAssembly; nothing else may."""


def policy(path: str, images: str = "") -> str:
    """What a page at a path may load: nothing inline, and nothing foreign but `images`, the origin of a map's tiles.

    `default` sanitises what htmx puts into a page (static/trusted.js).
    """
    is_app = path == APP or path.startswith(f"{APP}/")
    parts = (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'" if is_app else "script-src 'self'",
        *(f"{kind}-src 'self'" for kind in ("style", "font", "connect", "manifest")),
        f"img-src 'self' {images}".rstrip(),
        *(["worker-src 'self'"] if is_app else []),
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types default fieldsync-parsing",
    )
    return "; ".join(parts)


HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
}

HSTS = "max-age=31536000"

OWN_PATH = re.compile(r"/(?!/)[a-z0-9/_-]{0,200}(\?[a-z0-9_=&.-]{0,200})?", re.IGNORECASE)
"""Where somebody may be sent on: a path of ours, never another host."""

NOTICES = {
    "signed_out": _l("Signed out."),
    "association_chosen": _l("You work in this association now."),
    "session_ended": _l("The session has ended."),
    "sessions_ended": _l("All other sessions have ended."),
    "passphrase_changed": _l("The new passphrase holds."),
    "second_factor_off": _l("The second step is off."),
    "person_factor_off": _l("The second step is taken away."),
    "token_ended": _l("The token is worthless now."),
    "role_given": _l("The role is given."),
    "role_proposed": _l("The role waits for a second person."),
    "role_confirmed": _l("The role is confirmed."),
    "role_withdrawn": _l("The role is withdrawn."),
    "person_disabled": _l("The account is closed."),
    "person_enabled": _l("The account is open again."),
    "collect_ready": _l("The address for ODK Collect is new; the one before no longer works."),
    "device_renamed": _l("The phone has its new name."),
    "device_moved": _l("The phone is moved; it learns of it at its next sync."),
    "device_revoked": _l("The phone is revoked."),
    "flag_dismissed": _l("The flag is dismissed."),
    "flag_put_back": _l("The flag stands again."),
    "thresholds_changed": _l("These thresholds hold now."),
    "offer_ended": _l("The code is taken back."),
    "quarantine_release": _l("Released; it counts now."),
    "quarantine_reject": _l("Laid aside; it stays on file."),
    "quarantine_corrected": _l("Released and corrected; both stay in the history."),
    "held_released": _l("Released; it waits no longer."),
    "conflict_settled": _l("Settled; the other values stay in the history."),
    "pair_same": _l("Noted as the same; figures follow, and it can be taken back."),
    "pair_different": _l("Noted as not the same; it stays so until something new is known."),
    "pair_unsure": _l("Laid aside; it comes back when something new is known."),
    "pair_asked": _l("Laid aside and asked; phones show the question after their next sync."),
    "pair_open": _l("Taken back; the pair waits again."),
    "step_open": _l("Taken back as one; all of these pairs wait again."),
    "unmerged": _l("The merge is undone."),
    "merging_itself_on": _l("Merging by itself is on; look at the sample from time to time."),
    "merging_itself_off": _l("Merging by itself is off."),
    "merge_confirmed": _l("Noted: this merge is right."),
    "merges_undone": _l("These merges are taken back; the pairs wait again."),
    "partner_allowed": _l("Allowed. Lists are compared once the other association allows it too."),
    "partner_ended": _l("Ended: the pairs of the two associations are gone."),
    "two_people_due": _l("Merges of this list now need two people."),
    "one_person_due": _l("One person now decides merges of this list."),
    "record_deleted": _l("Deleted; it can be brought back."),
    "record_back": _l("It is back."),
    "left_deleted": _l("Deleted too; each can be brought back on its page."),
    "conflict_again": _l("Settled as you saw it; somebody wrote meanwhile, look again."),
    "export_asked": _l("The export is under way."),
    "export_ended": _l("The export is taken back."),
    "record_approved": _l("Approved."),
    "record_sent_back": _l("Sent back; the phone shows why after its next sync."),
    "record_rejected": _l("Rejected."),
    "record_corrected": _l("The answers are changed; what stood there stays in the history."),
    "nothing_corrected": _l("Nothing differs; nothing was written."),
    "commented": _l("Said; the phone shows it after its next sync."),
    "form_published": _l("The version is published; phones get it at their next sync."),
    "form_known": _l("This version was published before; nothing changed."),
    "form_retired": _l("The version is retired; phones offer it no longer after their next sync."),
    "form_reopened": _l("The version is in use again."),
    "upload_dropped": _l("The upload is thrown away; nothing was published."),
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


def deed(
    *,
    question: str,
    consequence: str,
    back: str,
    keep: str,
    deed: str,
    about: str = "",
    options: Sequence[tuple[str, str, str]] = (),
    errors: Mapping[str, str] | None = None,
    **where: str,
) -> Response:
    """The question before something that cannot be undone; `back` is the endpoint of the harmless way.

    `options`: (name, label, hint) of what may be ticked.
    """
    return page(
        "deed.html",
        422 if errors else 200,
        question=question,
        consequence=consequence,
        back=url_for(back, **where),  # type: ignore[arg-type]
        keep=keep,
        deed=deed,
        about=about,
        options=options,
        errors=errors or {},
    )


def dressed(response: Response) -> Response:
    """An answer with what all pages share: headers, the language remembered, the visit's number."""
    response.headers.update(HEADERS)
    response.headers["Content-Security-Policy"] = policy(request.path)
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
    """This page's own path, where a language link and a sign-in lead back to; of a path for forms, its page's."""
    path = request.path
    while request.method != "GET" and path and not has_page(path):
        path = path.rpartition("/")[0]
    return path or "/"


def has_page(path: str) -> bool:
    """Whether a path can be opened, and does not only take a form."""
    try:
        current_app.url_map.bind("").match(path, "GET")
    except HTTPException:
        return False
    return True


def language_address(code: str) -> str:
    """This page in another language; its filters stay."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return f"{present_path()}?{urlencode([*kept, ('lang', code)])}"


def address_with(**changed: str) -> str:
    """This list with something of its address changed; an empty text takes it out."""
    return address_at(request.path, **changed)


def address_at(path: str, **changed: str) -> str:
    """The same at another path: what a form has answered is no address to come back to."""
    kept = {name: value for name, value in request.args.items() if name != "lang"} | changed
    return f"{path}?{urlencode({name: value for name, value in kept.items() if value})}"


def address_of(endpoint: str, **values: str) -> str:
    """The address of a page; empty where this server has no such page."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else ""  # type: ignore[arg-type]


def root() -> str:
    """The address under which people and phones reach this server."""
    return public_url(context().settings)


def said(problem: Problem, field: str = "") -> dict[str, str]:
    """A refusal as the errors of a form: beneath a field, or above them all."""
    return {field: render(problem, language.chosen())}


def status_of(problem: Problem) -> int:
    """The status of a page that shows a refused form."""
    return http_status(problem.code) or 422


def names_of_templates() -> dict[str, Any]:
    """What every template may call."""
    return {
        "asset": assets.address,
        "list_name": labels.entity_list,
        "short_code": short_code,
        "form_token": cookies.form_token,
        "language_address": language_address,
    }
