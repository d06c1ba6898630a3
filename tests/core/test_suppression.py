"""Nobody is found in what is published: a solver that knows all that was ever shown cannot tell a small number."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import ceil, floor
from typing import NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st

from fieldsync.core import tallies
from fieldsync.core.facts import APPROVED
from fieldsync.core.indicators import Indicator, Rule
from fieldsync.core.months import around
from fieldsync.core.sums import Sum
from fieldsync.core.suppression import OTHERS, PARTS_MIN, Ledger, parts_of, room_in, together
from fieldsync.core.tallies import Tally
from fieldsync.core.telling import LATER, Ledgers, tell
from tests.core.solver import all_bounds, bounds

THRESHOLD = 5
CLOSINGS = (202607, 202608, 202610)
COMMUNES, BANDS = ("Asni", "Azgour", "Anougal"), ("18_24", "25_35")


class Kind(NamedTuple):
    """Persons who are alike: before which closing they were counted, in which month they count, where and how old."""

    closing: int
    month: int
    commune: str
    band: str


KINDS = [
    Kind(closing, month, commune, band)
    for closing, month in ((0, 202606), (0, 202607), (1, 202607), (1, 202608), (2, 202608), (2, 202610))
    for commune, band in product(COMMUNES, BANDS)
]
WORLDS = st.fixed_dictionaries({kind: st.sampled_from((0, 0, 0, 0, 1, 2, 3, 5, 8, 20)) for kind in KINDS})
World = dict[Kind, int]
Group = Callable[[Kind], bool]


def indicator(code: str, rule: str, count: str = "present", by: Sequence[str] = ("commune", "band")) -> Indicator:
    return Indicator(code, "KHL", "", "", "", "persons", Rule(count), rule, {}, disaggregated=tuple(by))


def sums(part: str, world: World, closing: int) -> list[Sum]:
    """What had been counted when a month closed."""
    return [
        Sum(part, kind.month, APPROVED, kind.commune, "f", kind.band, "no", "", count)
        for kind, count in world.items()
        if kind.closing <= closing and count
    ]


def editions(
    indicators: Sequence[Indicator], counted: Callable[[Indicator, int], list[Sum]]
) -> Iterator[dict[str, Tally]]:
    """All that was ever published, edition by edition."""
    ledgers: dict[str, Ledgers] = {each.code: {} for each in indicators}
    for closing, month in enumerate(CLOSINGS):
        found = {each.code: counted(each, closing) for each in indicators}
        tell(indicators, found, ledgers, month, THRESHOLD)
        yield {
            each.code: tallies.published(each, "khl", found[each.code], ledgers[each.code], month)
            for each in indicators
        }


def cells(tally: Tally) -> Counter[tuple[str, str]]:
    """What a division tells: (dimension, value) → persons, without those of whom nothing is told yet."""
    told = {values[0]: count for _, values, count in tally.divisions[0].cells if values and values[0][1] != LATER}
    return Counter(told)


def new_cells(before: Counter[tuple[str, str]], now: Counter[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """How two editions differ."""
    return {name: now[name] - before[name] for name in {*before, *now} if now[name] != before[name]}


Known = list[tuple[list[int], int]]
"""Equations: the factor of each kind of person, and the sum."""


def equation(group: Group, count: int) -> tuple[list[int], int]:
    return [int(group(kind)) for kind in KINDS], count


def totals_seen(tally: Tally, closing: int) -> Known:
    """The main figure in every period of an edition."""
    return [
        equation(lambda kind, period=period: kind.closing <= closing and period in around(kind.month), int(count))  # type: ignore[misc]
        for period, count in tally.figures[0].numbers.items()
        if count is not None
    ]


def lot_seen(dimension: str, lot: dict[str, int], first: int, last: int) -> Known:
    """A lot. The reader knows the rules: who is in a lot, and that others are none of those who are told apart."""
    apart = lot.keys() - {OTHERS}

    def part(value: str) -> Group:
        return lambda kind: (
            first <= kind.closing <= last
            and (getattr(kind, dimension) == value or (value == OTHERS and getattr(kind, dimension) not in apart))
        )

    return [equation(part(value), count) for value, count in lot.items()]


def groups() -> Iterator[Group]:
    """Groups in which somebody could be found: by commune, age or both, in any edition or month, or all of them."""
    times: list[Group] = [lambda _kind: True]
    times += [lambda kind, closing=closing: kind.closing == closing for closing in range(len(CLOSINGS))]  # type: ignore[misc]
    times += [lambda kind, month=month: kind.month == month for month in (202607, 202608)]  # type: ignore[misc]
    for time, commune, band in product(times, ("", *COMMUNES), ("", *BANDS)):
        if commune or band:
            yield lambda kind, time=time, commune=commune, band=band: (  # type: ignore[misc]
                time(kind) and commune in ("", kind.commune) and band in ("", kind.band)
            )


FEW = {kind: 0 for kind in KINDS} | {
    Kind(0, 202606, "Asni", "18_24"): 3,
    Kind(0, 202607, "Azgour", "25_35"): 8,
    Kind(1, 202608, "Anougal", "18_24"): 6,
}
"""Three of one commune beside many of others: whoever tells small parts is found out by these at once."""


@given(WORLDS)
@example(FEW)
@settings(max_examples=12)
def test_nobody_infers_a_small_number_from_all_editions_together(world: World) -> None:
    """Totals of every month, quarter and year in every edition, and what each edition tells of parts."""
    own, known, begun, seen = indicator("I07", "S1"), Known(), Counter[str](), Counter[tuple[str, str]]()
    for closing, edition in enumerate(editions([own], lambda _each, closing: sums("person", world, closing))):
        known += totals_seen(edition["I07"], closing)
        now = cells(edition["I07"])
        for dimension in ("commune", "band"):
            lot = {value: count for (name, value), count in new_cells(seen, now).items() if name == dimension}
            if lot:
                known += lot_seen(dimension, lot, begun[dimension], closing)
                begun[dimension] = closing + 1
        seen = now
    distinct = {(tuple(factors), count) for factors, count in known}
    wanted = list(groups())
    found = all_bounds([equation(group, 0)[0] for group in wanted], sorted(distinct))
    for group, (least, most) in zip(wanted, found, strict=True):
        if most is not None and ceil(least) == floor(most):
            assert not 0 < ceil(least) < THRESHOLD, [kind for kind in KINDS if group(kind)]


@given(WORLDS)
@settings(max_examples=60)
def test_what_is_told_is_true_and_no_two_editions_differ_by_few(world: World) -> None:
    own, seen = indicator("I07", "S1"), Counter[tuple[str, str]]()
    for closing, edition in enumerate(editions([own], lambda _each, closing: sums("person", world, closing))):
        total = sum(each.amount for each in sums("person", world, closing))
        assert edition["I07"].figures[0].numbers.get("all", 0) == total
        now = cells(edition["I07"])
        for dimension in ("commune", "band"):
            more = [count for (name, _), count in new_cells(seen, now).items() if name == dimension]
            assert len(more) != 1, "a lot that is all alike tells of everybody in it"
            assert all(count >= THRESHOLD for count in more)
        seen = now


@given(WORLDS, WORLDS)
@settings(max_examples=60)
def test_the_figures_of_survivors_are_never_small_nor_little_apart(women: World, incidents: World) -> None:
    """Women received and incidents are of the same women: neither figure grows by few, nor does their difference."""
    received, happened = indicator("I03", "S2", "survivors"), indicator("I04", "S2", "incidents", ())
    counts = {"I03": ("person", women), "I04": ("event", incidents)}
    before = {"I03": 0, "I04": 0}
    for edition in editions([received, happened], lambda each, closing: sums(*counts[each.code], closing)):
        now = {code: int(tally.figures[0].numbers["all"] or 0) for code, tally in edition.items()}
        gaps = [now["I03"] - before["I03"], now["I04"] - before["I04"], now["I03"] - now["I04"]]
        gaps.append(gaps[0] - gaps[1])
        assert all(gap == 0 or abs(gap) >= THRESHOLD for gap in gaps), (before, now)
        numbers = [number for tally in edition.values() for number in tally.figures[0].numbers.values()]
        assert all(number is None or number >= THRESHOLD for number in numbers)
        told = cells(edition["I03"])
        for dimension in ("commune", "band"):
            counted = sum(count for (name, _), count in told.items() if name == dimension)
            assert counted in (0, now["I03"]) or now["I03"] - counted >= THRESHOLD
        before = now


@given(WORLDS, st.lists(st.sampled_from(KINDS), max_size=6))
@settings(max_examples=60)
def test_who_is_taken_out_leaves_no_trace_in_what_was_told(world: World, gone: list[Kind]) -> None:
    """Corrections between two editions: what was told stays, and nothing new is told of few."""
    own, seen = indicator("I07", "S1"), Counter[tuple[str, str]]()
    later = {kind: max(0, count - gone.count(kind)) for kind, count in world.items()}
    for edition in editions([own], lambda _each, closing: sums("person", later if closing else world, closing)):
        now = cells(edition["I07"])
        assert all(count >= THRESHOLD for count in new_cells(seen, now).values())
        seen = now


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 30)), st.integers(3, 10))
def test_a_lot_has_no_small_part_and_is_never_all_alike(waiting: dict[str, int], threshold: int) -> None:
    parts = parts_of(waiting, threshold)
    if parts is not None:
        assert sum(parts.values()) == sum(waiting.values())
        assert len(parts) >= PARTS_MIN and min(parts.values()) >= threshold
        assert all(count == waiting[value] for value, count in parts.items() if value != OTHERS)


def test_small_values_are_told_together_with_the_smallest_that_is_not() -> None:
    assert parts_of({"Asni": 20, "Azgour": 7, "Anougal": 2}, 5) == {"Asni": 20, OTHERS: 9}
    assert parts_of({"Asni": 20, "Azgour": 3, "Anougal": 2}, 5) == {"Asni": 20, OTHERS: 5}
    assert parts_of({"Asni": 20, "Anougal": 2}, 5) is None
    assert parts_of({"Asni": 20}, 5) is None


def test_what_waits_is_told_with_the_next_month() -> None:
    ledger = Ledger()
    assert parts_of(ledger.waiting({"Asni": 4, "Azgour": 6}), 5) is None
    waiting = ledger.waiting({"Asni": 9, "Azgour": 6})
    ledger.tell(202608, waiting, parts_of(waiting, 5) or {})
    assert ledger.told() == {"Asni": 9, "Azgour": 6} and ledger.waiting({"Asni": 9, "Azgour": 6}) == {}


def test_who_was_taken_out_makes_room_for_the_next() -> None:
    ledger = Ledger()
    ledger.tell(202608, {"Asni": 9, "Azgour": 6}, {"Asni": 9, "Azgour": 6})
    assert ledger.waiting({"Asni": 7, "Azgour": 8}) == {"Azgour": 2}
    assert room_in({"Azgour": 2}, 0) == {}
    assert room_in({"Azgour": 8, "Anougal": 6}, 12) == {"Azgour": 6, "Anougal": 6}


def test_two_totals_of_the_same_women_are_not_told_three_apart() -> None:
    assert together([0, 0], [20, 17], 5) == (True, False)
    assert together([20, 0], [0, 17], 5) == (False, False)
    assert together([20, 0], [5, 25], 5) == (True, True)
    assert together([0, 0], [20, 15], 5) == (True, True)


def test_the_solver_solves() -> None:
    assert bounds([1, 0, 0], [([1, 1, 1], 5), ([0, 0, 1], 2)]) == (Fraction(0), Fraction(3))
    assert bounds([1, 0], [([1, 1], 5), ([1, -1], 1)]) == (Fraction(3), Fraction(3))
    assert bounds([1, 0], [([0, 1], 1)]) == (Fraction(0), None)
