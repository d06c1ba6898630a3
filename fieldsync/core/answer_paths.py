"""Paths of answers, with and without occurrences of repeats (docs/protocol.md, section 1)."""

import re
from collections.abc import Iterable

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
