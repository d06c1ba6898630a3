"""The desk's list: pages show what a plain look at all records finds, whatever the filter and the order."""

from dataclasses import dataclass

from fieldsync.core.access import Grant
from fieldsync.services import inbox_projection, role_book
from fieldsync.services.readers import Reader
from fieldsync.store import people
from fieldsync.store.db import execute
from fieldsync.store.inbox import InboxRow
from tests.world import World

PLACES = ("07.041.01", "07.041.011", "07.041.01.03", "07.161", "")
FLAG = "possible_duplicate"


@dataclass
class Desk:
    """A server with two associations full of records, and the rows that its list should have."""

    world: World
    rows: list[InboxRow]
    devices: dict[str, list[int]]


def settled(world: World) -> None:
    """Let the list follow to the end."""
    for association_id in world.read(
        lambda session: [row[0] for row in execute(session, "SELECT id FROM association")]
    ):
        while world.write(lambda session, each=association_id: inbox_projection.step(session, each, 7)):  # type: ignore[misc]
            pass


def reader(world: World, *roles: tuple[str, int | None, tuple[str, ...], str], home: int | None = None) -> Reader:
    """Somebody with these roles: (code, association, places, team)."""
    book = world.read(role_book.book)
    grants = []
    for code, association_id, places, team in roles:
        role = book.role(code)
        assert role is not None
        grants.append(Grant(role, association_id, places, team))
    person = world.write(lambda session: people.add(session, world.uuid(), None, world.uuid(), "X", None, world.now_ms))
    return Reader(home or world.amal, person=person, grants=tuple(grants), book=book, has_second_factor=True)


def reviewer(world: World) -> Reader:
    """Whoever may see everything of `amal`."""
    return reader(world, ("association_reviewer", world.amal, (), ""))
