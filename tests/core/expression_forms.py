"""The form and the record of the vectors for expressions: groups, repeats within repeats, look-ups."""

import json
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

import msgspec

from fieldsync.core.choice_lists import ChoiceLists
from fieldsync.core.expression_code import Environment
from fieldsync.core.expressions import compile_expression, environment_of
from fieldsync.core.form_tree import FormTree
from fieldsync.core.forms import Form

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "expressions.json").read_text("utf-8"))
FORM = msgspec.convert(VECTORS["form"], Form)
TREE = FormTree(FORM)
LISTS = ChoiceLists(FORM, {name: content.encode() for name, content in VECTORS["files"].items()})
STAMP_MS: int = VECTORS["stamp_ms"]
FAMILY: dict[str, Any] = VECTORS["fields"]
ONE, TWO, KID = (f"00000000-0000-7000-8000-00000000000{digit}" for digit in "123")


def environment(fields: dict[str, Any], zone: tzinfo = UTC) -> Environment:
    return environment_of(fields, STAMP_MS, zone)


def value(text: str, fields: dict[str, Any] | None = None, context: str = "g/here", way: str | None = None) -> Any:
    """What an expression gives, in the first occurrence where its node is in a repeat; compiled and libxml2 agree."""
    around = environment(FAMILY if fields is None else fields)
    prefixes: tuple[str, ...] = ()
    for repeat in TREE.nests[context]:
        outer = prefixes[-1] if prefixes else ""
        done = len(TREE.nests[repeat][-2]) if len(TREE.nests[repeat]) > 1 else 0
        prefixes = (*prefixes, around.occurrences[outer + repeat[done:]][-1])
    ways = [way] if way else ["compiled", "libxml2"]
    found = [compile_expression(TREE, LISTS, context, text, one).evaluate(around, prefixes) for one in ways]
    assert repr(found[0]) == repr(found[-1]), f"{text}: compiled {found[0]!r}, libxml2 {found[-1]!r}"
    return found[0]
