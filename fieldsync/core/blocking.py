"""Blocking: the keys of a record. Two records are compared when they share one (docs/linkage.md, "Candidates").

A key is the keyed digest of a kind and a value, with the association and the list in it: names cannot be read out of
the index, and a key of one border's side equals one of the other's by chance alone.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache

from fieldsync.core.linkage_features import Features
from fieldsync.core.linkage_levels import COMMUNE_PARTS
from fieldsync.core.names import block_keys, name_key

CANDIDATES_MAX = 500
"""Records with which a new one is compared at most."""

BEARERS_MAX = 200
"""A key of more records is not used alone while somebody waits."""

RECORD_BITS = 28
"""The lower bits of a key, which are 0: there the index has the record that bears it (store.linkage)."""

NAME_KEYS_MAX = 3
PHONE_DIGITS = 9
YEARS_MAX = 5


class Space:
    """The keys of one list of one association, under a secret key."""

    def __init__(self, secret: bytes, association_id: int, of: str) -> None:
        self._hash = hashlib.blake2b(f"{association_id}\0{of}\0".encode(), digest_size=8, key=secret[:64])

    def digest(self, text: str) -> int:
        """A signed 64-bit number."""
        found = self._hash.copy()
        found.update(text.encode())
        return int.from_bytes(found.digest(), "big", signed=True)

    def keys(self, features: Features) -> frozenset[int]:
        """Every key that a record bears."""
        return frozenset(map(self.key, values(features)))

    def key(self, text: str) -> int:
        """The key of a kind and a value: the upper bits of their digest."""
        return self.digest(text) & -(1 << RECORD_BITS)

    def name_code(self, spellings: tuple[str, ...]) -> int:
        """What stands for a name where its frequency is looked up; 0 for none."""
        key = name_key(spellings[0]) if spellings else ""
        return self.digest(f"name {key}") if key else 0


def values(features: Features) -> Iterator[str]:
    """What a record's keys are digests of: each begins with its kind."""
    if features.national_id:
        yield f"id {features.national_id}"
    if features.register_number:
        yield f"register {features.register_number}"
    if features.phone:
        yield f"phone {phone_block(features.phone)}"
    yield from _of_person(features)
    yield from sorted(map(relative_block, {*features.named, *features.merged_relatives}))
    for name in _blocks(features.names):
        yield f"cooperative {name}"


def phone_block(phone: str) -> str:
    """The digits by which phones are looked up."""
    return phone[-PHONE_DIGITS:]


def relative_block(uuid: str) -> str:
    """What those are looked up by who name an entity as their relative."""
    return f"relative {uuid}"


def _of_person(features: Features) -> Iterator[str]:
    given, family = _blocks(features.given), _blocks(features.family)
    pairs = {" ".join(sorted((one, other))) for one in given for other in family}
    yield from (f"names {pair}" for pair in sorted(pairs))
    years = _years(features) if _is_wide(features.place) else []
    if features.place and not years:
        yield from (f"place {name} {features.place}" for name in given)
    yield from (f"year {name} {year} {features.place}" for name in given for year in years)
    if features.birth_date is not None:
        yield from (f"birth {name} {features.birth_date}" for name in family)
        yield from (f"born {name} {features.birth_date}" for name in given)


def _is_wide(place: str) -> bool:
    """Whether a place is a commune or more, where a given name alone has many bearers; a douar's tells enough."""
    return 1 < len(place.split(".")) <= COMMUNE_PARTS


def _years(features: Features) -> list[int]:
    if features.born is None:
        return []
    first, last = (date.fromordinal(each).year for each in features.born)
    return list(range(first, last + 1))[:YEARS_MAX]


def _blocks(spellings: Iterable[str]) -> list[str]:
    """The block keys of a name; where they are many, the longest, which tell most."""
    found = {key for text in spellings for key in _of_text(text)}
    return sorted(found, key=lambda key: (-len(key), key))[:NAME_KEYS_MAX]


@lru_cache(maxsize=1 << 16)
def _of_text(text: str) -> frozenset[str]:
    return block_keys(text)
