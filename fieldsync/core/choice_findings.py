"""What is wrong or doubtful in a form's lists of choices."""

import re
from collections import Counter
from collections.abc import Iterator

from fieldsync.core.forms import Blanks, Finding, Form, Question, blanks

MANY_CHOICES = 1000
"""Choices; above it a list costs seconds and tens of megabytes on a cheap phone."""

_SELECTS = ("select_one", "select_multiple", "rank")


def choice_findings(form: Form) -> Iterator[Finding]:
    """Missing lists, long lists, doubtful names, protective choices that do not exist."""
    lists = _Lists(form)
    for question in form.questions:
        if question.type in _SELECTS:
            yield from _choices(question, lists)
        if question.protective:
            yield from _protective(question, lists)


class _Lists:
    """Each list of choices is looked at once, however many questions use it."""

    def __init__(self, form: Form) -> None:
        self.instances = {instance.id: instance for instance in form.instances}
        self._names: dict[int, frozenset[str]] = {}
        self._seen: set[tuple[int, bool]] = set()

    def is_new(self, question: Question) -> bool:
        """Whether this list was not yet looked at for questions of this type."""
        key = (id(question.choices), question.type == "select_one")
        is_new = key not in self._seen
        self._seen.add(key)
        return is_new

    def names(self, question: Question) -> frozenset[str]:
        """The names of a question's choices."""
        key = id(question.choices)
        if key not in self._names:
            self._names[key] = frozenset(choice.name for choice in question.choices)
        return self._names[key]


def _choices(question: Question, lists: "_Lists") -> Iterator[Finding]:
    itemset = question.itemset
    if itemset is not None and itemset.instance and itemset.instance not in lists.instances:
        yield _at(
            question,
            "error",
            "choice_list_missing",
            "{path} takes its choices from {instance}, which is not in the form.",
            "Add the list on the choices sheet, or correct its name.",
            "type",
            detail=blanks(path=question.path, instance=repr(itemset.instance)),
        )
        return
    if itemset is not None and (not itemset.instance or lists.instances[itemset.instance].source is not None):
        return
    if not question.choices:
        yield _at(
            question,
            "error",
            "choices_missing",
            "{path} has no choices.",
            "Add them on the choices sheet.",
            "type",
            detail=blanks(path=question.path),
        )
    if lists.is_new(question):
        yield from _list(question)


def _list(question: Question) -> Iterator[Finding]:
    if len(question.choices) > MANY_CHOICES:
        yield _at(
            question,
            "warning",
            "many_choices",
            "{path} offers {choices} choices; over {most} are slow on a phone.",
            "Filter them by an earlier answer from a CSV file, or shorten the list.",
            "type",
            detail=blanks(path=question.path, choices=len(question.choices), most=MANY_CHOICES),
        )
    yield from _choice_names(question)


def _choice_names(question: Question) -> Iterator[Finding]:
    counts = Counter((choice.name, *sorted(choice.columns.items())) for choice in question.choices)
    twice = [key[0] for key, count in counts.items() if count > 1]
    if twice:
        yield _at(
            question,
            "warning",
            "duplicate_choice",
            "{path} has the choice {twice} more than once.",
            "Remove one of them.",
            "type",
            detail=blanks(path=question.path, twice=repr(twice[0])),
        )
    if any(not choice.name for choice in question.choices):
        yield _at(
            question,
            "error",
            "choice_name",
            "{path} has a choice without a name.",
            "Give it a name.",
            "type",
            detail=blanks(path=question.path),
        )
    spaced = [choice.name for choice in question.choices if re.search(r"\s", choice.name)]
    if spaced and question.type != "select_one":
        yield _at(
            question,
            "error",
            "choice_name",
            "{path} has the choice {spaced}, with a space in its name.",
            "Write its name without spaces; the label may have them.",
            "type",
            detail=blanks(path=question.path, spaced=repr(spaced[0])),
        )


def _protective(question: Question, lists: "_Lists") -> Iterator[Finding]:
    column = "bind::fs:protective"
    if question.type not in ("select_one", "boolean"):
        yield _at(
            question,
            "error",
            "protective_type",
            "{path} is no select_one, so no choice protects.",
            "Remove fs:protective here.",
            column,
            detail=blanks(path=question.path),
        )
    names = lists.names(question)
    unknown = [name for name in question.protective if names and name not in names]
    if unknown:
        yield _at(
            question,
            "error",
            "protective_choice",
            "fs:protective of {path} names {unknown}, which is not a choice.",
            "Name its choices, the most protective first, with spaces between.",
            column,
            detail=blanks(path=question.path, unknown=repr(unknown[0])),
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
