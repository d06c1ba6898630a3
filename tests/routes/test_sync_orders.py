"""The same operations, in any order, doubled and cut into any batches, give the same records."""

import random
from functools import partial
from typing import Any

import msgspec
import pytest

from fieldsync.store import authors
from tests.world import Json, Phone, World

SAYERS = 4
VISITS = 5
PEOPLE = 5
OPERATIONS = 45


class Story:
    """Operations of several phones and a coordinator, who see some of what others said; `name` goes before ids."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.visits = [self._uuid() for _ in range(VISITS)]
        self.people = [self._uuid() for _ in range(PEOPLE)]
        self.counters = dict.fromkeys(range(SAYERS + 1), 0)
        self.said: list[Json] = []
        for number in range(OPERATIONS):
            self.said.append(self._say(number))

    def _uuid(self) -> str:
        text = f"{self.dice.getrandbits(128):032x}"
        return "-".join([text[:8], text[8:12], text[12:16], text[16:20], text[20:]])

    def _say(self, number: int) -> Json:
        what = self.dice.choices(
            [self._visit, self._delete, self._register, self._update, self._merge, self._review, self._wrong],
            [9, 2, 5, 4, 4, 2, 2],
        )[0]
        return what(1_790_000_000_000 + self.dice.randint(-5, 5) * 1000 + number)

    def _said_by(self, sayer: int, stamp: int, record: str, **members: Any) -> Json:
        self.counters[sayer] += 1
        said: Json = {
            "id": [f"{{name}}{sayer}", self.counters[sayer]],
            "record": record,
            "kind": "submission",
            "of": "visit",
            "version": self.dice.choice(["1", "1", "2"]),
            "stamp": [stamp, 0],
        } | members
        known = [one for one in self.said if one["record"] == record and one["kind"] == said["kind"]]
        if known and "seen" not in said:
            said["seen"] = [one["id"] for one in self.dice.sample(known, min(len(known), self.dice.randint(0, 2)))]
        return said

    def _phone(self) -> int:
        return self.dice.randrange(SAYERS)

    def _visit(self, stamp: int) -> Json:
        child = f"children[{self.visits[0]}]"
        answers = [
            {"name": f"n{self.dice.randint(0, 9)}"},
            {"age": self.dice.randint(0, 150), "likes": {"set": self.dice.sample(["red", "green"], 1)}},
            {child: 1, f"{child}/called": f"c{self.dice.randint(0, 9)}"},
            {child: None},
        ]
        return self._said_by(self._phone(), stamp, self.dice.choice(self.visits), writes=self.dice.choice(answers))

    def _delete(self, stamp: int) -> Json:
        return self._said_by(self._phone(), stamp, self.dice.choice(self.visits), delete=True, version=None)

    def _wrong(self, stamp: int) -> Json:
        return self._said_by(self._phone(), stamp, self.dice.choice(self.visits), writes={"colour": "mauve"})

    def _register(self, stamp: int) -> Json:
        person = self.dice.choice(self.people)
        name = f"p{self.dice.randint(0, 9)}"
        writes = {"person": person, "fullname": name, "meta/entity/@id": person, "meta/entity/@create": "1"}
        writes |= {"meta/entity/label": name, "risk": self.dice.choice(["high", "low"])}
        return self._said_by(self._phone(), stamp, self._uuid(), of="person", version="1", writes=writes)

    def _update(self, stamp: int) -> Json:
        registered = [one for one in self.said if one["of"] == "person" and one["kind"] == "submission"]
        person = self.dice.choice(self.people)
        heads = [[*one["id"], 1] for one in registered if one["writes"]["person"] == person]
        writes = {"person": person, "meta/entity/@id": person, "meta/entity/@update": "1"}
        writes |= {"risk": self.dice.choice(["high", "low"]), "village": f"07.0{self.dice.randint(1, 4)}"}
        return self._said_by(
            self._phone(), stamp, self._uuid(), of="person", version="1", writes=writes, bases={person: heads[:3]}
        )

    def _merge(self, stamp: int) -> Json:
        merges = [one for one in self.said if "merge" in one.get("act", {})]
        record, other = self.dice.sample(self.people, 2)
        act: Json = {"merge": [record, other]}
        if merges and self.dice.random() < 0.5:
            undone = self.dice.choice(merges)
            record, act = self.dice.choice(undone["act"]["merge"]), {"unmerge": [undone["id"]]}
        return self._said_by(SAYERS, stamp, record, kind="entity", of="people", version=None, act=act)

    def _review(self, stamp: int) -> Json:
        act = {"review": self.dice.choice(["approved", "hasIssues"])}
        return self._said_by(SAYERS, stamp, self.dice.choice(self.visits), version=None, act=act)

    def spoken(self, name: str) -> list[Json]:
        """The operations with their authors' names."""
        text = msgspec.json.encode(self.said).decode().replace("{name}", name)
        return list(msgspec.json.decode(text))

    @property
    def records(self) -> list[tuple[str, str]]:
        """(UUID, kind) of every record that the story touches."""
        submissions = {one["record"] for one in self.said if one["kind"] == "submission"}
        return [*((uuid, "submission") for uuid in sorted(submissions)), *((uuid, "entity") for uuid in self.people)]


def listener(world: World, association_id: int, name: str) -> Phone:
    """A hub that may speak for everyone of a story."""
    hub = world.phone(association_id=association_id, kind="hub")
    hub_id = world.device_id(hub)
    for sayer in range(SAYERS + 1):
        kind = "device" if sayer < SAYERS else "desk"
        add = partial(authors.add, name=f"{name}{sayer}", association_id=association_id, kind=kind, hub_id=hub_id)
        world.write(add)
    return hub


def deliver(world: World, hub: Phone, association_id: int, said: list[Json], dice: random.Random | None) -> None:
    """Send everything: as it was said, or shuffled, some of it twice, in batches of any size."""
    order = list(said)
    if dice is not None:
        order += dice.sample(said, len(said) // 3)
        dice.shuffle(order)
    publish_at = dice.randrange(len(order)) if dice else len(order)
    start = 0
    while start < len(order):
        size = dice.randint(1, 12) if dice else 1
        assert "retry" not in hub.statuses(*order[start : start + size])
        if start <= publish_at < start + size:
            world.publish("visit 2", association_id)
        start += size
    world.publish("visit 2", association_id)


def shown(world: World, story: Story, association_id: int, name: str) -> str:
    """Every record of the story, with the names of its authors as in the story."""
    found = {f"{kind} {uuid}": world.record(uuid, kind, association_id) for uuid, kind in story.records}
    for record in found.values():
        if record is not None:
            # Which of two reports is the second, and is flagged, is for the order in which they came.
            record["problems"] = [each for each in record["problems"] if each["code"] != "same_content_again"]
            record["heads"].sort()
    return msgspec.json.format(msgspec.json.encode(found, order="sorted")).decode().replace(f'"{name}', '"')


@pytest.mark.parametrize("seed", range(8))
def test_neither_order_nor_repetition_nor_the_cut_of_batches_changes_a_record(world: World, seed: int) -> None:
    story = Story(seed)
    first = listener(world, world.amal, "a-")
    deliver(world, first, world.amal, story.spoken("a-"), None)
    expected = shown(world, story, world.amal, "a-")
    for number, name in enumerate(("b-", "c-")):
        association_id = world.add_association(f"other-{number}")
        hub = listener(world, association_id, name)
        said = story.spoken(name)
        deliver(world, hub, association_id, said, random.Random(seed * 10 + number))
        assert shown(world, story, association_id, name) == expected
        standing = [(result["status"], result["was"]) for result in hub.tells(*said)]
        assert standing == [(result["status"], result["was"]) for result in first.tells(*story.spoken("a-"))]
