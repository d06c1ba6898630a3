"""Companions with ODK Collect: they fill, edit and send in any order, until each record is answered with 201."""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

from fieldsync.client.transport import Answer, LinkDown
from fieldsync.services import enrolment
from fieldsync.services.enrolment import EVERYTHING, NewDevice
from tests.collect.phone import CollectPhone, Finished
from tests.collect.wire import Refused, written
from tests.simulation.machine import token_text
from tests.simulation.network import Request
from tests.simulation.questionnaire import CONSENT, FIRST, FORM, LIST, NEEDS, VILLAGES

if TYPE_CHECKING:
    from tests.simulation.world import World

INSTANCE = re.compile(rb"<instanceID>uuid:([0-9a-f-]{36})</instanceID>").search
SUBMISSION = "/submission"


@dataclass
class Work:
    """What one Collect phone did to one entity, as the instances of its forms in the order of the work."""

    author: str
    instances: list[str] = field(default_factory=list)


def enrolled(world: "World", name: str) -> tuple[str, str]:
    """A device that its coordinator made: the author as whom it speaks, and its token."""
    author, token = world.dice.randbytes(16).hex(), token_text(world.dice.randbytes(32))
    new = NewDevice(world.machine.association("khl"), "device", name, EVERYTHING)
    at = world.server_clock()
    world.machine.write(lambda session: enrolment.enrol_at_once(session, new, author, token, at))
    return author, token


class Collector:
    """A phone with ODK Collect, and the hands on it."""

    def __init__(self, world: "World", name: str) -> None:
        self._world = world
        self._dice: random.Random = world.dice
        self.name = name
        self.author, token = enrolled(world, name)
        code = written({"server_url": f"http://village/v1/key/{token}"})
        self.phone = CollectPhone(code, self._ask, self._uuid)
        self.works: dict[str, Work] = {}
        """Entity to what this phone did to it."""
        self._answers: dict[str, dict[str, str]] = {}
        """Instance to its answers, where it declares no entity: what may be edited."""
        self.chains: dict[str, list[str]] = {}
        """The last edit of a form to all its instances, in the order of the work."""

    def act(self) -> str:
        """One of the things that people do with Collect; its name."""
        acts: list[tuple[int, Callable[[], None]]] = [
            (40, self.finish), (20, self.edit), (30, self.send), (10, self.match),
        ]  # fmt: skip
        weights, possible = zip(*acts, strict=True)
        act = self._dice.choices(possible, weights)[0]
        act()
        return str(act.__name__)

    def finish(self) -> None:
        """A form is filled; it may make a household, or change one that this phone made."""
        answers, instance = self._some(), self._uuid()
        households = self.phone.list_of(LIST)
        entity: dict[str, str] | None = None
        chance = self._dice.random()
        if households.kept and chance < 0.5:
            uuid = self._dice.choice(sorted(households.kept))
            entity = households.update(uuid, {"head": answers["head"]})
        elif chance < 0.75:
            entity = households.create(self._uuid(), answers["head"], {"head": answers["head"]})
        if entity is None:
            self._answers[instance] = answers
        else:
            self.works.setdefault(entity["id"], Work(self.author)).instances.append(instance)
        self.phone.finish(self._written(instance, answers, entity))

    def edit(self) -> None:
        """A finished form is opened again, sent or not, and finished under another id."""
        if not self._answers:
            return
        before = self._dice.choice(sorted(self._answers))
        answers, instance = {**self._answers.pop(before), **self._some(0.4)}, self._uuid()
        self._answers[instance] = answers
        self.chains[instance] = [*self.chains.pop(before, [before]), instance]
        self.phone.finish(self._written(instance, answers, None, before))

    def send(self) -> None:
        """What waits is sent; some of it stays behind, and the next may come first."""
        waiting = self.phone.waiting()
        self._dice.shuffle(waiting)
        for record in waiting[: 1 + self._dice.randrange(3)]:
            self.try_to(lambda record=record: self.phone.send(record))  # type: ignore[misc]

    def match(self) -> None:
        """Forms are looked for."""
        self.try_to(self.phone.match)

    def try_to(self, act: Callable[[], None]) -> None:
        """Nothing that a link or a proxy does ends more than this attempt."""
        try:
            act()
        except (LinkDown, Refused) as error:
            self._world.trace(f"{self.name}: {error or type(error).__name__}")

    def send_again(self) -> None:
        """The server was put back to its copy: people are asked to send again what they sent."""
        for record in self.phone.outbox:
            record.shown = "sent before"

    def _ask(self, method: str, address: str, headers: Mapping[str, str], body: bytes) -> Answer:
        split = urlsplit(address)
        path = f"{split.path}?{split.query}" if split.query else split.path
        return self._world.network.carry(Request(self.name, method, path, body, headers))

    def _some(self, share: float = 1.0) -> dict[str, str]:
        drawn = {
            "village": self._dice.choice(VILLAGES), "head": f"k{self._dice.randrange(10**6)}",
            "age": str(self._dice.randrange(119)), "consent": self._dice.choice(CONSENT),
            "needs": " ".join(sorted(self._dice.sample(NEEDS, 2))), "note": f"k{self._dice.randrange(10**6)}",
        }  # fmt: skip
        return {name: text for name, text in drawn.items() if share == 1.0 or self._dice.random() < share}

    def _written(
        self, instance: str, answers: Mapping[str, str], entity: Mapping[str, str] | None, deprecated: str = ""
    ) -> str:
        known = self.phone.forms.get(FORM)
        said = "".join(f"<{name}>{text}</{name}>" for name, text in answers.items())
        declared = ""
        if entity is not None:
            attributes = " ".join(f'{name}="{text}"' for name, text in entity.items())
            declared = f'<entity dataset="{LIST}" {attributes}><label>{answers["head"]}</label></entity>'
        replaced = f"<deprecatedID>uuid:{deprecated}</deprecatedID>" if deprecated else ""
        return (
            f'<data id="{FORM}" version="{known.version if known else FIRST}">{said}<meta>{declared}'
            f"<instanceID>uuid:{instance}</instanceID>{replaced}</meta></data>"
        )

    def _uuid(self) -> str:
        return str(UUID(int=self._dice.getrandbits(128), version=4))


def instance_of(request: Request) -> str | None:
    """The instance that a request hands in; None where it hands in none."""
    found = INSTANCE(request.body) if request.method == "POST" and SUBMISSION in request.path else None
    return found[1].decode() if found else None


def handed_in(world: "World") -> dict[str, int]:
    """Instance to how many submissions are on the disk under it."""
    rows = world.machine.rows("SELECT instance, count(*) FROM openrosa_submission GROUP BY instance")
    return dict(rows)


def judge_collectors(world: "World", accuse: Callable[[str, str], None]) -> None:
    """When all is quiet: every form is there once, with its edits, and entities follow the order of the work."""
    found = handed_in(world)
    for collector in world.collectors.values():
        for record in collector.phone.outbox:
            _judge_record(record, found, collector.name, accuse)
        for entity, work in collector.works.items():
            _judge_work(world, entity, work, collector.author, accuse)
        for chain in collector.chains.values():
            _judge_chain(world, chain, collector.name, accuse)


def _judge_record(record: Finished, found: Mapping[str, int], name: str, accuse: Callable[[str, str], None]) -> None:
    count = found.get(record.instance.removeprefix("uuid:"), 0)
    if not record.is_sent:
        accuse("STUCK", f"{name} still keeps {record.instance}: {record.shown}")
    elif count != 1:
        accuse(
            "EDIT_LOST" if count == 0 else "REPLAY_CHANGED_STATE", f"{name} {record.instance} is there {count} times"
        )


def _judge_work(world: "World", entity: str, work: Work, author: str, accuse: Callable[[str, str], None]) -> None:
    """The last thing that this phone said of an entity is the last thing that was done on it."""
    rows = world.machine.rows(
        "SELECT lower(hex(said.uuid)) FROM operation o JOIN author a ON a.id = o.author_id"
        " JOIN device d ON d.id = a.device_id JOIN author own ON own.device_id = d.id AND own.name = ?"
        " JOIN record r ON r.id = o.record_id"
        " JOIN operation s ON s.author_id = o.author_id AND s.counter = o.counter AND s.n = 0"
        " JOIN record said ON said.id = s.record_id"
        " WHERE a.kind = 'openrosa' AND o.n > 0 AND lower(hex(r.uuid)) = ? ORDER BY o.counter DESC LIMIT 1",
        *(author, entity.replace("-", "")),
    )  # fmt: skip
    last = rows[0][0] if rows else ""
    if last != work.instances[-1].replace("-", ""):
        accuse("SILENT_OVERWRITE", f"{entity} follows {last} at last, and {work.instances} were done in this order")


def _judge_chain(world: "World", chain: list[str], name: str, accuse: Callable[[str, str], None]) -> None:
    """A form and its edits are one record; what began another is deleted, or people see that somebody wrote to it."""
    among = ", ".join("?" * len(chain))
    sql = f"SELECT DISTINCT lower(hex(record)) FROM openrosa_submission WHERE instance IN ({among})"
    shown = {row[0] for row in world.machine.rows(sql, *chain)}
    sql = (
        "SELECT lower(hex(uuid)) FROM record WHERE length(state) > 0 AND NOT deleted AND conflicts = 0"
        f" AND lower(hex(uuid)) IN ({among})"
    )
    living = {row[0] for row in world.machine.rows(sql, *(each.replace("-", "") for each in chain))}
    if len(shown) != 1 or living - shown:
        accuse("PARTED", f"{name} edited {chain}: they belong to {sorted(shown)}, and {sorted(living)} are alive")
