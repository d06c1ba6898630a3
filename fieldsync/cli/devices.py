"""`fieldsync device`: phones and hubs, and what they may read."""

import io
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from fieldsync.app import now_ms
from fieldsync.cli.operating import Operator, Refused, association_of, lines, operated, person_of, public_url
from fieldsync.cli.serving import address_of_running
from fieldsync.core.problems import Problem
from fieldsync.services import auditing, desk_lists, device_care, enrolment, openrosa_keys, role_book
from fieldsync.services.answering import openrosa_url, signed_url
from fieldsync.services.answering import public_url as address_of
from fieldsync.services.changes import name_of
from fieldsync.services.device_care import Move
from fieldsync.services.enrolment import NewDevice
from fieldsync.store import associations, authors, devices, grants
from fieldsync.store.devices import DeviceRow, ViewRow

KINDS = ["device", "hub"]

MINUTE_MS = 60 * 1000


@click.group()
def device() -> None:
    """Phones and hubs: enrol them, revoke them, say what they may read."""


def viewing(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command say what a device may read."""
    for flag, name, meaning in (
        ("--own", "own", "What it has written itself."),
        ("--all", "everything", "All of its association."),
    ):
        command = click.option(flag, name, is_flag=True, help=meaning)(command)
    help_text = "A place and all below it, by code; may be repeated."
    return click.option("--place", "places", multiple=True, metavar="CODE", help=help_text)(command)


def views_of(places: tuple[str, ...], own: bool, everything: bool) -> tuple[ViewRow, ...]:
    """What was asked for; all of the association where nothing was."""
    wanted = [ViewRow("place", place) for place in places] + [ViewRow("own")] * own + [ViewRow("all")] * everything
    return tuple(wanted) or enrolment.EVERYTHING


@device.command("enrol")
@click.option("--association", "slug", required=True, help="The association's slug.")
@click.option("--name", required=True, help="How people call the phone.")
@click.option("--kind", type=click.Choice(KINDS), default="device", show_default=True)
@viewing
@public_url
@operated
def enrol(
    operator: Operator, slug: str, name: str, kind: str, places: tuple[str, ...], own: bool, everything: bool
) -> None:
    """Enrol a device at once, without a code; its token and its QR code are shown this once.

    The QR code is what ODK Collect scans. It reads all of its association unless something narrower is said.

    \b
    Examples:
      fieldsync device enrol --association rifq --name "Phone 1"
      fieldsync device enrol --association rifq --name "Phone 2" --place 07.041 --own
    """
    token, author, at = secrets.token_urlsafe(32), secrets.token_hex(16), now_ms()
    with operator.database() as database:
        with database.read() as session:
            owner = association_of(session, slug)
        new = NewDevice(owner.id, kind, name, views_of(places, own, everything))
        database.write(lambda session: enrolment.enrol_at_once(session, new, author, token, at))
    url = openrosa_url(address_of_running(operator.settings), token)
    code = openrosa_keys.collect_settings(url, owner.name)
    told = {"device": author, "token": token, "openrosa_url": url}
    operator.show({**told, "qr": code}, f"{lines(told)}\n\n{drawn(code)}")


@device.command("collect")
@click.argument("author")
@public_url
@operated
def collect(operator: Operator, author: str) -> None:
    """Make a new secret for ODK Collect on a phone: the one before is worthless, the phone's own token stays.

    The QR code is what Collect scans. Clients that sign in take the base address, user name and secret instead.

    \b
    Example:
      fieldsync device collect 4b0f9ad2c1…
    """

    def work(session: Session) -> tuple[str, str]:
        row = row_of(session, author)
        secret = openrosa_keys.renew(session, auditing.OPERATOR, row, secrets.token_bytes, now_ms())
        return secret, authors.of_device(session, row.id)[-1].name

    with operator.database() as database:
        secret, user = database.write(work)
        with database.read() as session:
            slug = associations.slug_of(session, row_of(session, author).association_id)
            name = association_of(session, slug).name
    reached = address_of_running(operator.settings)
    url = openrosa_url(reached, secret)
    code = openrosa_keys.collect_settings(url, name)
    told = {"openrosa_url": url, "signed_url": signed_url(reached, user), "user": user, "secret": secret}
    operator.show({"device": author, **told, "qr": code}, f"{lines(told)}\n\n{drawn(code)}")


@device.command("code")
@click.option("--association", "slug", required=True, help="The association's slug.")
@click.option("--name", required=True, help="How people will call the phone.")
@click.option("--kind", type=click.Choice(KINDS), default="device", show_default=True)
@viewing
@operated
def code(
    operator: Operator, slug: str, name: str, kind: str, places: tuple[str, ...], own: bool, everything: bool
) -> None:
    """Make a one-time code with which a phone enrols itself; it is good for some minutes only."""
    drawn_code = secrets.token_hex(5)
    expires = now_ms() + operator.settings.enrolment_code_minutes * MINUTE_MS
    with operator.database() as database:
        with database.read() as session:
            owner = association_of(session, slug)
        new = NewDevice(owner.id, kind, name, views_of(places, own, everything))
        database.write(lambda session: enrolment.offer_code(session, new, drawn_code, expires))
    found = {"code": drawn_code, "minutes": operator.settings.enrolment_code_minutes}
    operator.show({**found, "expires_ms": expires}, lines(found))


@device.command("list")
@click.option("--association", "slug", required=True, help="The association's slug.")
@operated
def listed(operator: Operator, slug: str) -> None:
    """List an association's devices: who they are, when they last synced, what they may read."""
    with operator.database() as database, database.read() as session:
        rows = devices.of_association(session, association_of(session, slug).id)
        found = [_listed(session, row) for row in rows]
    operator.show({"devices": found}, "\n".join(map(_on_a_line, found)))


@device.command("revoke")
@click.argument("author")
@click.option("--wipe", is_flag=True, help="Also ask the phone to erase what it has pulled.")
@operated
def revoke(operator: Operator, author: str, wipe: bool) -> None:
    """Take a lost or returned phone out: what it still sends is quarantined, nothing comes down to it."""
    with operator.database() as database:
        database.write(
            lambda session: device_care.revoke(session, auditing.OPERATOR, row_of(session, author), wipe, now_ms())
        )
    operator.show({"device": author, "status": "revoked", "wipe": wipe}, f"{author} is revoked")


@device.command("view")
@click.argument("author")
@viewing
@operated
def view(operator: Operator, author: str, places: tuple[str, ...], own: bool, everything: bool) -> None:
    """Change what a device may read: what is newly granted comes down, what is withdrawn is taken away.

    \b
    Example:
      fieldsync device view 4b0f9ad2c1… --place 07.041.05 --own
    """
    wanted = views_of(places, own, everything)
    with operator.database() as database:
        database.write(
            lambda session: device_care.move(
                session, auditing.OPERATOR, row_of(session, author), Move(wanted), now_ms()
            )
        )
    names = [name_of(each) for each in wanted]
    operator.show({"device": author, "views": names}, f"{author} reads {', '.join(names)}")


@device.command("offer-code")
@click.option("--association", "slug", required=True, help="The association's slug.")
@click.option("--name", required=True, help="How people will call the phone.")
@click.option("--kind", type=click.Choice(KINDS), default="device", show_default=True)
@click.option("--role", default="companion", show_default=True, help="Which form families come down to it.")
@click.option("--team", default="", help="With whom it works.")
@viewing
@public_url
@operated
def offer_code(
    operator: Operator, slug: str, name: str, kind: str, role: str, team: str, places: tuple[str, ...], own: bool,
    everything: bool,
) -> None:  # fmt: skip
    """Make a one-time code as a link and a QR code that a phone scans; it is good for some minutes only.

    \b
    Example:
      fieldsync device offer-code --association rifq --name "Phone 3" --place 07.041 --team asni
    """
    minutes = operator.settings.enrolment_code_minutes
    address = address_of(address_of_running(operator.settings))
    with operator.database() as database:
        with database.read() as session:
            owner = association_of(session, slug)
        new = NewDevice(owner.id, kind, name, views_of(places, own, everything), None, role, team)
        at = now_ms()
        offered = database.write(
            lambda session: device_care.offer(
                session, auditing.OPERATOR, new, address, at + minutes * MINUTE_MS, secrets.token_bytes, at
            )
        )
    found = {"offer": offered.offer, "code": offered.code, "link": offered.link, "minutes": minutes}
    operator.show({**found, "expires_ms": offered.expires_ms}, f"{lines(found)}\n\n{drawn(offered.link)}")


@device.command("rename")
@click.argument("author")
@click.option("--name", required=True, help="How people call the phone from now on.")
@operated
def rename(operator: Operator, author: str, name: str) -> None:
    """Give a phone another name."""
    with operator.database() as database:
        database.write(
            lambda session: device_care.rename(session, auditing.OPERATOR, row_of(session, author), name, now_ms())
        )
    operator.show({"device": author, "name": name}, f"{author} is called {name}")


@device.command("move")
@click.argument("author")
@click.option("--team", help="With whom it works from now on; an empty text for nobody.")
@click.option("--role", help="Which form families come down to it from now on.")
@click.option("--holder", help="Who carries it from now on, by e-mail address; an empty text for nobody.")
@viewing
@operated
def move(
    operator: Operator, author: str, team: str | None, role: str | None, holder: str | None, places: tuple[str, ...],
    own: bool, everything: bool,
) -> None:  # fmt: skip
    """Move a phone to other places or another team, or give it another role or bearer.

    Another association is a new enrolment.

    \b
    Examples:
      fieldsync device move 4b0f9ad2c1… --place 07.041.07.03 --team asni
      fieldsync device move 4b0f9ad2c1… --role feedback_collector --holder hiba@kht.example
    """
    views = views_of(places, own, everything) if places or own or everything else ()

    def work(session: Session) -> None:
        row = row_of(session, author)
        if role is not None and role_book.book(session).role(role) is None:
            raise Refused(Problem("role_unknown", detail={"role": role}))
        holder_id = None if holder is None else _holder_id(session, row, holder)
        device_care.move(session, auditing.OPERATOR, row, Move(views, team, role, holder_id), now_ms())

    with operator.database() as database:
        database.write(work)
        with database.read() as session:
            told = _listed(session, row_of(session, author))
    operator.show(told, _on_a_line(told))


@device.command("simulate")
@click.option("--url", required=True, help="The server's address.")
@click.option("--token", required=True, envvar="FIELDSYNC_DEVICE_TOKEN", help="The device's token.")
@click.option("--author", required=True, help="The device's id, as `device enrol` printed it.")
@click.option("--association", "code_name", default="KHT", show_default=True, help="Whose companion, by code.")
@click.option("--forms", "count", type=click.IntRange(1, 10_000), default=20, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--store", type=click.Path(dir_okay=False, path_type=Path), help="Where the phone keeps its state.")
@operated
def simulate(
    operator: Operator, url: str, token: str, author: str, code_name: str, count: int, seed: int, store: Path | None
) -> None:
    """Be a companion who fills the programme's forms and syncs them over HTTP with a phone of her own.

    \b
    Example:
      fieldsync device simulate --url http://127.0.0.1:8000 --author 4b0f… --token … --forms 50
    """
    from fieldsync.demo.simulate import simulated

    told = simulated(url, author, token, code_name, count, seed, store)
    if told["status"] != "ok":
        problem = Problem("link_lost", detail={"url": url, "reason": str(told["detail"] or told["status"])})
        raise Refused(problem, told)
    operator.show(told, lines(told))


def row_of(session: Session, author: str) -> DeviceRow:
    """The device whose author this is, or a refusal."""
    known = authors.find(session, author)
    row = devices.find(session, (known.device_id if known else None) or 0)
    if row is None:
        raise Refused(Problem("device_unknown", detail={"author": author}))
    return row


def _holder_id(session: Session, row: DeviceRow, email: str) -> int:
    """Somebody of the phone's association, or who holds a role in it; 0 for nobody."""
    if not email:
        return 0
    found = person_of(session, email)
    held = grants.of_person(session, found.id)
    if row.association_id not in (found.association_id, *(each.association_id for each in held)):
        raise Refused(Problem("person_unknown"))
    return found.id


def _listed(session: Session, row: DeviceRow) -> dict[str, Any]:
    told = desk_lists.device_told(session, row)
    report = told["report"] or {}
    return {
        "device": told["author"] or "",
        **{name: told[name] for name in ("name", "kind", "status", "role", "team", "holder", "views")},
        "clock_error_ms": told["clock_error_ms"],
        "last_sync_ms": row.last_sync_ms,
        **{name: report.get(name) for name in ("app", "unsent", "forms", "storage_free")},
    }


def _on_a_line(told: Mapping[str, Any]) -> str:
    last = told["last_sync_ms"]
    when = datetime.fromtimestamp(last / 1000, UTC).isoformat(" ", "minutes") if last else "never synced"
    return f"{told['device']}  {told['name']}  {told['kind']}  {told['status']}  {' '.join(told['views'])}  {when}"


def drawn(text: str) -> str:
    """A QR code in characters."""
    import segno

    picture = io.StringIO()
    segno.make(text, error="l").terminal(out=picture, compact=True, border=2)
    return picture.getvalue()
