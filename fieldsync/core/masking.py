"""What a reader is not shown of records and of what was said about them."""

from collections.abc import Callable, Mapping
from typing import Any

from fieldsync.core.answer_paths import unindexed

PERSONAL = "P2"
RESTRICTED = "P3"

_PLAIN_MEMBERS = frozenset(
    (
        *("id", "record", "kind", "of", "version", "stamp", "seen", "bases", "delete", "act"),
        *("status", "author", "received_ms", "waits", "digest"),
    )
)
"""Members of an operation, and of what became of it, that hold no answer."""


def paths_of_class(classes: Mapping[str, str], wanted: str) -> frozenset[str]:
    """The paths of one sensitivity class."""
    return frozenset(path for path, sensitivity in classes.items() if sensitivity == wanted)


def without(record: Mapping[str, Any], restricted: frozenset[str], personal: frozenset[str]) -> dict[str, Any]:
    """A record as a person may see it: `withheld` and `masked` name the answers that are left out."""
    said = {*record["fields"], *record["conflicts"]}
    withheld, masked = sorted(filter(_in(restricted), said)), sorted(filter(_in(personal - restricted), said))
    hidden = {*withheld, *masked}
    kept = [
        {path: value for path, value in record[name].items() if path not in hidden} for name in ("fields", "conflicts")
    ]
    return {**record, "fields": kept[0], "conflicts": kept[1], "withheld": withheld, "masked": masked}


def said_without(said: Mapping[str, Any], known: frozenset[str], hidden: frozenset[str]) -> dict[str, Any]:
    """An operation as a person may see it.

    Where its form has questions that are hidden, what cannot be told apart from their answers (unknown paths and
    members, raw text) is withheld too. `known`: every path of the form, repeats unindexed.
    """
    if not hidden:
        return {**said, "withheld": []}
    hides = _in(hidden)
    writes = said.get("writes") or {}
    left_out = {path for path in writes if hides(path) or unindexed(path) not in known}
    shown = {name: value for name, value in said.items() if name in _PLAIN_MEMBERS}
    if writes:
        shown["writes"] = {path: value for path, value in writes.items() if path not in left_out}
    return {**shown, "withheld": sorted(left_out) + sorted(said.keys() - shown.keys())}


def _in(paths: frozenset[str]) -> Callable[[str], bool]:
    return lambda path: unindexed(path) in paths
