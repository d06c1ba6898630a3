"""What an export can tell: the questions of a form in all its versions, or the properties of an entity list."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fieldsync.core.choice_lists import ChoiceLists
from fieldsync.core.declarations import LABEL
from fieldsync.core.export_words import COLUMNS, word
from fieldsync.core.forms import Form, Question, Repeat
from fieldsync.core.itext import in_language

Version = tuple[Form, ChoiceLists]
"""A published version and the lists that its choices come from."""

LABEL_LENGTH_MAX = 200
ENTITY_ID = "@id"


class Answer(msgspec.Struct, frozen=True):
    """Something that records of a form or list can say.

    `repeats` are the paths of the repeats around it, outermost first. `choices`: name → label, in order; none
    where the list is not known here, as an entity list is not. `sensitivity` is the strictest of all versions, and of
    the repeats around.
    """

    path: str
    type: str
    label: str
    sensitivity: str
    repeats: tuple[str, ...] = ()
    choices: Mapping[str, str] = {}


class Told(msgspec.Struct, frozen=True):
    """All answers in order, and the repeats: path → label."""

    answers: tuple[Answer, ...]
    repeats: Mapping[str, str]


def of_form(versions: Sequence[Version], language: str) -> Told:
    """The answers of a form; versions oldest first. The newest one's order and words, then what only older ones ask."""
    found: dict[str, Answer] = {}
    repeats: dict[str, str] = {}
    classes: dict[str, str] = {}
    for form, lists in reversed(versions):
        around = {repeat.path: repeat for repeat in form.repeats}
        for repeat in form.repeats:
            repeats.setdefault(repeat.path, _label(repeat.labels, form, language, repeat.path))
        for answer in (*_questions(form, lists, around, language), *_entities(form, language)):
            classes[answer.path] = max(classes.get(answer.path, "P0"), answer.sensitivity)
            known = found.get(answer.path)
            found[answer.path] = answer if known is None else _with_older(known, answer)
    strict = [msgspec.structs.replace(each, sensitivity=classes[each.path]) for each in found.values()]
    return Told(tuple(strict), repeats)


def of_list(name: str, classes: Mapping[str, str], versions: Sequence[Version], language: str) -> Told:
    """The properties of an entity list: property → class; words and types are those of the questions that save them."""
    sources: dict[str, Answer] = {}
    for form, lists in versions:
        asked = {question.path: question for question in form.questions}
        for declaration in form.entities:
            if declaration.list == name:
                for property_name, path in declaration.properties.items():
                    if path in asked:
                        sources[property_name] = _question(asked[path], form, lists, {}, language)
    answers = [Answer(LABEL, "text", word(COLUMNS, "label", language), max(classes[LABEL], "P1"))]
    for property_name in sorted(classes.keys() - {LABEL}):
        sensitivity = classes[property_name]
        source = sources.get(property_name) or Answer(property_name, "text", property_name, sensitivity)
        answers.append(msgspec.structs.replace(source, path=property_name, sensitivity=sensitivity, repeats=()))
    return Told(tuple(answers), {})


def _questions(form: Form, lists: ChoiceLists, around: Mapping[str, Repeat], language: str) -> Iterable[Answer]:
    for question in form.questions:
        if question.type != "note":
            yield _question(question, form, lists, around, language)


def _question(
    question: Question, form: Form, lists: ChoiceLists, around: Mapping[str, Repeat], language: str
) -> Answer:
    return Answer(
        question.path,
        question.type,
        _label(question.labels, form, language, question.path),
        max(question.sensitivity, *(around[each].sensitivity for each in question.repeats if each in around), "P0"),
        question.repeats,
        _choices(question, form, lists, language),
    )


def _entities(form: Form, language: str) -> Iterable[Answer]:
    """Which entities a submission speaks of: by their ids, for which aliases stand."""
    for declaration in form.entities:
        label = f"{word(COLUMNS, 'entity', language)}: {declaration.list}"
        yield Answer(f"{declaration.path}/{ENTITY_ID}", "text", label, "P1", declaration.repeats)


def _choices(question: Question, form: Form, lists: ChoiceLists, language: str) -> Mapping[str, str]:
    if question.choices:
        return {each.name: _label(each.labels, form, language, each.name) for each in question.choices}
    rows = lists.choice_rows(question) if question.type.startswith("select") or question.type == "rank" else None
    column = question.itemset.label if question.itemset else "label"
    return {name: row.get(column) or name for name, row in rows or ()}


def _label(labels: Mapping[str, str], form: Form, language: str, other: str) -> str:
    text = " ".join(in_language(labels, language, form.default_language).split())
    return text[:LABEL_LENGTH_MAX] or other


def _with_older(newer: Answer, older: Answer) -> Answer:
    """The choices of both; a question that changed its type is told as text, which every answer can be."""
    kind = newer.type if newer.type == older.type else "calculate"
    return msgspec.structs.replace(newer, type=kind, choices={**older.choices, **newer.choices})
