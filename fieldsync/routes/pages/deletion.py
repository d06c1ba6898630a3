"""Deleting a submission or an entity, what a deleted submission leaves behind, and bringing back."""

from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for

from fieldsync.core.access import ACT_ON_RECORDS
from fieldsync.core.problems import Problem, render
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import heads, labels, language, shell
from fieldsync.routes.pages.addresses import find_record
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.quarantine import missing_reason, reason_given
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.speech import _
from fieldsync.routes.pages.submission import desk_of_reader
from fieldsync.services import deletion, settlement
from fieldsync.services.desk import Found
from fieldsync.services.readers import Reader
from fieldsync.services.working import decode_state
from fieldsync.store import records

LEFT_MAX = 200
"""Entities that one form names to be deleted."""


@dataclass(frozen=True)
class Meant:
    """The record that an address means, and the page where it shows."""

    kind: str
    page: str
    where: dict[str, str]

    def found(self, session: Any, who: Reader) -> Found:
        """The record, where it is hers to act on; else it is not there."""
        of, record = self.where.values()
        return find_record(session, who, self.kind, of, record, ACT_ON_RECORDS)


def _submission(form: str, record: str) -> Meant:
    return Meant("submission", "pages.submission", {"form": form, "record": record})


def _entity(list_name: str, record: str) -> Meant:
    return Meant("entity", "pages.entity", {"list": list_name, "record": record})


@blueprint.get("/submissions/<form>/<record>/delete")
@page_access(ACT_ON_RECORDS)
def delete_submission(form: str, record: str) -> Response:
    """Whether to delete it, and why."""
    return _ask(_submission(form, record), {})


@blueprint.post("/submissions/<form>/<record>/delete")
@page_access(ACT_ON_RECORDS)
def take_deletion(form: str, record: str) -> Response:
    """Delete it; what it alone wrote is offered next."""
    meant, who = _submission(form, record), reader()
    refused = _delete(meant)
    if refused is not None:
        return refused
    with context().database.read() as session:
        left = deletion.left_alone(session, who, meant.found(session, who))
    return shell.onward("pages.left_entities" if left else meant.page, "record_deleted", **meant.where)


@blueprint.get("/submissions/<form>/<record>/left")
@page_access(ACT_ON_RECORDS)
def left_entities(form: str, record: str) -> Response:
    """The entities that a deleted submission alone wrote: to be deleted too, or left."""
    who = reader()
    with context().database.read() as session:
        found = _submission(form, record).found(session, who)
        left = deletion.left_alone(session, who, found) if found.row.deleted else []
    return shell.page(
        "left_entities.html",
        form=form,
        record=record,
        left=[_named(each) for each in left],
        is_deleted=found.row.deleted,
    )


@blueprint.post("/submissions/<form>/<record>/left")
@page_access(ACT_ON_RECORDS)
def delete_left(form: str, record: str) -> Response:
    """Delete those that are ticked, each by an operation of its own."""
    who, by = reader(), desk_of_reader()
    chosen = set(request.form.getlist("entity")[:LEFT_MAX])

    def work(session: Any) -> int:
        found = _submission(form, record).found(session, who)
        return deletion.delete_left(session, by, who, found, chosen) if found.row.deleted else 0

    deleted = context().database.write(work)
    return shell.onward("pages.submission", "left_deleted" if deleted else "", form=form, record=record)


@blueprint.post("/submissions/<form>/<record>/back")
@page_access(ACT_ON_RECORDS)
def bring_submission_back(form: str, record: str) -> Response:
    """Undo its deletion."""
    return _bring_back(_submission(form, record))


@blueprint.get("/entities/<list>/<record>/delete")
@page_access(ACT_ON_RECORDS)
def delete_entity(list: str, record: str) -> Response:
    """Whether to delete it, and why."""
    return _ask(_entity(list, record), {})


@blueprint.post("/entities/<list>/<record>/delete")
@page_access(ACT_ON_RECORDS)
def take_entity_deletion(list: str, record: str) -> Response:
    """Delete it; the submissions that wrote it stay."""
    meant = _entity(list, record)
    return _delete(meant) or shell.onward(meant.page, "record_deleted", **meant.where)


@blueprint.post("/entities/<list>/<record>/back")
@page_access(ACT_ON_RECORDS)
def bring_entity_back(list: str, record: str) -> Response:
    """Undo its deletion."""
    return _bring_back(_entity(list, record))


def _ask(meant: Meant, errors: dict[str, str], status: int = 200) -> Response:
    who = reader()
    with context().database.read() as session:
        found = meant.found(session, who)
    state = decode_state(bytes(found.row.state))
    return shell.page(
        "deletion.html",
        status,
        question=_("Delete this entity?") if found.kind == "entity" else _("Delete this submission?"),
        about=f"{found.of} {meant.where['record'][:8]}",
        consequence=_consequence(found.kind),
        back=url_for(meant.page, **meant.where),  # type: ignore[arg-type]
        seen=heads.as_text(state.heads if state else ()),
        errors=errors,
    )


def _consequence(kind: str) -> str:
    if kind == "entity":
        return _("It counts no longer, on the phones from their next sync. The submissions that wrote it stay.")
    return _("It counts no longer, on the phones from their next sync. The entities that it wrote stay.")


def _delete(meant: Meant) -> Response | None:
    """Delete a record; the page again where that is refused."""
    who, by, reason, seen = reader(), desk_of_reader(), reason_given(), heads.given()
    if not reason:
        return _ask(meant, {"reason": missing_reason()}, 422)

    def work(session: Any) -> Problem | None:
        found = meant.found(session, who)
        return deletion.delete(session, by, found, seen, reason)

    problem = context().database.write(work)
    if problem is None:
        return None
    return _ask(meant, {"": render(problem, language.chosen())}, shell.status_of(problem))


def _bring_back(meant: Meant) -> Response:
    who, by, seen = reader(), desk_of_reader(), heads.given()

    def work(session: Any) -> Problem | None:
        found = meant.found(session, who)
        return settlement.bring_back(session, by, found, seen) if found.row.deleted else Problem("stale_page")

    problem = context().database.write(work)
    if problem is not None:
        raise Refused(problem)
    return shell.onward(meant.page, "record_back", **meant.where)


def _named(found: Found) -> dict[str, Any]:
    """An entity by its list and part of its UUID: no name stands in a list."""
    uuid = records.uuid_text(found.row.uuid)
    return {"kind": labels.entity_list(found.of), "uuid": uuid, "list": found.of}
