"""Nobody is found in what is published: a solver that knows every shown cell cannot tell a hidden one."""

from collections import Counter
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldsync.core.suppression import Cell, Leaf, Tables, average, percentage, published
from tests.core.solver import bounds

MONTHS = (202607, 202608, 202610)
DIMENSIONS = ("commune", "band")
LEAVES: tuple[Leaf, ...] = tuple(product(MONTHS, ("Asni", "Azgour", "Anougal"), ("18_24", "25_35")))
COUNTS = st.fixed_dictionaries({leaf: st.sampled_from((0, 0, 0, 1, 2, 3, 4, 5, 6, 9, 20, 41)) for leaf in LEAVES})
RULES = st.sampled_from(("S1", "S2"))
THRESHOLDS = st.sampled_from((3, 5, 10))
UNTIL = 202610


def test_the_solver_solves() -> None:
    assert bounds([1, 0, 0], [([1, 1, 1], 5), ([0, 0, 1], 2)]) == (Fraction(0), Fraction(3))
    assert bounds([1, 0], [([1, 1], 5), ([1, -1], 1)]) == (Fraction(3), Fraction(3))
    assert bounds([1, 0], [([0, 1], 1)]) == (Fraction(0), None)


@given(COUNTS, RULES, THRESHOLDS)
@settings(max_examples=20)
def test_a_hidden_cell_may_be_three_things_for_all_that_is_shown(
    counts: dict[Leaf, int], rule: str, threshold: int
) -> None:
    found = published(Counter(counts), DIMENSIONS, rule, threshold, UNTIL)
    kept = tuple(each for each in DIMENSIONS if each not in found.dropped)
    world: list[tuple[int | str, ...]] = list(
        product((202607, 202608, 202609, 202610), *(found.values[each] for each in kept))
    )
    tables = Tables(Counter(), kept, rule, UNTIL)
    factors = {cell: [int(cell in tables.cells_of(leaf)) for leaf in world] for cell in found.cells}
    known = _distinct([(factors[cell], count) for cell, count in found.cells.items() if count is not None])
    for cell in sorted(cell for cell, count in found.cells.items() if count is None):
        least, most = bounds(factors[cell], known)
        assert most is None or most - least > 1, (cell, least, most)


def _distinct(known: list[tuple[list[int], int]]) -> list[tuple[list[int], int]]:
    return [(list(factors), count) for factors, count in {(tuple(factors), count) for factors, count in known}]


@given(COUNTS, RULES, THRESHOLDS)
@settings(max_examples=60)
def test_what_is_shown_is_true_and_no_small_number_of_persons_is_shown(
    counts: dict[Leaf, int], rule: str, threshold: int
) -> None:
    found = published(Counter(counts), DIMENSIONS, rule, threshold, UNTIL)
    true = published(Counter(counts), DIMENSIONS, "S0", threshold, UNTIL)
    for cell, count in found.cells.items():
        assert count is None or count == true.cells[cell]
        if cell.values or rule == "S2":
            assert count is None or count == 0 or count >= threshold
        else:
            assert count is not None, "totals of persons outside the listening centres are shown"


def test_large_tables_hide_nothing() -> None:
    counts = {leaf: 20 for leaf in LEAVES}
    found = published(Counter(counts), DIMENSIONS, "S2", 5, 202608)
    assert None not in [found.cells[cell] for cell in found.cells if cell.period in ("all", "2026", "2026-07")]


def test_a_small_cell_takes_another_of_its_row_and_of_its_column_with_it() -> None:
    counts: dict[Leaf, int] = {(202610, commune, band): 20 for commune in ("A", "B", "C") for band in ("x", "y", "z")}
    counts[(202610, "A", "x")] = 2
    found = published(Counter(counts), DIMENSIONS, "S1", 5, UNTIL)
    hidden = {cell for cell, count in found.cells.items() if count is None and cell.period == "all"}
    crossed = {cell for cell in hidden if len(cell.values) == 2}
    assert Cell("all", (("band", "x"), ("commune", "A"))) in crossed
    assert len(crossed) == 4 and crossed == hidden, "a rectangle, and the sums around it stay"


def test_a_dimension_that_would_tell_is_left_out_whole() -> None:
    found = published(Counter({(202610, "Asni", "18_24"): 3}), DIMENSIONS, "S1", 5, UNTIL)
    assert set(found.dropped) == {"commune", "band"}
    assert found.at("all") == 3


def test_of_few_survivors_not_even_the_number_is_told() -> None:
    found = published(Counter({(202610, "Asni", "18_24"): 3}), DIMENSIONS, "S2", 5, UNTIL)
    assert found.at("all") is None
    assert found.at("2026-10") is None


@pytest.mark.parametrize(
    ("numerator", "denominator", "rule", "shown"),
    [(4, 20, "S2", None), (5, 20, "S2", 25.0), (2, 4, "S1", None), (0, 0, "S0", None), (1, 3, "S0", 33.3)],
)
def test_a_share_of_few_is_hidden(numerator: int, denominator: int, rule: str, shown: float | None) -> None:
    assert percentage(numerator, denominator, rule, 5) == shown


def test_a_mean_of_few_is_hidden() -> None:
    assert average(12.0, 4, "S2", 5) is None
    assert average(12.0, 4, "S0", 5) == 3.0
    assert average(10.0, 5, "S2", 5) == 2.0
