"""The functions of ODK's XPath, as JavaRosa and the ODK documentation define them, over plain Python values.

`FUNCTIONS` says for each what it takes and gives; the compiler and the lxml evaluator read the same table.
"""

import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from typing import Any, NoReturn

import msgspec

from fieldsync.core import expression_dates as dates
from fieldsync.core.answer_text import UnknownValueError
from fieldsync.core.expression_geo import area, distance
from fieldsync.core.expression_regex import matcher


class Signature(msgspec.Struct, frozen=True):
    """What a function takes and gives.

    `parameters`, a letter each: t text, n number, b boolean, d a date (text or number as it is); after "?" they may be
    missing. A last T, N or B takes the rest, node-sets spread, as texts, numbers or booleans. `result`: text,
    number or boolean. `clocked` functions get the Clock first.
    """

    parameters: str
    result: str
    call: Callable[..., Any]
    clocked: bool = False


def selected(chosen: str, name: str) -> bool:
    """Whether a choice is among those of a select-multiple."""
    return f" {name.strip()} " in f" {chosen} "


def selected_at(chosen: str, index: float) -> str:
    """The choice at a place counted from 0; empty outside."""
    names = chosen.split()
    return names[int(index)] if 0 <= index < len(names) else ""


def _substring(text: str, start: float, length: float = math.inf) -> str:
    """XPath's substring: counted from 1, both ends rounded."""
    first = _half_up(start)
    last = first + _half_up(length)
    return "".join(letter for place, letter in enumerate(text, start=1) if first <= place < last)


def _half_up(value: float) -> float:
    return math.floor(value + 0.5) if math.isfinite(value) else value


def string_length(text: str) -> float:
    """string-length(): as ODK Collect and web forms count, in which a letter beyond U+FFFF (an emoji) is two."""
    return float(len(text) + sum(map("\uffff".__lt__, text)))


def _substr(text: str, start: float, end: float | None = None) -> str:
    """ODK's substr: counted from 0, negative from the end; half of a letter that counts twice is none."""
    if text and max(text) > "\uffff":
        units = "".join(map(_halves, text))
        return _cut(units, start, end).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return _cut(text, start, end)


def _halves(letter: str) -> str:
    """A letter as UTF-16 has it."""
    beyond = ord(letter) - 0x10000
    return letter if beyond < 0 else chr(0xD800 + (beyond >> 10)) + chr(0xDC00 + (beyond & 0x3FF))


def _cut(text: str, start: float, end: float | None) -> str:
    length = len(text)
    first, last = _index(start), length if end is None else _index(end)
    first = first + length if first < 0 else first
    last = last + length if last < 0 else last
    return text[min(max(0, first), length) : min(max(0, last), length)]


def _index(value: float) -> int:
    if value != value:
        return 0
    return int(max(-1e9, min(1e9, value)))


def _substring_before(text: str, mark: str) -> str:
    before, found, _ = text.partition(mark) if mark else ("", "", "")
    return before if found else ""


def _substring_after(text: str, mark: str) -> str:
    return text.partition(mark)[2] if mark else text


def _translate(text: str, letters: str, replacements: str) -> str:
    table: dict[int, str | None] = {}
    for place, letter in enumerate(letters):
        table.setdefault(ord(letter), replacements[place] if place < len(replacements) else None)
    return text.translate(table)


def _join(separator: str, *texts: str) -> str:
    return separator.join(texts)


def _normalize_space(text: str) -> str:
    return " ".join(re.split("[ \t\r\n]+", text.strip(" \t\r\n")))


def _boolean_from_string(text: str) -> bool:
    return text == "1" or text.lower() == "true"


def _integer(value: float) -> float:
    return float(math.trunc(value)) if math.isfinite(value) else value


def round_to(value: float, places: float = 0.0) -> float:
    """round(): halves go up; `places` may be negative; over 30 places there is no answer."""
    if not math.isfinite(value):
        return value
    if not abs(places) <= 30:
        return math.nan
    rounding = ROUND_HALF_DOWN if value < 0 else ROUND_HALF_UP
    exact = Decimal(repr(value))
    shifted = (
        exact.scaleb(int(places)).quantize(Decimal(1), rounding) if abs(value) < 1e15 else exact.scaleb(int(places))
    )
    return float(shifted.scaleb(-int(places)))


def _smallest(*values: float) -> float:
    return min((value for value in values if value == value), default=math.nan)


def _greatest(*values: float) -> float:
    return max((value for value in values if value == value), default=math.nan)


def _sum(*values: float) -> float:
    return sum((value for value in values if value == value), 0.0)


def _count_non_empty(*texts: str) -> float:
    return float(sum(1 for text in texts if text))


def _checklist(least: float, most: float, *factors: bool) -> bool:
    count = sum(factors)
    return (least < 0 or count >= least) and (most < 0 or count <= most)


def _mathematical(function: Callable[..., float]) -> Callable[..., float]:
    """A function of `math` with IEEE's answers: not a number outside its domain, infinity past its range."""

    def guarded(*values: float) -> float:
        try:
            return float(function(*values))
        except ValueError:
            return math.nan
        except OverflowError:
            return math.inf

    return guarded


def _logarithm(function: Callable[[float], float]) -> Callable[[float], float]:
    return _mathematical(lambda value: -math.inf if value == 0 else function(value))


def _power(base: float, exponent: float) -> float:
    result = base**exponent if base or exponent >= 0 else math.inf
    return math.nan if isinstance(result, complex) else result


def unknown(*_: object) -> NoReturn:
    """What depends on chance, the device or the language: not known here."""
    raise UnknownValueError("not known here")


FUNCTIONS: dict[str, Signature] = {
    "selected": Signature("tt", "boolean", selected),
    "is-selected": Signature("tt", "boolean", selected),
    "selected-at": Signature("tn", "text", selected_at),
    "count-selected": Signature("t", "number", lambda chosen: float(len(chosen.split()))),
    "regex": Signature("tt", "boolean", lambda text, pattern: matcher(pattern)(text)),
    "substr": Signature("tn?n", "text", _substr),
    "substring": Signature("tn?n", "text", _substring),
    "substring-before": Signature("tt", "text", _substring_before),
    "substring-after": Signature("tt", "text", _substring_after),
    "starts-with": Signature("tt", "boolean", str.startswith),
    "ends-with": Signature("tt", "boolean", str.endswith),
    "contains": Signature("tt", "boolean", str.__contains__),
    "translate": Signature("ttt", "text", _translate),
    "normalize-space": Signature("?t", "text", _normalize_space),
    "string-length": Signature("?t", "number", string_length),
    "concat": Signature("T", "text", lambda *texts: "".join(texts)),
    "join": Signature("tT", "text", _join),
    "boolean-from-string": Signature("t", "boolean", _boolean_from_string),
    "int": Signature("n", "number", _integer),
    "round": Signature("n?n", "number", round_to),
    "floor": Signature("n", "number", lambda value: float(math.floor(value)) if math.isfinite(value) else value),
    "ceiling": Signature("n", "number", lambda value: float(math.ceil(value)) if math.isfinite(value) else value),
    "abs": Signature("n", "number", abs),
    "pow": Signature("nn", "number", _mathematical(_power)),
    "sqrt": Signature("n", "number", _mathematical(math.sqrt)),
    "exp": Signature("n", "number", _mathematical(math.exp)),
    "exp10": Signature("n", "number", _mathematical(lambda value: 10.0**value)),
    "log": Signature("n", "number", _logarithm(math.log)),
    "log10": Signature("n", "number", _logarithm(math.log10)),
    "sin": Signature("n", "number", _mathematical(math.sin)),
    "cos": Signature("n", "number", _mathematical(math.cos)),
    "tan": Signature("n", "number", _mathematical(math.tan)),
    "asin": Signature("n", "number", _mathematical(math.asin)),
    "acos": Signature("n", "number", _mathematical(math.acos)),
    "atan": Signature("n", "number", _mathematical(math.atan)),
    "atan2": Signature("nn", "number", _mathematical(math.atan2)),
    "pi": Signature("", "number", lambda: math.pi),
    "sum": Signature("N", "number", _sum),
    "min": Signature("N", "number", _smallest),
    "max": Signature("N", "number", _greatest),
    "count-non-empty": Signature("T", "number", _count_non_empty),
    "checklist": Signature("nnB", "boolean", _checklist),
    "distance": Signature("T", "number", distance),
    "area": Signature("T", "number", area),
    "enclosed-area": Signature("T", "number", area),
    "date": Signature("d", "text", dates.date_text),
    "date-time": Signature("d", "text", dates.date_time_text),
    "format-date": Signature("dt", "text", dates.format_date),
    "format-date-time": Signature("dt", "text", dates.format_date),
    "decimal-time": Signature("d", "number", dates.decimal_time),
    "decimal-date-time": Signature("d", "number", lambda clock, value: dates.decimal_date_time(value, clock), True),
    "random": Signature("", "number", unknown),
    "uuid": Signature("?n", "text", unknown),
    "digest": Signature("tt?t", "text", unknown),
    "base64-decode": Signature("t", "text", unknown),
    "property": Signature("t", "text", unknown),
    "jr:itext": Signature("t", "text", unknown),
    "intersects": Signature("t", "boolean", unknown),
}


NOT_IN_COLLECT = {"floor": "int()", "ceiling": "int() and a comparison", "substring": "substr()"}
"""What XPath has and ODK Collect has not: it does not open a form that calls one of these. What to write instead."""


def accepts(signature: Signature, count: int) -> bool:
    """Whether a function takes this many arguments."""
    needed, _, optional = signature.parameters.partition("?")
    if needed[-1:].isupper():
        return count >= len(needed)
    return len(needed) <= count <= len(needed) + len(optional)
