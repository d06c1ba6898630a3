"""Coordinators who decide on pairs between syncs, and what is judged of their decisions."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.problems import Problem
from fieldsync.services import clustering, deciding, desk, linkage_follow, merging, pair_queue
from fieldsync.services.deciding import DIFFERENT, OPEN, PROPOSED, SAME, UNSURE, Pair, Verdict
from fieldsync.services.desk import Desk
from fieldsync.store import pairs, records
from fieldsync.store.db import Busy
from tests.simulation.disk import SimulatedCrash
from tests.simulation.ledger import Decision
from tests.simulation.machine import Machine

if TYPE_CHECKING:
    from tests.simulation.world import World

ANSWERS: Mapping[str, Sequence[Any]] = {
    "head": ("Fatima Ait Lahcen", "فاطمة أيت لحسن", "Fadma Ait Lahcen", "Rachida Ait Lahcen"),
    "note": ("0612345678", "+212 612-345-678", "0699887766"),
    "age": (36, 36, 37, 61),
}
"""Few people live in these villages, and companions spell them as they like; the note is their phone."""

WHO = ("p1", "p2")
CHANGES_AT_ONCE = 200

Key = tuple[int, int]


class Coordinators:
    """Two people at the desk, and the job that compares what came in."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._dice: random.Random = world.dice
        self._machine = world.machine
        self._acts: list[tuple[int, Callable[[], object]]] = [
            (40, self.decide), (10, self.both_decide), (10, self.decide_too_late), (14, self.take_back),
            (10, self.part), (8, self.cluster),
        ]  # fmt: skip

    def act(self) -> None:
        """What came in is compared, they do one of their things, and the queue is judged."""
        weights, acts = zip(*self._acts, strict=True)
        act = self._dice.choices(acts, weights)[0]
        self._world.trace(f"coordinators {act.__name__}")
        try:
            self.compare()
            act()
        except SimulatedCrash:
            self._world.restart_server()
        except Busy:
            return
        self._world.judges.on_decided()

    def compare(self) -> None:
        """The follower takes what changed."""
        now_ms = self._world.server_clock()
        while self._machine.write(lambda x: linkage_follow.step(x, self._association, CHANGES_AT_ONCE, now_ms)):
            pass

    def cluster(self) -> None:
        """The hourly job."""
        clustering.run(self._machine.read, self._machine.write, self._association, self._world.server_clock())

    def decide(self) -> None:
        """Somebody decides on the first of the queue."""
        key = self._first()
        if key is not None:
            self._say(key, self._turn(key), self._drawn(), self._dice.choice(WHO))

    def both_decide(self) -> None:
        """Two have the same page before them: whoever comes second is told, and nothing is written."""
        key = self._first()
        if key is None:
            return
        turn = self._turn(key)
        if self._say(key, turn, self._drawn(), WHO[0]) is not None:
            return
        before = self._machine.rows("SELECT count(*) FROM operation")
        problem = self._say(key, turn, self._drawn(), WHO[1])
        if problem is None or self._machine.rows("SELECT count(*) FROM operation") != before:
            self._world.judges.accuse("DECIDED", f"two decided on {key}, and the second was heard")

    def decide_too_late(self) -> None:
        """A page is open while one of its two is merged with somebody else."""
        key, other = self._first(), self._first()
        if key is None or other is None or key == other or not set(key) & set(other):
            return
        turn = self._turn(key)
        if self._say(other, self._turn(other), SAME, WHO[1]) is None:
            self._say(key, turn, self._drawn(), WHO[0])

    def take_back(self) -> None:
        decided = self._machine.rows(
            "SELECT left_id, right_id, max(turn) FROM pair_decision GROUP BY left_id, right_id ORDER BY 1, 2"
        )
        if decided:
            *key, turn = self._dice.choice(decided)
            by = self._by(self._dice.choice(WHO))
            if self._on_pair((key[0], key[1]), lambda x, pair: deciding.undo(x, by, pair, turn)) is None:
                self._note((key[0], key[1], turn + 1, OPEN))

    def part(self) -> None:
        """Days later somebody un-merges on the page of a record: a cluster falls apart at one of its merges."""
        rows = self._machine.rows("SELECT DISTINCT record_id FROM merge ORDER BY record_id")
        if not rows:
            return
        record_id, by = self._dice.choice(rows)[0], self._by(self._dice.choice(WHO))

        def work(session: Session) -> Problem | None:
            found = self._found(session, record_id)
            named = [each.id for each in merging.merges_of(session, found)]
            return deciding.part(session, by, found, self._dice.sample(named, 1) if named else None)

        self._machine.write(work)

    @property
    def _association(self) -> int:
        found: int = self._machine.rows("SELECT id FROM association WHERE slug = 'khl'")[0][0]
        return found

    def _drawn(self) -> str:
        return self._dice.choices((SAME, DIFFERENT, UNSURE), (5, 3, 1))[0]

    def _first(self) -> Key | None:
        """One of the first pairs of the queue."""
        rows = self._machine.read(lambda x: pair_queue.waiting_anywhere(x, self._association))[:6]
        return self._dice.choice(rows).rank[1:] if rows else None

    def _turn(self, key: Key) -> int:
        found = self._machine.read(lambda session: pairs.latest(session, [key]))
        return found[key].turn if found else 0

    def _say(self, key: Key, turn: int, decision: str, who: str) -> Problem | None:
        by = self._by(who)
        problem = self._on_pair(key, lambda x, pair: deciding.decide(x, by, pair, Verdict(decision, turn)))
        self._world.trace(f"{who} says {decision} of {key}: {problem.code if problem else 'taken'}")
        if problem is None:
            self._note((*key, turn + 1, decision))
        return problem

    def _note(self, decision: Decision) -> None:
        self._world.ledger.decided.add(decision)

    def _on_pair(self, key: Key, act: Callable[[Session, Pair], Problem | None]) -> Problem | None:
        def work(session: Session) -> Problem | None:
            left, right = (self._found(session, each) for each in key)
            return act(session, deciding.of_rows(session, left, right))

        return self._machine.write(work)

    def _found(self, session: Session, record_id: int) -> desk.Found:
        row = records.by_ids(session, [record_id])[record_id]
        uuid = records.uuid_text(row.uuid)
        return next(each for each in desk.find(session, self._association, uuid) if each.row.id == record_id)

    def _by(self, who: str) -> Desk:
        return Desk(self._association, who, self._world.server_clock())


Accuse = Callable[[str, str], None]


def judge_decided(world: "World", accuse: Accuse) -> None:
    """What a coordinator was told is decided stands on the disk, each turn once, and nobody's was taken twice."""
    rows = world.machine.rows("SELECT left_id, right_id, turn, decision FROM pair_decision ORDER BY 1, 2, 3")
    for left, right, turn, decision in sorted(world.ledger.decided - set(rows)):
        accuse("ACKED_LOST", f"{decision} of {(left, right)}, turn {turn}")
    turns: dict[Key, list[int]] = {}
    for left, right, turn, _ in rows:
        turns.setdefault((left, right), []).append(turn)
    for key, found in turns.items():
        if found != list(range(1, len(found) + 1)):
            accuse("DECIDED", f"the turns of {key} are {found}")


def judge_queue(world: "World", accuse: Accuse) -> None:
    """What waits is what nobody decided, or decided on other evidence; what was decided so stays decided."""
    machine = world.machine
    [(association,)] = machine.rows("SELECT id FROM association WHERE slug = 'khl'")
    waiting = machine.read(lambda x: pair_queue.waiting_anywhere(x, association))
    asked = {each.rank[1:] for each in waiting}
    expected = {key for key in _candidates(machine) if _is_open(machine, key)}
    for key in sorted(asked - expected):
        accuse("DECIDED", f"{key} is asked again, and nothing is compared otherwise")
    for key in sorted(expected - asked):
        accuse("DECIDED", f"{key} waits and is not asked")
    for key, groups in _held_apart(machine).items():
        if groups[0] == groups[1]:
            accuse("DECIDED", f"{key} are one, and somebody holds them apart")


def _candidates(machine: Machine) -> list[Key]:
    return [(left, right) for left, right in machine.rows(
        "SELECT p.left_id, p.right_id FROM candidate_pair p JOIN association a ON a.id = p.association_id"
        " WHERE a.slug = 'khl' AND p.kind = 'entity'"
    )]  # fmt: skip


def _is_open(machine: Machine, key: Key) -> bool:
    shown = machine.rows("SELECT coalesce(merged_into, id), deleted FROM record WHERE id IN (?, ?)", *key)
    if shown[0][0] == shown[1][0] or any(deleted for _, deleted in shown):
        return False
    last = machine.rows(
        "SELECT decision, levels FROM pair_decision WHERE left_id = ? AND right_id = ? ORDER BY turn DESC LIMIT 1", *key
    )
    if not last:  # a no holds for the groups of both, once linkage has followed their merges
        held = [pair for pair, groups in _held_apart(machine).items() if tuple(sorted(groups)) == key]
        return all(_is_compared_otherwise(machine, key, pair) for pair in held)
    decision, levels = last[0]
    return decision in (OPEN, PROPOSED) or (bool(_read(levels)) and _is_compared_otherwise(machine, key, key))


def _is_compared_otherwise(machine: Machine, key: Key, decided: Key) -> bool:
    """Whether a pair is compared otherwise now than one was, or for the first time, when it was decided last."""
    ((told,),) = machine.rows("SELECT comparisons FROM candidate_pair WHERE left_id = ? AND right_id = ?", *key)
    ((levels,),) = machine.rows(
        "SELECT levels FROM pair_decision WHERE left_id = ? AND right_id = ? ORDER BY turn DESC LIMIT 1", *decided
    )
    now = {name: level for name, level, _ in _read(told) if level not in ("", "rarity")}
    before = dict(_read(levels))
    return any(before.get(name) != level for name, level in now.items())


def _held_apart(machine: Machine) -> dict[Key, tuple[int, int]]:
    """Pairs that are not the same by the last word on them, and through which record each of the two shows."""
    shown = dict(machine.rows("SELECT id, coalesce(merged_into, id) FROM record"))
    last = {(left, right): decision for left, right, decision in machine.rows(
        "SELECT left_id, right_id, decision FROM pair_decision ORDER BY turn"
    )}  # fmt: skip
    return {key: (shown[key[0]], shown[key[1]]) for key, said in last.items() if said == DIFFERENT}


def _read(body: bytes) -> list[Any]:
    found: list[Any] = msgspec.json.decode(body)
    return found
