"""A record on a terminal: what it shows, what disagrees, and who said what when."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

VALUE_CHARACTERS_MAX = 120
"""A longer value is cut on the screen; --json has it whole."""


def as_text(told: Mapping[str, Any]) -> str:
    """Everything about a record, for people."""
    return "\n".join([*_heading(told), *_answers(told), *_said(told), *_apart(told)])


def _heading(told: Mapping[str, Any]) -> Iterator[str]:
    marks = [name for name in ("deleted", "delete_conflict") if told[name]]
    marks += [f"merged into {told['merged_into']}"] if told["merged_into"] else []
    yield f"{told['kind']} {told['record']}  {told['of']} {told['version'] or ''}  ({told['association']})"
    yield f"review: {told['review']['state']}{''.join(f', {mark}' for mark in marks)}"
    for problem in told["problems"]:
        yield f"problem: {problem['path'] or ''} {problem['message']}".replace("  ", " ")
    for comment in told["review"]["comments"]:
        yield f"comment: {_value(comment)}"


def _answers(told: Mapping[str, Any]) -> Iterator[str]:
    for path, value in told["fields"].items():
        others = told["conflicts"].get(path, ())
        yield f"  {path} = {_value(value)}"
        for other in others:
            yield f"    in conflict: {_value(other['value'])}, said by {_id(other['id'])}"


def _said(told: Mapping[str, Any]) -> Iterator[str]:
    yield f"{len(told['operations'])} operations:"
    for each in told["operations"]:
        waits = "".join(f", waits for {kind} {what}" for kind, what in each.get("waits", ()))
        yield f"  {_when(each['received_ms'])}  {_id(each['id'])}  {each['status']}{waits}  {_content(each)}"


def _apart(told: Mapping[str, Any]) -> Iterator[str]:
    for each in told["quarantined"]:
        yield f"quarantine ({each['status']}): {_when(each['received_ms'])}  {_id(each['id'])}"
        for problem in each["problems"]:
            yield f"    {problem['path'] or ''} {problem['message']}"


def _content(said: Mapping[str, Any]) -> str:
    if said.get("act"):
        return _value(said["act"])
    if said.get("delete"):
        return "deletes the record"
    return f"writes {len(said.get('writes') or ())} answers"


def _id(operation_id: list[Any]) -> str:
    return ":".join(map(str, operation_id))


def _when(ms: int | None) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(" ", "seconds") if ms is not None else "-"


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= VALUE_CHARACTERS_MAX else f"{text[:VALUE_CHARACTERS_MAX]}…"
