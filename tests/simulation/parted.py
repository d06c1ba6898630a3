"""When all is quiet, every merge is undone: each record is what its edits alone make it, and every phone sees it."""

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.merge import RecordState, fold
from fieldsync.core.operations import Operation
from fieldsync.core.parsing import parse_operation
from fieldsync.services import desk, merging
from fieldsync.services.desk import Desk
from fieldsync.services.working import decode_state
from tests.simulation.books import Entry, read_books
from tests.simulation.oracle import Accuse, History
from tests.simulation.sight import dashed

if TYPE_CHECKING:
    from tests.simulation.world import World

OF_ITS_ACTS = ("heads", "greatest", "turns")
"""Members of a state that name operations which write nothing, merges too."""


def unmerge_everything(world: "World") -> None:
    """One coordinator takes back all that was merged."""
    rows = world.machine.rows(
        "SELECT lower(hex(uuid)) FROM record WHERE id IN (SELECT record_id FROM merge) ORDER BY id"
    )
    by = Desk(world.machine.association("khl"), "p1", world.server_clock())
    for (uuid,) in rows:

        def work(session: Session, name: str = dashed(uuid)) -> None:
            for found in desk.find(session, by.association_id, name):
                if found.kind == "entity":
                    merging.unmerge(session, by, found)

        world.machine.write(work)


def judge_edits_alone(world: "World", accuse: Accuse) -> None:
    """Each record against the fold of its own edits, each knowing what its author knew of them."""
    books = read_books(world.machine)
    history = History(books, {})
    own: dict[int, list[Entry]] = defaultdict(list)
    for entry in books.operations:
        is_merging = {"merge", "unmerge"} & set(entry.content.get("act") or {})
        if entry.status == "applied" and entry.record is not None and not is_merging:
            own[entry.record].append(entry)
    stored = world.machine.rows(
        "SELECT r.id, r.state, r.merged_into FROM record r JOIN collection c ON c.id = r.collection_id"
        " WHERE c.kind = 'entity' ORDER BY r.id"
    )
    for row, state, survivor in stored:
        shown = decode_state(state)
        if survivor is not None:
            accuse("DECIDED", f"record {row} is still merged when every merge was undone")
        elif own[row] and (shown is None or _canonical(shown) != _canonical(_alone(history, own[row]))):
            accuse("DECIDED", f"record {row} shows {shown}, and not what its edits alone make it")


def _alone(history: History, entries: list[Entry]) -> RecordState:
    ids = {entry.id for entry in entries}
    said = []
    for entry in entries:
        operation = parse_operation(msgspec.json.encode(entry.content))
        assert isinstance(operation, Operation)
        seen: Any = tuple(sorted(history.pasts[entry.id] & ids))
        said.append(msgspec.structs.replace(operation, id=entry.id, seen=seen))
    return fold(said)


def _canonical(state: RecordState) -> bytes:
    told = {name: value for name, value in msgspec.to_builtins(state).items() if name not in OF_ITS_ACTS}
    return msgspec.json.encode(told, order="sorted")
