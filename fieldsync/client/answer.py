"""A sync answer as the device trusts it: read, checked, and nothing else. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from fieldsync.core.operations import Stamp

DURABLE = frozenset({"applied", "duplicate", "held", "quarantined"})
"""Statuses that mean: stored at the other side (docs/protocol.md, section 4)."""

COUNTER_MAX = 1 << 53
"""What JSON can carry exactly; a greater counter is no counter of ours."""

OTHER_CONTENT = "other_content"
"""The problem code of an id that the server knows with other content: another life of this phone used it."""

NOT_YOUR_AUTHOR = "not_your_author"
"""The problem code of an operation whose sender may not speak for its author, or whose author the server forgot."""

ACTIVE, REVOKED = "active", "revoked"

Json = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """What became of one operation. `status` is the present one: a duplicate shows as what it `was`."""

    author: str
    counter: int
    answer: str
    status: str
    problems: Sequence[Json] = ()

    @property
    def durable(self) -> bool:
        """Whether the other side has stored it."""
        return self.answer in DURABLE


@dataclass(frozen=True)
class SyncAnswer:
    """A well-formed answer to one request."""

    epoch: str
    results: Mapping[tuple[str, int], Result]
    complete: bool
    """Whether there is exactly one result for each operation sent, and none for another."""
    foreign: bool
    """Whether it speaks of operations that were not sent: then it answers another request."""
    records: Sequence[Json] | None
    """None where the pulled part cannot be trusted: the cursor must not move."""
    cursor: str | None
    more: bool
    durable_through: Mapping[str, int]
    known_through: int
    forms: Sequence[Json] | None
    witness: str | None = None
    device: Mapping[str, Any] = field(default_factory=dict)


def read(body: bytes, sent: Sequence[tuple[str, int]]) -> SyncAnswer | None:
    """The answer to a batch of these operations, or None where it is not an answer of the protocol at all."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(said, dict) or said.get("protocol") != 1:
        return None
    epoch, rows = said.get("epoch"), said.get("results")
    if not isinstance(epoch, str) or not epoch or not isinstance(rows, list):
        return None
    results = _results(rows)
    wanted = set(sent)
    return SyncAnswer(
        epoch=epoch,
        results={key: result for key, result in results.items() if key in wanted},
        foreign=not results.keys() <= wanted,
        complete=len(rows) == len(sent) and results.keys() == wanted,
        records=_records(said),
        cursor=said.get("cursor") if isinstance(said.get("cursor"), str) else None,
        more=said.get("more") is True,
        durable_through=_counters(said.get("durable_through")),
        known_through=_counter(said.get("known_through")),
        forms=_forms(said.get("forms")),
        witness=said.get("witness") if isinstance(said.get("witness"), str) else None,
        device=said["device"] if isinstance(said.get("device"), dict) else {},
    )


def is_problem(content_type: str | None) -> bool:
    """Whether a refusal is the server's own (RFC 9457), not a proxy's or a hotel's log-in page."""
    return (content_type or "").split(";")[0].strip().lower() == "application/problem+json"


def problem_codes(problems: Sequence[Mapping[str, Any]]) -> set[str]:
    """The codes of an operation's problems."""
    return {code for problem in problems if isinstance(code := problem.get("code"), str)}


def stamps(records: Sequence[Mapping[str, Any]]) -> Iterator[Stamp]:
    """The stamps that these records show: those of their conflicting values, and their own where they have one."""
    for record in records:
        conflicts = record.get("conflicts")
        listed = conflicts.values() if isinstance(conflicts, dict) else ()
        others = [other for values in listed if isinstance(values, list) for other in values]
        for stamp in [record.get("stamp"), *(other.get("stamp") for other in others if isinstance(other, dict))]:
            if isinstance(stamp, list) and len(stamp) == 2 and all(_counter(part) == part for part in stamp):
                yield (stamp[0], stamp[1])


def _results(rows: Sequence[Any]) -> dict[tuple[str, int], Result]:
    found = (_result(row) for row in rows if isinstance(row, dict))
    return {(result.author, result.counter): result for result in found if result is not None}


def _result(row: Json) -> Result | None:
    key, status = row.get("id"), row.get("status")
    if not (isinstance(key, list) and _is_own_id(key) and isinstance(status, str)):
        return None
    was = row.get("was")
    present = was if status == "duplicate" and isinstance(was, str) and was else status
    problems = row.get("problems")
    listed = [problem for problem in problems if isinstance(problem, dict)] if isinstance(problems, list) else []
    return Result(key[0], key[1], status, "applied" if present == "duplicate" else present, listed)


def _is_own_id(key: list[Any]) -> bool:
    """Whether this can be the id of an operation that a device said itself: derived ones have a third member."""
    return len(key) == 2 and isinstance(key[0], str) and type(key[1]) is int


def _records(said: Json) -> Sequence[Json] | None:
    """The pulled records, all or none: half a page must not pass for a whole one."""
    records = said.get("records", [])
    if not isinstance(records, list) or not all(is_record(record) for record in records):
        return None
    return records


def is_record(record: Any) -> bool:
    """Whether this is a record, or the news of one that is gone, as docs/protocol.md section 5 has them."""
    if not isinstance(record, dict) or not isinstance(record.get("record"), str):
        return False
    if record.get("gone") is True:
        return True
    texts = all(isinstance(record.get(name), str) for name in ("kind", "of"))
    return texts and isinstance(record.get("fields"), dict) and _is_ids(record.get("heads"))


def _is_ids(ids: Any) -> bool:
    return isinstance(ids, list) and all(isinstance(key, list) and len(key) in (2, 3) for key in ids)


def _counters(said: Any) -> dict[str, int]:
    if not isinstance(said, dict):
        return {}
    return {author: _counter(counter) for author, counter in said.items()}


def _counter(said: Any) -> int:
    return said if type(said) is int and 0 < said < COUNTER_MAX else 0


def _forms(said: Any) -> Sequence[Json] | None:
    if not isinstance(said, list):
        return None
    return [form for form in said if isinstance(form, dict) and _is_form(form)]


def _is_form(form: Json) -> bool:
    return isinstance(form.get("id"), str) and isinstance(form.get("version"), str)
