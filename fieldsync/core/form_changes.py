"""What differs between two versions of a form, and what that does to answers: for whoever publishes the second."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fieldsync.core.forms import Choice, Form, Question, Texts

ADDED, REMOVED, MOVED = "added", "removed", "moved"

RULES = ("required", "constraint", "relevant", "calculate", "default", "readonly", "choice_filter")
"""What decides which answers may be given, in the order in which changes are told."""

MARKS = ("key", "place", "part", "project", "protective", "save_to")

TEXTS = ("labels", "hints", "constraint_message", "required_message")


@dataclass(frozen=True)
class Change:
    """One difference. `kind` is added, removed, moved, type, sensitivity, one of RULES, MARKS and TEXTS,
    choice_added, choice_removed or choice_labels.

    `path` is the question's in the new version, or in the old one where it is removed. `old` and `new` are as the
    form writes them, "" where there is none; `language` names the language of a text, `choice` a choice.
    """

    kind: str
    path: str
    old: str = ""
    new: str = ""
    language: str = ""
    choice: str = ""


def form_changes(old: Form, new: Form) -> list[Change]:
    """What differs, question by question in the order of the new version; removed questions last."""
    before = {question.path: question for question in old.questions}
    after = {question.path: question for question in new.questions}
    moved = _moved(before, after)
    found: list[Change] = []
    for path, question in after.items():
        known = before.get(moved.get(path, path))
        if known is None:
            found.append(Change(ADDED, path, new=question.type))
            continue
        if path in moved:
            found.append(Change(MOVED, path, moved[path], path))
        found += _of_question(known, question)
    gone = [path for path in before if path not in after and path not in moved.values()]
    return [*found, *(Change(REMOVED, path, before[path].type) for path in gone)]


def _moved(before: Mapping[str, Question], after: Mapping[str, Question]) -> dict[str, str]:
    """New path → old path of questions that went to another group with their name and type."""
    gone = _by_name(question for path, question in before.items() if path not in after)
    come = _by_name(question for path, question in after.items() if path not in before)
    return {question.path: gone[key].path for key, question in come.items() if key in gone}


def _by_name(questions: Iterable[Question]) -> dict[tuple[str, str], Question]:
    """Questions by name and type; those that share both with another are left out."""
    found: dict[tuple[str, str], list[Question]] = {}
    for question in questions:
        found.setdefault((question.path.rsplit("/", 1)[-1], question.type), []).append(question)
    return {key: questions[0] for key, questions in found.items() if len(questions) == 1}


def _of_question(old: Question, new: Question) -> Iterator[Change]:
    yield from _members(("type", "sensitivity"), old, new)
    yield from _choices(old, new)
    yield from _members(RULES, old, new)
    for name in TEXTS:
        yield from _texts(name, new.path, getattr(old, name), getattr(new, name))
    yield from _members(MARKS, old, new)


def _members(names: Iterable[str], old: Question, new: Question) -> Iterator[Change]:
    for name in names:
        before, now = _as_text(old, name), _as_text(new, name)
        if before != now:
            yield Change(name, new.path, before, now)


def _as_text(question: Question, name: str) -> str:
    """A member of a question as one text; the groups around a question count with what it says itself."""
    if name == "relevant":
        return " and ".join(expression for _, expression in question.relevant)
    if name == "choice_filter":
        return (question.itemset.filter or "") if question.itemset else ""
    value = getattr(question, name)
    if isinstance(value, bool):
        return "yes" if value else ""
    return " ".join(value) if isinstance(value, tuple) else value or ""


def _texts(kind: str, path: str, old: Texts, new: Texts, choice: str = "") -> Iterator[Change]:
    for language in dict.fromkeys([*old, *new]):
        before, now = old.get(language, ""), new.get(language, "")
        if before != now:
            yield Change(kind, path, before, now, language, choice)


def _choices(old: Question, new: Question) -> Iterator[Change]:
    before, now = _by_choice(old.choices), _by_choice(new.choices)
    for name, choice in now.items():
        if name not in before:
            yield Change("choice_added", new.path, choice=name)
        else:
            yield from _texts("choice_labels", new.path, before[name].labels, choice.labels, name)
    for name in before:
        if name not in now:
            yield Change("choice_removed", new.path, choice=name)


def _by_choice(choices: tuple[Choice, ...]) -> dict[str, Choice]:
    return {choice.name: choice for choice in choices}
