"""What a filter means for one reader: lanes of the list that hold nothing but what she may read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from fieldsync.core.access import READ_HISTORY, READ_RECORDS, Grant
from fieldsync.core.inbox import EVERYWHERE, STATES, Filter, gone_of, marks_of, states_of
from fieldsync.core.roles import CLEAR, OTHER
from fieldsync.core.validation import PROGRAMME_ZONE
from fieldsync.services import readers, searching
from fieldsync.services.readers import Reader
from fieldsync.services.searchable import Searchable
from fieldsync.store import authors, devices, inbox
from fieldsync.store.associations import AssociationRow
from fieldsync.store.inbox import Tally
from fieldsync.store.inbox_query import Lane

QUARANTINED, HELD = STATES.index("quarantined"), STATES.index("held")

AFTER_ARRIVAL = tuple(range(HELD + 1, len(STATES)))
"""States of what somebody can review; those before are told to whoever may read the history."""

Name = tuple[str, str]
"""(kind, form or list)."""


@dataclass(frozen=True)
class Reach:
    """What some of a reader's grants open together in one association.

    `authors` who may have begun a record, None for anybody. `history`: what is quarantined or held, too; `clear`:
    personal answers may be searched; `restricted`: what a phone of the listening centre sent wrongly, too.
    """

    names: frozenset[Name]
    places: tuple[str, ...]
    authors: tuple[int, ...] | None
    history: bool
    clear: bool
    restricted: bool


def associations_of(session: Session, reader: Reader, wanted: Filter) -> list[AssociationRow]:
    """Where a filter looks: where the reader works, in the association it names, or in all that she may read."""
    readable = readers.readable(session, reader)
    if wanted.association == EVERYWHERE:
        return readable
    if wanted.association:
        return [each for each in readable if each.slug == wanted.association]
    return [each for each in readable if each.id == reader.association_id]


def lanes(session: Session, reader: Reader, wanted: Filter) -> list[Lane]:
    """The lanes that a filter has for a reader, over all associations that it means."""
    words = searching.words(session, reader, wanted.search)
    found: list[Lane] = []
    for owner in associations_of(session, reader, wanted):
        found += _of_association(session, readers.within(session, reader, owner.id), wanted, words)
    return found


def _of_association(session: Session, reader: Reader, wanted: Filter, words: Sequence[str]) -> list[Lane]:
    tallies = inbox.tallies(session, reader.association_id)
    known = frozenset((kind, of) for kind, of, _, _ in tallies)
    asked = frozenset(name for name in known if wanted.kind in ("", name[0]) and wanted.of in ("", name[1]))
    found = []
    for reach in reaches(session, reader, known, for_search=bool(words)):
        names = reach.names & asked
        if names:
            found += _of_reach(session, reader, wanted, words, replace(reach, names=names), known, tallies)
    return found


def _of_reach(
    session: Session,
    reader: Reader,
    wanted: Filter,
    words: Sequence[str],
    reach: Reach,
    known: frozenset[Name],
    tallies: Mapping[Tally, int],
) -> list[Lane]:
    states = _states(wanted, reach)
    if states is None:
        return []
    since_ms, until_ms = _days(wanted)
    lane = Lane(
        association_id=reader.association_id,
        names=None if reach.names == known else tuple(sorted(reach.names)),
        gone=gone_of(wanted),
        place=wanted.place,
        within=reach.places,
        authors=_authors(session, reader, wanted),
        own=reach.authors,
        since_ms=since_ms,
        until_ms=until_ms,
        marks=marks_of(wanted),
        words=tuple(searching.as_word(each) for each in words),
        paths=_paths(session, reader, reach) if words else (),
        closed=((), ()) if reach.restricted else _closed(session, reader, reach),
        name_size=sum(count for tally, count in tallies.items() if tally[:2] in reach.names),
    )
    if states and wanted.sort in ("arrived", "state") and not _narrows(lane):
        return [replace(lane, states=(state,), state_size=_size_of_states((state,), tallies)) for state in states]
    return [replace(lane, states=states, state_size=_size_of_states(states, tallies))]


def _narrows(lane: Lane) -> bool:
    """Whether something else than the state may lead to few rows; else each state is read in order by itself."""
    return (
        bool(lane.place or lane.within or lane.marks or lane.words) or lane.authors is not None or lane.own is not None
    )


def _size_of_states(states: tuple[int, ...], tallies: Mapping[Tally, int]) -> int | None:
    """How many rows some states have; what is quarantined is not tallied."""
    if not states or QUARANTINED in states:
        return None
    return sum(count for tally, count in tallies.items() if tally[2] in states)


def reaches(session: Session, reader: Reader, known: Iterable[Name], for_search: bool = False) -> list[Reach]:
    """What the reader's grants open in the association where she works; alike ones are put together."""
    names = list(known)
    if reader.person is None or not reader.may(READ_RECORDS):
        return []
    together: dict[Reach, frozenset[Name]] = {}
    for grant in reader.grants:
        if READ_RECORDS in grant.role.permissions and grant.covers(reader.association_id):
            opened = frozenset(name for name in names if grant.role.opens(reader.book.family(*name)))
            alike = _reach(reader, grant, for_search)
            together[alike] = together.get(alike, frozenset()) | opened
    return [replace(reach, names=opened) for reach, opened in together.items() if opened]


def _reach(reader: Reader, grant: Grant, for_search: bool) -> Reach:
    team = [author for author, name in reader.teams.items() if name == grant.team] if grant.team else None
    own = sorted(reader.own) if grant.role.own else None
    both = sorted(set(team) & set(own)) if team is not None and own is not None else own if team is None else team
    whole = both is None and not grant.places
    return Reach(
        names=frozenset(),
        places=grant.places,
        authors=None if both is None else tuple(both),
        history=whole and reader.may(READ_HISTORY) and READ_HISTORY in grant.role.permissions,
        clear=for_search and grant.role.personal == CLEAR,
        restricted=grant.role.restricted,
    )


def _states(wanted: Filter, reach: Reach) -> tuple[int, ...] | None:
    """The states to look for, none for all of them; None where the reader may see none of those."""
    asked = states_of(wanted)
    if reach.history:
        return asked
    allowed = tuple(state for state in asked or AFTER_ARRIVAL if state in AFTER_ARRIVAL)
    return allowed or None


def _authors(session: Session, reader: Reader, wanted: Filter) -> tuple[int, ...] | None:
    """Who may have begun a record, as the filter names phones and their carriers; nobody for names that are unknown."""
    chosen = []
    if wanted.companion:
        chosen.append(authors.of_carrier(session, reader.association_id, wanted.companion))
    if wanted.device:
        chosen.append(authors.of_same_device(session, reader.association_id, wanted.device))
    return tuple(sorted(frozenset.intersection(*chosen))) if chosen else None


def _days(wanted: Filter) -> tuple[int | None, int | None]:
    """From the first moment of a day to the first after another, in the programme's zone, in ms since 1970."""
    since = _midnight(date.fromisoformat(wanted.since)) if wanted.since else None
    until = _midnight(date.fromisoformat(wanted.until) + timedelta(days=1)) if wanted.until else None
    return since, until


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=PROGRAMME_ZONE).timestamp() * 1000)


def _paths(session: Session, reader: Reader, reach: Reach) -> tuple[int, ...]:
    return tuple(Searchable(session, reader.association_id).open_to(reach.names, reach.clear))


def _closed(session: Session, reader: Reader, reach: Reach) -> tuple[tuple[int, ...], tuple[Name, ...]]:
    """What phones of the listening centre sent under names that belong to no family: it may be anything."""
    names = tuple(sorted(name for name in reach.names if reader.book.family(*name) == OTHER))
    roles = [role.code for role in reader.book.roles if role.restricted]
    return tuple(devices.of_roles(session, reader.association_id, roles)) if names else (), names
