"""What a submission's answers say about entities, declaration by declaration (the ODK entities specification)."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from fieldsync.core.answer_paths import unindexed
from fieldsync.core.forms import EntityDeclaration, Form
from fieldsync.core.occurrences import around, is_occurrence
from fieldsync.core.operations import Value
from fieldsync.core.problems import Problem

LABEL = "label"
"""The property that every entity has."""

Fields = Mapping[str, Value]

_UUID = re.compile(r"(?:uuid:)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})").fullmatch


class Place(NamedTuple):
    """Where a declaration speaks: its list, the path of its node, and the innermost occurrence around it or ""."""

    list: str
    path: str
    occurrence: str


class Statement(NamedTuple):
    """What a declaration says: the entity (None where its id is not valid), whether it creates it, its properties."""

    entity: str | None
    creates: bool
    properties: Fields


def places(form: Form, *states: Fields) -> list[tuple[Place, EntityDeclaration]]:
    """Every place of the form's declarations in the answers, in document order; occurrences by order key, then path."""
    found = []
    for declaration in form.entities:
        occurrences = _occurrences(declaration.repeats[-1], states) if declaration.repeats else [""]
        for occurrence in occurrences:
            path = _inside(declaration.path, occurrence)
            found.append((Place(declaration.list, path, occurrence), declaration))
    return found


def statements(fields: Fields, at: Iterable[tuple[Place, EntityDeclaration]]) -> dict[Place, Statement]:
    """The declarations in force, those whose create or update is true."""
    found = {}
    for place, declaration in at:
        creates = _is_true(fields.get(f"{place.path}/@create"))
        if creates or _is_true(fields.get(f"{place.path}/@update")):
            properties = _properties(fields, place, declaration)
            found[place] = Statement(entity_id(fields.get(f"{place.path}/@id")), creates, properties)
    return found


def declaration_problems(fields: Fields, form: Form) -> list[Problem]:
    """The declarations in force that make no entity: without a valid id, or creating one without a label."""
    problems = []
    for place, statement in statements(fields, places(form, fields)).items():
        if statement.entity is None:
            problems.append(Problem("bad_entity", f"{place.path}/@id", {"list": place.list}))
        elif statement.creates and not statement.properties.get(LABEL):
            problems.append(Problem("bad_entity", f"{place.path}/{LABEL}", {"list": place.list}))
    return problems


def entity_id(value: Value) -> str | None:
    """The entity's UUID in lower case, without "uuid:"; None where the value is none."""
    found = _UUID(value.lower()) if isinstance(value, str) else None
    return found[1] if found else None


def chosen_entities(form: Form, fields: Fields) -> dict[tuple[str, str], set[str]]:
    """The entities that answers choose from lists: (list, UUID) to the paths of the questions that name it."""
    lists = {question.path: question.itemset.instance for question in form.questions if question.itemset}
    found: dict[tuple[str, str], set[str]] = {}
    for path, value in fields.items():
        plain = unindexed(path)
        for name in named_values(value) if plain in lists else ():
            uuid = entity_id(name)
            if uuid is not None:
                found.setdefault((lists[plain], uuid), set()).add(plain)
    return found


def named_values(value: Value) -> list[Value]:
    """What an answer to a choice names, one by one."""
    if isinstance(value, dict):
        return list(value.get("set", ()))
    return value if isinstance(value, list) else [value]


def _is_true(value: Value) -> bool:
    return value is True or value in ("1", "true")


def _properties(fields: Fields, place: Place, declaration: EntityDeclaration) -> Fields:
    said = {LABEL: fields.get(f"{place.path}/{LABEL}")}
    for name, path in declaration.properties.items():
        said[name] = fields.get(_inside(path, place.occurrence))
    return said


def _inside(path: str, occurrence: str) -> str:
    """A question's path with the occurrences that it shares with `occurrence` written in."""
    for around_it in [occurrence, *reversed(around(occurrence))]:
        repeat = unindexed(around_it)
        if repeat and path.startswith(repeat + "/"):
            return around_it + path[len(repeat) :]
    return path


def _occurrences(repeat: str, states: Iterable[Fields]) -> list[str]:
    found: dict[str, tuple[tuple[int, int, str, str], ...]] = {}
    known = list(states)
    for fields in known:
        for path in fields:
            for occurrence in [*around(path), path] if is_occurrence(path) else around(path):
                if occurrence not in found and unindexed(occurrence) == repeat:
                    found[occurrence] = _document_order(occurrence, known)
    return sorted(found, key=found.__getitem__)


def _document_order(occurrence: str, states: list[Fields]) -> tuple[tuple[int, int, str, str], ...]:
    """By the order keys of the occurrences around it and its own: numbers first, then texts, then none; then path."""
    return tuple((*_key_order(path, states), path) for path in [*around(occurrence), occurrence])


def _key_order(path: str, states: list[Fields]) -> tuple[int, int, str]:
    key = next((fields[path] for fields in states if fields.get(path) is not None), None)
    if isinstance(key, int):
        return 0, key, ""
    return (1, 0, key) if isinstance(key, str) else (2, 0, "")
