"""What linkage compares of a record: its answers by the part that they play, in one form whoever wrote them and how."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import TypeVar

import msgspec

from fieldsync.core import names
from fieldsync.core.operations import Value
from fieldsync.core.person_names import split_name

PERSON, COOPERATIVE = "person", "cooperative"
"""What a list holds, by the parts that it declares."""

GIVEN, FAMILY, FULL, NAME = "given_name", "family_name", "full_name", "name"
RELATIVE = "relative"

PARTS: Mapping[str, tuple[str, ...]] = {
    GIVEN: (PERSON,),
    FAMILY: (PERSON,),
    FULL: (PERSON,),
    "birth_date": (PERSON,),
    "birth_year": (PERSON,),
    "age": (PERSON,),
    "phone": (PERSON,),
    "national_id": (PERSON,),
    "sex": (PERSON,),
    "place": (PERSON, COOPERATIVE),
    "point": (PERSON, COOPERATIVE),
    RELATIVE: (PERSON,),
    NAME: (COOPERATIVE,),
    "register_number": (COOPERATIVE,),
    "activity": (COOPERATIVE,),
    "members": (COOPERATIVE,),
}
"""Every part that a property may play (`bind::fs:part`), and in lists of what."""

RULES = 6
"""Grows with every change of what is compared."""

SPELLINGS_MAX = 4
MEMBERS_MAX = 500
RELATIVES_MAX = 20
TEXT_MAX = 200
LISTED_MAX = 40_000
"""Characters of a list of codes, such as the UUIDs of MEMBERS_MAX members, parted by blanks."""

AGE_SLACK_YEARS = 2
"""A stated age is right within this."""

_MOROCCO = "+212"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NATIONAL_ID = re.compile(r"([A-Z]{1,2})0*(\d{2,7})")

Parts = Mapping[str, tuple[str, ...]]
"""Part → the properties of a list that play it."""

Read = TypeVar("Read")


def algorithm() -> int:
    """Which rules made features and keys; another number has all of them made anew."""
    return 1000 * names.algorithm() + RULES


class Features(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is compared of one record; whatever is empty or None was not said and speaks neither for nor against.

    `given` and `family`, or `names` of a cooperative: spellings, in any script. `born`: first and last day on which
    she may be born, as ordinals. `phone` is E.164. `phone_persons`: how many records bear the phone, where it is known.
    `given_code`, `family_code`: under what the frequency of the name stands in a model (core.blocking), 0 for none.
    `relatives`: whom it names, each as the property that does and the UUID of an entity, parted by a blank; of those
    who were merged the survivor, and in `merged_relatives` who was named. `itself`: its own UUID, where anybody of its
    list names relatives.
    """

    given: tuple[str, ...] = ()
    family: tuple[str, ...] = ()
    born: tuple[int, int] | None = None
    phone: str = ""
    national_id: str = ""
    sex: str = ""
    place: str = ""
    point: tuple[float, float] | None = None
    names: tuple[str, ...] = ()
    register_number: str = ""
    activity: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    phone_persons: int = 0
    given_code: int = 0
    family_code: int = 0
    relatives: tuple[str, ...] = ()
    merged_relatives: tuple[str, ...] = ()
    itself: str = ""

    @property
    def named(self) -> frozenset[str]:
        """The UUIDs of its relatives."""
        return frozenset(each.partition(" ")[2] for each in self.relatives)

    @property
    def birth_date(self) -> date | None:
        """The day, where it is known."""
        return date.fromordinal(self.born[0]) if self.born and self.born[0] == self.born[1] else None

    @property
    def says_something(self) -> bool:
        """Whether there is anything by which the record could be found again."""
        return bool(self.given or self.names or self.phone or self.national_id or self.register_number)


def kind_of(parts: Iterable[str]) -> str | None:
    """What a list holds, by its parts: persons, cooperatives, or nothing that linkage could compare."""
    declared = set(parts)
    if declared & {GIVEN, FULL}:
        return PERSON
    return COOPERATIVE if NAME in declared else None


def features_of(fields: Mapping[str, Value], place: str, parts: Parts, year: int) -> Features:
    """The features of an entity: `place` is the record's, `year` the one in which an age was said."""
    said = {part: [fields[name] for name in names if fields.get(name) is not None] for part, names in parts.items()}
    given, family = _names(said)
    return Features(
        given=given,
        family=family,
        born=_born(said, year),
        phone=_first(said, "phone", phone_of),
        national_id=_first(said, "national_id", national_id_of),
        sex=_first(said, "sex", _sex),
        place=_first(said, "place", _text) or place,
        point=next((point for value in said.get("point", ()) if (point := _point(value))), None),
        names=_spellings(map(_text, said.get(NAME, ()))),
        register_number=_first(said, "register_number", _code),
        activity=_choices(said.get("activity", ())),
        members=_choices(said.get("members", ())),
        relatives=_relatives(fields, parts.get(RELATIVE, ())),
    )


def with_spellings(features: Features, merged: Iterable[Features]) -> Features:
    """Features with the names of records that are merged into this one beside its own, which come first."""
    others = list(merged)
    return msgspec.structs.replace(
        features,
        given=_spellings((*features.given, *(each for other in others for each in other.given))),
        family=_spellings((*features.family, *(each for other in others for each in other.family))),
        names=_spellings((*features.names, *(each for other in others for each in other.names))),
    )


def phone_of(value: Value) -> str:
    """A phone number as E.164; empty where it is none. Without a country code it is Moroccan."""
    text = _western(_text(value))
    digits = re.sub(r"\D", "", text)
    if text.startswith("00"):
        text, digits = "+" + digits[2:], digits[2:]
    if text.startswith("+") or digits.startswith("212"):
        digits = digits.removeprefix("212").lstrip("0") if digits.startswith("212") else digits
        international = text.startswith("+") and not re.sub(r"\D", "", text).startswith("212")
        found = f"+{digits}" if international else f"{_MOROCCO}{digits}"
    else:
        found = f"{_MOROCCO}{digits.lstrip('0')}"
    return found if 11 <= len(found) <= 16 else ""


def national_id_of(value: Value) -> str:
    """The number of a national identity card: one or two letters, then digits without zeros before them."""
    found = _NATIONAL_ID.fullmatch(_code(value))
    return f"{found[1]}{found[2]}" if found else ""


def _names(said: Mapping[str, list[Value]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    whole = [split_name(_text(value)) for value in said.get(FULL, ())]
    given = [*map(_text, said.get(GIVEN, ())), *(each[0] for each in whole)]
    family = [*map(_text, said.get(FAMILY, ())), *(each[1] for each in whole)]
    return _spellings(given), _spellings(family)


def _spellings(texts: Iterable[str]) -> tuple[str, ...]:
    """Of an initial alone nothing can be told."""
    return tuple(dict.fromkeys(text for text in texts if sum(map(str.isalpha, text)) > 1))[:SPELLINGS_MAX]


def _born(said: Mapping[str, list[Value]], year: int) -> tuple[int, int] | None:
    """The most exact of what is said: a date, a year, an age. Papers say 1 January where only the year is known."""
    for value in said.get("birth_date", ()):
        if (day := _day(_text(value))) is not None:
            is_guessed = (day.month, day.day) == (1, 1)
            return _years(day.year, day.year) if is_guessed else (day.toordinal(), day.toordinal())
    years = [number for value in said.get("birth_year", ()) if (number := _number(value)) is not None]
    ages = [number for value in said.get("age", ()) if (number := _number(value)) is not None]
    if years and 1900 <= years[0] <= year:
        return _years(years[0], years[0])
    if ages and 0 <= ages[0] <= 120:
        return _years(year - ages[0] - AGE_SLACK_YEARS, year - ages[0] + AGE_SLACK_YEARS)
    return None


def _years(first: int, last: int) -> tuple[int, int]:
    return date(first, 1, 1).toordinal(), date(last, 12, 31).toordinal()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _number(value: Value) -> int | None:
    text = _western(_text(value)).partition(".")[0]
    return int(text) if text.isdecimal() and len(text) <= 4 else None


def _sex(value: Value) -> str:
    first = _text(value)[:1].lower()
    return {"f": "f", "w": "f", "m": "m", "h": "m", "أ": "f", "ا": "f", "ذ": "m"}.get(first, "")


def _point(value: Value) -> tuple[float, float] | None:
    if not isinstance(value, Mapping) or "lat" not in value:
        return None
    try:
        return round(float(value["lat"]), 5), round(float(value["lon"]), 5)
    except (KeyError, TypeError, ValueError):
        return None


def _choices(values: Iterable[Value]) -> tuple[str, ...]:
    found: set[str] = set()
    for value in values:
        listed = value[:LISTED_MAX].split() if isinstance(value, str) else [_text(value)]
        chosen = value.get("set", ()) if isinstance(value, Mapping) else listed
        found |= {str(each)[:TEXT_MAX] for each in chosen if each}
    return tuple(sorted(found)[:MEMBERS_MAX])


def _relatives(fields: Mapping[str, Value], properties: Iterable[str]) -> tuple[str, ...]:
    """Whom properties name; what is no UUID, such as a name, names nobody who could be told from others."""
    found = [
        f"{name} {each.lower()}"
        for name in properties
        if fields.get(name) is not None
        for each in _choices([fields[name]])
        if _UUID.fullmatch(each.lower())
    ]
    return tuple(sorted(found)[:RELATIVES_MAX])


def _first(said: Mapping[str, list[Value]], part: str, read: Callable[[Value], str]) -> str:
    return next((found for value in said.get(part, ()) if (found := read(value))), "")


def _code(value: Value) -> str:
    return re.sub(r"[^0-9A-Z]", "", _western(_text(value)).upper())


def _text(value: Value) -> str:
    plain = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return " ".join(unicodedata.normalize("NFKC", plain[:TEXT_MAX]).split())


def _western(text: str) -> str:
    return "".join(str(unicodedata.digit(each)) if each.isdigit() else each for each in text)
