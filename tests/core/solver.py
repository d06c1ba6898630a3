"""A solver of linear programmes in exact fractions: how little and how much a sum can be, for all that is known."""

from collections.abc import Sequence
from fractions import Fraction

Row = list[Fraction]


def bounds(wanted: Sequence[int], known: Sequence[tuple[Sequence[int], int]]) -> tuple[Fraction, Fraction | None]:
    """(least, most) of a sum of variables that are at least 0 under equations; most is None where nothing limits it.

    `wanted`: the factor of each variable in the sum; `known`: (factors, right side), which some values fulfil.
    """
    return all_bounds([wanted], known)[0]


def all_bounds(
    wanted: Sequence[Sequence[int]], known: Sequence[tuple[Sequence[int], int]]
) -> list[tuple[Fraction, Fraction | None]]:
    """The bounds of several sums for all that is known."""
    tableau, basis = _feasible(known, len(wanted[0]))
    return [_bounds(each, [row[:] for row in tableau], basis[:]) for each in wanted]


def _bounds(wanted: Sequence[int], tableau: list[Row], basis: list[int]) -> tuple[Fraction, Fraction | None]:
    least = _minimum([row[:] for row in tableau], basis[:], [Fraction(each) for each in wanted])
    most = _minimum(tableau, basis, [Fraction(-each) for each in wanted])
    assert least is not None
    return least, None if most is None else -most


def _feasible(known: Sequence[tuple[Sequence[int], int]], size: int) -> tuple[list[Row], list[int]]:
    """A basis of values that fulfil the equations: one helping variable an equation, driven to 0."""
    count = len(known)
    tableau = [
        [Fraction(each) for each in factors]
        + [Fraction(int(row == place)) for place in range(count)]
        + [Fraction(right)]
        for row, (factors, right) in enumerate(known)
    ]
    basis = list(range(size, size + count))
    cost = [Fraction(0)] * size + [Fraction(1)] * count
    assert _minimum(tableau, basis, cost) == 0, "nothing fulfils the equations"
    kept: list[Row] = []
    kept_basis: list[int] = []
    for row in range(count):
        if basis[row] >= size:  # at 0: put a true variable in its place, or drop an equation that says nothing new
            column = next((each for each in range(size) if tableau[row][each]), None)
            if column is None:
                continue
            _pivot(tableau, basis, row, column)
        kept.append(tableau[row])
        kept_basis.append(basis[row])
    return [row[:size] + row[-1:] for row in kept], kept_basis


def _minimum(tableau: list[Row], basis: list[int], cost: Row) -> Fraction | None:
    """The least value of the cost by Bland's rule, which never goes in circles; None where it has no bound."""
    while True:
        prices = [cost[each] for each in basis]
        column = next((each for each in range(len(cost)) if cost[each] < _priced(prices, tableau, each)), None)
        if column is None:
            return _priced(prices, tableau, -1)
        ratios = [(row[-1] / row[column], basis[place], place) for place, row in enumerate(tableau) if row[column] > 0]
        if not ratios:
            return None
        _pivot(tableau, basis, min(ratios)[2], column)


def _priced(prices: Row, tableau: list[Row], column: int) -> Fraction:
    return sum((price * row[column] for price, row in zip(prices, tableau, strict=True)), Fraction(0))


def _pivot(tableau: list[Row], basis: list[int], row: int, column: int) -> None:
    factor = tableau[row][column]
    tableau[row] = [each / factor for each in tableau[row]]
    for place, other in enumerate(tableau):
        if place != row and other[column]:
            by = other[column]
            tableau[place] = [a - by * b for a, b in zip(other, tableau[row], strict=True)]
    basis[row] = column
