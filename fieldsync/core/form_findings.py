"""What is wrong or doubtful in a form that could be read."""

import re
from collections.abc import Iterator

from fieldsync.core.choice_findings import choice_findings
from fieldsync.core.expressions import check_expressions
from fieldsync.core.form_references import reference_findings
from fieldsync.core.forms import EntityDeclaration, Finding, Form, Question
from fieldsync.core.itext import in_language

MAX_FINDINGS = 500
"""Findings of one form; more are counted, not listed."""

SENSITIVITY_CLASSES = ("P0", "P1", "P2", "P3")
KNOWN_ENTITY_VERSIONS = ("2022.1", "2023.1", "2024.1", "2025.1")

_FORM_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,99}")
_VERSION = re.compile(r"[^\s/\\?#%\x00-\x1f\x7f]([^/\\?#%\x00-\x1f\x7f]{0,98}[^\s/\\?#%\x00-\x1f\x7f])?")
_ENTITY_LIST = re.compile(r"(?!__)[^\W\d][\w-]{0,99}")


def form_findings(form: Form, *, p3_allowed: bool = False) -> list[Finding]:
    """Errors and warnings of a form, errors first.

    `p3_allowed`: the form is published for tests, or its restricted answers are sealed.
    """
    found = [
        *_identity(form),
        *_questions(form),
        *choice_findings(form),
        *_sensitivity(form, p3_allowed),
        *_entities(form),
        *_sources(form),
        *reference_findings(form),
    ]
    told = {(finding.path, finding.column) for finding in found if finding.severity == "error"}
    found += [finding for finding in check_expressions(form) if (finding.path, finding.column) not in told]
    found = sorted(dict.fromkeys(found), key=lambda finding: finding.severity)
    if len(found) > MAX_FINDINGS:
        rest = Finding("warning", "more_findings", f"{len(found) - MAX_FINDINGS} more findings are not listed.")
        return [*found[:MAX_FINDINGS], rest]
    return found


def is_form_id(text: str) -> bool:
    """Whether a form can have this id: it stands in addresses and file names."""
    return _FORM_ID.fullmatch(text) is not None and set(text) != {"."}


def is_version(text: str) -> bool:
    """Whether a form can have this version, for the same reason."""
    return _VERSION.fullmatch(text) is not None and set(text) != {"."}


def _identity(form: Form) -> Iterator[Finding]:
    if not is_form_id(form.id):
        yield Finding(
            "error",
            "form_id",
            f"The form's id {form.id!r} cannot be used.",
            "Use 1 to 100 of the letters A-Z and a-z, digits, and _ . : -",
            column="form_id",
            sheet="settings",
            row=2,
        )
    if not form.version:
        yield Finding(
            "warning",
            "version_missing",
            "The form has no version.",
            "Give it one, and a new one with each change, such as 2026112301.",
            column="version",
            sheet="settings",
            row=2,
        )
    elif not is_version(form.version):
        yield Finding(
            "error",
            "version",
            f"The version {form.version!r} cannot be used.",
            "Use at most 100 characters, none of them / \\ ? # %",
            column="version",
            sheet="settings",
            row=2,
        )
    if not form.questions:
        yield Finding("error", "no_questions", "The form asks nothing.", "Add a question.", sheet="survey")
    if not form.title:
        yield Finding(
            "warning",
            "title_missing",
            "The form has no title.",
            "Give it one.",
            column="form_title",
            sheet="settings",
            row=2,
        )


def _questions(form: Form) -> Iterator[Finding]:
    for question in form.questions:
        if question.repeats and (question.key or question.place):
            what = "key" if question.key else "place"
            yield _at(
                question,
                "error",
                f"{what}_in_repeat",
                f"{question.path} is in a repeat and cannot be fs:{what}.",
                "Mark a question outside every repeat.",
                f"bind::fs:{what}",
            )
        if question.labels and form.languages:
            yield from _untranslated(question, form)
    places = [question for question in form.questions if question.place and not question.repeats]
    for question in places[1:]:
        yield _at(
            question,
            "error",
            "place_twice",
            f"{question.path} is a second fs:place question.",
            "Keep one: the most exact place of the record.",
            "bind::fs:place",
        )


def _untranslated(question: Question, form: Form) -> Iterator[Finding]:
    missing = [code for code in form.languages if code not in question.labels and "" not in question.labels]
    if missing:
        yield _at(
            question,
            "warning",
            "untranslated",
            f"{question.path} has no label in {', '.join(missing)}; {in_language(question.labels, '')!r} is shown.",
            "Translate it.",
            "label",
        )


def _sensitivity(form: Form, p3_allowed: bool) -> Iterator[Finding]:
    counts = {f"{repeat.path}_count" for repeat in form.repeats if repeat.count}
    restricted = []
    for question in form.questions:
        if not question.declared_sensitivity and question.type != "note" and question.path not in counts:
            yield _at(
                question,
                "warning",
                "no_sensitivity",
                f"{question.path} has no sensitivity class and counts as P2.",
                "Write P0, P1, P2 or P3 in the column bind::fs:class.",
                "bind::fs:class",
            )
        elif question.sensitivity not in SENSITIVITY_CLASSES:
            yield _at(
                question,
                "error",
                "unknown_sensitivity",
                f"{question.path} has the unknown sensitivity class {question.sensitivity!r}.",
                "Write P0, P1, P2 or P3.",
                "bind::fs:class",
            )
        elif question.sensitivity == "P3":
            restricted.append(question)
    if restricted and not p3_allowed:
        others = f" (and {len(restricted) - 1} more)" if len(restricted) > 1 else ""
        yield _at(
            restricted[0],
            "error",
            "p3_needs_sealing",
            f"{restricted[0].path}{others} is P3, and restricted answers cannot be sealed yet.",
            "Publish the form for tests only.",
            "bind::fs:class",
        )


def _entities(form: Form) -> Iterator[Finding]:
    if form.entities and form.entities_version and not form.entities_version.startswith(KNOWN_ENTITY_VERSIONS):
        yield Finding(
            "error",
            "entities_version",
            f"The entities version {form.entities_version} is not known here.",
            f"Use {KNOWN_ENTITY_VERSIONS[-1]}.0 or older.",
            sheet="entities",
        )
    for declaration in form.entities:
        yield from _entity(declaration)


def _entity(declaration: EntityDeclaration) -> Iterator[Finding]:
    if not _ENTITY_LIST.fullmatch(declaration.list):
        yield Finding(
            "error",
            "entity_list",
            f"The entity list's name {declaration.list!r} cannot be used.",
            "Use letters, digits, _ and -, beginning with a letter.",
            sheet="entities",
            column="list_name",
            path=declaration.path,
        )
    if declaration.create is None and declaration.update is None:
        yield Finding(
            "error",
            "entity_idle",
            f"{declaration.list} is neither created nor updated.",
            "Fill create_if or update_if.",
            sheet="entities",
            path=declaration.path,
        )
    if declaration.create is not None and declaration.label is None:
        yield Finding(
            "error",
            "entity_label",
            f"{declaration.list} is created without a label.",
            "Fill the label column.",
            sheet="entities",
            column="label",
            path=declaration.path,
        )
    for name in declaration.properties:
        if name.lower() in ("name", "label") or name.startswith("__"):
            yield Finding(
                "error",
                "entity_property",
                f"An entity property cannot be called {name!r}.",
                "Choose another name.",
                sheet="survey",
                column="save_to",
                path=declaration.properties[name],
            )


def _sources(form: Form) -> Iterator[Finding]:
    for instance in form.instances:
        if instance.source is not None and instance.source.startswith("jr://instance/"):
            yield Finding(
                "warning",
                "last_saved",
                "The form reads the last saved record, which is not offered here.",
                "Remove last-saved.",
                sheet="survey",
            )


def _at(question: Question, severity: str, code: str, message: str, advice: str, column: str) -> Finding:
    return Finding(severity, code, message, advice, sheet="survey", column=column, path=question.path)
