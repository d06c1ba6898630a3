"""The features of a list as columns on their way to Splink; names are numbers, so that each pair is compared once.

NumPy and PyArrow are of the optional extra `linkage`; nothing here is imported before it is asked for.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from zlib import crc32

from fieldsync.core.linkage_features import PERSON, Features
from fieldsync.core.linkage_levels import COMMUNE_PARTS, DIFFERENT, NAME_RANK, name_level
from fieldsync.core.names import block_keys, slip_keys

COLUMNS = {
    PERSON: {
        **{"given_id": "bigint", "family_id": "bigint", "given_code": "bigint", "family_code": "bigint"},
        **{"given_mask": "bigint", "family_mask": "bigint"},
        **{"born_first": "int", "born_last": "int", "birth": "string", "birth_turned": "string"},
        **{"phone": "string", "national_id": "string", "sex": "string"},
        **{"relatives": "array<string>", "relations": "array<string>", "named": "array<string>"},
        **{"itself": "string", "relatives_mask": "bigint"},
        **{f"{name}_{end}": "string" for name in ("birth", "phone", "national_id") for end in ("begin", "end")},
    },
    "cooperative": {
        **{"name_id": "bigint", "register_number": "string"},
        **{"register_number_begin": "string", "register_number_end": "string"},
        **{"activity": "array<string>", "members": "array<string>"},
    },
}
"""What is compared, by the names of Spark's types."""

PLACES = {
    **{"place": "bigint", "douar": "bigint", "commune": "bigint", "province": "bigint"},
    **{"latitude": "double", "longitude": "double"},
}

ENDS = {"birth": (4, 4), "phone": (7, 3), "national_id": (2, 2), "register_number": (2, 2)}
"""Characters at both ends of what is compared by letters. One edit leaves one end alike, which is seen sooner than the
distance: together they are no longer than the shortest of which one edit is a slip (a phone has ten digits)."""

PROVINCE_PARTS = 2

MASK_BITS = 63
"""Of the number in which each key of a name has a bit."""

DENSE = 6000
"""Names whose levels have a place each, the first that were met, which are the commonest: 36 MB."""

KNOWN_MAX = 500_000
"""Pairs of other names whose level is remembered."""


class Known(NamedTuple):
    """What is compared of a record. `digest`: tells whether that changed since (digest_of)."""

    record_id: int
    features: Features
    digest: int = 0


Page = Sequence[Known]


def digest_of(body: bytes) -> int:
    """A number that changes with stored features."""
    return crc32(body)


class Numbers:
    """Numbers texts in the order in which they are met."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str | None) -> int | None:
        """The number of a text, None for none."""
        return self._numbers.setdefault(text, len(self._numbers)) if text else None


class Names:
    """Numbers the spellings of names, and compares them by number, each pair once."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, ...], int] = {}
        self._spellings: list[tuple[str, ...]] = []
        self._near: list[set[str]] = []
        self._masks: list[int] = []
        self._known: dict[int, int] = {}
        self._dense: Any = None

    def number(self, spellings: tuple[str, ...]) -> int | None:
        """The number of a name, None for one that was not said."""
        if not spellings:
            return None
        number = self._numbers.setdefault(spellings, len(self._spellings))
        if number == len(self._spellings):
            self._spellings.append(spellings)
            near = {key for each in spellings for key in block_keys(each)}
            self._near.append(near.union(*map(slip_keys, spellings)))
            self._masks.append(_mask(near))
        return number

    def mask(self, number: int | None) -> int:
        """The keys under which a name is found, a bit each: names that are one have a bit in common."""
        return 0 if number is None else self._masks[number]

    def rank(self, left: int | None, right: int | None) -> int | None:
        """The rank of the level of two names, None where one is missing."""
        return None if left is None or right is None else self._rank(min(left, right) << 32 | max(left, right))

    def ranks(self, left: Any, right: Any) -> Any:
        """The same for columns of numbers (PyArrow), none of which is missing."""
        import numpy
        import pyarrow

        one, other = (side.to_numpy(zero_copy_only=False) for side in (left, right))
        return pyarrow.array(self.compared(one, other).astype(numpy.int32))

    def compared(self, one: Any, other: Any) -> Any:
        """The same for columns of numbers (NumPy), none of which is missing."""
        import numpy

        if self._dense is None:
            self._dense = numpy.full((DENSE, DENSE), -1, numpy.int8)
        low, high = numpy.minimum(one, other).astype(numpy.int64), numpy.maximum(one, other).astype(numpy.int64)
        found = numpy.where(high < DENSE, self._dense[low % DENSE, high % DENSE], -1)
        rest = numpy.flatnonzero(found < 0)
        if len(rest):
            pairs, places = numpy.unique(low[rest] << 32 | high[rest], return_inverse=True)
            ranks = numpy.fromiter(map(self._rank, pairs.tolist()), numpy.int8, len(pairs))
            found[rest] = ranks[places]
            near = rest[high[rest] < DENSE]
            self._dense[low[near], high[near]] = found[near]
        return found

    def _rank(self, pair: int) -> int:
        found = self._known.get(pair)
        if found is None:
            left, right = pair >> 32, pair & 0xFFFFFFFF
            are_apart = self._near[left].isdisjoint(self._near[right])
            level = DIFFERENT if are_apart else name_level(self._spellings[left], self._spellings[right])
            found = NAME_RANK[level or DIFFERENT]
            if len(self._known) >= KNOWN_MAX:
                self._known.clear()
            if right >= DENSE or self._dense is None:
                self._known[pair] = found
        return found


def _mask(keys: Iterable[str]) -> int:
    """A number in which each key has a bit."""
    return sum({1 << crc32(key.encode()) % MASK_BITS for key in keys})


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
    kinds, numbers = {"unique_id": "bigint", "digest": "bigint", **COLUMNS[kind], **PLACES}, Numbers()
    for page in pages:
        known = [each.features for each in page]
        told = _of_persons(known, names) if kind == PERSON else _of_cooperatives(known, names)
        beside = {"unique_id": [each.record_id for each in page], "digest": [each.digest for each in page]}
        columns = {**beside, **told, **_places(known, numbers)}
        yield pyarrow.table({name: pyarrow.array(columns[name], made[kinds[name]]) for name in kinds})


def _of_persons(known: Sequence[Features], names: Names) -> dict[str, list[Any]]:
    given, family = [names.number(each.given) for each in known], [names.number(each.family) for each in known]
    dates = [day.isoformat().split("-") if (day := each.birth_date) else None for each in known]
    codes = {
        "birth": ["".join(day) if day else None for day in dates],
        "phone": [each.phone[1:] or None for each in known],
        "national_id": [each.national_id or None for each in known],
    }
    return {
        "given_id": given,
        "family_id": family,
        "given_code": [each.given_code or None for each in known],
        "family_code": [each.family_code or None for each in known],
        "given_mask": list(map(names.mask, given)),
        "family_mask": list(map(names.mask, family)),
        "born_first": [each.born[0] if each.born else None for each in known],
        "born_last": [each.born[1] if each.born else None for each in known],
        "birth_turned": [day[0] + day[2] + day[1] if day else None for day in dates],
        "sex": [each.sex or None for each in known],
        **_relatives(known),
        **_with_ends(codes),
    }


def _relatives(known: Sequence[Features]) -> dict[str, list[Any]]:
    said = [each if each.relatives else None for each in known]
    return {
        "relatives": [each and list(each.relatives) for each in said],
        "relations": [each and [told.partition(" ")[0] for told in each.relatives] for each in said],
        "named": [each and list(each.named) for each in said],
        "itself": [each.itself or None for each in known],
        "relatives_mask": [_mask(each.relatives) if each else 0 for each in said],
    }


def _with_ends(codes: dict[str, list[str | None]]) -> dict[str, list[str | None]]:
    """What is compared by letters, with its ends."""
    found = dict(codes)
    for name, texts in codes.items():
        begin, end = ENDS[name]
        found[f"{name}_begin"] = [text and text[:begin] for text in texts]
        found[f"{name}_end"] = [text and text[-end:] for text in texts]
    return found


def _of_cooperatives(known: Sequence[Features], names: Names) -> dict[str, list[Any]]:
    return {
        "name_id": [names.number(each.names) for each in known],
        **_with_ends({"register_number": [each.register_number or None for each in known]}),
        "activity": [list(each.activity) or None for each in known],
        "members": [list(each.members) or None for each in known],
    }


def _places(known: Sequence[Features], numbers: Numbers) -> dict[str, list[Any]]:
    return {
        "place": [numbers.number(each.place) for each in known],
        "douar": [numbers.number(each.place if _is_douar(each.place) else None) for each in known],
        "commune": [numbers.number(_above(each.place, COMMUNE_PARTS)) for each in known],
        "province": [numbers.number(_above(each.place, PROVINCE_PARTS)) for each in known],
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
