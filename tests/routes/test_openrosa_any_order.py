"""A chain of edits by ODK Collect is one record, and shows the same, in whatever order its links come."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from tests.routes.collect import Collect, visit
from tests.world import World

EXAMPLES = max(25, settings().max_examples // 4)
"""An example here is some twenty requests."""

LATER = "2"
"""The version of the form that is published at some moment, or at the end."""


@dataclass(frozen=True)
class Link:
    """One time that a form was finished: by which phone, for which version, with which answers."""

    phone: int
    version: str
    name: str
    age: str
    colour: str

    def written(self, instance: str, replaced: str) -> str:
        said = {"name": self.name, "age": self.age, "colour": self.colour}
        answers = "".join(f"<{path}>{value}</{path}>" for path, value in said.items() if value)
        return visit(instance, answers, deprecated=replaced, version=self.version)


@dataclass
class Village:
    """An association of its own, with phones; the later version of the form comes when it is told to."""

    world: World
    is_published: bool = False
    phones: list[Collect] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.id = self.world.add_association(f"a-{self.world.uuid()[:20]}", ("visit 1",))
        self.phones = [Collect(self.world, self.world.phone(association_id=self.id)) for _ in range(2)]

    def sends(self, link: Link, xml: str) -> None:
        self.world.now_ms += 1000
        assert self.phones[link.phone].send(xml).status_code == 201

    def publishes(self) -> None:
        if not self.is_published:
            self.world.publish("visit 2", self.id)
        self.is_published = True

    def shows(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """The answers of the living records of some instances; not what was cleared, nor what only announces one."""
        shown = [self.world.record(each, association_id=self.id) for each in ids]
        found = [
            {path: value for path, value in each["fields"].items() if value is not None and "meta/" not in path}
            for each in shown
            if each is not None and not each["deleted"]
        ]
        return [each for each in found if each]

    def counts(self, sql: str) -> int:
        with self.world.engine.connect() as connection:
            return int(connection.execute(text(sql), {"owner": self.id}).scalar_one())

    def kept(self) -> tuple[int, int]:
        """How many submissions are stored with their XML, and how many operations wait in quarantine."""
        return (
            self.counts("SELECT count(*) FROM openrosa_submission WHERE association_id = :owner AND xml IS NOT NULL"),
            self.counts("SELECT count(*) FROM quarantine WHERE association_id = :owner AND status = 'quarantined'"),
        )


LINKS = st.builds(
    Link,
    st.integers(0, 1),
    st.sampled_from(["1", "1", LATER]),
    st.sampled_from(["Amina", "Amina B.", "Amina C."]),
    st.sampled_from(["30", "31", "32", "", "many"]),
    st.sampled_from(["red", "green", ""]),
)

worlds: dict[Engine, World] = {}


@given(data=st.data(), links=st.lists(LINKS, min_size=3, max_size=5), is_one_phone=st.booleans())
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_a_chain_shows_the_same_in_whatever_order_it_comes(
    engine: Engine, data: st.DataObject, links: list[Link], is_one_phone: bool
) -> None:
    """Each example goes on in the database of the one before, in associations of its own."""
    if engine not in worlds:
        worlds[engine] = World(engine, forms=())
    world = worlds[engine]
    inorder, other = Village(world), Village(world)
    if is_one_phone:
        links = [Link(0, each.version, each.name, each.age, each.colour) for each in links]
    ids = [world.uuid() for _ in links]
    sent = [link.written(each, replaced) for link, each, replaced in zip(links, ids, ["", *ids], strict=False)]
    places = data.draw(st.permutations([*range(len(links)), *data.draw(st.lists(st.integers(0, len(links) - 1)))]))
    published_at = data.draw(st.integers(0, len(places)))
    inorder.publishes()
    for link, xml in zip(links, sent, strict=True):
        inorder.sends(link, xml)
    for number, place in enumerate(places):
        if number == published_at:
            other.publishes()
        other.sends(links[place], sent[place])
    other.publishes()
    assert other.shows(ids) == inorder.shows(ids)
    assert other.kept() == inorder.kept()
