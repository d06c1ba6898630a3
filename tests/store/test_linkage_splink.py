"""Our scorer against real Splink on DuckDB: the same model gives the same weight for every pair."""

import random
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import product
from typing import Any

import msgspec
import pyarrow
import pytest

from fieldsync.core.blocking import RECORD_BITS
from fieldsync.core.linkage import NONE, REVIEW, Scorer, compared, least_of
from fieldsync.core.linkage_features import COOPERATIVE, PERSON, Features
from fieldsync.core.linkage_levels import LEVELS, NAME_RANK, name_level
from fieldsync.core.linkage_model import Model, is_sound
from fieldsync.services.linkage_lists import shipped_model
from fieldsync.store import linkage_extract, linkage_pairing
from fieldsync.store.linkage import entry_of
from fieldsync.store.linkage_extract import Known, Names
from fieldsync.store.linkage_pairing import pair_up
from fieldsync.store.linkage_splink import Bench, bench, scores, shares, train

GIVEN = ("Fatima", "فاطمة", "Khadija", "Rachid", "Fadma", "Mohamed", "M'hamed", "خديجة", "Brahim", "Fatima Zahra")
FAMILY = (
    "Ait Lahcen",
    "أيت لحسن",
    "Bakkali",
    "البقالي",
    "Oubella",
    "Fatima",
    "Fadma",
    "Khadija",
    "Ait Bakkali",
    "OuAbdejalil",
    "Ouabdeljalil",
)
PLACES = ("07.041.07.03", "07.041.01.03", "07.161.05.09", "07.041.07.03.12", "douar-0001", "")
POINTS = (None, None, (31.25, -7.98), (31.2501, -7.98), (31.28, -7.98), (31.9, -7.1))
RELATIVES = ((), (), ("mother 1",), ("mother 2", "husband 3"), ("husband 1",), ("head 4", "mother 1"))
NAMES = (("تعاونية أركان",), ("Taawniya Argan",), ("Tifaouine",), ("Argan",), ("Fadma",), ("Fatima",), ("فاطمة",), ())
CRAFTS = ((), ("raffia",), ("raffia", "weaving"), ("food",))
MEMBERS = ((), ("a", "b", "c"), ("b", "c", "d"), ("c", "x", "y", "z", "w"), ("q",))


def born(dice: random.Random) -> tuple[int, int] | None:
    """A day, a year, the span of an age, or nothing."""
    year, slack = dice.choice((1985, 1990, 1991, 1999)), dice.choice((None, 0, 0, 2))
    if slack is None:
        return None
    if dice.random() < 0.5:
        day = date(year, dice.choice((1, 2, 5)), dice.choice((1, 2, 5))).toordinal()
        return day, day
    return date(year - slack, 1, 1).toordinal(), date(year + slack, 12, 31).toordinal()


def persons(count: int) -> dict[int, Features]:
    """Villagers of whom much is alike, so that every level is met."""
    dice, found = random.Random(5), dict[int, Features]()
    for number in range(1, count + 1):
        given, family = dice.choice(GIVEN), dice.choice(FAMILY)
        found[number] = Features(
            given=() if dice.random() < 0.05 else (given,),
            family=(family,) if dice.random() < 0.9 else (),
            born=born(dice),
            phone=dice.choice(("", f"+2126{number // 2:08}", f"+2126{number // 2:07}9", "+212700000000")),
            national_id=dice.choice(("", "AB1234", "AB1235", "K99")),
            sex=dice.choice(("", "f", "f", "m")),
            place=dice.choice(PLACES),
            point=dice.choice(POINTS),
            relatives=dice.choice(RELATIVES),
            itself=dice.choice(("", f"{number % 7}")),
            given_code=GIVEN.index(given) + 1,
            family_code=FAMILY.index(family) + 1,
        )
    return found


def cooperatives(count: int) -> dict[int, Features]:
    dice = random.Random(6)
    return {
        number: Features(
            names=dice.choice(NAMES),
            register_number=dice.choice(("", "1245", "1246", "99")),
            place=dice.choice(PLACES),
            activity=dice.choice(CRAFTS),
            members=dice.choice(MEMBERS),
        )
        for number in range(1, count + 1)
    }


def with_phones(on: Bench, known: dict[int, Features]) -> dict[int, Features]:
    """The features as a look-up has them, with how many persons bear each phone."""
    if on.kind != PERSON:
        return known
    counted = dict(on.rows("SELECT unique_id, phone_persons FROM people"))
    return {each: msgspec.structs.replace(features, phone_persons=counted[each]) for each, features in known.items()}


def all_pairs(on: Bench) -> str:
    on.run(
        "CREATE OR REPLACE TABLE every_pair AS SELECT a.unique_id AS join_key_l, b.unique_id AS join_key_r,"
        " '0' AS match_key"
        " FROM people a JOIN people b ON a.unique_id < b.unique_id"
    )
    return "every_pair"


@pytest.fixture(scope="module", params=[PERSON, COOPERATIVE])
def village(request: pytest.FixtureRequest) -> Iterator[tuple[Bench, dict[int, Features], Model]]:
    kind: str = request.param
    known = persons(140) if kind == PERSON else cooperatives(90)
    people = [Known(*each) for each in known.items()]
    with bench(kind, [people[:50], people[50:]]) as on:
        yield on, with_phones(on, known), msgspec.structs.replace(shipped_model(kind), frequencies=shares(on, 1e-4))


def test_splink_gives_every_pair_the_weight_that_we_give_it(village: Any) -> None:
    on, known, model = village
    scorer = Scorer(model)
    met: set[tuple[str, str]] = set()
    pairs = 0
    for pair in scores(on, model, all_pairs(on), -10_000):
        left, right = known[pair.left_id], known[pair.right_id]
        match = scorer.score(left, right)
        assert pair.compared == compared(left, right, model.kind, model.year), (left, right)
        met |= {bar[:2] for bar in match.comparisons}
        pairs += 1
        assert abs(match.raw - pair.weight) < 1e-6, (match, left, right)
    assert pairs == len(known) * (len(known) - 1) // 2
    assert {(name, level) for name, levels in LEVELS[model.kind].items() for level in levels} <= met, (
        "every level is met"
    )


@pytest.mark.parametrize("review", [-20.0, -2.5, 0.0, 5.0, 12.0, 22.0])
def test_no_pair_that_may_come_to_review_is_left_unscored(village: Any, review: float) -> None:
    on, known, model = village
    model = msgspec.structs.replace(model, review=review, automatic=max(review, model.automatic))
    scorer, every = Scorer(model), list(scores(on, model, all_pairs(on), -10_000))
    likely = {
        (pair.left_id, pair.right_id)
        for pair in every
        if pair.weight >= least_of(model) and scorer.match(pair.compared).zone != NONE
    }
    assert 0 < len(likely) < len(every)
    tables = [set(pairs_in(on, table)) for table in pair_up(on, model, [borne_by(7, known)])]
    assert likely <= set().union(*tables)
    if model.kind == PERSON and review >= 0:
        assert sum(map(len, tables)) < len(every), "those that are beyond review for certain are not scored"


def test_twins_are_scored_where_their_weight_alone_would_not_show_them() -> None:
    day = date(1990, 2, 5).toordinal()
    twin = Features(("Fatima",), ("Bakkali",), born=(day, day), phone="+212600000001", given_code=1, family_code=3)
    other = msgspec.structs.replace(twin, given=("Khadija",), given_code=2)
    with bench(PERSON, [[Known(1, twin), Known(2, other)]]) as on:
        [pair] = scores(on, shipped_model(PERSON), all_pairs(on), -10_000)
        model = msgspec.structs.replace(shipped_model(PERSON), review=pair.weight + 1, automatic=1000.0)
        assert Scorer(model).match(pair.compared).zone == REVIEW
        assert [pairs_in(on, table) for table in pair_up(on, model, [borne_by(7, (1, 2))])] == [[(1, 2)]]


def borne_by(key: int, record_ids: Iterable[int]) -> list[int]:
    """Entries of the index: a key with the records that bear it."""
    return [entry_of(key << RECORD_BITS, each) for each in sorted(record_ids)]


def pairs_in(on: Bench, table: str) -> list[tuple[Any, ...]]:
    return on.rows(f"SELECT join_key_l, join_key_r FROM {table}")


def test_a_key_of_many_brings_those_of_one_year_together_and_each_pair_once(
    village: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six share a crowded key; three of them share another, with somebody who is not of the list."""
    on, known, model = village
    monkeypatch.setattr(linkage_pairing, "KEY_BEARERS_MAX", 4)
    monkeypatch.setattr(linkage_pairing, "KEPT_MAX", 2)
    shown = msgspec.structs.replace(model, review=-1000.0)
    of_year: dict[int, list[int]] = {}
    for record_id, each in known.items():
        of_year.setdefault(date.fromordinal(each.born[0]).year if each.born else 0, []).append(record_id)
    chosen = sorted(record_id for ids in of_year.values() for record_id in ids[:3])[:6]
    entries = borne_by(-1, chosen) + borne_by(2, (*chosen[:3], 99999)) + borne_by(3, (99999, chosen[0]))
    pages = [entries[:8], entries[8:9], entries[9:]]
    found = [pair for table in pair_up(on, shown, pages) for pair in pairs_in(on, table)]
    year = {record_id: born for born, ids in of_year.items() for record_id in ids}
    expected = {(one, other) for one in chosen[:3] for other in chosen[:3] if one < other}
    if model.kind == PERSON:
        expected |= {(one, other) for one in chosen for other in chosen if one < other and year[one] == year[other]}
    assert sorted(found) == sorted(expected)


def test_names_have_one_rank_however_common_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linkage_extract, "DENSE", 5)
    monkeypatch.setattr(linkage_extract, "KNOWN_MAX", 3)
    names = Names()
    numbers = [names.number((each,)) for each in (*GIVEN, *FAMILY)]
    pairs = list(product(numbers, numbers)) * 2
    ranks = names.ranks(*(pyarrow.array(side, pyarrow.int64()) for side in zip(*pairs, strict=True))).to_pylist()
    said = dict(zip(numbers, (*GIVEN, *FAMILY), strict=True))
    assert ranks == [NAME_RANK[name_level((said[one],), (said[other],)) or ""] for one, other in pairs]
    assert ranks == [names.rank(*pair) for pair in pairs]


def register(count: int) -> dict[int, Features]:
    """A register in which every fifth woman stands twice, with a fault in one of her answers."""
    dice, found = random.Random(9), dict[int, Features]()
    given = [
        f"{one}{other}{third}"
        for one in ("Ma", "Fa", "Ra", "Sa")
        for other in ("ri", "ti", "chi")
        for third in ("ma", "da", "na")
    ]
    family = [
        f"{one}{other}" for one in ("Ba", "Ou", "Ta", "Am", "Id") for other in ("kkali", "bella", "ghart", "rani")
    ]
    for number in range(1, count + 1):
        again = found.get(number - 1) if number % 5 == 0 else None
        if again is not None:
            fault = dice.choice(({}, {"phone": ""}, {"place": "07.161.05.09"}, {"family": ("Zaki",)}, {"born": None}))
            found[number] = msgspec.structs.replace(again, **fault)
            continue
        names = dice.choice(given), dice.choice(family)
        day = date(dice.randint(1950, 2008), dice.randint(1, 12), dice.randint(1, 28)).toordinal()
        found[number] = Features(
            given=names[:1], family=names[1:], born=(day, day), phone=f"+2126{dice.randrange(10**8):08}", sex="f",
            place=dice.choice(PLACES[:4]), given_code=given.index(names[0]) + 1, family_code=family.index(names[1]) + 1,
        )  # fmt: skip
    return found


def test_a_model_is_learned_without_labels_and_says_what_it_never_saw() -> None:
    with bench(PERSON, [[Known(*each) for each in register(1500).items()]]) as on:
        model = train(on, shipped_model(PERSON))
    assert is_sound(model)
    assert model.trained_on == {"records": 1500, "passes": 3}
    assert 1e-5 < model.prior < 1e-3, "300 of a million pairs are one"
    assert "national_id same" in model.never_seen and "phone same" not in model.never_seen
    shipped = {(each.name, level.level): level for each in shipped_model(PERSON).comparisons for level in each.levels}
    untouched = next(each for each in model.comparisons if each.name == "national_id").levels
    assert [level.m for level in untouched] == [shipped["national_id", level.level].m for level in untouched]
    assert model.frequencies["given_name"] and all(
        share > model.rarest for share in model.frequencies["given_name"].values()
    )
