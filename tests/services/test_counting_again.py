"""What is kept up change by change is what anybody finds who counts anew from the records as they stand."""

from collections import Counter
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from fieldsync.core.counting import items_of
from fieldsync.core.facts import LISTS, Known, facts_of
from fieldsync.core.indicators import IndicatorBook
from fieldsync.core.merge import RecordState
from fieldsync.core.months import month_of_ms
from fieldsync.core.validation import PROGRAMME_ZONE
from fieldsync.services import indicator_book
from fieldsync.services.counting import QUALITY
from fieldsync.store import facts as stored
from fieldsync.store import figures, followers
from fieldsync.store.db import execute
from fieldsync.store.records import uuid_text
from tests.counted_world import Village

PEOPLE = 4
Act = tuple[str, int, int, str]

ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ("register", "meet", "meet", "review", "review", "merge", "separate", "delete", "forget", "look")
        ),
        st.integers(0, PEOPLE - 1),
        st.integers(0, PEOPLE - 1),
        st.sampled_from(("approved", "rejected", "hasIssues", "f", "m")),
    ),
    min_size=4,
    max_size=18,
)

villages: dict[Engine, Village] = {}


@given(acts=ACTS)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_figures_are_what_a_count_from_the_records_gives(engine: Engine, acts: list[Act]) -> None:
    """A whole history of a village in one database after another: each example goes on from the last one's records."""
    if engine not in villages:
        villages[engine] = Village(engine, "khl", ("f4_participant", "f5_activity"))
    village = villages[engine]
    people = [village.uuid() for _ in range(PEOPLE)]
    known: set[str] = set()
    sent: list[str] = []
    for act, one, other, word in acts:
        _do(village, people, known, sent, act, one, other, word)
        if act == "look":
            village.catches_up(2)
    kept = {key: count for key, count in _kept(village).items() if count}
    assert kept == _counted_anew(village)


def _do(
    village: Village, people: list[str], known: set[str], sent: list[str], act: str, one: int, other: int, word: str
) -> None:
    person, companion = people[one], people[other]
    if act == "register" and person not in known:
        known.add(person)
        sent.append(village.registers(person, word if word in "fm" else "f"))
    elif act == "meet":
        sent.append(village.meets("life_skills", sorted({person, companion}), f"2026-0{one + 5}-10"))
    elif act == "review" and sent:
        state = word if word not in "fm" else "approved"
        village.reviews(sent[(one * PEOPLE + other) % len(sent)], state)
    elif act == "merge" and {person, companion} <= known and one != other:
        village.merges(person, companion)
    elif act == "separate" and person in known:
        village.at_desk(_separate, person, kind="entity")
    elif act == "delete" and sent and word == "rejected":
        village.deletes(sent.pop())
    elif act == "forget" and person in known and word == "m":
        village.deletes(person, "entity")
        known.discard(person)
        people[one] = village.uuid()


def _separate(session: Any, desk: Any, found: Any) -> None:
    from fieldsync.services.merging import unmerge

    unmerge(session, desk, found)


def _kept(village: Village) -> Counter[Any]:
    return Counter({row[1:-1]: row.amount for row in village.cells() if row.indicator != QUALITY})


def _counted_anew(village: Village) -> dict[Any, int]:
    """Every record read, every fact taken, every subject counted: nothing that was kept is asked."""

    def read(session: Any) -> dict[Any, int]:
        sql = (
            "SELECT r.id, r.uuid, c.kind, c.of, r.review, r.deleted, r.merged_into, r.arrived_ms, r.state FROM record r"
            " JOIN collection c ON c.id = r.collection_id WHERE c.association_id = ?"
        )
        rows = execute(session, sql, (village.home,))
        uuids = {row[0]: uuid_text(bytes(row[1])) for row in rows}
        over = {f"p:{uuids[row[0]]}": f"p:{uuids[row[6]]}" for row in rows if row[3] == LISTS["p"] and row[6]}
        gone = {f"p:{uuids[row[0]]}" for row in rows if row[3] == LISTS["p"] and row[5] and not row[6]}
        by_subject: dict[str, list[Known]] = {}
        for row in rows:
            if row[2] == "submission" and not row[5] and row[8]:
                for fact in _facts(row, uuids[row[0]]):
                    by_subject.setdefault(over.get(fact.subject, fact.subject), []).append(fact)
        return _summed(indicator_book.book(session), {key: by_subject[key] for key in by_subject.keys() - gone})

    return village.read(read)


def _summed(book: IndicatorBook, by_subject: dict[str, list[Known]]) -> dict[Any, int]:
    sums: Counter[Any] = Counter()
    for indicator in book.indicators:
        for subject, facts in by_subject.items() if indicator.concerns("khl") else ():
            for item in items_of(indicator, subject, facts):
                where = (item.commune, item.sex, item.band, item.disability, item.category)
                sums[(indicator.code, item.part, item.month, item.level, *where)] += item.amount
    return {key: count for key, count in sums.items() if count}


def _facts(row: Any, uuid: str) -> list[Known]:
    state = msgspec.json.decode(bytes(row[8]), type=RecordState)
    level = {"approved": 1, "rejected": 3}.get(row[4], 2)
    arrived = month_of_ms(row[7], PROGRAMME_ZONE)
    rank = (state.rules_stamp[0] << 16) + state.rules_stamp[1]
    return [
        Known(fact.kind, fact.subject, fact.other, fact.month or arrived, level, rank, str(row[0]), fact.data)
        for fact in facts_of(row[3], uuid, state.fields)
    ]


def test_counting_from_the_beginning_gives_the_same(engine: Engine) -> None:
    village = Village(engine, "khl", ("f4_participant", "f5_activity"))
    people = [village.uuid() for _ in range(3)]
    for person in people:
        village.reviews(village.registers(person))
    village.reviews(village.meets("life_skills", people))
    village.merges(people[0], people[1])
    before = village.cells()
    village.write(lambda session: stored.forget(session, village.home))
    village.write(lambda session: followers.move(session, indicator_book.FOLLOWER, village.home, 0))
    assert village.cells() == before
    assert village.read(lambda session: figures.items_of(session, village.home, [f"p:{each}" for each in people]))
