"""Paths of answers, with and without occurrences of repeats (docs/protocol.md, section 1)."""

import re
from collections.abc import Iterable, Mapping

from fieldsync.core.operations import Value

UUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
OCCURRENCE = re.compile(rf"\[{UUID}\]")
_ANY_OCCURRENCE = re.compile(r"\[[^\]/]*\]")


def pattern_of(path: str, repeats: Iterable[str]) -> str:
    """The pattern that the paths of all occurrences share: "members/name" in ("members",) gives "members[]/name"."""
    marked, done = "", 0
    for repeat in repeats:
        marked += path[done : len(repeat)] + "[]"
        done = len(repeat)
    return marked + path[done:]


def pattern_of_answer(path: str) -> str:
    """The pattern of one answer's path: every [UUID] becomes []. A bracket that holds no UUID stays as it is."""
    return OCCURRENCE.sub("[]", path)


def unindexed(path: str) -> str:
    """The question's path: "members[…]/name" gives "members/name"."""
    return _ANY_OCCURRENCE.sub("", path) if "[" in path else path


def occurrence_id(prefix: str) -> str:
    """The UUID of the innermost occurrence in a path that ends with it."""
    return prefix[prefix.rindex("[") + 1 : -1]


class Occurrences(dict[str, list[str]]):
    """The occurrences of each repeat, in order: prefix and repeat ("members", "members[…]/kids") to their prefixes."""


def occurrences_of(fields: Mapping[str, Value], limit: int | None = None) -> Occurrences:
    """The occurrences that a record's paths speak of, in the order of their order keys, then of their ids.

    `limit` cuts each repeat to its first occurrences.
    """
    found: dict[str, dict[str, None]] = {}
    for prefix in {path[: path.rfind("]") + 1] for path, value in fields.items() if value is not None}:
        for match in OCCURRENCE.finditer(prefix):
            found.setdefault(prefix[: match.start()], {})[prefix[: match.end()]] = None
    ordered = Occurrences()
    for repeat, prefixes in found.items():
        ordered[repeat] = sorted(prefixes, key=lambda prefix: _order(fields.get(prefix), prefix))[:limit]
    return ordered


def _order(key: Value, prefix: str) -> tuple[int, int, str, str]:
    """Whole-number keys first, then texts, then occurrences without a key."""
    if key.__class__ is int:
        return (0, key, "", prefix)
    return (1, 0, key, prefix) if key.__class__ is str else (2, 0, "", prefix)
