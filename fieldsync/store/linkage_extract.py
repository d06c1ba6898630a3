"""The features of a list as columns on their way to Splink; names are numbers, so that each pair is compared once.

NumPy and PyArrow are of the optional extra `linkage`; nothing here is imported before it is asked for.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from fieldsync.core.linkage_features import PERSON, Features
from fieldsync.core.linkage_levels import COMMUNE_PARTS, NAME_RANK, name_level

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

PROVINCE_PARTS = 2

Page = Sequence[tuple[int, Features]]
"""Records of a list: (record id, features)."""


class Names:
    """Numbers the spellings of names, and compares them by number, each pair once."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, ...], int] = {}
        self._spellings: list[tuple[str, ...]] = []
        self._known: dict[int, int] = {}

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
        if left is None or right is None:
            return None
        return self._rank(min(left, right) << 32 | max(left, right))

    def ranks(self, left: Any, right: Any) -> Any:
        """The same for columns of numbers (PyArrow), none of which is missing."""
        import numpy
        import pyarrow

        one, other = (side.to_numpy(zero_copy_only=False) for side in (left, right))
        pairs, places = numpy.unique(numpy.minimum(one, other) << 32 | numpy.maximum(one, other), return_inverse=True)
        found = numpy.fromiter(map(self._rank, pairs.tolist()), numpy.int32, len(pairs))
        return pyarrow.array(found[places])

    def _rank(self, pair: int) -> int:
        found = self._known.get(pair)
        if found is None:
            level = name_level(self._spellings[pair >> 32], self._spellings[pair & 0xFFFFFFFF])
            found = self._known[pair] = NAME_RANK[level or "different"]
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
