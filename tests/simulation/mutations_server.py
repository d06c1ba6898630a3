"""Seeded bugs of the server."""

from typing import Any

import msgspec

from fieldsync.core import merge, occurrences
from fieldsync.core.problems import Problem
from fieldsync.core.registers import Shown
from fieldsync.core.reviews import Deletion
from fieldsync.routes import sync as route
from fieldsync.services import answering, changes, counters, folding, quarantining, refolding, settling, sync
from fieldsync.services.changes import Page
from fieldsync.services.judging import Judge
from fieldsync.services.sync import Reception, Result
from fieldsync.services.working import WorkingRecord
from fieldsync.store import associations, authors, db, operations, quarantine
from tests.simulation.machine import Machine
from tests.simulation.mutations import around, instead, seeded


@seeded("acknowledged before the commit", "a full disk at the commit", likely=115)
def _() -> list[Any]:
    def fail(_real: Any, group: Any, error: Exception) -> None:
        for task in group:
            task.error = error if task.result is None else None

    return [around(db, "_fail", fail)]


@seeded("what could not be stored is told as applied", "only what is durable is acknowledged")
def _() -> list[Any]:
    def told(_prepared: Any, ids: Any) -> Any:
        return [Result(each, "applied") for each in ids]

    return [instead(route, "_retry_later", told)]


@seeded("positions drawn outside the transaction", "a dense change log")
def _() -> list[Any]:
    drawn: dict[tuple[int, int], int] = {}

    def draw(real: Any, session: Any, association: int, count: int) -> range:
        found = real(session, association, count)
        key = (id(session.connection().engine), association)
        last = drawn.get(key, 0)
        drawn[key] = found.stop + 1 if found.start == 1 else max(found.stop, last + count)
        return range(drawn[key] - count, drawn[key]) if found.start > 1 else found

    return [around(associations, "draw_positions", draw)]


@seeded("derived operations are not in the change log", "every operation has a position")
def _() -> list[Any]:
    def skip(real: Any, working: Any, entries: Any, rows: Any) -> Any:
        return real(working, [entry for entry in entries if len(entry.operation.id) == 2], rows)

    return [around(folding, "_changes", skip)]


@seeded("own changes left out although others' met them", "only what simply went on is left out")
def _() -> list[Any]:
    def take(real: Any, record: Any, entry: Any, protective: Any) -> None:
        said_by = entry.said_by
        real(record, entry, protective)
        entry.said_by = said_by

    return [around(WorkingRecord, "take", take), instead(folding, "_is_foreseen", lambda before, after: True)]


@seeded("a new view begins at the present", "a newly granted scope is back-filled", likely=64)
def _() -> list[Any]:
    def page(real: Any, session: Any, sender: Any, cursor: Any, *rest: Any) -> Any:
        if cursor.positions:
            latest = max(cursor.positions.values())
            new = {changes.name_of(view): latest for view in sender.views}
            cursor = msgspec.structs.replace(cursor, positions={**new, **cursor.positions})
        return real(session, sender, cursor, *rest)

    return [around(changes, "records_page", page)]


@seeded("a withdrawn view is not taken away", "what may no longer be read goes", likely=192)
def _() -> list[Any]:
    return [instead(changes, "_withdrawn", lambda sender, cursor: {})]


@seeded("rights are asked of the log, not of the record", "nobody reads what is not hers")
def _() -> list[Any]:
    return [instead(changes, "may_read", lambda view, row, own: True)]


@seeded("the cursor moves past what was not sent", "a page and its cursor belong together")
def _() -> list[Any]:
    def page(real: Any, session: Any, sender: Any, cursor: Any, *rest: Any) -> Any:
        found = real(session, sender, cursor, *rest)
        through, _ = associations.positions(session, sender.device.association_id)
        moved = msgspec.structs.replace(found.cursor, positions=dict.fromkeys(found.cursor.positions, through))
        return Page(found.items, moved, False)

    return [around(changes, "records_page", page)]


@seeded("void counters are forgotten", "nothing waits for what will never come")
def _() -> list[Any]:
    return [instead(authors, "add_voids", lambda session, voids: None)]


@seeded("durable_through jumps over a gap", "everything up to it is here", likely=19)
def _() -> list[Any]:
    def moved(real: Any, session: Any, author: Any, said: set[int]) -> tuple[int, int, int]:
        known, _, author_id = real(session, author, said)
        return known, known, author_id

    return [around(counters, "_moved", moved)]


@seeded("the last writer wins", "a value that nobody saw replaced is a conflict")
def _() -> list[Any]:
    return [around(merge, "register", lambda real, *args: Shown(real(*args).value))]


@seeded("whatever comes goes on from the stored state", "only who saw the heads goes on")
def _() -> list[Any]:
    return [instead(merge, "_saw", lambda seen, heads: True)]


@seeded("a held operation is not stored", "held is durable")
def _() -> list[Any]:
    def store(real: Any, working: Any, entries: Any) -> None:
        real(working, [entry for entry in entries if not entry.waits])

    return [around(folding, "_store_operations", store)]


@seeded("held operations are forgotten", "what waits applies when it may")
def _() -> list[Any]:
    return [instead(settling, "_released", lambda session, association, arrived, now: ([], set()))]


@seeded("a gap in counters holds", "a gap in counters never holds")
def _() -> list[Any]:
    def judge(real: Any, judge: Any, raw: bytes, key: Any) -> Any:
        said = real(judge, raw, key)
        if said.author is not None and len(key) == 2 and key[1] > 1:
            before = operations.known(judge.session, said.author.id, [key[1] - 1])
            if not before and not said.problems:
                said.waits.append(("seen", f"{key[0]}/{key[1] - 1}/0"))
        return said

    return [around(Judge, "judge", judge)]


@seeded("one bad operation condemns its batch", "neighbours are left alone")
def _() -> list[Any]:
    def sort_out(real: Any, reception: Any, new: Any) -> Any:
        worst = next((said.problems for _, said in new if said.problems), ())
        for _, said in new:
            said.problems = said.problems or worst
        return real(reception, new)

    return [around(Reception, "_sort_out", sort_out)]


@seeded("quarantine is rolled back with its savepoint", "quarantined is durable")
def _() -> list[Any]:
    return [instead(quarantine, "add", lambda session, row: 0)]


@seeded("what is quarantined occupies its id", "quarantine never takes an id")
def _() -> list[Any]:
    def judge(real: Any, judge: Any, raw: bytes, key: Any) -> Any:
        said = real(judge, raw, key)
        rows = quarantine.of_authors(judge.session, judge.sender.device.association_id, {(key[0], key[1])})
        if rows and not said.problems and all(bytes(row.digest) != said.digest() for row in rows):
            said.problems = (Problem("other_content"),)
        return said

    return [around(Judge, "judge", judge)]


@seeded("a duplicate is known by its id alone", "other content under a known id is kept", likely=78)
def _() -> list[Any]:
    return [instead(quarantining, "same", lambda said, body: True)]


@seeded("nothing is known", "what comes again changes nothing")
def _() -> list[Any]:
    return [instead(sync, "_known", lambda session, sender, ids: {})]


@seeded("the epoch is kept on restore", "a restored server is a new incarnation")
def _() -> list[Any]:
    def restore(real: Any, machine: Any, image: bytes, told: bool) -> None:
        real(machine, image, False)

    return [around(Machine, "restore", restore), *_no_proof_is_heard()]


@seeded("nobody notices that the server went back", "a cursor or a witness renews the epoch")
def _() -> list[Any]:
    return _no_proof_is_heard()


def _no_proof_is_heard() -> list[Any]:
    return [
        instead(answering, "is_ahead", lambda *args: False),
        instead(answering, "_saw_another_history", lambda *args: False),
    ]


@seeded("a removal takes answers that it never saw", "an unseen answer keeps its occurrence")
def _() -> list[Any]:
    def begin(real: Any, removals: Any, writers: Any, history: Any) -> None:
        real(removals, writers, history)
        removals._took = dict.fromkeys(removals._took, (1 << len(history.operations)) - 1)

    return [around(occurrences.Removals, "__init__", begin)]


@seeded("a choice of several is one value", "concurrent ticks survive")
def _() -> list[Any]:
    return [instead(merge, "is_set", lambda value: False)]


@seeded("a delete is dropped", "a record deleted stays deleted")
def _() -> list[Any]:
    return [instead(merge, "deletion", lambda past: Deletion(False, False))]


@seeded("a delete beats what it never saw", "an unseen write keeps the record")
def _() -> list[Any]:
    def deletion(real: Any, past: Any) -> Deletion:
        return Deletion(real(past).deleted or any(one.delete for one in past.operations), False)

    return [around(merge, "deletion", deletion)]


@seeded("an un-merge drops the edits made since", "any merge can be undone, edits kept", likely=68)
def _() -> list[Any]:
    def said(real: Any, session: Any, members: Any) -> Any:
        found = real(session, members)
        everything = [each for each_of in found.values() for each in each_of]
        undone = {tuple(key) for each in everything for key in (each.act or {}).get("unmerge", ())}
        merged = [each.stamp for each in everything if each.id in undone]
        if not merged:
            return found
        return {uuid: [each for each in each_of if each.stamp <= max(merged)] for uuid, each_of in found.items()}

    return [around(refolding, "_said", said)]


@seeded("an un-merge undoes nothing", "any merge can be undone", likely=68)
def _() -> list[Any]:
    def connected(real: Any, said: Any) -> Any:
        return real([each for each in said if "unmerge" not in (each.act or {})])

    return [around(refolding, "connected", connected)]


@seeded("a group is not folded with all its records", "a merged group shows as one", likely=38)
def _() -> list[Any]:
    return [instead(refolding, "_with_everyone_ever_joined", lambda working, wanted: list(wanted))]


@seeded("what waited for its form is not looked at", "the form judges whenever it comes")
def _() -> list[Any]:
    return [instead(settling, "_wrong", lambda entry: ())]


@seeded("entities are not derived", "a form's declaration makes its entity")
def _() -> list[Any]:
    return [instead(folding, "derive", lambda *args: [])]


@seeded("what nobody may foresee is left out", "a phone shows the server's record")
def _() -> list[Any]:
    return [instead(folding, "_is_foreseen", lambda before, after: True)]
