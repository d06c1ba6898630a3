"""Expressions over the questions asked so far, as designers write them: truths, numbers, texts, constraints."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Asked:
    """A question that expressions may name; `nest` are the repeats around it, outermost first."""

    name: str
    kind: str
    nest: tuple[str, ...] = ()
    choices: str = ""
    """The list of its choices."""


CHOICES = {
    "colour": ("red", "green", "blue"),
    "region": ("haouz", "souss", "rif"),
    "town": ("asni", "ijoukak", "tafraout", "tiznit", "chaouen", "azilal"),
}
TRUTHS: dict[str, tuple[str, ...]] = {
    "text": ("${x} != ''", "string-length(${x}) > 3", "regex(${x}, '^[a-z]+$')", "contains(${x}, 'a')",
             "starts-with(${x}, 'a')", "${x} = 'abc'", "boolean-from-string(${x})"),
    "integer": ("${x} > 5", "${x} = 0", "${x} != 3", "${x} mod 2 = 0", "${x} >= 2 and ${x} < 40", "not(${x} > 7)",
                "${x} <= 6 or ${x} = 12"),
    "decimal": ("${x} > 5.5", "round(${x}, 1) = 2.5", "${x} <= 0", "int(${x}) = 3"),
    "date": ("${x} <= today()", "${x} > date('2020-02-29')", "${x} != ''", "format-date(${x}, '%Y') = '2020'"),
    "time": ("${x} != ''",),
    "dateTime": ("${x} != ''", "${x} < now()"),
    "select_one": ("${x} = '{a}'", "${x} != '{a}'", "selected(${x}, '{a}')", "${x} = ''"),
    "select_multiple": ("selected(${x}, '{a}')", "count-selected(${x}) > 1", "not(selected(${x}, '{b}'))",
                        "selected(${x}, '{a}') and selected(${x}, '{b}')"),
    "rank": ("selected-at(${x}, 0) = '{a}'", "${x} != ''"),
    "geopoint": ("${x} != ''", "selected-at(${x}, 0) > 31"),
    "geotrace": ("${x} != ''",),
    "geoshape": ("${x} != ''",),
    "file": ("${x} != ''",),
    "trigger": ("${x} = 'OK'", "${x} != ''"),
    "number": ("${x} > 4", "${x} = 2", "${x} >= 0"),
    "word": ("${x} != ''", "string-length(${x}) > 4"),
}  # fmt: skip
NUMBERS: dict[str, tuple[str, ...]] = {
    "text": ("string-length(${x})", "number(${x})"),
    "integer": ("${x} + 1", "${x} * 2 - 3", "if(${x} > 5, ${x}, 0)", "coalesce(${x}, 7)", "${x} mod 4", "${x} div 4",
                "pow(${x}, 2)", "abs(${x} - 9)", "max(${x}, 4)", "min(${x}, 4, 9)", "-${x}"),
    "decimal": ("round(${x}, 1)", "int(${x})", "${x} * 10", "${x} + 0.25"),
    "date": ("int(decimal-date-time(${x}))", "decimal-date-time(${x}) - decimal-date-time('2026-01-01')"),
    "select_one": ("if(${x} = '{a}', 1, 2)", "string-length(${x})"),
    "select_multiple": ("count-selected(${x})", "if(selected(${x}, '{a}'), 10, 0)"),
    "rank": ("count-selected(${x})",),
    "number": ("${x} + 1", "round(${x} div 3, 2)", "if(${x} > 4, ${x}, -1)"),
    "word": ("string-length(${x})",),
    "geotrace": ("if(${x} = '', 0, round(distance(${x}), 0))",),
    "geoshape": ("if(${x} = '', 0, round(area(${x}) div 1000000000, 0))",),
}  # fmt: skip
WORDS: dict[str, tuple[str, ...]] = {
    "text": ("concat(${x}, '-', '1')", "substr(${x}, 0, 2)", "normalize-space(${x})", "translate(${x}, 'abc', 'xyz')",
             "substring-before(${x}, 'b')", "substring-after(${x}, 'b')", "coalesce(${x}, 'none')", "${x}",
             "if(${x} = '', 'empty', ${x})"),
    "integer": ("concat('n', ${x})", "string(${x})", "if(${x} > 5, 'many', 'few')"),
    "decimal": ("concat(${x}, ' MAD')", "string(${x} * 2)"),
    "date": ("format-date(${x}, '%e/%n/%Y')", "${x}", "string(date(decimal-date-time(${x}) + 1))"),
    "dateTime": ("format-date-time(${x}, '%Y-%m-%d')",),
    "select_one": ("concat(${x}, '!')", "jr:choice-name(${x}, '${x}')", "substr(${x}, 1)"),
    "select_multiple": ("selected-at(${x}, 0)", "selected-at(${x}, 1)", "${x}"),
    "rank": ("selected-at(${x}, 1)",),
    "geopoint": ("selected-at(${x}, 1)",),
    "trigger": ("string(${x})",),
    "number": ("string(${x})", "concat(${x}, 'x')"),
    "word": ("concat(${x}, ${x})", "substr(${x}, 0, 3)"),
}  # fmt: skip
OVER_NUMBERS = ("sum(${x})", "max(${x})", "min(${x})", "count(${x})")
OVER_WORDS = ("join(', ', ${x})", "concat(${x})", "count-non-empty(${x})")
CONSTRAINTS: dict[str, tuple[str, ...]] = {
    "text": ("string-length(.) < 8", "regex(., '^[a-z]+$')", "not(contains(., ' '))", ". != 'abc'"),
    "integer": (". > 3", ". < 100", ". >= 0 and . <= 20", ". mod 2 = 0"),
    "decimal": (". > 1.5", ". < 50", "round(., 0) = ."),
    "date": (". <= today()", ". > date('2000-01-01')"),
    "select_one": (". != '{a}'",),
    "select_multiple": ("count-selected(.) <= 2", "not(selected(., '{a}') and count-selected(.) > 1)"),
    "rank": ("selected-at(., 0) != '{a}'",),
    "geopoint": ("selected-at(., 3) < 20",),
}


class Writer:
    """Writes expressions by the dice."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice

    def truth(self, seen: Sequence[Asked]) -> str:
        """A condition over what is seen; two at times."""
        one = self._over(seen, TRUTHS) or "true()"
        if self.dice.random() < 0.3:
            other = self._over(seen, TRUTHS) or "true()"
            return f"({one}) {self.dice.choice(('and', 'or'))} not({other})"
        return one

    def number(self, seen: Sequence[Asked], below: Sequence[Asked] = ()) -> str:
        """A number; `below` are questions in repeats, taken together."""
        numbers = [each for each in below if each.kind in ("integer", "decimal", "number")]
        if numbers and self.dice.random() < 0.6:
            return self._named(self.dice.choice(OVER_NUMBERS), self.dice.choice(numbers))
        return self._over(seen, NUMBERS) or "1 + 1"

    def word(self, seen: Sequence[Asked], below: Sequence[Asked] = ()) -> str:
        """A text."""
        if below and self.dice.random() < 0.4:
            texts = [each for each in below if each.kind in ("text", "select_one", "word")]
            if texts:
                return self._named(self.dice.choice(OVER_WORDS), self.dice.choice(texts))
        return self._over(seen, WORDS) or "concat('a', 'b')"

    def constraint(self, question: Asked) -> str | None:
        """A rule over the question's own answer."""
        rules = CONSTRAINTS.get(question.kind)
        return self._named(self.dice.choice(rules), question) if rules else None

    def _over(self, seen: Sequence[Asked], table: dict[str, tuple[str, ...]]) -> str | None:
        usable = [each for each in seen if each.kind in table]
        if not usable:
            return None
        chosen = self.dice.choice(usable)
        return self._named(self.dice.choice(table[chosen.kind]), chosen)

    def _named(self, pattern: str, question: Asked) -> str:
        names = CHOICES.get(question.choices, ("a", "b"))
        pick: Callable[[], str] = lambda: self.dice.choice(names)  # noqa: E731
        written = pattern.replace("${x}", f"${{{question.name}}}")
        return written.replace("{a}", pick()).replace("{b}", pick())
