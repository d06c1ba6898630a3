"""What else happens to a record than writes and deletes (docs/protocol.md, section 1, Acts)."""

from collections.abc import Callable, Mapping
from typing import Any

from fieldsync.core.wire_values import is_plain, is_text, is_uuid, readable_id, valid_id

REVIEW_STATES = frozenset(("received", "hasIssues", "edited", "approved", "rejected"))
VERDICTS = frozenset(("release", "reject"))
NAMED_MAX = 64
"""Records or operations that one act may name."""
_DIGEST_LENGTH_MAX = 128


def is_right_act(act: Mapping[str, Any], kind: str) -> bool:
    """Whether an act names exactly one thing that can happen, and says it whole; further members may stand beside."""
    named = [name for name in _ACTS if name in act]
    return len(named) == 1 and is_plain(act) and _ACTS[named[0]](act, kind)


def _is_review(act: Mapping[str, Any], _kind: str) -> bool:
    note = act.get("note")
    return is_text(act["review"]) and act["review"] in REVIEW_STATES and (note is None or is_text(note))


def _is_comment(act: Mapping[str, Any], _kind: str) -> bool:
    return is_text(act["comment"]) and bool(act["comment"])


def _is_verdict(act: Mapping[str, Any], _kind: str) -> bool:
    target = act.get("target")
    if (
        not is_text(act["verdict"])
        or act["verdict"] not in VERDICTS
        or not isinstance(target, list)
        or len(target) != 3
    ):
        return False
    sender, id, digest = target
    return is_text(sender) and readable_id(id) is not None and is_text(digest) and 0 < len(digest) <= _DIGEST_LENGTH_MAX


def _is_merge(act: Mapping[str, Any], kind: str) -> bool:
    return kind == "entity" and _names_some(act["merge"], is_uuid)


def _is_unmerge(act: Mapping[str, Any], kind: str) -> bool:
    return kind == "entity" and _names_some(act["unmerge"], valid_id)


def _names_some(named: Any, check: Callable[[Any], object]) -> bool:
    return isinstance(named, list) and 1 <= len(named) <= NAMED_MAX and all(map(check, named))


_ACTS: dict[str, Callable[[Mapping[str, Any], str], bool]] = {
    "review": _is_review,
    "comment": _is_comment,
    "verdict": _is_verdict,
    "merge": _is_merge,
    "unmerge": _is_unmerge,
}
