"""Taking records out as a file: asking for it, the reason where it tells of people, how far it is, fetching it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from flask import Response, request, url_for

from fieldsync.core import inbox
from fieldsync.core.access import EXPORT_RECORDS
from fieldsync.core.export_options import FORMATS, IDS, LAYOUTS, NARROWING, POINTS, REASONS, SEPARATORS, STATES, Options
from fieldsync.core.export_words import STATES as STATE_WORDS
from fieldsync.core.export_words import word
from fieldsync.core.messages import LANGUAGES
from fieldsync.core.problems import Problem
from fieldsync.routes import export_files
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import fields, labels, language, lists, shell, words
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.labels import Spoken
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.speech import _
from fieldsync.services import export_sources
from fieldsync.services import exports as owned
from fieldsync.store.exports import ExportRow

TEXT_MAX = 300
NAMES = "names"
"""Headings and choices by their names, in no language."""


@blueprint.get("/exports")
@page_access(EXPORT_RECORDS)
def exports() -> Response:
    """One's own exports, the newest first."""
    who, spoken = reader(), language.chosen()
    found = lists.read_page("exports", lambda on, after, limit: owned.page(on, who, after, limit, spoken))
    titles = _titles()
    rows = [_shown(each, titles) for each in found.items]
    return shell.page("exports.html", rows=rows, following=found.following, first=found.first)


@blueprint.get("/exports/new")
@page_access(EXPORT_RECORDS)
def new_export() -> Response:
    """The form, with what the address names already chosen."""
    return _form({}, 200, request.args)


@blueprint.post("/exports/new")
@page_access(EXPORT_RECORDS)
def take_export() -> Response:
    """Ask for it."""
    here, who = context(), reader()
    options = _options(request.form)
    if isinstance(options, dict):
        return _form(options, 422, request.form)
    asked = here.database.write(lambda session: owned.ask(session, who, options, here.draw, here.now_ms()))
    if isinstance(asked, Problem):
        return _form(shell.said(asked), shell.status_of(asked), request.form)
    if options.tells_of_people:
        return shell.onward("pages.export_reason", export=asked.uuid)
    return shell.onward("pages.export", "export_asked", export=asked.uuid)


@blueprint.get("/exports/<export>")
@page_access(EXPORT_RECORDS)
def export(export: str) -> Response:
    """How far it is; the way to its file."""
    return shell.page("export.html", each=_shown(owned.told(_found(export), language.chosen()), _titles()))


@blueprint.get("/exports/<export>/state")
@page_access(EXPORT_RECORDS)
def export_state(export: str) -> Response:
    """The piece of the page that says how far it is."""
    return shell.page("export_state.html", each=_shown(owned.told(_found(export), language.chosen()), _titles()))


@blueprint.get("/exports/<export>/reason")
@page_access(EXPORT_RECORDS, fresh=True)
def export_reason(export: str) -> Response:
    """Why it tells of people."""
    return _reason_form(_found(export), {}, 200)


@blueprint.post("/exports/<export>/reason")
@page_access(EXPORT_RECORDS, fresh=True)
def take_export_reason(export: str) -> Response:
    """Take the reason; now it waits for its turn."""
    row = _found(export)
    reason, text = fields.one_of("reason", REASONS), fields.text("text", TEXT_MAX)
    problem = context().database.write(lambda session: owned.give_reason(session, row, reason, text))
    if problem is not None:
        field = "reason" if problem.code == "export_reason_needed" and not reason else "text"
        return _reason_form(row, shell.said(problem, field), shell.status_of(problem))
    return shell.onward("pages.export", "export_asked", export=export)


@blueprint.get("/exports/<export>/file")
@page_access(EXPORT_RECORDS)
def export_file(export: str) -> Response:
    """The file. One that tells of people is handed to whoever has just proved that she is its owner."""
    here, who, row = context(), reader(), _found(export)
    with here.database.read() as session:
        problem = owned.keeps_from_fetching(session, who, row, here.now_ms())
    if problem is not None and problem.code == "confirmation_needed":
        return shell.onward_to(url_for("pages.confirm", next=url_for("pages.export", export=export)))
    if problem is not None:
        raise Refused(problem)
    return shell.dressed(export_files.handed_out(who, row))


@blueprint.post("/exports/<export>/end")
@page_access(EXPORT_RECORDS)
def end_export(export: str) -> Response:
    """Take it back: stop it, or remove its file."""
    row = _found(export)
    export_files.take_back(row)
    return shell.onward("pages.exports", "export_ended")


def _found(uuid: str) -> ExportRow:
    with context().database.read() as session:
        row = owned.find(session, reader(), uuid)
    if row is None:
        raise Refused(Problem("not_found"))
    return row


def _titles() -> dict[str, Spoken]:
    with context().database.read() as session:
        return labels.titles(session, reader().association_id)


def _shown(told: dict[str, Any], titles: Mapping[str, Spoken]) -> dict[str, Any]:
    options = told["options"]
    return {
        **told,
        "title": _named(options["kind"], options["of"], titles),
        "word": words.EXPORT_STATES[told["state"]],
        "is_open": told["state"] in ("waiting", "running"),
        "states": [word(STATE_WORDS, state, language.chosen()) for state in options["states"]],
        "format": FORMAT_NAMES[options["format"]],
    }


def _named(kind: str, of: str, titles: Mapping[str, Spoken]) -> Spoken:
    found = labels.collection(kind, of, titles)
    return replace(found, text=_("List: %(name)s", name=found.text)) if kind == "entity" else found


FORMAT_NAMES = {"csv": "CSV", "xlsx": "Excel (XLSX)", "geojson": "GeoJSON", "parquet": "Parquet"}


def _options(given: Mapping[str, str]) -> Options | dict[str, str]:
    """What the form asks for, or its errors by field."""
    kind, _colon, of = fields.text("what").partition(":")
    heads = fields.one_of("heads", [NAMES, *LANGUAGES]) or NAMES
    since, until = _day("since"), _day("until")
    states = fields.several("states", STATES)
    errors = {
        "what": "" if kind in ("submission", "entity") and of else _("Choose what to take out."),
        "format": "" if fields.one_of("format", list(FORMATS)) else _("Choose a format."),
        "states": "" if states else _("Tick at least one review state."),
        "until": "" if since is not None and until is not None else _("A day is written as in 2026-11-23."),
    }
    if any(errors.values()):
        return {field: text for field, text in errors.items() if text}
    return Options(
        kind,
        of,
        fields.one_of("format", list(FORMATS)),
        fields.one_of("layout", LAYOUTS) or "tables",
        heads != NAMES,
        heads if heads != NAMES else language.chosen(),
        bool(given.get("split")),
        bool(given.get("free_text")),
        fields.one_of("points", POINTS) or "none",
        fields.one_of("ids", IDS) or "association",
        bool(given.get("personal")),
        tuple(states),
        since or "",
        until or "",
        SEPARATOR_NAMES.get(given.get("separator", ""), ","),
        bool(given.get("mark")),
        _narrowing(given),
    )


def _narrowing(given: Mapping[str, str]) -> dict[str, str]:
    """What of the desk's filter stands beside form, state and days, in an address or in the form's hidden fields."""
    found = inbox.query(inbox.parse(given))
    return {name: text for name, text in found.items() if name in NARROWING}


SEPARATOR_NAMES = dict(zip(("comma", "semicolon", "tab"), SEPARATORS, strict=True))


def _day(name: str) -> str | None:
    """A day as it was given, an empty text where none was; None where it is no day."""
    text = fields.text(name)
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        return None


def _form(errors: dict[str, str], status: int, given: Mapping[str, str]) -> Response:
    who = reader()
    with context().database.read() as session:
        sources = _sources(session, who)
    posted = request.method == "POST"
    listed = inbox.parse(given)
    several = request.values.getlist("states") or [inbox.STATES[each] for each in inbox.states_of(listed)]
    what = given.get("what") or (f"{listed.kind}:{listed.of}" if listed.kind else "")
    return shell.page(
        "export_new.html",
        status,
        sources=sources,
        given={**dict(given.items()), "what": what, "since": listed.since, "until": listed.until},
        narrowed=_narrowing(given),
        states=[(code, word(STATE_WORDS, code, language.chosen())) for code in STATES],
        chosen_states=[each for each in several if each in STATES] or ([] if posted else ["approved"]),
        heads=[(NAMES, _("Names as in the form’s definition")), *_heads()],
        chosen_heads=given.get("heads") or language.chosen(),
        formats=[(code, FORMAT_NAMES[code]) for code in FORMATS],
        with_mark=bool(given.get("mark")) or not posted,
        errors=errors,
    )


def _heads() -> list[tuple[str, str]]:
    return [(code, language.NAMES[code]) for code in LANGUAGES]


def _sources(session: Any, who: Any) -> Sequence[tuple[str, str]]:
    found = export_sources.offered(session, who)
    titles = labels.titles(session, who.association_id)
    return [(f"{each.kind}:{each.of}", _named(each.kind, each.of, titles).text) for each in found]


def _reason_form(row: ExportRow, errors: dict[str, str], status: int) -> Response:
    if row.state != "asked":
        return shell.onward("pages.export", export=row.uuid)
    return shell.page(
        "export_reason.html",
        status,
        each=_shown(owned.told(row, language.chosen()), _titles()),
        reasons=[(code, str(words.EXPORT_REASONS[code])) for code in REASONS],
        given={"reason": fields.one_of("reason", REASONS), "text": fields.text("text", TEXT_MAX)},
        errors=errors,
    )
