"""What the predicates of a path walk through: rows of a secondary instance, or occurrences of a repeat."""

from collections.abc import Sequence
from typing import TypeAlias

from fieldsync.core.choice_lists import Row
from fieldsync.core.expression_code import NODE, NODES, Code, NotCompiledError, Scope
from fieldsync.core.form_tree import FormTree


class Rows:
    """Rows of a secondary instance; `variable` is the name that holds one of them in generated source."""

    def __init__(self, rows: Sequence[Row], variable: str = "w0") -> None:
        """Rows are never changed."""
        self.rows = rows
        self.variable = variable
        self._everywhere = frozenset.intersection(*(frozenset(row) for row in rows)) if rows else frozenset()

    def source(self, scope: Scope) -> str:
        """Source of all rows."""
        return scope.constant(self.rows)

    def indexed(self, scope: Scope, column: str, text: str) -> str | None:
        """Source of the rows whose column is a text, by an index made once a form version."""
        index: dict[str, list[Row]] = {}
        for row in self.rows:
            if column in row:
                index.setdefault(row[column], []).append(row)
        return f"{scope.constant(index)}.get({text}, ())"

    def column(self, names: Sequence[str]) -> Code:
        """Source of a column of the row; a list where not every row has it."""
        if len(names) != 1:
            raise NotCompiledError("a row within a row")
        (name,) = names
        if name in self._everywhere:
            return Code(NODE, f"{self.variable}[{name!r}]")
        return Code(NODES, f"([{self.variable}[{name!r}]] if {name!r} in {self.variable} else [])")


class OccurrenceRows:
    """Occurrences of a repeat of the form; `siblings` is source for where they are found."""

    def __init__(self, tree: FormTree, repeat: str, siblings: str) -> None:
        """`repeat` is the repeat's path."""
        self.variable = "w0"
        self._tree = tree
        self._repeat = repeat
        self._siblings = siblings

    def source(self, scope: Scope) -> str:
        """Source of all occurrences."""
        return f"o.get({self._siblings}, ())"

    def indexed(self, scope: Scope, column: str, text: str) -> str | None:
        """Source of the occurrences whose answer is a text, by an index made once a record."""
        if not self._is_answer(column):
            return None
        scope.needs_environment = True
        return f"e.occurrences_where({self._siblings}, {f'/{column}'!r}, {text})"

    def column(self, names: Sequence[str]) -> Code:
        """Source of an answer of the occurrence."""
        rest = "/".join(names)
        if not self._is_answer(rest):
            raise NotCompiledError("no single answer of the occurrence")
        return Code(NODE, f"text_of(f({self.variable} + {f'/{rest}'!r}))")

    def _is_answer(self, rest: str) -> bool:
        path = f"{self._repeat}/{rest}"
        return path in self._tree.leaves and self._tree.nests[path] == self._tree.nests[self._repeat]


AnyRows: TypeAlias = Rows | OccurrenceRows
