"""The server's re-check of answers: what is wrong in itself, and which rules a record breaks (docs/protocol.md, 4)."""

from collections.abc import Mapping
from datetime import tzinfo
from zoneinfo import ZoneInfo

from fieldsync.core import answer_types, odk_encryption
from fieldsync.core.answer_paths import pattern_of, pattern_of_answer, unindexed
from fieldsync.core.answer_types import CHOICE_CHECKERS, ENTITY_CHECKERS, PLAIN_CHECKERS, Checker
from fieldsync.core.choice_lists import ChoiceLists
from fieldsync.core.declarations import declaration_problems
from fieldsync.core.form_tree import FormTree
from fieldsync.core.forms import EntityDeclaration, Form, Question
from fieldsync.core.operations import Value
from fieldsync.core.problems import Problem
from fieldsync.core.rules import Rules

PROGRAMME_ZONE = ZoneInfo("Africa/Casablanca")

_LIMITS = {
    "decimal": answer_types.NUMBER_LENGTH_MAX,
    "geotrace": answer_types.POINTS_MAX,
    "geoshape": answer_types.POINTS_MAX,
    "select_multiple": answer_types.CHOICES_MAX,
    "rank": answer_types.CHOICES_MAX,
    "file": answer_types.FILE_NAME_LENGTH_MAX,
    "order_key": answer_types.ORDER_KEY_LENGTH_MAX,
}
"""What is too long for each type, in characters, points or choices; for all others `TEXT_LENGTH_MAX` characters."""


class CompiledForm:
    """A form version made ready to check what arrives; safe to share between threads, never changed.

    `protective`: question path to its choices, most protective first. `key_paths`: the questions that make two
    submissions the same report; `key_lists`: those of them that are chosen from a list, with its name.
    `place_path`: the question that says where, or None.
    """

    __slots__ = (
        "_checkers",
        "_checkers_inside",
        "_rules",
        "_types",
        "form",
        "key_lists",
        "key_paths",
        "lists",
        "place_path",
        "protective",
        "tree",
    )

    def __init__(self, form: Form, files: Mapping[str, bytes]) -> None:
        """`files` are the form's CSV attachments by file name."""
        self.form = form
        self.tree = FormTree(form)
        self.lists = ChoiceLists(form, files)
        self.protective: Mapping[str, tuple[str, ...]] = {q.path: q.protective for q in form.questions if q.protective}
        self.key_paths: tuple[str, ...] = tuple(q.path for q in form.questions if q.key)
        self.key_lists: Mapping[str, str] = {q.path: q.itemset.instance for q in form.questions if q.key and q.itemset}
        self.place_path: str | None = next((q.path for q in form.questions if q.place), None)
        self._types = {question.path: question.type for question in form.questions}
        checkers = _checkers(self.tree, self.lists)
        self._checkers = {path: checker for path, checker in checkers.items() if "[" not in path}
        self._checkers_inside = {path: checker for path, checker in checkers.items() if "[" in path}
        self._rules = Rules(form, self.lists)

    def checked_paths(self) -> frozenset[str]:
        """The paths that an operation may write; occurrences of repeats stand as "[]"."""
        return frozenset((*self._checkers, *self._checkers_inside))

    def wrong_in_itself(self, writes: Mapping[str, Value]) -> list[Problem]:
        """What in these writes the form alone shows to be wrong, whatever else the record says."""
        checkers = self._checkers
        problems: list[Problem] = []
        occurrences: dict[str, str] = {}
        for path, value in writes.items():
            checker = checkers.get(path) or self._checker_inside(path, occurrences)
            if checker is None:
                problems.append(Problem("unknown_path", path, {"version": self.form.version}))
            elif value is not None:
                fault = checker(value)
                if fault is not None:
                    problems.append(self._problem(fault, path))
        return problems

    def broken_rules(
        self, fields: Mapping[str, Value], stamp_ms: int, timezone: tzinfo = PROGRAMME_ZONE
    ) -> list[Problem]:
        """Which of the form's rules across answers a folded record breaks, and where; never an exception.

        `stamp_ms` (milliseconds since 1970) in `timezone` is today() and now(). Calculations are taken as recorded.
        """
        if fields.get(odk_encryption.PATH) is not None:
            return []  # nobody here can read the answers
        broken = self._rules.broken(fields, stamp_ms, timezone)
        return broken + declaration_problems(fields, self.form) if self.form.entities else broken

    def _checker_inside(self, path: str, occurrences: dict[str, str]) -> Checker | None:
        """The checker of a path inside an occurrence; `occurrences` remembers prefixes already read."""
        end = path.rfind("]") + 1
        if not end:
            return None
        prefix = path[:end]
        pattern = occurrences.get(prefix)
        if pattern is None:
            pattern = occurrences[prefix] = "?" if "[]" in prefix else pattern_of_answer(prefix)
        return self._checkers_inside.get(pattern + path[end:])

    def _problem(self, fault: str, path: str) -> Problem:
        kind = "order_key" if path.endswith("]") else self._types.get(unindexed(path), "text")
        if fault == answer_types.WRONG_TYPE:
            return Problem(fault, path, {"type": kind})
        limit = {"limit": str(_LIMITS.get(kind, answer_types.TEXT_LENGTH_MAX))}
        return Problem(fault, path, limit if fault == answer_types.TOO_LONG else {})


def compile_form(form: Form, files: Mapping[str, bytes] = {}) -> CompiledForm:
    """Make a form version ready to check what arrives; do it once a version and keep the result."""
    return CompiledForm(form, files)


def _checkers(tree: FormTree, lists: ChoiceLists) -> dict[str, Checker]:
    """Pattern of an answer's path ("members[]/name") to its checker."""
    form = tree.form
    known: dict[str, Checker] = {path: answer_types.wrong_text for path in tree.leaves}
    known.update({question.path: _checker_of(question, lists) for question in form.questions})
    for declaration in form.entities:
        known.update(_entity_checkers(declaration))
    checkers = {pattern_of(path, tree.nests[path]): checker for path, checker in known.items()}
    if form.public_key:
        checkers[odk_encryption.PATH] = answer_types.wrong_sealed
    for repeat in tree.repeats:
        checkers[pattern_of(repeat, tree.nests[repeat])] = answer_types.wrong_order_key
    return checkers


def _checker_of(question: Question, lists: ChoiceLists) -> Checker:
    by_list = CHOICE_CHECKERS.get(question.type)
    checker = by_list(lists.names(question)) if by_list else PLAIN_CHECKERS.get(question.type, answer_types.wrong_text)
    return answer_types.sealed_or(checker) if question.sensitivity == "P3" else checker


def _entity_checkers(declaration: EntityDeclaration) -> dict[str, Checker]:
    checkers = {f"{declaration.path}/@{attribute}": checker for attribute, checker in ENTITY_CHECKERS.items()}
    checkers[f"{declaration.path}/@dataset"] = answer_types.exactly(declaration.list)
    return checkers
