"""ODK Collect on a phone: an address with a secret of its own, as a picture that Collect scans, shown for minutes."""

from typing import Any

from flask import Response

from fieldsync.core.access import MANAGE_DEVICES
from fieldsync.core.problems import Problem
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import cookies, labels, pictures, shell
from fieldsync.routes.pages.devices import looked_up
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.shell import blueprint
from fieldsync.services import auditing, device_care, openrosa_keys
from fieldsync.services.answering import openrosa_url


@blueprint.get("/phones/<device>/collect")
@page_access(MANAGE_DEVICES, fresh=True)
def collect(device: str) -> Response:
    """The picture, where this browser has just asked for a secret; else the offer to make one."""
    row, secret = looked_up(device), _secret(device)
    return shell.page("collect.html", device=device, name=row.name, address=_address(secret) if secret else "")


@blueprint.post("/phones/<device>/collect")
@page_access(MANAGE_DEVICES, fresh=True)
def renew_collect(device: str) -> Response:
    """A new secret; the one before is worthless. Nobody gets one for a phone that sees more than she does."""
    row, who, here = looked_up(device), reader(), context()
    by = auditing.by(who)

    def work(session: Any) -> str | Problem:
        refused = device_care.keeps_from_moving(session, who, row, device_care.Move())
        return refused or openrosa_keys.renew(session, by, row, here.draw, here.now_ms())

    made = here.database.write(work)
    if isinstance(made, Problem):
        raise Refused(made)
    response = shell.onward("pages.collect", "collect_ready", device=device)
    cookies.put(response, cookies.COLLECT, f"{device}.{made}", cookies.COLLECT_SECONDS)
    return response


@blueprint.get("/phones/<device>/collect.svg")
@page_access(MANAGE_DEVICES, fresh=True)
def collect_picture(device: str) -> Response:
    """Collect's settings as a QR code."""
    looked_up(device)
    secret = _secret(device)
    if not secret:
        raise Refused(Problem("not_found"))
    with context().database.read() as session:
        owner = labels.associations_by_id(session)[reader().association_id]
    return shell.dressed(pictures.qr(openrosa_keys.collect_settings(_address(secret), owner.text)))


def _secret(device: str) -> str:
    kept, _dot, secret = cookies.read(cookies.COLLECT).partition(".")
    return secret if kept == device else ""


def _address(secret: str) -> str:
    return openrosa_url(context().settings, secret)
