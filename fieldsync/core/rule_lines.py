"""Python source for a form's rules: required, constraint, relevance, cascades, counts of repeats.

The source reads each answer once, works out each relevance once, and holds nothing for what has no rule.
"""

from collections.abc import Callable, Mapping, Sequence

from fieldsync.core.answer_text import UnknownValueError
from fieldsync.core.choice_lists import ChoiceLists
from fieldsync.core.expression_code import NotCompiledError, Scope, address_of, as_number
from fieldsync.core.expression_compiler import Compiler
from fieldsync.core.expression_parser import ExpressionFault, parse
from fieldsync.core.expression_paths import Reference
from fieldsync.core.expression_rows import Rows
from fieldsync.core.expressions import failing_source, filter_source, offered_source, truth_source
from fieldsync.core.form_tree import FormTree
from fieldsync.core.forms import Question, Repeat
from fieldsync.core.generated_code import made
from fieldsync.core.problems import Problem

Check = Callable[..., None]
_UNASKED = ("note", "calculate")
"""What nobody answers: what it holds is no answer given where none is due."""


class RuleLines:
    """Lines of source for the rules of nodes in the same repeats, with what the lines need."""

    def __init__(self, tree: FormTree, lists: ChoiceLists, nest: tuple[str, ...]) -> None:
        """`nest` are the repeats around the nodes."""
        self.tree = tree
        self.lists = lists
        self.nest = nest
        self.scope = Scope(tree)
        self.lines: list[str] = []
        self._relevances: dict[tuple[str, str], str] = {}
        self._joined: dict[tuple[str, ...], str] = {}

    def function(self) -> Check:
        """The generated function: (get a field, occurrences, environment, tell a problem, prefixes of the nest)."""
        parameters = ", ".join(["f", "o", "e", "tell", *(f"p{level}" for level in range(len(self.nest)))])
        function: Check = made("check", parameters, self.scope.with_loads(self.lines), self.scope.constants)
        return function

    def add_branch(self, condition: str, body: Sequence[str]) -> None:
        """Lines under a condition; nothing where there are none."""
        if body:
            self.lines += [condition, *(f"    {line}" for line in body)]

    def truth(self, context: str, text: str) -> str:
        """Source of an expression's boolean value."""
        return truth_source(self.scope, self.lists, context, text)

    def telling(self, code: str, path: str, said: Mapping[str, str] = {}) -> str:
        """Source that tells a problem at a path, in the occurrences that the lines run for."""
        problem = self.scope.constant(Problem(code, path, said=said))
        nest = tuple(repeat for repeat in self.tree.nests[path] if repeat in self.nest)
        if not nest:
            return f"tell({problem})"
        return f"tell({self.scope.constant(_at)}({problem}, {address_of(path, nest)}))"

    def guarded(self, statement: str, path: str, otherwise: str = "pass") -> list[str]:
        """A statement that survives what is unknown, and tells of a rule that fails."""
        failed = self.telling("rule_failed", path)
        return [f"try: {statement}", f"except Unknown: {otherwise}", f"except Exception: {otherwise}; {failed}"]

    def relevance(self, relevant: Sequence[tuple[str, str]]) -> str:
        """The variable that says whether a node is relevant: True, False, or None where that is unknown."""
        names = tuple(name for name in (self._own_relevance(*rule) for rule in relevant) if name != "True")
        if len(names) < 2:
            return names[0] if names else "True"
        if names not in self._joined:
            self._joined[names] = f"m{len(self._joined)}"
            self.lines.append(f"{self._joined[names]} = {' and '.join(names)}")
        return self._joined[names]

    def _own_relevance(self, context: str, text: str) -> str:
        if (context, text) not in self._relevances:
            source = self.truth(context, text)
            name = "True" if source == "True" else f"r{len(self._relevances)}"
            self._relevances[context, text] = name
            if name != "True":
                self.lines += self.guarded(f"{name} = {source}", context, f"{name} = None")
        return self._relevances[context, text]


def _at(problem: Problem, address: str) -> Problem:
    return Problem(problem.code, address, problem.detail, problem.said)


def run_of_questions(
    tree: FormTree, lists: ChoiceLists, nest: tuple[str, ...], questions: Sequence[Question]
) -> RuleLines:
    """The rules of questions in the same repeats."""
    rules = RuleLines(tree, lists, nest)
    for question in questions:
        if question.type != "note":
            _add_question(rules, question)
    return rules


def _add_question(rules: RuleLines, question: Question) -> None:
    answered = [*_constraint(rules, question), *_cascade(rules, question)]
    required = _required(rules, question)
    misplaced = [] if question.type in _UNASKED else [rules.telling("not_relevant", question.path)]
    if not answered and not required and not (question.relevant and misplaced):
        return
    relevant = rules.relevance(question.relevant)
    empty = rules.scope.empty(question.path, question.repeats)
    if relevant == "True":
        rules.add_branch(f"if {empty}:", required)
        rules.add_branch("else:" if required else f"if not ({empty}):", answered)
        return
    rules.add_branch(f"if {relevant} and ({empty}):", required)
    rules.add_branch(f"if {relevant} is False and not ({empty}):", misplaced)
    rules.add_branch(f"if {relevant} is not False and not ({empty}):", answered)


def _required(rules: RuleLines, question: Question) -> list[str]:
    source = rules.truth(question.path, question.required) if question.required else "False"
    if source == "False":
        return []
    telling = rules.telling("required", question.path, question.required_message)
    return [telling] if source == "True" else rules.guarded(f"{source} and {telling}", question.path)


def _constraint(rules: RuleLines, question: Question) -> list[str]:
    source = rules.truth(question.path, question.constraint) if question.constraint else "True"
    if source == "True":
        return []
    telling = rules.telling("constraint", question.path, question.constraint_message)
    return rules.guarded(f"{source} or {telling}", question.path)


def _cascade(rules: RuleLines, question: Question) -> list[str]:
    """Whether each choice is among those that the itemset's filter lets through now."""
    itemset = question.itemset
    from_answers = itemset is not None and itemset.nodeset and not itemset.instance
    if itemset is None or not (itemset.filter or from_answers):
        return []
    try:
        if from_answers:
            source = _offered_by_libxml2(rules, question)
        else:
            source = _offered_by_filter(rules, question, itemset.filter or "true()")
    except UnknownValueError:
        return []
    except ExpressionFault:
        source = failing_source(rules.scope)
    return rules.guarded(f"{source} or {rules.telling('choice_not_offered', question.path)}", question.path)


def _answer(rules: RuleLines, question: Question) -> str:
    return rules.scope.answer(Reference(question.path, question.repeats, len(question.repeats))).source


def _offered_by_filter(rules: RuleLines, question: Question, filter_text: str) -> str:
    choices = rules.lists.choice_rows(question)
    if choices is None:
        raise UnknownValueError(question.path)
    by_name: dict[str, list[Mapping[str, str]]] = {}
    for name, row in choices:
        by_name.setdefault(name, []).append(row)
    rows = Rows([row for _, row in choices], "w0")
    try:
        passes = filter_source(rules.scope, rules.lists, question.path, filter_text, rows)
    except NotCompiledError:
        return _offered_by_libxml2(rules, question)
    table = rules.scope.constant(by_name)
    answer = _answer(rules, question)
    if question.type == "select_one":
        return f"any({passes} for w0 in {table}.get({answer}, ()))"
    return f"all(any({passes} for w0 in {table}.get(x, ())) for x in {answer}.split())"


def _offered_by_libxml2(rules: RuleLines, question: Question) -> str:
    answer = _answer(rules, question)
    names = f"[{answer}]" if question.type == "select_one" else f"{answer}.split()"
    return f"{rules.scope.constant(_all_offered)}({names}, {offered_source(rules.scope, rules.lists, question)})"


def _all_offered(names: Sequence[str], offered: Sequence[str]) -> bool:
    return set(offered).issuperset(names)


def count_of_occurrences(tree: FormTree, lists: ChoiceLists, repeat: Repeat) -> RuleLines:
    """Whether a repeat has as many occurrences as its count says."""
    rules = RuleLines(tree, lists, tree.nests[repeat.path][:-1])
    try:
        count = as_number(Compiler(rules.scope, repeat.path, lists).code(parse(repeat.count or "")))
    except (ExpressionFault, NotCompiledError, UnknownValueError):
        return rules
    relevant = rules.relevance(repeat.relevant)
    found = f"len(o.get({address_of(repeat.path, rules.nest)}, ()))"
    statement = f"{rules.scope.constant(_is_count)}({count}, {found}) or {rules.telling('repeat_count', repeat.path)}"
    rules.add_branch(f"if {relevant}:", rules.guarded(statement, repeat.path))
    return rules


def _is_count(wanted: float, found: int) -> bool:
    """A count that is no number asks for nothing; a fraction is cut off, less than none is none."""
    return wanted != wanted or max(wanted, 0.0) // 1 == found
