"""`POST /api/v1/sync` and `POST /api/v1/enrol`: what devices and hubs speak (docs/protocol.md)."""

from base64 import urlsafe_b64encode
from typing import Any

import msgspec
from flask import Response
from flask_smorest import Blueprint

from fieldsync.core.batches import PROTOCOL, Batch
from fieldsync.core.cursors import Cursor, read_cursor, write_cursor
from fieldsync.core.parsing import split_batch
from fieldsync.core.problems import Problem
from fieldsync.routes.access import access, bearer_token, caller_address, counted, sender
from fieldsync.routes.bodies import json_response, read_body
from fieldsync.routes.context import Context, context, reader_language
from fieldsync.routes.description import refuses, takes
from fieldsync.routes.errors import Refused
from fieldsync.routes.schemas_sync import EnrolledSchema, EnrolRequestSchema, SyncRequestSchema, SyncResponseSchema
from fieldsync.services import answering, changes, enrolment, rates, showing
from fieldsync.services.enrolment import Enrolled
from fieldsync.services.senders import Sender, find_sender
from fieldsync.services.sync import Prepared, Result, prepare, read_ids, receive
from fieldsync.store.db import Busy

blueprint = Blueprint("sync", __name__, url_prefix="/api/v1", description="What devices and hubs speak")

ENROL_BODY_BYTES_MAX = 16 * 1024


class EnrolRequest(msgspec.Struct):
    """The body of an enrolment: a one-time code, or the token of a known device in the header."""

    code: str | None = None
    author: str | None = None
    key: str | None = None


@blueprint.post("/sync")
@access("device")
@takes(application_json=SyncRequestSchema)
@blueprint.response(200, SyncResponseSchema)
@refuses(400, 413, 415, 426)
def sync() -> Response:
    """Push what the device has to say, pull what it has missed."""
    here = context()
    batch = _read_batch(here)
    ids = read_ids(batch)
    if ids is None:
        raise Refused(Problem("unreadable_id"))
    results = _receive(here, sender(), batch, ids)
    return json_response(_answer(here, sender(), batch, results))


@blueprint.post("/enrol")
@access("public")
@takes(application_json=EnrolRequestSchema)
@blueprint.response(200, EnrolledSchema)
@refuses(400, 401, 403, 409, 413, 415)
def enrol() -> Response:
    """Make a phone a device by its code, or give a known device a further author."""
    here = context()
    body = read_body(ENROL_BODY_BYTES_MAX, ENROL_BODY_BYTES_MAX)
    if isinstance(body, Problem):
        raise Refused(body)
    try:
        asked = msgspec.json.decode(body, type=EnrolRequest)
    except ValueError:
        raise Refused(Problem("wrong_shape", detail={"where": "enrolment"})) from None
    enrolled = _enrol(here, asked)
    if isinstance(enrolled, Problem):
        raise Refused(enrolled)
    url = answering.openrosa_url(here.settings, enrolled.token)
    return json_response({**msgspec.to_builtins(enrolled), "openrosa_url": url})


def _read_batch(here: Context) -> Batch:
    body = read_body(here.settings.request_packed_bytes_max, here.settings.request_unpacked_bytes_max)
    batch = body if isinstance(body, Problem) else split_batch(body, here.settings.batch_operations_max)
    if isinstance(batch, Problem):
        raise Refused(batch)
    return batch


def _receive(here: Context, said_by: Sender, batch: Batch, ids: list[Any]) -> list[Result]:
    """Store what is new; what the database cannot take just now stays with its sender."""
    now_ms = here.now_ms()
    with here.database.read_in_turn() as session:
        prepared = prepare(session, said_by, batch, ids, now_ms)
        left = answering.epoch_to_leave(session, said_by, batch.cursor, batch.witness)
    if left is not None:
        epoch = here.draw(8).hex()
        here.database.write(lambda session: answering.renew_epoch(session, left, epoch))
    if not prepared.needs_writing:
        return [result for result in prepared.results if result is not None]
    try:
        return here.database.write(lambda session: receive(session, said_by, prepared, now_ms))
    except Busy:
        return _retry_later(prepared, ids)


def _retry_later(prepared: Prepared, ids: list[Any]) -> list[Result]:
    problems = (Problem("busy"),)
    return [
        result or Result(operation_id, "retry", None, problems)
        for operation_id, result in zip(ids, prepared.results, strict=True)
    ]


def _answer(here: Context, to: Sender, batch: Batch, results: list[Result]) -> dict[str, Any]:
    language = reader_language()
    relayed = {str(result.id[0]) for result in results} if to.is_hub else set()
    page, state = _page(here, to, batch, relayed, language)
    return {
        "protocol": PROTOCOL,
        "epoch": state.epoch,
        "now": here.now_ms(),
        "results": [_told(result, language) for result in results],
        **page,
        "durable_through": state.durable_through,
        "known_through": state.known_through,
        "device": state.device,
        "witness": state.witness,
    }


def _page(
    here: Context, to: Sender, batch: Batch, relayed: set[str], language: str
) -> tuple[dict[str, Any], answering.State]:
    """What comes down, and the cursor that stands for it; a revoked device gets nothing."""
    settings = here.settings
    with here.database.read_in_turn() as session:
        state = answering.state(session, to, relayed, settings, here.now_ms())
        if batch.pull == "none" or to.is_revoked:
            name = "operations" if batch.pull == "operations" else "records"
            nothing: dict[str, Any] = {name: [], "cursor": batch.cursor, "more": False}
            return (nothing if batch.cursor else {**nothing, "forms": answering.forms(session, to)}), state
        cursor = _cursor(batch, state)
        if not answering.is_ahead(session, to, cursor):
            page = _fill(session, to, batch, cursor, state, settings.pull_bytes_max, language)
            if cursor.forms != state.forms_position or cursor.role != to.device.role:
                page["forms"] = answering.forms(session, to)
            return page, state
    epoch = here.draw(8).hex()
    here.database.write(lambda session: answering.renew_epoch(session, state.epoch, epoch))
    return _page(here, to, msgspec.structs.replace(batch, cursor=None), relayed, language)


def _cursor(batch: Batch, state: answering.State) -> Cursor:
    """The cursor of the request; one of another epoch, or that this server did not write, starts again."""
    fresh = Cursor(batch.pull, state.epoch)
    if batch.cursor is None:
        return fresh
    known = read_cursor(batch.cursor, state.secret)
    if known is None:
        return fresh
    if known.mode != batch.pull:
        raise Refused(Problem("wrong_pull_mode"))
    return known if known.epoch == state.epoch else fresh


def _fill(
    session: Any, to: Sender, batch: Batch, cursor: Cursor, state: answering.State, bytes_max: int, language: str
) -> dict[str, Any]:
    if batch.pull == "operations":
        page = changes.operations_page(session, to, cursor, batch.limit, bytes_max)
    else:
        page = changes.records_page(session, to, cursor, batch.limit, bytes_max, language)
    moved = msgspec.structs.replace(page.cursor, forms=state.forms_position)
    items = [msgspec.Raw(item) for item in page.items]
    return {batch.pull: items, "cursor": write_cursor(moved, state.secret), "more": page.more}


def _told(result: Result, language: str) -> dict[str, Any]:
    told: dict[str, Any] = {"id": result.id, "status": result.status}
    if result.was is not None:
        told["was"] = result.was
    if result.problems:
        told["problems"] = showing.told(result.problems, language)
    return told


def _enrol_by_code(here: Context, code: str, author: str, key: str | None, now_ms: int) -> Enrolled | Problem:
    """Codes are short: an address may try some, and one that is right clears its count."""
    token = urlsafe_b64encode(here.draw(32)).decode().rstrip("=")
    address = f"enrol {caller_address()}"

    def work(session: Any) -> Enrolled | Problem:
        wait = rates.count(session, [(rates.OF_LINKS, address)], now_ms)
        if wait is not None:
            return wait
        enrolled = enrolment.enrol_by_code(session, code, author, token, key, now_ms)
        if isinstance(enrolled, Enrolled):
            rates.forgive(session, rates.OF_LINKS, address)
        return enrolled

    enrolled = here.database.write(work)
    if isinstance(enrolled, Problem) and enrolled.code == "too_many_requests":
        counted(enrolled)
    return enrolled


def _enrol(here: Context, asked: EnrolRequest) -> Enrolled | Problem:
    author = asked.author or here.draw(16).hex()
    now_ms = here.now_ms()
    if asked.code is not None:
        return _enrol_by_code(here, asked.code, author, asked.key, now_ms)
    token = bearer_token()
    with here.database.read() as session:
        known = find_sender(session, token)
    if known is None or known.is_revoked:
        return Problem("unknown_token")
    return here.database.write(lambda session: enrolment.enrol_again(session, known, author, token, now_ms))
