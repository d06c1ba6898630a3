"""Settling what disagrees in a submission or an entity: take one value, the other, or a third; keep or delete."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for

from fieldsync.core.access import ACT_ON_RECORDS
from fieldsync.core.answer_paths import unindexed
from fieldsync.core.forms import Question
from fieldsync.core.operations import OperationId, Value
from fieldsync.core.problems import Problem, render
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import answer_fields, entity, fields, heads, language, record_way, shell, submission
from fieldsync.routes.pages.addresses import find_record
from fieldsync.routes.pages.conflict_cards import OTHER
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.submission import desk_of_reader, said_text, too_long
from fieldsync.services import entity_questions, reading, settlement
from fieldsync.services.desk import Desk, Found
from fieldsync.services.published import published
from fieldsync.services.readers import Reader
from fieldsync.services.settlement import KEEP, REMOVE, Settlement
from fieldsync.services.working import decode_state

PATH_CHARACTERS_MAX = 1000

CONFLICTS_SHOWN = 999


@dataclass(frozen=True)
class Decided:
    """What a form decides: about which path, having seen which operations, and what shall hold there."""

    path: str
    seen: list[OperationId]
    choice: str
    reason: str
    value: Value = None


@blueprint.post("/submissions/<form>/<record>/conflicts")
@page_access(ACT_ON_RECORDS)
def settle_submission(form: str, record: str) -> Response:
    """Settle one conflict of a submission."""
    errors = _settle("submission", form, record)
    if errors:
        return submission.shown(form, record, settling=errors)
    address = url_for("pages.submission", form=form, record=record) + record_way.kept_filter()
    return shell.onward_to(address, _notice("submission", form, record))


@blueprint.post("/entities/<list>/<record>/conflicts")
@page_access(ACT_ON_RECORDS)
def settle_entity(list: str, record: str) -> Response:
    """Settle one conflict of an entity."""
    errors = _settle("entity", list, record)
    if errors:
        return entity.shown(list, record, settling=errors)
    return shell.onward("pages.entity", _notice("entity", list, record), list=list, record=record)


def _settle(kind: str, of: str, record: str) -> Mapping[str, str]:
    """What is wrong with what the form decides, by path; nothing where it is said."""
    who, by = reader(), desk_of_reader()
    with context().database.read() as session:
        found = find_record(session, who, kind, of, record, ACT_ON_RECORDS)
        decided = _decided(session, who, found)

    def work(session: Any) -> Problem | None:
        return _carry_out(session, by, find_record(session, who, kind, of, record, ACT_ON_RECORDS), decided)

    problem = too_long(decided.reason) or context().database.write(work)
    return {} if problem is None else {decided.path: render(problem, language.chosen())}


def _notice(kind: str, of: str, record: str) -> str:
    """Whether that settled it: what somebody wrote meanwhile stands beside it, and shows."""
    path, who = request.form.get("path", ""), reader()
    with context().database.read() as session:
        state = decode_state(bytes(find_record(session, who, kind, of, record, ACT_ON_RECORDS).row.state))
    stands = state is not None and (path in state.conflicts or path in state.delete_conflicts)
    return "conflict_again" if stands else "conflict_settled"


def _decided(session: Any, who: Reader, found: Found) -> Decided:
    path, choice = request.form.get("path", "")[:PATH_CHARACTERS_MAX], request.form.get("choice", "")
    hidden = reading.hidden_of(session, who, found)
    if unindexed(path) in hidden.withheld:
        raise Refused(Problem("not_found"))
    if choice != OTHER:
        return Decided(path, heads.given(), choice, said_text("reason"))
    number = fields.whole("number", 0, CONFLICTS_SHOWN) or 0
    value = answer_fields.given(f"{OTHER}-{number}", _question(session, who, found, unindexed(path)))
    return Decided(path, heads.given(), choice, said_text("reason"), value)


def _question(session: Any, who: Reader, found: Found, plain: str) -> Question | None:
    """The question of a path; of an entity's property, the question that writes it."""
    if found.kind == "entity":
        written = entity_questions.of_list(session, who.association_id, found.of)
        return written[plain][1] if plain in written else None
    state = decode_state(bytes(found.row.state))
    form = published(session, who.association_id, found.of, state.version) if state else None
    return next((each for each in form.form.questions if each.path == plain), None) if form else None


def _carry_out(session: Any, by: Desk, found: Found, decided: Decided) -> Problem | None:
    if decided.choice in (KEEP, REMOVE):
        path, choice = decided.path, decided.choice
        return settlement.settle_delete(session, by, found, path, choice, decided.seen, decided.reason)
    taken = None if decided.choice == OTHER else heads.read(decided.choice)
    if taken is None and decided.choice != OTHER:
        return Problem("stale_page")
    chosen = Settlement(decided.path, decided.seen, taken, decided.value, decided.reason)
    return settlement.settle(session, by, found, chosen)
