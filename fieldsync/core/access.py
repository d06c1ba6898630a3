"""Who may do what: a role is a named set of permissions (docs/programme.md section 2). Nothing is inherited."""

from collections.abc import Callable, Mapping
from typing import Any

from fieldsync.core.answer_paths import unindexed

READ_FORMS = "read_forms"
PUBLISH_FORMS = "publish_forms"
READ_RECORDS = "read_records"
READ_HISTORY = "read_history"
ACT_ON_RECORDS = "act_on_records"
SEE_DEVICES = "see_devices"

RESTRICTED = "P3"

PERSON_ROLES: Mapping[str, frozenset[str]] = {
    "coordinator": frozenset({READ_FORMS, READ_RECORDS, READ_HISTORY, ACT_ON_RECORDS, SEE_DEVICES}),
    "designer": frozenset({READ_FORMS, PUBLISH_FORMS}),
    "association_reviewer": frozenset({READ_FORMS, READ_RECORDS, READ_HISTORY, ACT_ON_RECORDS}),
    "viewer": frozenset({READ_FORMS}),
}
"""What people may do within their association. Designers see no records, viewers only totals."""

DEVICE_KINDS: Mapping[str, frozenset[str]] = {
    "device": frozenset({READ_FORMS, READ_RECORDS}),
    "hub": frozenset({READ_FORMS, READ_RECORDS, READ_HISTORY}),
}
"""What the bearer of a device's token may do, within what its views show."""

_PLAIN_MEMBERS = frozenset(
    (
        *("id", "record", "kind", "of", "version", "stamp", "seen", "bases", "delete", "act"),
        *("status", "author", "received_ms", "waits", "digest"),
    )
)
"""Members of an operation, and of what became of it, that hold no answer."""


def permissions_of_role(role: str) -> frozenset[str]:
    """What a person of that role may do; nothing for a role that this version does not know."""
    return PERSON_ROLES.get(role, frozenset())


def permissions_of_device(kind: str) -> frozenset[str]:
    """What a phone or a hub may do by the reading API."""
    return DEVICE_KINDS.get(kind, frozenset())


def restricted_among(classes: Mapping[str, str]) -> frozenset[str]:
    """The paths whose sensitivity class no role may read yet."""
    return frozenset(path for path, sensitivity in classes.items() if sensitivity == RESTRICTED)


def without_restricted(record: Mapping[str, Any], restricted: frozenset[str]) -> dict[str, Any]:
    """A record as a person may see it: restricted answers are left out, and `withheld` names their paths."""
    hides = _hides(restricted)
    paths = sorted(path for path in {*record["fields"], *record["conflicts"]} if hides(path))
    kept = [
        {path: value for path, value in record[name].items() if not hides(path)} for name in ("fields", "conflicts")
    ]
    return {**record, "fields": kept[0], "conflicts": kept[1], "withheld": paths}


def said_without_restricted(
    said: Mapping[str, Any], known: frozenset[str], restricted: frozenset[str]
) -> dict[str, Any]:
    """An operation as a person may see it.

    Where its form has restricted questions, what cannot be told apart from their answers (unknown paths and members,
    raw text) is withheld too. `known`: every path of the form, repeats unindexed.
    """
    if not restricted:
        return {**said, "withheld": []}
    hides = _hides(restricted)
    writes = said.get("writes") or {}
    hidden = {path for path in writes if hides(path) or unindexed(path) not in known}
    shown = {name: value for name, value in said.items() if name in _PLAIN_MEMBERS}
    if writes:
        shown["writes"] = {path: value for path, value in writes.items() if path not in hidden}
    return {**shown, "withheld": sorted(hidden) + sorted(said.keys() - shown.keys())}


def _hides(restricted: frozenset[str]) -> Callable[[str], bool]:
    return lambda path: unindexed(path) in restricted
