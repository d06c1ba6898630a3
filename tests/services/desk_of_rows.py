"""A desk's list full of rows of every kind, readers of every reach, and the plain look that a page must agree with."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from fieldsync.core.access import READ_HISTORY, READ_RECORDS, Grant, Scope, is_within, may
from fieldsync.core.inbox import (
    CONFLICT,
    EVERYWHERE,
    GONE,
    HELD,
    INCOMPLETE,
    OPEN,
    STATES,
    UNDECIDED,
    WITH_GONE,
    Filter,
)
from fieldsync.core.validation import PROGRAMME_ZONE
from fieldsync.services import inbox_projection, readers, role_book
from fieldsync.services.readers import Reader
from fieldsync.store import authors, inbox, inbox_query, people
from fieldsync.store.db import execute
from fieldsync.store.inbox import InboxRow
from tests.world import HOUR_MS, START_MS, Phone, World

PLACES = ("07.041", "07.041.01", "07.041.01.03", "07.0411", "07.161.07.11", "")
NAMES = (
    *(("submission", form) for form in ("f4_participant", "f5_activity", "f2_intake", "visit", "")),
    *(("entity", name) for name in ("participants", "people")),
)
FLAGS = ("possible_duplicate", "clock_ahead")
ROLES = ("association_reviewer", "coordinator", "companion", "programme_me", "listening_supervisor", "grants_officer")


@dataclass
class DeskOfRows:
    """Rows as they were put into the list of two associations, the phones that said them, and who reads."""

    world: World
    rows: list[InboxRow] = field(default_factory=list)
    phones: dict[str, Phone] = field(default_factory=dict)
    carriers: dict[str, str] = field(default_factory=dict)
    readers: list[Reader] = field(default_factory=list)
    slugs: dict[int, str] = field(default_factory=dict)
    authors: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Row id of an author → (phone, who carries it)."""

    def expected(self, reader: Reader, wanted: Filter) -> list[InboxRow]:
        """What a filter shows, found by looking at every row."""
        found = [row for row in self.rows if self._is_readable(reader, wanted, row) and self._meets(wanted, row)]
        return sorted(found, key=lambda row: inbox_query.key_of(row, wanted.sort), reverse=not wanted.ascending)

    def _is_readable(self, reader: Reader, wanted: Filter, row: InboxRow) -> bool:
        slug = self.slugs[row.association_id]
        named = wanted.association or self.slugs[reader.association_id]
        if EVERYWHERE != named != slug:
            return False
        here = self.world.read(lambda session: readers.within(session, reader, row.association_id))
        scope = here.scope(row.kind, row.of, row.place, row.author_id)
        if STATES[row.state] in ("quarantined", "held"):
            # Told of forms as a whole, wherever it happened, as services/desk_lists does.
            nowhere = Scope(row.association_id, scope.family)
            return here.may(READ_HISTORY) and may(here.grants, READ_HISTORY, nowhere)
        return here.may(READ_RECORDS) and may(here.grants, READ_RECORDS, scope)

    def _meets(self, wanted: Filter, row: InboxRow) -> bool:
        states = UNDECIDED if wanted.state == OPEN else (wanted.state,) if wanted.state else STATES
        phone, carrier = self.authors[row.author_id]
        marks = [(CONFLICT, wanted.conflict), (HELD, wanted.held), (INCOMPLETE, wanted.incomplete)]
        marks += [(wanted.flag, bool(wanted.flag))]
        day = datetime.fromtimestamp(row.arrived_ms / 1000, PROGRAMME_ZONE).date()
        return (
            wanted.kind in ("", row.kind)
            and wanted.of in ("", row.of)
            and STATES[row.state] in states
            and (wanted.gone == WITH_GONE or GONE[row.gone] == wanted.gone)
            and (not wanted.place or is_within(row.place, (wanted.place,)))
            and wanted.device in ("", phone)
            and wanted.companion in ("", carrier)
            and all(mark in row.marked for mark, is_asked in marks if is_asked)
            and date.fromisoformat(wanted.since or "0001-01-01")
            <= day
            <= date.fromisoformat(wanted.until or "9999-12-31")
        )


def fill(world: World, count: int = 160) -> DeskOfRows:
    """Rows of every kind in two associations."""
    made = DeskOfRows(world)
    elsewhere = world.add_association("elsewhere")
    made.slugs = {world.amal: "amal", elsewhere: "elsewhere"}
    for association_id in made.slugs:
        for team in ("north", "south"):
            _add_phone(made, association_id, team)
    dice = random.Random(7)
    for number in range(count):
        made.rows.append(_row(made, dice, number))
    world.write(lambda session: _store(session, made.rows))
    made.readers = _readers(made, elsewhere)
    return made


def _add_phone(made: DeskOfRows, association_id: int, team: str) -> None:
    world = made.world
    phone = world.phone(association_id=association_id)
    uuid = world.uuid()

    def work(session: Session) -> tuple[int, str]:
        row = people.add(session, uuid, association_id, f"{uuid}@example.org", "X", None, world.now_ms)
        device_id = authors.find(session, phone.author).device_id  # type: ignore[union-attr]
        execute(session, "UPDATE device SET team = ?, holder_id = ? WHERE id = ?", (team, row.id, device_id))
        return authors.find(session, phone.author).id, row.uuid  # type: ignore[union-attr]

    author_id, carrier = world.write(work)
    made.authors[author_id] = (phone.author, carrier)
    made.phones[phone.author] = phone
    made.carriers[phone.author] = carrier


def _row(made: DeskOfRows, dice: random.Random, number: int) -> InboxRow:
    association_id = dice.choice(list(made.slugs))
    kind, of = dice.choice(NAMES)
    state = dice.randrange(len(STATES)) if kind == "submission" else 2
    quarantined = STATES[state] == "quarantined"
    marks = {mark for mark in (CONFLICT, HELD, INCOMPLETE, *FLAGS) if dice.random() < 0.25 and not quarantined}
    at = START_MS + dice.randrange(6) * 12 * HOUR_MS
    known = {each for each, (phone, _) in made.authors.items() if _owner(made, phone) == association_id}
    return InboxRow(
        id=-number - 1 if quarantined else number + 1,
        association_id=association_id,
        kind=kind,
        of=of if kind == "entity" or quarantined or of else "visit",
        uuid=dice.randbytes(16),
        author_id=dice.choice(sorted(known)),
        sender_id=0,
        place="" if quarantined else dice.choice(PLACES),
        state=state,
        gone=0 if quarantined else dice.choice((0, 0, 0, 1, 2)),
        conflicts=int(CONFLICT in marks),
        comments=0,
        marks=" ".join(sorted(marks)),
        arrived_ms=at,
        changed_ms=at + dice.randrange(3) * HOUR_MS,
    )


def _owner(made: DeskOfRows, phone: str) -> int:
    found = made.world.read(lambda session: authors.find(session, phone))
    assert found is not None
    return found.association_id


def _store(session: Session, rows: list[InboxRow]) -> None:
    """As the follower and the quarantine store them."""
    inbox.put(session, rows)
    for row in rows:
        inbox.change_marks(session, row.association_id, (), [(mark, row.id) for mark in row.marked])
        counts = int(row.id > 0)
        tally = (row.kind, row.of, row.state, row.gone)
        if counts:
            inbox.add_tallies(session, row.association_id, {tally: 1})
        else:
            inbox.put_quarantined(session, row, "")
            inbox.put(session, [row])


def _readers(made: DeskOfRows, elsewhere: int) -> list[Reader]:
    """Every role in one association; limits of place, team and own; several roles at once; two associations."""
    world = made.world
    book = world.read(role_book.book)
    role = {code: book.role(code) for code in ROLES}
    held: list[tuple[Grant, ...]] = [
        (Grant(role["association_reviewer"], world.amal),),  # type: ignore[arg-type]
        (Grant(role["coordinator"], world.amal),),  # type: ignore[arg-type]
        (Grant(role["listening_supervisor"], world.amal),),  # type: ignore[arg-type]
        (Grant(role["programme_me"], None),),  # type: ignore[arg-type]
        (Grant(role["companion"], world.amal, ("07.041.01", "07.161", "07.041.01.03")),),  # type: ignore[arg-type]
        (Grant(role["association_reviewer"], world.amal, (), "north"),),  # type: ignore[arg-type]
        (
            Grant(role["association_reviewer"], world.amal, ("07.041",)),  # type: ignore[arg-type]
            Grant(role["companion"], world.amal, (), "south"),  # type: ignore[arg-type]
            Grant(role["coordinator"], elsewhere),  # type: ignore[arg-type]
        ),
    ]
    teams = world.read(lambda session: authors.teams(session, world.amal))
    person = world.write(
        lambda session: people.add(session, world.uuid(), None, "r@example.org", "R", None, world.now_ms)
    )
    return [
        Reader(world.amal, person=person, grants=each, book=book, has_second_factor=True, teams=teams) for each in held
    ]


def settle(world: World) -> None:
    """Let the list follow the change logs to the end."""
    everyone = world.read(lambda session: [row[0] for row in execute(session, "SELECT id FROM association")])
    for association_id in everyone:
        while world.write(lambda session, each=association_id: inbox_projection.step(session, each, 7)):  # type: ignore[misc]
            pass
