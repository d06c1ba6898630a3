"""`fieldsync device`: phones and hubs, and what they may read."""

import base64
import json
import secrets
import zlib

import click

from fieldsync.app import now_ms
from fieldsync.cli.operating import Operator, association_of, lines, operated
from fieldsync.cli.serving import address_of_running
from fieldsync.services import enrolment
from fieldsync.services.answering import openrosa_url
from fieldsync.services.enrolment import NewDevice


@click.group()
def device() -> None:
    """Phones and hubs: enrol them, revoke them, say what they may read."""


@device.command("enrol")
@click.option("--association", "slug", required=True, help="The association's slug.")
@click.option("--name", required=True, help="How people call the phone.")
@click.option("--kind", type=click.Choice(["device", "hub"]), default="device", show_default=True)
@operated
def enrol(operator: Operator, slug: str, name: str, kind: str) -> None:
    """Enrol a device at once, without a code; its token and its QR code are shown this once.

    \b
    Example:
      fieldsync device enrol --association rifq --name "Phone 1"
    """
    token, author, at = secrets.token_urlsafe(32), secrets.token_hex(16), now_ms()
    with operator.database() as database:
        with database.read() as session:
            owner = association_of(session, slug)
        new = NewDevice(owner.id, kind, name)
        database.write(lambda session: enrolment.enrol_at_once(session, new, author, token, at))
    url = openrosa_url(address_of_running(operator.settings), token)
    code = collect_settings(url, owner.name)
    found = {"device": author, "token": token, "openrosa_url": url, "qr": code}
    operator.show(found, f"{lines(found)}\n\n{drawn(code)}")


def collect_settings(url: str, project: str) -> str:
    """What ODK Collect scans: its settings as JSON, deflated, in base64 without line breaks."""
    content = {"general": {"server_url": url}, "admin": {}, "project": {"name": project}}
    return base64.b64encode(zlib.compress(json.dumps(content, ensure_ascii=False).encode())).decode()


def drawn(text: str) -> str:
    """A QR code in characters."""
    import io

    import segno

    picture = io.StringIO()
    segno.make(text, error="l").terminal(out=picture, compact=True, border=2)
    return picture.getvalue()
