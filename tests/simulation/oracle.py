"""A slow and obvious reading of a history: who had seen what, and so what must still be there to see."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from tests.simulation.books import Books, Entry, Id
from tests.simulation.phone import Json, meaning
from tests.simulation.questionnaire import FORM

Accuse = Callable[[str, str], None]


def as_id(key: Iterable[Any]) -> Id:
    return tuple(key)


@dataclass
class History:
    """All that was ever said. `truths`: meaning to the heads that its author really had on the screen."""

    books: Books
    truths: Mapping[bytes, list[Any]]

    @cached_property
    def everything(self) -> dict[Id, Entry]:
        """Quarantined statements pass their past on; where an id is taken, the taker stands for it."""
        found = {entry.id: entry for entry in self.books.quarantine if entry.counts}
        return found | {entry.id: entry for entry in self.books.operations if entry.status == "applied"}

    @cached_property
    def pasts(self) -> dict[Id, frozenset[Id]]:
        """Of each operation, all that its author had seen: what it names, and its author's own earlier acts."""
        return {id: frozenset(self._walk(id)) for id in self.everything}

    def _walk(self, start: Id) -> set[Id]:
        met: set[Id] = set()
        front = [start]
        while front:
            for before in self._before(front.pop()):
                if before not in met and before != start and before in self.everything:
                    met.add(before)
                    front.append(before)
        return met

    def _before(self, id: Id) -> list[Id]:
        content = self.everything[id].content
        seen = self.truths.get(meaning(content), content.get("seen", [])) if len(id) == 2 else content.get("seen", [])
        own = [
            other for other, entry in self.everything.items()
            if other[0] == id[0] and other[1:] < id[1:] and _about(entry.content) == _about(content)
        ]  # fmt: skip
        return [as_id(key) for key in seen] + own


def _about(content: Json) -> tuple[Any, ...]:
    return (content.get("record"), content.get("kind"), content.get("of"))


def judge_record(history: History, entries: list[Entry], state: Json, accuse: Accuse) -> None:
    """Whether a record shows what its operations (all that it shows, merged ones too) ask for."""
    for entry in entries:
        for path, value in entry.content.get("writes", {}).items():
            if not _is_superseded(history, entries, entry, path) and not _is_shown(
                history, entries, entry, path, state
            ):
                name = entry.content["record"]
                accuse("SILENT_OVERWRITE", f"{name} {path}={value!r} of {entry.id} is nowhere to be seen")
    for path, value in state["fields"].items():
        if not path.endswith("]") and path != "needs" and not _somebody_says(history, entries, path, value):
            accuse("SILENT_OVERWRITE", f"{entries[0].content['record']} still shows {path}={value!r}")
    _judge_deletion(history, entries, state, accuse)


def _is_superseded(history: History, entries: list[Entry], entry: Entry, path: str) -> bool:
    """Whether somebody who had seen it wrote the path again, or removed the occurrence around it."""
    around = path[: path.find("]") + 1] if "]" in path else None
    for other in entries:
        writes = _written(entries, other)
        had_seen = entry.id in history.pasts[other.id]
        if had_seen and path in writes:
            return True
        if around and around in writes and writes[around] is None and (had_seen or other is entry):
            return True
    return False


def _written(entries: list[Entry], entry: Entry) -> Json:
    """What an operation writes; a merge, what it lets survive among all that its group shows, while it holds."""
    writes: Json = entry.content.get("writes", {})
    act = entry.content.get("act") or {}
    if "survives" not in act:
        return writes
    undone = {tuple(key) for one in entries for key in (one.content.get("act") or {}).get("unmerge", ())}
    together = {one.content["record"] for one in entries}
    if entry.id in undone or not together >= set(act["merge"]):
        return writes
    by_id = {one.id: one.content.get("writes", {}) for one in entries}
    taken = {path: by_id.get(tuple(id), {}) for path, (_, id) in act["survives"].items()}
    return {**writes, **{path: said[path] for path, said in taken.items() if path in said}}


def _is_shown(history: History, entries: list[Entry], entry: Entry, path: str, state: Json) -> bool:
    value, fields = entry.content["writes"][path], state["fields"]
    if path in ("meta/instanceID", "meta/deprecatedID"):  # of the ids of submissions one of the current is enough
        return _somebody_says(history, entries, path, fields.get(path))
    if path.endswith("]"):
        return value is None or fields.get(path) is not None
    shown = [fields.get(path), *(other["value"] for other in state.get("conflicts", {}).get(path, ()))]
    if path == "needs":
        ticked = set((fields.get(path) or {"set": []})["set"])
        return _new_ticks(history, entries, entry, path) <= ticked
    return any(_same(value, one) for one in shown)


def _new_ticks(history: History, entries: list[Entry], entry: Entry, path: str) -> set[str]:
    """What this operation ticked that nobody before it had."""
    before = [other for other in entries if other.id in history.pasts[entry.id]]
    known = {choice for other in before for choice in _ticks(other, path)}
    return _ticks(entry, path) - known


def _ticks(entry: Entry, path: str) -> set[str]:
    value = entry.content.get("writes", {}).get(path)
    return set(value["set"]) if isinstance(value, dict) else set()


def _somebody_says(history: History, entries: list[Entry], path: str, value: Any) -> bool:
    return any(
        path in (said := _written(entries, entry))
        and _same(said[path], value)
        and not _is_written_again(history, entries, entry, path)
        for entry in entries
    )


def _is_written_again(history: History, entries: list[Entry], entry: Entry, path: str) -> bool:
    later = (other for other in entries if entry.id in history.pasts[other.id])
    return any(path in _written(entries, other) for other in later)


def _same(one: Any, other: Any) -> bool:
    return msgspec.json.encode(one, order="sorted") == msgspec.json.encode(other, order="sorted")


def _judge_deletion(history: History, entries: list[Entry], state: Json, accuse: Accuse) -> None:
    writes = [one for one in entries if one.content.get("writes") and not one.content.get("delete")]
    standing = [
        one for one in entries
        if one.content.get("delete") and not any(one.id in history.pasts[later.id] for later in writes)
    ]  # fmt: skip
    holds = any(all(one.id in history.pasts[delete.id] for one in writes) for delete in standing)
    disputed = bool(standing) and not holds
    named = "" in state.get("delete_conflicts", ())
    if state.get("deleted", False) != holds or named != disputed:
        name = entries[0].content["record"]
        accuse("TOMBSTONE", f"{name}: deleted {state.get('deleted')}, and should be {holds}, disputed {disputed}")


def judge_entities(books: Books, accuse: Accuse) -> None:
    """A form that declares a household has made one."""
    derived = {(entry.id[:2], entry.content["record"]) for entry in books.operations if len(entry.id) == 3}
    for entry in books.operations:
        writes = entry.content.get("writes", {})
        declares = entry.status == "applied" and entry.content["of"] == FORM and writes.get("meta/entity/@create")
        if declares and (entry.id, writes["meta/entity/@id"]) not in derived:
            accuse("ENTITY_LOST", f"{entry.id} declared {writes['meta/entity/@id']}")


def judge_held(books: Books, versions: set[str], accuse: Accuse) -> None:
    """What is held waits for something that is not here."""
    for entry in books.operations:
        if entry.status != "held":
            continue
        seen = [as_id(key) for key in entry.content.get("seen", [])]
        waits_for_form = len(entry.id) == 2 and entry.content["version"] not in versions
        if all(books.counts_as_here(id) for id in seen) and not waits_for_form:
            accuse("HELD", f"{entry.id} has seen {seen}, and all of it is here")
