"""Correcting the answers of a submission by its form's own rules; with script the form follows by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from flask import Response, request, url_for

from fieldsync.core.access import ACT_ON_RECORDS
from fieldsync.core.problems import Problem, render
from fieldsync.core.review_moves import APPROVED
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import labels, language, shell
from fieldsync.routes.pages.addresses import find_record
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.record_way import kept_filter
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.submission import desk_of_reader, onward, said_text, too_long
from fieldsync.routes.pages.typed_form import read_typed
from fieldsync.services import reading, record_editing, record_form, reviewing
from fieldsync.services.desk import Found
from fieldsync.services.record_editing import Corrected, Opened, Typed

SAVE, ANYWAY, REVEAL = "save", "anyway", "reveal"


@dataclass(frozen=True)
class Step:
    """What somebody pressed, and what her form carried."""

    pressed: str
    typed: Typed | None
    seen: Sequence[Any] | None
    revealed: bool
    reason: str


@blueprint.get("/submissions/<form>/<record>/edit")
@page_access(ACT_ON_RECORDS)
def correct(form: str, record: str) -> Response:
    """The form with the answers as they are."""
    return _shown(form, record, Step("", None, None, False, ""))


@blueprint.post("/submissions/<form>/<record>/edit")
@page_access(ACT_ON_RECORDS)
def save_correction(form: str, record: str) -> Response:
    """A step in the form: it follows the answers, a row comes or goes, or what differs is written."""
    step = _step()
    if step.revealed:
        _note_revealed(form, record)
    if step.pressed in (SAVE, ANYWAY):
        return _saved(form, record, step)
    return _shown(form, record, step)


def _step() -> Step:
    pressed = request.form.get("step", "")
    try:
        ids = record_editing.seen_from(msgspec.json.decode(request.form.get("seen", "")))
    except (msgspec.DecodeError, RecursionError):
        ids = None
    if ids is None:
        raise Refused(Problem("began_elsewhere"))
    carried = read_typed(pressed)
    revealed = pressed == REVEAL or request.form.get("revealed") == "yes"
    return Step(pressed, carried, ids, revealed, said_text("reason"))


def _note_revealed(form: str, record: str) -> None:
    here, who = context(), reader()

    def work(session: Any) -> None:
        found = find_record(session, who, "submission", form, record, ACT_ON_RECORDS)
        reading.note_revealed(session, who, found, here.now_ms())

    here.database.write(work)


def _saved(form: str, record: str, step: Step) -> Response:
    here, who, by = context(), reader(), desk_of_reader()

    def work(session: Any) -> Problem | Corrected | None:
        found = find_record(session, who, "submission", form, record, ACT_ON_RECORDS)
        opened = record_editing.opened(session, who, found, step.seen, step.revealed)
        if isinstance(opened, Problem):
            return opened
        assert step.typed is not None
        found_out = record_editing.corrected(opened, step.typed, by.now_ms)
        if found_out.faults or (found_out.fresh and step.pressed != ANYWAY):
            return found_out
        if not found_out.writes:
            return None
        return reviewing.correct(session, by, found, found_out.writes, opened.seen, step.reason) or found_out

    outcome = too_long(step.reason) or here.database.write(work)
    if isinstance(outcome, Problem):
        return _shown(form, record, step, outcome)
    if outcome is None:
        return onward(form, record, "nothing_corrected")
    is_refused = outcome.faults or (outcome.fresh and step.pressed != ANYWAY)
    return _shown(form, record, step, refused=True) if is_refused else onward(form, record, "record_corrected")


def _shown(form: str, record: str, step: Step, problem: Problem | None = None, refused: bool = False) -> Response:
    chosen, who, now_ms = language.chosen(), reader(), context().now_ms()
    with context().database.read() as session:
        found = find_record(session, who, "submission", form, record, ACT_ON_RECORDS)
        opened = record_editing.opened(session, who, found, step.seen, step.revealed)
        if isinstance(opened, Problem):
            raise Refused(opened)
        typed = step.typed or record_editing.as_it_is(opened)
        corrected = record_editing.corrected(opened, typed, now_ms)
        built = record_form.Form(session, who, opened, typed, corrected, chosen, now_ms)
        parts, errors = built.parts(), record_form.summary(built)
        may_reveal = _may_reveal(session, found, opened, step)
    status = shell.status_of(problem) if problem else 422 if refused else 200
    return shell.page(
        "correct.html",
        status,
        title=labels.form(opened.version.form.title, form),
        of=form,
        form_version=opened.version.form.version,
        address=url_for("pages.submission", form=form, record=record),
        kept=kept_filter(),
        parts_of_form=parts,
        findings=errors if step.typed else [],
        is_refused=refused,
        is_wrong=bool(corrected.faults),
        problem=render(problem, chosen) if problem else "",
        cleared=[built.label(path) for path in corrected.cleared],
        rows=[row for rows in built.occurrences.values() for row in rows],
        seen=msgspec.json.encode(opened.seen).decode(),
        revealed=step.revealed,
        may_reveal=may_reveal,
        takes_reason=found.row.review == APPROVED,
        reason=step.reason,
    )


def _may_reveal(session: Any, found: Found, opened: Opened, step: Step) -> bool:
    """Whether a click would open more of the form."""
    return not step.revealed and bool(reading.hidden_of(session, reader(), found).masked)
