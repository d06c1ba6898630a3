"""What is wrong or doubtful in a form that could be read."""

import re
from collections.abc import Iterator

from fieldsync.core.choice_findings import choice_findings
from fieldsync.core.expressions import check_expressions
from fieldsync.core.form_references import reference_findings
from fieldsync.core.forms import Blanks, EntityDeclaration, Finding, Form, Question, blanks
from fieldsync.core.itext import in_language
from fieldsync.core.linkage_features import PARTS
from fieldsync.core.odk_encryption import is_public_key

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
        *_refused_by_collect(form),
        *reference_findings(form),
    ]
    told = {(finding.path, finding.column) for finding in found if finding.severity == "error"}
    found += [finding for finding in check_expressions(form) if (finding.path, finding.column) not in told]
    found = sorted(dict.fromkeys(found), key=lambda finding: finding.severity)
    if len(found) > MAX_FINDINGS:
        rest = Finding(
            "warning",
            "more_findings",
            "{found} more findings are not listed.",
            detail=blanks(found=len(found) - MAX_FINDINGS),
        )
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
            "The form's id {id} cannot be used.",
            "Use 1 to 100 of the letters A-Z and a-z, digits, and _ . : -",
            column="form_id",
            sheet="settings",
            row=2,
            detail=blanks(id=repr(form.id)),
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
            "The version {version} cannot be used.",
            "Use at most 100 characters, none of them / \\ ? # %",
            column="version",
            sheet="settings",
            row=2,
            detail=blanks(version=repr(form.version)),
        )
    if form.public_key:
        yield _encryption(form.public_key)
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


def _encryption(public_key: str) -> Finding:
    if not is_public_key(public_key):
        return Finding(
            "error",
            "public_key",
            "The public key cannot be read.",
            "Give an RSA public key in base64, without the lines around it.",
            column="public_key",
            sheet="settings",
            row=2,
        )
    return Finding(
        "warning",
        "encrypted",
        "Phones encrypt the answers of this form: the server cannot check, show, search or count them.",
        "Keep the private key safe, in two places: without it the answers are lost.",
        column="public_key",
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
                "{path} is in a repeat and cannot be fs:{what}.",
                "Mark a question outside every repeat.",
                f"bind::fs:{what}",
                detail=blanks(what=what, path=question.path),
            )
        if question.part:
            yield from _part(question)
        if question.labels and form.languages:
            yield from _untranslated(question, form)
    places = [question for question in form.questions if question.place and not question.repeats]
    for question in places[1:]:
        yield _at(
            question,
            "error",
            "place_twice",
            "{path} is a second fs:place question.",
            "Keep one: the most exact place of the record.",
            "bind::fs:place",
            detail=blanks(path=question.path),
        )


def _part(question: Question) -> Iterator[Finding]:
    if question.part not in PARTS:
        yield _at(
            question,
            "error",
            "part_unknown",
            "fs:part of {path} is {part}, which is none.",
            "Write one of: {parts}.",
            "bind::fs:part",
            detail=blanks(path=question.path, part=repr(question.part), parts=", ".join(sorted(PARTS))),
        )
    if question.save_to is None:
        yield _at(
            question,
            "warning",
            "part_not_saved",
            "{path} has fs:part and is saved to no entity, so nothing is compared by it.",
            "Save it to an entity with save_to, or remove fs:part here.",
            "bind::fs:part",
            detail=blanks(path=question.path),
        )


def _untranslated(question: Question, form: Form) -> Iterator[Finding]:
    missing = [code for code in form.languages if code not in question.labels and "" not in question.labels]
    if missing:
        yield _at(
            question,
            "warning",
            "untranslated",
            "{path} has no label in {missing}; {labels} is shown.",
            "Translate it.",
            "label",
            detail=blanks(
                path=question.path, missing=", ".join(missing), labels=repr(in_language(question.labels, ""))
            ),
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
                "{path} has no sensitivity class and counts as P2.",
                "Write P0, P1, P2 or P3 in the column bind::fs:class.",
                "bind::fs:class",
                detail=blanks(path=question.path),
            )
        elif question.sensitivity not in SENSITIVITY_CLASSES:
            yield _at(
                question,
                "error",
                "unknown_sensitivity",
                "{path} has the unknown sensitivity class {sensitivity}.",
                "Write P0, P1, P2 or P3.",
                "bind::fs:class",
                detail=blanks(path=question.path, sensitivity=repr(question.sensitivity)),
            )
        elif question.sensitivity == "P3":
            restricted.append(question)
    if restricted and not p3_allowed:
        yield _at(
            restricted[0],
            "error",
            "p3_needs_sealing",
            "{path} is P3, and restricted answers cannot be sealed yet; questions of this class: {count}.",
            "Publish the form for tests only.",
            "bind::fs:class",
            detail=blanks(path=restricted[0].path, count=len(restricted)),
        )


def _entities(form: Form) -> Iterator[Finding]:
    stated = ".".join(form.entities_version.split(".")[:2])
    if form.entities and stated and stated not in KNOWN_ENTITY_VERSIONS:
        yield Finding(
            "error",
            "entities_version",
            "The entities version {entities_version} is not known here.",
            "Use {known_entity_versions}.0 or older.",
            sheet="entities",
            detail=blanks(entities_version=form.entities_version, known_entity_versions=KNOWN_ENTITY_VERSIONS[-1]),
        )
    for declaration in form.entities:
        yield from _entity(declaration)


def _entity(declaration: EntityDeclaration) -> Iterator[Finding]:
    if not _ENTITY_LIST.fullmatch(declaration.list):
        yield Finding(
            "error",
            "entity_list",
            "The entity list's name {list} cannot be used.",
            "Use letters, digits, _ and -, beginning with a letter.",
            sheet="entities",
            column="list_name",
            path=declaration.path,
            detail=blanks(list=repr(declaration.list)),
        )
    if declaration.create is None and declaration.update is None:
        yield Finding(
            "error",
            "entity_idle",
            "{list} is neither created nor updated.",
            "Fill create_if or update_if.",
            sheet="entities",
            path=declaration.path,
            detail=blanks(list=declaration.list),
        )
    if declaration.create is not None and declaration.label is None:
        yield Finding(
            "error",
            "entity_label",
            "{list} is created without a label.",
            "Fill the label column.",
            sheet="entities",
            column="label",
            path=declaration.path,
            detail=blanks(list=declaration.list),
        )
    for name in declaration.properties:
        if name.lower() in ("name", "label") or name.startswith("__"):
            yield Finding(
                "error",
                "entity_property",
                "An entity property cannot be called {name}.",
                "Choose another name.",
                sheet="survey",
                column="save_to",
                path=declaration.properties[name],
                detail=blanks(name=repr(name)),
            )


def _refused_by_collect(form: Form) -> Iterator[Finding]:
    for path in form.hollow:
        yield Finding(
            "error",
            "hollow_group",
            "{path} shows nothing: ODK Collect does not open a form with such a group.",
            "Ask something in it, or take its calculations out of it.",
            sheet="survey",
            path=path,
            detail=blanks(path=path),
        )
    read = {instance.id for instance in form.instances}
    for declaration in form.entities:
        if declaration.update is not None and declaration.list not in read:
            yield Finding(
                "error",
                "entity_list_not_read",
                "{list} is updated, but the form does not read it: ODK Collect does not open such a form.",
                "Add a row of the type csv-external with the name {list}.",
                sheet="entities",
                column="update_if",
                path=declaration.path,
                detail=blanks(list=declaration.list),
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


def _at(
    question: Question,
    severity: str,
    code: str,
    message: str,
    advice: str,
    column: str,
    detail: Blanks = (),
) -> Finding:
    return Finding(severity, code, message, advice, sheet="survey", column=column, path=question.path, detail=detail)
