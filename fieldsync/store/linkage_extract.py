"""The features of a list as columns on their way to Splink; names are numbers, so that each pair is compared once.

NumPy and PyArrow are of the optional extra `linkage`; nothing here is imported before it is asked for.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from fieldsync.core.linkage_features import PERSON, Features
from fieldsync.core.linkage_levels import COMMUNE_PARTS, DIFFERENT, NAME_RANK, name_level

COLUMNS = {
    PERSON: {
        **{"given_id": "bigint", "family_id": "bigint", "given_code": "bigint", "family_code": "bigint"},
        **{"born_first": "int", "born_last": "int", "birth": "string"},
        **{"phone": "string", "national_id": "string", "sex": "string"},
    },
    "cooperative": {
        **{"name_id": "bigint", "register_number": "string"},
        **{"activity": "array<string>", "members": "array<string>"},
    },
}
"""What is compared, by the names of Spark's types."""

PLACES = {
    **{"place": "string", "douar": "string", "commune": "string", "province": "string"},
    **{"latitude": "double", "longitude": "double"},
}

BESIDE_NAMES = ("born_first", "born_last", "birth", "phone", "national_id", "sex", *PLACES)
"""What persons say beside their names."""

PROVINCE_PARTS = 2

DENSE = 6000
"""Names whose levels have a place each, the first that were met, which are the commonest: 36 MB."""

KNOWN_MAX = 500_000
"""Pairs of other names whose level is remembered."""

Page = Sequence[tuple[int, Features]]
"""Records of a list: (record id, features)."""


class Names:
    """Numbers the spellings of names, and compares them by number, each pair once."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, ...], int] = {}
        self._spellings: list[tuple[str, ...]] = []
        self._known: dict[int, int] = {}
        self._dense: Any = None

    def number(self, spellings: tuple[str, ...]) -> int | None:
        """The number of a name, None for one that was not said."""
        if not spellings:
            return None
        number = self._numbers.setdefault(spellings, len(self._spellings))
        if number == len(self._spellings):
            self._spellings.append(spellings)
        return number

    def rank(self, left: int | None, right: int | None) -> int | None:
        """The rank of the level of two names, None where one is missing."""
        return None if left is None or right is None else self._rank(min(left, right) << 32 | max(left, right))

    def ranks(self, left: Any, right: Any) -> Any:
        """The same for columns of numbers (PyArrow), none of which is missing."""
        import numpy
        import pyarrow

        if self._dense is None:
            self._dense = numpy.full((DENSE, DENSE), -1, numpy.int8)
        one, other = (side.to_numpy(zero_copy_only=False) for side in (left, right))
        low, high = numpy.minimum(one, other), numpy.maximum(one, other)
        found = numpy.where(high < DENSE, self._dense[low % DENSE, high % DENSE], -1)
        rest = numpy.flatnonzero(found < 0)
        if len(rest):
            pairs, places = numpy.unique(low[rest] << 32 | high[rest], return_inverse=True)
            ranks = numpy.fromiter(map(self._rank, pairs.tolist()), numpy.int8, len(pairs))
            found[rest] = ranks[places]
            near = rest[high[rest] < DENSE]
            self._dense[low[near], high[near]] = found[near]
        return pyarrow.array(found.astype(numpy.int32))

    def _rank(self, pair: int) -> int:
        found = self._known.get(pair)
        if found is None:
            left, right = pair >> 32, pair & 0xFFFFFFFF
            found = NAME_RANK[name_level(self._spellings[left], self._spellings[right]) or DIFFERENT]
            if len(self._known) >= KNOWN_MAX:
                self._known.clear()
            if right >= DENSE or self._dense is None:
                self._known[pair] = found
        return found


def tables(kind: str, pages: Iterable[Page], names: Names) -> Iterator[Any]:
    """Pages of records as tables of columns (PyArrow)."""
    import pyarrow

    made = {
        "string": pyarrow.string(),
        "bigint": pyarrow.int64(),
        "int": pyarrow.int32(),
        "double": pyarrow.float64(),
        "array<string>": pyarrow.list_(pyarrow.string()),
    }
    kinds = {"unique_id": "bigint", **COLUMNS[kind], **PLACES}
    for page in pages:
        known = [each for _, each in page]
        told = _of_persons(known, names) if kind == PERSON else _of_cooperatives(known, names)
        columns = {"unique_id": [record_id for record_id, _ in page], **told, **_places(known)}
        yield pyarrow.table({name: pyarrow.array(columns[name], made[kinds[name]]) for name in kinds})


def _of_persons(known: Sequence[Features], names: Names) -> dict[str, list[Any]]:
    return {
        "given_id": [names.number(each.given) for each in known],
        "family_id": [names.number(each.family) for each in known],
        "given_code": [each.given_code or None for each in known],
        "family_code": [each.family_code or None for each in known],
        "born_first": [each.born[0] if each.born else None for each in known],
        "born_last": [each.born[1] if each.born else None for each in known],
        "birth": [day.isoformat().replace("-", "") if (day := each.birth_date) else None for each in known],
        "phone": [each.phone or None for each in known],
        "national_id": [each.national_id or None for each in known],
        "sex": [each.sex or None for each in known],
    }


def _of_cooperatives(known: Sequence[Features], names: Names) -> dict[str, list[Any]]:
    return {
        "name_id": [names.number(each.names) for each in known],
        "register_number": [each.register_number or None for each in known],
        "activity": [list(each.activity) or None for each in known],
        "members": [list(each.members) or None for each in known],
    }


def _places(known: Sequence[Features]) -> dict[str, list[Any]]:
    return {
        "place": [each.place or None for each in known],
        "douar": [each.place if _is_douar(each.place) else None for each in known],
        "commune": [_above(each.place, COMMUNE_PARTS) for each in known],
        "province": [_above(each.place, PROVINCE_PARTS) for each in known],
        "latitude": [each.point[0] if each.point else None for each in known],
        "longitude": [each.point[1] if each.point else None for each in known],
    }


@lru_cache(maxsize=1 << 16)
def _is_douar(place: str) -> bool:
    """Whether a place is no commune, or something above one."""
    return bool(place) and not 1 < len(place.split(".")) <= COMMUNE_PARTS


@lru_cache(maxsize=1 << 16)
def _above(place: str, parts: int) -> str | None:
    """The place of so many parts in which a place lies, or which it is."""
    found = place.split(".") if place else []
    return ".".join(found[:parts]) if len(found) >= parts else None
