"""XPath 1.0 values and their coercions: booleans, floats, texts and node-sets, which are lists of texts here.

ODK's addition: a text that states a date counts as its days since 1970 where a number is wanted.
"""

import math
import re
from decimal import Decimal
from typing import TypeAlias

from fieldsync.core.expression_dates import days_of

Nodes: TypeAlias = list[str]
XPathValue: TypeAlias = bool | float | str | Nodes

_NUMBER = re.compile(r"[ \t\r\n]*-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[ \t\r\n]*").fullmatch
_OPPOSITE = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}


def number_of_text(text: str) -> float:
    """A text as a number: XPath's grammar, else the days of a date, else not a number."""
    if not text:
        return math.nan
    if (text.isdigit() and text.isascii()) or _NUMBER(text):
        return float(text)
    return days_of(text) if "-" in text else math.nan


def text_of_number(value: float) -> str:
    """A number as XPath writes it: no exponent, no needless fraction."""
    if value != value:
        return "NaN"
    if value in (math.inf, -math.inf):
        return "Infinity" if value > 0 else "-Infinity"
    if value == int(value):
        return str(int(value))
    text = repr(value)
    return format(Decimal(text), "f") if "e" in text else text


def number(value: XPathValue) -> float:
    """number() of any value."""
    if isinstance(value, str):
        return number_of_text(value)
    if isinstance(value, list):
        return number_of_text(value[0]) if value else math.nan
    return float(value)


def text(value: XPathValue) -> str:
    """string() of any value."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return value[0] if value else ""
    return text_of_number(value)


def boolean(value: XPathValue) -> bool:
    """boolean() of any value."""
    if isinstance(value, float):
        return value == value and value != 0
    return bool(value)


def divide(left: float, right: float) -> float:
    """div: IEEE division."""
    if right != 0:
        return left / right
    if left != left or left == 0:
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def modulo(left: float, right: float) -> float:
    """mod: the remainder with the sign of the first operand."""
    try:
        return math.fmod(left, right)
    except ValueError:
        return math.nan


def compare(operator: str, left: XPathValue, right: XPathValue) -> bool:
    """A comparison of any two values; over node-sets it asks whether any node makes it true."""
    if isinstance(left, list):
        return _compare_nodes(operator, left, right)
    if isinstance(right, list):
        return _compare_nodes(_OPPOSITE[operator], right, left)
    if operator in ("=", "!="):
        return _equal(left, right) == (operator == "=")
    return _ordered(operator, number(left), number(right))


def _compare_nodes(operator: str, nodes: Nodes, other: XPathValue) -> bool:
    if isinstance(other, bool):
        return compare(operator, bool(nodes), other)
    if isinstance(other, list) and operator == "=":
        return not set(nodes).isdisjoint(other)
    if isinstance(other, list):
        return any(compare(operator, node, value) for node in nodes for value in other)
    return any(compare(operator, node, other) for node in nodes)


def _equal(left: bool | float | str, right: bool | float | str) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return boolean(left) == boolean(right)
    if isinstance(left, float) or isinstance(right, float):
        return number(left) == number(right)
    return left == right


def _ordered(operator: str, left: float, right: float) -> bool:
    if operator == "<":
        return left < right
    if operator == "<=":
        return left <= right
    return left > right if operator == ">" else left >= right
