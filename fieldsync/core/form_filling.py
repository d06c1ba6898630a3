"""A form version ready to be filled by hand: what is asked now, which choices are offered, what follows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import tzinfo
from functools import lru_cache
from typing import Any

from lxml import etree

from fieldsync.core.answer_paths import Occurrences
from fieldsync.core.answer_text import UnknownValueError, text_of, value_from_text
from fieldsync.core.choice_lists import ChoiceLists, Row
from fieldsync.core.expression_code import Environment, NotCompiledError, Scope
from fieldsync.core.expression_parser import ExpressionFault
from fieldsync.core.expression_rows import Rows
from fieldsync.core.expression_values import boolean, text
from fieldsync.core.expressions import (
    compile_expression,
    environment_of,
    filter_source,
    offered_source,
    unpacked,
)
from fieldsync.core.form_tree import FormTree
from fieldsync.core.forms import Form, Question
from fieldsync.core.generated_code import made
from fieldsync.core.occurrences import around
from fieldsync.core.operations import Value
from fieldsync.core.validation import CompiledForm

PASSES_MAX = 8
"""How often calculations that build on each other are worked out; forms have two or three in a row."""

FAILURES = (
    UnknownValueError, ExpressionFault, NotCompiledError, ValueError, LookupError, ArithmeticError, TypeError,
    RecursionError, etree.XPathError,
)  # fmt: skip
"""How an expression that cannot be worked out fails; then nothing is known by it, and everything stays as it is."""

_ANYWHERE = "00000000-0000-4000-8000-000000000000"


class Filling:
    """Expressions of a form, compiled when first needed; what cannot be worked out leaves answers as they are."""

    def __init__(self, compiled: CompiledForm) -> None:
        self.form: Form = compiled.form
        self.tree = FormTree(compiled.form)
        self._lists: ChoiceLists = compiled.lists
        self._ready: dict[tuple[str, str], Callable[..., Any] | None] = {}
        self._offers: dict[str, Callable[..., Any] | None] = {}

    def is_relevant(self, relevant: Sequence[tuple[str, str]], environment: Environment, address: str) -> bool:
        """Whether a node at an address applies by the answers; where that is unknown, it does."""
        return all(self._truth(context, rule, environment, address, True) for context, rule in relevant)

    def is_required(self, question: Question, environment: Environment, address: str) -> bool:
        """Whether an answer is due."""
        return bool(question.required) and self._truth(
            question.path, question.required or "", environment, address, False
        )

    def is_readonly(self, question: Question, environment: Environment, address: str) -> bool:
        """Whether the form keeps an answer from being changed."""
        return bool(question.readonly) and self._truth(
            question.path, question.readonly or "", environment, address, True
        )

    def offered(self, question: Question, environment: Environment, address: str) -> Sequence[str] | None:
        """The names of the choices that are offered now, in order; None where the list is not known here."""
        if question.path not in self._offers:
            self._offers[question.path] = self._offer(question)
        offer = self._offers[question.path]
        if offer is None:
            return None
        try:
            return list(offer(environment, self._occurrences(question.path, address)))
        except FAILURES:
            return None

    def result(self, question: Question, environment: Environment, address: str) -> str | None:
        """What a calculation gives now, as a phone records it; None where that is not known here."""
        value = self._value(question.path, question.calculate or "", environment, address)
        if isinstance(value, float) and value != value:
            return ""  # phones record nothing where a calculation gives no number
        return None if value is None else text(value)

    def calculated(
        self, fields: Mapping[str, Value], base: Mapping[str, Value], stamp_ms: int, zone: tzinfo
    ) -> dict[str, Value]:
        """The fields with those calculations that follow from answers alone.

        Such is one that gives, on the answers as they were (`base`), what is recorded; what chance, time or the phone
        gave stays as recorded.
        """
        calculations = [question for question in self.form.questions if question.calculate]
        before = environment_of(base, stamp_ms, zone)
        found = dict(fields)
        for _ in range(PASSES_MAX if calculations else 0):
            environment, changed = environment_of(found, stamp_ms, zone), False
            for question in calculations:
                for address in self.addresses(question.path, question.repeats, environment.occurrences):
                    value = self._followed(question, address, environment, before, base)
                    if value is not None and text_of(found.get(address)) != value:
                        found[address] = value_from_text(question.type, value)
                        changed = True
            if not changed:
                break
        return found

    def begun(self, stamp_ms: int, zone: tzinfo) -> dict[str, Value]:
        """A record before anybody has answered: the form's defaults, and what follows from them outside of repeats."""
        found: dict[str, Value] = {
            question.path: value_from_text(question.type, question.default)
            for question in self.form.questions
            if question.default and not question.repeats
        }
        calculations = [each for each in self.form.questions if each.calculate and not each.repeats]
        for _ in range(PASSES_MAX if calculations else 0):
            environment = environment_of(found, stamp_ms, zone)
            told = [(each, self.result(each, environment, each.path)) for each in calculations]
            now = {
                each.path: value_from_text(each.type, value)
                for each, value in told
                if value is not None and text_of(found.get(each.path)) != value
            }
            if not now:
                break
            found |= now
        return found

    def addresses(self, path: str, repeats: Sequence[str], occurrences: Occurrences) -> Iterator[str]:
        """Every place of a question in a record: one, or one for each row of the repeats around it."""
        prefixes, done = [""], 0
        for repeat in repeats:
            prefixes = [row for outer in prefixes for row in occurrences.get(outer + repeat[done:], ())]
            done = len(repeat)
        return (prefix + path[done:] for prefix in prefixes)

    def _followed(
        self, question: Question, address: str, environment: Environment, before: Environment, base: Mapping[str, Value]
    ) -> str | None:
        """The text of a calculation now; None where it does not follow from the answers, or does not apply."""
        try:
            recorded = text_of(base.get(address))
        except UnknownValueError:
            return None
        follows = self.result(question, before, address) == recorded or (
            address not in base and any(row not in base for row in around(address))
        )
        if not follows or not self.is_relevant(question.relevant, environment, address):
            return None
        return self.result(question, environment, address)

    def _truth(self, context: str, rule: str, environment: Environment, address: str, unknown: bool) -> bool:
        value = self._value(context, rule, environment, address)
        return unknown if value is None else boolean(value)

    def _value(self, context: str, rule: str, environment: Environment, address: str) -> Any:
        """What an expression gives in the rows around an address; None where it cannot be worked out."""
        key = (context, rule)
        if key not in self._ready:
            try:
                self._ready[key] = compile_expression(self.tree, self._lists, context, rule).evaluate
            except FAILURES:
                self._ready[key] = None
        evaluate = self._ready[key]
        if evaluate is None:
            return None
        try:
            return evaluate(environment, self._occurrences(context, address))
        except FAILURES:
            return None

    def _occurrences(self, context: str, address: str) -> tuple[str, ...]:
        """The rows around a node; for a repeat without rows, one that is nowhere."""
        rows, nest = around(f"{address}/"), self.tree.nests[context]
        while len(rows) < len(nest):
            done = len(nest[len(rows) - 1]) if rows else 0
            rows.append(f"{rows[-1] if rows else ''}{nest[len(rows)][done:]}[{_ANYWHERE}]")
        return tuple(rows[: len(nest)])

    def _offer(self, question: Question) -> Callable[..., Any] | None:
        itemset = question.itemset
        names = [choice.name for choice in question.choices]
        if itemset is None or not itemset.instance:
            by_answers = itemset is not None and bool(itemset.nodeset)
            return self._offer_by_answers(question) if by_answers else lambda _environment, _rows: names
        rows = self._lists.choice_rows(question)
        if rows is None or "search(" in question.appearance:
            return None
        if not itemset.filter:
            return lambda _environment, _rows: [name for name, _ in rows]
        return self._offer_by_filter(question, itemset.filter, rows) or self._offer_by_answers(question)

    def _offer_by_filter(
        self, question: Question, filter_text: str, rows: Sequence[tuple[str, Row]]
    ) -> Callable[..., Any] | None:
        scope = Scope(self.tree)
        try:
            source = filter_source(scope, self._lists, question.path, filter_text, Rows([row for _, row in rows], "w0"))
            lines = [
                "f, o = e.fields.get, e.occurrences",
                *unpacked(question.repeats),
                *scope.with_loads([f"return [name for name, w0 in {scope.constant(list(rows))} if {source}]"]),
            ]
            offer: Callable[..., Any] = made("offered", "e, p", lines, scope.constants)
        except FAILURES:
            return None
        return offer

    def _offer_by_answers(self, question: Question) -> Callable[..., Any] | None:
        scope = Scope(self.tree)
        try:
            source = offered_source(scope, self._lists, question)
            lines = [*unpacked(question.repeats), f"return {source}"]
            offer: Callable[..., Any] = made("offered", "e, p", lines, scope.constants)
        except FAILURES:
            return None
        return offer


@lru_cache(maxsize=16)
def filling_of(compiled: CompiledForm) -> Filling:
    """A form version made ready to be filled; remembered for those that are edited now."""
    return Filling(compiled)
