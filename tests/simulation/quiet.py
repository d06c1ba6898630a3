"""What must hold when the faults have stopped and nobody has anything more to say."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.cursors import read_cursor, read_witness
from fieldsync.services import refolding, showing
from fieldsync.services.working import WorkingSet
from fieldsync.store import records
from tests.simulation.books import Books, Entry, first_gap, read_books
from tests.simulation.collectors import instance_of
from tests.simulation.machine import Machine
from tests.simulation.network import Request, content
from tests.simulation.oracle import Accuse, History, judge_entities, judge_held, judge_record
from tests.simulation.phone import Json, Phone, meaning
from tests.simulation.sight import Name, dashed, heads_of, sight_of_device

if TYPE_CHECKING:
    from tests.simulation.world import World

COMPARED = ("fields", "conflicts", "deleted", "delete_conflict", "version", "merged_into")
"""What a phone and the server must agree on, beside the heads."""


def judge(world: "World", accuse: Accuse) -> None:
    """Every verdict that needs quiet."""
    books = read_books(world.machine)
    _judge_saved(world, books, accuse)
    _judge_mistakes(world, books, accuse)
    _judge_groups(world.machine, books, accuse)
    _judge_records(world, books, accuse)
    judge_waiting(world.machine, accuse)
    judge_entities(books, accuse)
    for association in (row[0] for row in world.machine.rows("SELECT id FROM association")):
        _judge_log(world.machine, association, accuse)
        world.machine.read(lambda session, a=association: _judge_fold(session, a, accuse))  # type: ignore[misc]
    _judge_counters(world.machine, books, accuse)
    for phone in world.phones.values():
        _judge_phone(world.machine, phone, accuse)


def judge_waiting(machine: Machine, accuse: Accuse) -> None:
    """What is held waits for something that is not here."""
    versions = {row[0] for row in machine.rows("SELECT version FROM form_version")}
    judge_held(read_books(machine), versions, accuse)


def _judge_saved(world: "World", books: Books, accuse: Accuse) -> None:
    """Everything that a person saw as saved is on the server under an id of her phone; what is right, in its record."""
    stored = {(entry.id[0], meaning(entry.content)) for entry in books.operations}
    apart: dict[tuple[Any, bytes], list[Entry]] = defaultdict(list)
    for entry in books.quarantine:
        apart[entry.id[0], meaning(entry.content)].append(entry)
    aside = {(name, meaning(said.content())) for name, phone in world.phones.items() for said in phone.set_aside()}
    for saved in world.ledger.saved:
        names = world.ledger.authors[saved.phone]
        if saved.destroyed or (saved.phone, saved.meaning) in aside:
            continue
        if any((name, saved.meaning) in stored for name in names):
            continue
        kept = [entry for name in names for entry in apart.get((name, saved.meaning), ())]
        if not kept or (saved.good and not any("device_revoked" in entry.codes for entry in kept)):
            accuse("EDIT_LOST", f"{saved.phone} {saved.content['id']} {[entry.codes for entry in kept]}")


def _judge_mistakes(world: "World", books: Books, accuse: Accuse) -> None:
    """What is wrong in itself is folded only where a person released it."""
    wrong = {saved.meaning for saved in world.ledger.saved if not saved.good}
    released = {(author, counter) for author, counter in world.machine.rows(
        "SELECT author, counter FROM verdict WHERE decision = 'release'"
    )}  # fmt: skip
    for entry in books.operations:
        if entry.status == "applied" and meaning(entry.content) in wrong and entry.id[:2] not in released:
            accuse("LET_IN", f"{entry.id}")


def _judge_groups(machine: Machine, books: Books, accuse: Accuse) -> None:
    """Records are merged exactly as the merges say that nobody has undone."""
    undone = {tuple(key) for one in books.operations for key in (one.content.get("act") or {}).get("unmerge", ())}
    group: dict[str, set[str]] = {}
    for entry in books.operations:
        named = (entry.content.get("act") or {}).get("merge", ())
        if entry.status == "applied" and named and entry.id not in undone:
            joined = set().union(*(group.get(uuid, {uuid}) for uuid in (*named, entry.content["record"])))
            group.update(dict.fromkeys(joined, joined))
    rows = machine.rows("SELECT id, lower(hex(uuid)), merged_into FROM record")
    names = {row: dashed(uuid) for row, uuid, _ in rows}
    for row, _, survivor in rows:
        expected = group.get(names[row], {names[row]})
        shown = {names[other] for other, _, into in rows if (into or other) == (survivor or row)}
        if expected != shown:
            accuse("DOCTOR", f"{names[row]} is merged with {shown}, and should be with {expected}")


def _judge_records(world: "World", books: Books, accuse: Accuse) -> None:
    """What each record shows, against a slow reading of what was said."""
    truths = {saved.meaning: saved.truth for saved in world.ledger.saved if saved.truth is not None}
    history = History(books, truths)
    by_record: dict[int, list[Entry]] = defaultdict(list)
    for entry in books.operations:
        if entry.status == "applied" and entry.record is not None:
            by_record[entry.record].append(entry)
    rows = world.machine.rows("SELECT id, state, merged_into FROM record ORDER BY id")
    for row, _, survivor in rows:
        if survivor is not None:
            by_record[survivor] = by_record[survivor] + [one for one in by_record[row] if one.record == row]
    for row, state, survivor in rows:
        entries = [one for one in by_record[row] if survivor is None or one.record == row]
        if state and entries:
            judge_record(history, entries, msgspec.json.decode(state), accuse)
        elif entries:
            accuse("DOCTOR", f"record {row} has operations and no state")


def _judge_log(machine: Machine, association: int, accuse: Accuse) -> None:
    position = machine.rows("SELECT position FROM association WHERE id = ?", association)[0][0]
    found = [row[0] for row in machine.rows(
        "SELECT position FROM change_log WHERE association_id = ? ORDER BY position", association
    )]  # fmt: skip
    if found != list(range(1, position + 1)):
        accuse("DOCTOR", f"the change log of {association} has gaps before {position}")
    logged = {row[0] for row in machine.rows(
        "SELECT operation_id FROM change_log WHERE operation_id IS NOT NULL"
    )}  # fmt: skip
    for (row,) in machine.rows("SELECT id FROM operation ORDER BY id"):
        if row not in logged:
            accuse("DOCTOR", f"operation row {row} is not in the change log")


def _judge_fold(session: Session, association: int, accuse: Accuse) -> None:
    """Fold everything anew, and compare with what is stored."""
    working = WorkingSet(session, association)
    rows = session.connection().exec_driver_sql(
        "SELECT r.id FROM record r JOIN collection c ON c.id = r.collection_id WHERE c.association_id = ?",
        (association,),
    )
    found = working.load_ids([row[0] for row in rows])
    for record in found:
        record.anew = record.touched = True
    refolding.fold_anew(working, found)
    for record in found:
        folded = msgspec.json.encode(record.state) if record.state else b""
        assert record.row is not None
        if _plain(folded) != _plain(bytes(record.row.state)) or record.merged_into != record.row.merged_into:
            accuse("DOCTOR", f"{record.uuid} is stored as {bytes(record.row.state)!r}, and folds to {folded!r}")


def _plain(state: bytes) -> Any:
    return msgspec.json.decode(state) if state else None


def _judge_counters(machine: Machine, books: Books, accuse: Accuse) -> None:
    arrived: dict[str, set[int]] = defaultdict(set)
    for author, counter in books.said():
        arrived[author].add(counter)
    for name, known, durable in machine.rows("SELECT name, known_through, durable_through FROM author"):
        here = arrived[name]
        if known != max(here, default=0) or durable != first_gap(here):
            accuse("DOCTOR", f"{name[:6]} is known through {known}, durable through {durable}: {sorted(here)}")


def _judge_phone(machine: Machine, phone: Phone, accuse: Accuse) -> None:
    """A phone shows the server's records, all that it may read and nothing else."""
    found = machine.rows(
        "SELECT d.id, d.association_id, d.status FROM author a JOIN device d ON d.id = a.device_id WHERE a.name = ?",
        phone.device.author or "",
    )
    if not found:
        accuse("STUCK", f"{phone.name} is unknown to the server")
        return
    device, association, status = found[0]
    if status != "active":
        return
    kept = phone.device.waiting()["kept"]
    if kept and machine.settings.durability == "disk":
        accuse("STUCK", f"{phone.name} still keeps {kept} operations, and the disk promises to be enough")
    sight = sight_of_device(machine, device, association)
    expected = {_name(one): one for one in shown(machine, association) if sight.shows(one)}
    on_phone = {_name(one): one for one in phone.device.records()}
    for name, record in expected.items():
        if name not in on_phone:
            accuse("CURSOR_GAP", f"{phone.name} does not have {name}")
        elif not _waits(phone, record["record"]):
            _compare(phone, record, on_phone[name], accuse)
    own = phone.device.store.authors()
    kept_names = {_name(one) for one in phone.pulled() if not all(key[0] in own for key in one["heads"])}
    for name in sorted(kept_names - expected.keys()):
        accuse("LEAK", f"{phone.name} keeps {name}")


def missing(machine: Machine, phone: Phone) -> list[str]:
    """Records that changed last before the phone's cursor, that it may read, and that it does not have."""
    state = phone.device.store.state()
    cursor = read_cursor(state.cursor or "", machine.secret)
    found = machine.rows(
        "SELECT d.id, d.association_id FROM author a JOIN device d ON d.id = a.device_id"
        " WHERE a.name = ? AND d.status = 'active'", state.author or "",
    )  # fmt: skip
    if cursor is None or cursor.epoch != machine.epoch or state.epoch != cursor.epoch or not found or state.renew:
        return []
    device, association = found[0]
    if _looks_back_at_another_history(machine, state.witness or "", association):
        return []
    sight = sight_of_device(machine, device, association)
    views = {f"{kind}:{place}" if place else kind for kind, place in machine.rows(
        "SELECT kind, place FROM device_view WHERE device_id = ?", device
    )}  # fmt: skip
    if views != cursor.positions.keys():
        return []
    through = min(cursor.positions.values(), default=0)
    told = machine.rows(
        "SELECT lower(hex(r.uuid)), c.kind, c.of, r.state FROM record r JOIN collection c ON c.id = r.collection_id"
        " JOIN change_log l ON l.record_id = r.id WHERE l.association_id = ? AND r.review != 'held'"
        " GROUP BY r.id HAVING max(l.position) <= ?", association, through,
    )  # fmt: skip
    names = set(phone.device.store.record_ids())
    pulled = {_name(one): one for one in phone.pulled()}
    return [
        one["record"]
        for one in (
            {"record": dashed(uuid), "kind": kind, "of": of, **msgspec.json.decode(folded)}
            for uuid, kind, of, folded in told
        )
        if sight.shows(one) and (one["record"] not in names or _is_stale(phone, one, pulled.get(_name(one))))
    ]


def _looks_back_at_another_history(machine: Machine, witness: str, association: int) -> bool:
    """Whether the phone has not been answered since the server was put back from a copy."""
    saw = read_witness(witness, machine.secret)
    found = machine.rows(
        "SELECT logged_ms FROM change_log WHERE association_id = ? AND position = ?",
        *(association, saw.position if saw else 0),
    )
    return saw is None or bool(saw.position and found != [(saw.logged_ms,)])


def _is_stale(phone: Phone, expected: Json, pulled: Json | None) -> bool:
    """Whether a record to which the phone has nothing more to say is not the server's."""
    own = phone.device.store.said_of(expected["record"])
    if not own:
        return pulled is None or heads_of(pulled) != heads_of(expected)
    if any(said.state == "outbox" or said.status != "applied" for said in own):
        return False
    if expected["record"] in phone.device.store.asked_afresh(len(phone.device.store.record_ids())):
        return False
    shown_there = phone.device.record(expected["record"])
    if shown_there is None or _name(shown_there) != _name(expected):
        return False
    return heads_of(shown_there) != heads_of(expected)


def _waits(phone: Phone, record: str) -> bool:
    """Whether the phone shows something on top that the server holds back."""
    return any(said.status == "held" for said in phone.device.store.said_of(record))


def _compare(phone: Phone, expected: Json, found: Json, accuse: Accuse) -> None:
    for member in COMPARED:
        if expected[member] != found[member]:
            accuse("DIVERGED", f"{phone.name} {member}: {found[member]} for {expected[member]} of {expected['record']}")
    own = phone.device.store.said_of(found["record"])
    if expected["review"] != found["review"]:
        accuse("DIVERGED", f"{phone.name} review: {found['review']} for {expected['review']} of {expected['record']}")
    set_apart = any(said.status in ("quarantined", "rejected") for said in own)
    if heads_of(expected) != heads_of(found) and not set_apart:
        # Who corrects an operation that was set apart has seen it: it stands among the phone's heads.
        accuse("DIVERGED", f"{phone.name} heads: {found['heads']} for {expected['heads']} of {expected['record']}")


def shown(machine: Machine, association: int) -> list[Json]:
    """All records of an association as the server shows them."""

    def work(session: Session) -> list[Json]:
        ids = session.connection().exec_driver_sql(
            "SELECT r.id FROM record r JOIN collection c ON c.id = r.collection_id WHERE c.association_id = ?",
            (association,),
        )
        rows = records.by_ids(session, [row[0] for row in ids])
        found = showing.shown(session, association, list(rows.values()), "en")
        return [msgspec.json.decode(msgspec.json.encode(record)) for record in found.values()]

    return machine.read(work)


def _name(record: Json) -> Name:
    return (record["record"], record["kind"], record["of"])


def judge_replay(world: "World", answered: Sequence[Request], accuse: Accuse) -> None:
    """Everything that was answered comes again, twice and in any order, and changes nothing."""
    before = _everything(world.machine)
    # What a phone set aside and a restored server has lost may be said again by nobody: here it would count anew.
    again = [request for request in answered if instance_of(request) or not content(request).get("void")]
    world.dice.shuffle(again)
    for request in again:
        world.machine.answer(request.method, request.path, request.body, request.headers)
    after = _everything(world.machine)
    for table, rows in before.items():
        if after[table] != rows:
            accuse("REPLAY_CHANGED_STATE", f"{table}: {len(rows)} rows before, {len(after[table])} after")


def _everything(machine: Machine) -> dict[str, list[tuple[Any, ...]]]:
    statements = {
        "operation": "SELECT author_id, counter, n, status, body FROM operation ORDER BY id",
        "quarantine": "SELECT author, counter, digest, status FROM quarantine ORDER BY id",
        "record": "SELECT uuid, state, review, place, merged_into FROM record ORDER BY id",
        "association": "SELECT id, position FROM association ORDER BY id",
        "author": "SELECT name, known_through, durable_through FROM author ORDER BY id",
        "server": "SELECT epoch FROM server",
    }
    return {table: machine.rows(statement) for table, statement in statements.items()}
