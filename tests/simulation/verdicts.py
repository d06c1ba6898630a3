"""The judges of safety: what must hold after every answer and every restart, in the worst of the storm."""

from typing import TYPE_CHECKING

import msgspec

from fieldsync.client.transport import Answer
from tests.simulation import quiet
from tests.simulation.books import arrived, first_gap, is_on_disk, read_books
from tests.simulation.collectors import handed_in, instance_of, judge_collectors
from tests.simulation.coordinators import judge_decided, judge_queue
from tests.simulation.ledger import DURABLE
from tests.simulation.machine import Machine
from tests.simulation.network import Request, content
from tests.simulation.parted import judge_edits_alone
from tests.simulation.phone import DAY_MS, Json, Phone, Saved, meaning
from tests.simulation.sight import sight_of

if TYPE_CHECKING:
    from tests.simulation.world import World

VERDICTS = {
    "ACKED_LOST": "an acknowledged operation is not on the disk that acknowledged it",
    "DURABLE": "durable_through covers what is missing, or what no backup holds",
    "EDIT_LOST": "what a person saw as saved is nowhere on the server in the end",
    "REPLAY_CHANGED_STATE": "requests that were answered before changed something when they came again",
    "DIVERGED": "a phone shows another record than the server when all is quiet",
    "CURSOR_GAP": "a record that a phone may read never came down to it",
    "SILENT_OVERWRITE": "a value is neither shown, nor in conflict, nor replaced by somebody who had seen it",
    "TOMBSTONE": "a record is deleted or alive against what its operations say",
    "ENTITY_LOST": "a submission declared an entity that is not there",
    "PARTED": "a form and its edits are counted as several records",
    "LEAK": "a phone got, or keeps, what it may not read",
    "DOCTOR": "the stored records are not the fold of the operations, or the books do not add up",
    "LET_IN": "what is wrong in itself was folded though nobody released it",
    "HELD": "an operation waits for what is here",
    "NEIGHBOUR": "a good operation was set apart or turned back because of others",
    "RESULTS": "not exactly one result for each operation, in order",
    "ID_REUSED": "one life of a phone said two things under one id",
    "CLOCK": "a phone's clock, or a stamp, is behind what was shown there, or follows a clock a day ahead",
    "UNSEEN": "an operation names as seen what was not on the screen",
    "DECIDED": "a decision on a pair does not hold, or is asked again; an un-merge gives other than edits alone",
    "STUCK": "not quiet within the budget of rounds after the faults have stopped",
    "FAULT": "an exception or an answer 500 that nobody expected",
}

BLAMELESS = frozenset({"other_content", "device_revoked", "not_your_author"})
"""Why a good operation may be set apart: a restored phone's old id, a revoked phone."""


class Judges:
    """Collects accusations; one is enough to end a schedule."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.found: dict[str, list[str]] = {}
        self.answered: list[Request] = []
        """Requests whose every operation the present history of the server has settled."""

    def accuse(self, verdict: str, evidence: str) -> None:
        assert verdict in VERDICTS
        self._world.trace(f"!!! {verdict} {evidence}")
        self.found.setdefault(verdict, []).append(evidence)

    def on_answer(self, request: Request, answer: Answer) -> None:
        """An answer leaves the server, whether somebody hears it or not."""
        if answer.status == 500:
            self.accuse("FAULT", f"500 to {request.path}")
        instance = instance_of(request)
        if instance is not None:
            self._handed_in(request, answer, instance)
        if self._world.shelf:
            self._world.shelf.hear(request, answer)
        if request.path != "/api/v1/sync" or answer.status != 200:
            return
        asked, said = content(request), msgspec.json.decode(answer.body)
        operations, results = asked["operations"], said["results"]
        if [one["id"] for one in operations] != [one["id"] for one in results]:
            self.accuse("RESULTS", f"{[one['id'] for one in operations]} {[one['id'] for one in results]}")
            return
        self._acknowledged(operations, results)
        self._judge_good_ones(operations, results)
        self._covered(said["durable_through"])
        self._seen(request, said)
        if all(result["status"] in DURABLE for result in results):
            self.answered.append(request)

    def on_restart(self) -> None:
        """The server starts again: everything that it acknowledged is there."""
        here = read_books(self._world.machine).promises()
        for author, counter, _ in sorted(self._world.ledger.acked - here):
            self.accuse("ACKED_LOST", f"{author[:6]}/{counter} after a restart")

        found = handed_in(self._world) if self._world.ledger.handed_in else {}
        for instance in sorted(self._world.ledger.handed_in - found.keys()):
            self.accuse("ACKED_LOST", f"{instance} of ODK Collect after a restart")
        if self._world.shelf:
            self._world.shelf.judge_promises("after a restart")

        judge_decided(self._world, self.accuse)

    def on_decided(self) -> None:
        """Coordinators decided, or pairs were compared anew."""
        judge_decided(self._world, self.accuse)
        judge_queue(self._world, self.accuse)

    def on_restore(self) -> None:
        """Another history begins; what was answered before proves nothing now."""
        self.answered.clear()
        self.on_restart()

    def on_saved(self, phone: Phone, saved: Saved) -> None:
        """A person saw "saved": the clock behind it must have followed what she saw, and no liar."""
        stamp = tuple(saved.content["stamp"])
        self._judge_clock(phone, stamp)
        if stamp <= phone.heard:
            self.accuse("CLOCK", f"{phone.name} says {stamp} after it was shown {phone.heard}")
        if saved.truth is not None:
            unseen = [key for key in saved.content.get("seen", ()) if key not in saved.truth]
            if unseen:
                self.accuse("UNSEEN", f"{phone.name} says that {unseen} was on the screen, and it was {saved.truth}")
        for key in self._world.ledger.reused:
            self.accuse("ID_REUSED", f"{phone.name} {key}")

    def on_synced(self, phone: Phone) -> None:
        """A phone has heard: it has everything that its cursor stands for, and its clock followed what it shows."""
        state = phone.device.store.state()
        self._judge_clock(phone, (state.clock_ms, state.clock_n))
        if (state.clock_ms, state.clock_n) < phone.heard:
            self.accuse("CLOCK", f"{phone.name} stands at {(state.clock_ms, state.clock_n)} and shows {phone.heard}")
        for record in quiet.missing(self._world.machine, phone):
            self.accuse("CURSOR_GAP", f"{phone.name} has read past {record} and does not have it")

    def before_releases(self) -> None:
        """The desk lets go what waits for a phone that is gone; until then, what is held waits for something."""
        quiet.judge_waiting(self._world.machine, self.accuse)

    def at_quiet(self) -> None:
        """Nothing more comes: the same state everywhere, and nothing missing in it."""
        self.on_restart()
        quiet.judge(self._world, self.accuse)
        judge_collectors(self._world, self.accuse)
        if self._world.shelf:
            self._world.shelf.judge(list(self._world.photographers.values()))
        if not self.found:
            quiet.judge_replay(self._world, self.answered, self.accuse)

    def at_parted(self) -> None:
        """Every merge was undone, and the phones have heard of it."""
        judge_edits_alone(self._world, self.accuse)
        quiet.judge(self._world, self.accuse)

    def _judge_clock(self, phone: Phone, stamp: tuple[int, int]) -> None:
        if stamp[0] > phone.latest_ms + DAY_MS:
            self.accuse("CLOCK", f"{phone.name} says {stamp[0]}, and its clock never went past {phone.latest_ms}")

    def _handed_in(self, request: Request, answer: Answer, instance: str) -> None:
        """What ODK Collect is told is taken is on the disk, once; a dead end is none of the answers."""
        if answer.status == 201:
            self._world.ledger.handed_in.add(instance)
            self.answered.append(request)
            count = handed_in(self._world).get(instance, 0)
            if count != 1:
                self.accuse("ACKED_LOST", f"{instance} of ODK Collect is there {count} times")
        elif answer.status not in (400, 503) and not self._world.machine.struck:
            self.accuse("NEIGHBOUR", f"{instance} of ODK Collect was answered {answer.status}")

    def _acknowledged(self, operations: list[Json], results: list[Json]) -> None:
        machine = self._world.machine
        self._world.ledger.note_answer(operations, results)
        for said, result in zip(operations, results, strict=True):
            if result["status"] in DURABLE and not is_on_disk(machine, said):
                self.accuse("ACKED_LOST", f"{said['id']} {result['status']}")

    def _judge_good_ones(self, operations: list[Json], results: list[Json]) -> None:
        good = self._world.ledger.good
        for said, result in zip(operations, results, strict=True):
            if meaning(said) not in good:
                continue
            codes = {problem["code"] for problem in result.get("problems", [])}
            if "other_content" in codes and not _is_taken(self._world.machine, said):
                self.accuse("NEIGHBOUR", f"{said['id']} is told to be taken, and is not")
            if result["status"] == "quarantined" and not codes & BLAMELESS:
                self.accuse("NEIGHBOUR", f"{said['id']} quarantined for {codes}")
            if result["status"] == "retry" and not self._world.machine.struck:
                self.accuse("NEIGHBOUR", f"{said['id']} to be said again, and no disk failed: {codes}")

    def _covered(self, durable_through: dict[str, int]) -> None:
        machine = self._world.machine
        backed_up = self._world.operators.backed_up
        for author, through in durable_through.items():
            here = arrived(machine, author)
            if through > first_gap(here):
                self.accuse("DURABLE", f"{author[:6]} {through}, and only {sorted(here)} arrived")
            elif machine.settings.durability == "backup" and through > first_gap(backed_up.get(author, ())):
                self.accuse("DURABLE", f"{author[:6]} {through}, and the backup has {backed_up.get(author)}")

    def _seen(self, request: Request, said: Json) -> None:
        """Whatever comes down must be readable for its reader at this moment."""
        if not said.get("records"):
            return
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        sight = sight_of(self._world.machine, token)
        for record in said["records"]:
            if not record.get("gone") and not sight.shows(record):
                self.accuse("LEAK", f"{request.phone} got {record['record']} in {record['fields'].get('village')}")


def _is_taken(machine: Machine, said: Json) -> bool:
    """Whether something else is stored under the id."""
    rows = machine.rows(
        "SELECT o.body FROM operation o JOIN author a ON a.id = o.author_id"
        " WHERE a.name = ? AND o.counter = ? AND o.n = 0",
        *said["id"],
    )
    return any(meaning(msgspec.json.decode(body)) != meaning(said) for (body,) in rows)
