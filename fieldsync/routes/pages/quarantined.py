"""One quarantined operation: why, what was sent, what its record shows now; judging it, correcting it."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from fieldsync.core.access import ACT_ON_RECORDS, READ_HISTORY
from fieldsync.core.answer_paths import unindexed
from fieldsync.core.form_texts import Choices
from fieldsync.core.forms import Question
from fieldsync.core.operations import Operation, Value
from fieldsync.core.parsing import parse_operation
from fieldsync.core.problems import Problem, render
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import answer_fields, fields, heads, labels, language, shell, speakers
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.labels import Spoken
from fieldsync.routes.pages.quarantine import VERDICTS, judge, missing_reason, reason_given
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.submission import desk_of_reader
from fieldsync.services import answers_told, desk_lists, quarantine_correction, quarantine_told, verdicts
from fieldsync.services.answers_told import Words
from fieldsync.services.published import Published, published
from fieldsync.services.quarantine_told import SHOWN, Item, Sent
from fieldsync.services.readers import Reader
from fieldsync.store import records
from fieldsync.store.quarantine import QuarantineRow

JUDGED = {verdicts.RELEASE: "quarantine_release", verdicts.REJECT: "quarantine_reject"}
"""The notice of a verdict (shell.NOTICES)."""


@blueprint.get("/quarantine/<quarantined>")
@page_access(READ_HISTORY)
def quarantined(quarantined: str) -> Response:
    """One of them, and what can be done about it."""
    return _page(quarantined)


@blueprint.post("/quarantine/<quarantined>/reveal")
@page_access(READ_HISTORY)
def reveal_quarantined(quarantined: str) -> Response:
    """The same with the personal answers; that they were shown is written down before."""
    here, who = context(), reader()

    def work(session: Any) -> None:
        quarantine_told.note_revealed(session, who, _found(session, who, quarantined, READ_HISTORY), here.now_ms())

    here.database.write(work)
    return _page(quarantined, revealed=True)


@blueprint.post("/quarantine/<quarantined>/verdict")
@page_access(ACT_ON_RECORDS)
def judge_quarantined(quarantined: str) -> Response:
    """Release it, or lay it aside; nothing is deleted by either."""
    verdict, reason = fields.one_of("verdict", VERDICTS), reason_given()
    if not verdict:
        raise Refused(Problem("not_found"))
    if not reason:
        return _page(quarantined, {"reason": missing_reason()}, 422)
    problem = judge(quarantined, verdict, reason)
    if problem is not None and problem.code == "not_found":
        raise Refused(problem)
    if problem is not None:
        return _page(quarantined, shell.said(problem), shell.status_of(problem))
    return shell.onward("pages.quarantined", JUDGED[verdict], quarantined=quarantined)


@blueprint.post("/quarantine/<quarantined>/correct")
@page_access(ACT_ON_RECORDS)
def correct_quarantined(quarantined: str) -> Response:
    """Let it into its record with other answers."""
    who, by, reason, seen = reader(), desk_of_reader(), reason_given(), heads.given()
    with context().database.read() as session:
        changed = _changed(session, _found(session, who, quarantined, ACT_ON_RECORDS))
    if not reason:
        return _page(quarantined, {"why": missing_reason()}, 422, given=changed)

    def work(session: Any) -> list[Problem]:
        row = _found(session, who, quarantined, ACT_ON_RECORDS)
        return quarantine_correction.correct(session, by, row, changed, seen, reason)

    problems = context().database.write(work)
    if problems:
        errors = {problem.path or "": render(problem, language.chosen()) for problem in reversed(problems)}
        return _page(quarantined, errors, shell.status_of(problems[0]), given=changed)
    return shell.onward("pages.quarantined", "quarantine_corrected", quarantined=quarantined)


def _found(session: Any, who: Reader, ticket: str, permission: str) -> QuarantineRow:
    row = desk_lists.find_quarantined(session, who, ticket, permission)
    if row is None:
        raise Refused(Problem("not_found"))
    return row


def _changed(session: Any, row: QuarantineRow) -> dict[str, Value]:
    """The answers that the form says otherwise; a field is named by its answer's place in the operation."""
    operation = parse_operation(bytes(row.body))
    if not isinstance(operation, Operation):
        return {}
    form = published(session, row.association_id, operation.of, operation.version)
    questions = _questions(form)
    changed = {}
    for place, (path, value) in enumerate(operation.writes.items()):
        question, name = questions.get(unindexed(path)), _field_name(place)
        if answer_fields.is_changed(name, question, value):
            changed[path] = answer_fields.given(name, question)
    return changed


def _questions(form: Published | None) -> dict[str, Question]:
    return {question.path: question for question in form.form.questions} if form else {}


def _field_name(place: int) -> str:
    return f"answer-{place}"


def _page(
    ticket: str,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
    revealed: bool = False,
    given: Mapping[str, Value] | None = None,
) -> Response:
    who, chosen = reader(), language.chosen()
    with context().database.read() as session:
        row = _found(session, who, ticket, READ_HISTORY)
        item = quarantine_told.item(session, who, row, revealed)
        correctable = quarantine_correction.keeps_from_correcting(session, row) is None
    choices = Choices(item.form.compiled.lists, chosen, item.form.form.default_language) if item.form else None
    words = answers_told.words_of(item.form.form if item.form else None, choices, chosen)
    may_act = who.may(ACT_ON_RECORDS) and _acts_on(ticket)
    return shell.page(
        "quarantined.html",
        status,
        item=item,
        ticket=ticket,
        title=labels.form(item.form.form.title, row.of) if item.form else Spoken(row.of),
        record=records.uuid_text(bytes(row.record)) if row.record else "",
        reasons=[render(each, chosen) for each in item.problems if each.path is None],
        answers=[_answer(item, each, words) for each in item.answers],
        inputs=_inputs(item, choices, words, given or {}, errors or {}) if correctable and may_act else [],
        seen=heads.as_text(item.heads),
        by=speakers.speaker(item.author),
        sender=speakers.speaker(item.sender),
        judged_by=speakers.speaker(item.verdict.by) if item.verdict else None,
        keeps=render(item.keeps, chosen) if item.keeps else "",
        may_act=may_act,
        correctable=correctable,
        revealed=revealed,
        errors=errors or {},
        conclusion=_conclusion(item.operation),
    )


def _acts_on(ticket: str) -> bool:
    with context().database.read() as session:
        return desk_lists.find_quarantined(session, reader(), ticket, ACT_ON_RECORDS) is not None


def _conclusion(operation: Operation | None) -> str:
    """What it says besides answers: nothing, a delete, an act."""
    if operation is None or not (operation.delete or operation.act):
        return ""
    return "delete" if operation.delete else next(iter(operation.act or {}), "")


def _answer(item: Item, sent: Sent, words: Words) -> dict[str, Any]:
    return {
        "path": sent.path,
        "label": words.label(sent.path),
        "shows": sent.shows,
        "value": words.show(sent.path, sent.value) if sent.shows == SHOWN else None,
        "now": None if sent.now is None else words.show(sent.path, sent.now),
        "problem": render(sent.problem, language.chosen()) if sent.problem else "",
        "is_known": sent.is_known,
    }


def _inputs(
    item: Item, choices: Choices | None, words: Words, given: Mapping[str, Value], errors: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The fields of a correction, those of what is wrong first; what is hidden goes on as it was sent."""
    questions = _questions(item.form)
    places = {path: place for place, path in enumerate(item.operation.writes)} if item.operation else {}
    found = []
    for sent in item.answers:
        question = questions.get(unindexed(sent.path))
        if sent.shows != SHOWN or not answer_fields.is_offered(question, sent.value):
            continue
        value = given.get(sent.path, sent.value)
        made = answer_fields.field(_field_name(places[sent.path]), words.label(sent.path), question, value, choices)
        wrong = errors.get(sent.path) or (render(sent.problem, language.chosen()) if sent.problem else "")
        found.append({"field": made, "error": wrong, "is_wrong": bool(wrong)})
    return sorted(found, key=lambda each: not each["is_wrong"])
