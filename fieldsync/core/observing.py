"""What the quality rules look at in a submission: times, a point, plain numbers, a digest of each answer.

Of a form with restricted questions (P3) nothing is looked at: when and where somebody was heard would tell who.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from fieldsync.core.answer_paths import unindexed
from fieldsync.core.forms import Form, Question
from fieldsync.core.masking import RESTRICTED
from fieldsync.core.operations import Value
from fieldsync.core.validation import PROGRAMME_ZONE

OPENED, FINISHED = "start", "end"
"""The questions in which a form keeps when it was opened and finished, by the custom of XLSForm."""

PLAIN = ("P0", "P1")
"""Classes whose answers may be told in a reason."""

PLACES = frozenset(("geopoint", "geotrace", "geoshape"))
"""Types of questions that ask where."""

_ASIDE = frozenset((OPENED, FINISHED, "today", "deviceid", "instanceID"))
_COMPARED = frozenset(
    ("text", "integer", "decimal", "date", "time", "select_one", "select_multiple", "rank", "boolean")
)
_NUMBERS = frozenset(("integer", "decimal"))

NUMBERS_MAX = 100
"""Numeric questions of one form that are watched."""

ANSWERS_MAX = 400
"""Answers of one submission that are compared."""

_encode = msgspec.json.Encoder(order="sorted").encode


class Facts(msgspec.Struct, frozen=True):
    """What is known of one submission. `clock_ms`: how far the phone's clock was ahead when it sent (negative: behind).

    `answers`: sorted digests of (question, answer). `alike`, `near`: how many earlier submissions of the same form by
    the same author have nearly these answers, or lie at this spot. `tells_times`: whether the times may be told.
    """

    place: str = ""
    begun_ms: int | None = None
    seconds: int | None = None
    clock_ms: int = 0
    latitude: float | None = None
    longitude: float | None = None
    numbers: Mapping[str, float] = {}
    answers: tuple[int, ...] = ()
    alike: int = 0
    near: int = 0
    tells_times: bool = False


@dataclass(frozen=True)
class Observer:
    """Which questions of a form version are looked at; None in their place where it has none.

    `compared`: questions whose answers are compared, each with where its digests begin.
    """

    opened: str | None
    finished: str | None
    point: str | None
    point_class: str
    numbers: frozenset[str]
    compared: Mapping[str, int]
    tells_times: bool


def is_restricted(form: Form) -> bool:
    """Whether a form asks anything restricted."""
    return any(question.sensitivity == RESTRICTED for question in form.questions)


def tells_places(form: Form) -> bool:
    """Whether anybody may learn where answers of a form were given: neither they nor anything beside them is closed."""
    placed = [question.sensitivity for question in form.questions if question.type in PLACES]
    return not is_restricted(form) and all(each in PLAIN for each in placed)


def observer_of(form: Form) -> Observer | None:
    """What to look at in a form version; None for a form that is not looked at."""
    if is_restricted(form):
        return None
    plain = {question.path: question for question in form.questions if not question.repeats}
    point = next((each for each in plain.values() if each.type == "geopoint"), None)
    times = [plain[name] for name in (OPENED, FINISHED) if name in plain]
    numbers = [each.path for each in plain.values() if each.type in _NUMBERS and each.sensitivity in PLAIN]
    return Observer(
        opened=OPENED if OPENED in plain else None,
        finished=FINISHED if FINISHED in plain else None,
        point=point.path if point else None,
        point_class=point.sensitivity if point else "",
        numbers=frozenset(numbers[:NUMBERS_MAX]),
        compared={each.path: zlib.crc32(each.path.encode() + b"\0") for each in form.questions if _is_compared(each)},
        tells_times=all(each.sensitivity in PLAIN for each in times),
    )


def observed(observer: Observer, fields: Mapping[str, Value], place: str, clock_ms: int) -> Facts:
    """What a submission shows; `alike` and `near` are for whoever knows the others."""
    begun = instant_ms(fields.get(observer.opened)) if observer.opened else None
    ended = instant_ms(fields.get(observer.finished)) if observer.finished else None
    point = point_of(fields.get(observer.point)) if observer.point else None
    return Facts(
        place=place,
        begun_ms=begun,
        seconds=(ended - begun) // 1000 if begun is not None and ended is not None and ended >= begun else None,
        clock_ms=clock_ms,
        latitude=point[0] if point else None,
        longitude=point[1] if point else None,
        numbers=_numbers(observer, fields),
        answers=_answers(observer, fields),
        tells_times=observer.tells_times,
    )


def instant_ms(value: Value | None) -> int | None:
    """A moment in ms since 1970; one without an offset is the programme's time. None for anything else."""
    if not isinstance(value, str) or len(value) < len("2026-11-28T09:30"):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    aware = found if found.tzinfo else found.replace(tzinfo=PROGRAMME_ZONE)
    return int(aware.timestamp() * 1000)


def point_of(value: Value | None) -> tuple[float, float] | None:
    """(latitude, longitude) of a point's answer; None for anything else, and for the null island of a cold GPS."""
    if not isinstance(value, dict) or "lat" not in value or "lon" not in value:
        return None
    try:
        found = float(value["lat"]), float(value["lon"])
    except (TypeError, ValueError):
        return None
    return found if found != (0.0, 0.0) and abs(found[0]) <= 90 and abs(found[1]) <= 180 else None


def _is_compared(question: Question) -> bool:
    return question.type in _COMPARED and question.calculate is None and question.path not in _ASIDE


def _numbers(observer: Observer, fields: Mapping[str, Value]) -> dict[str, float]:
    found: dict[str, float] = {}
    for path in observer.numbers:
        value = fields.get(path)
        if isinstance(value, int | str) and not isinstance(value, bool):
            try:
                found[path] = float(value)
            except ValueError:
                continue
    return found


def _answers(observer: Observer, fields: Mapping[str, Value]) -> tuple[int, ...]:
    found = set()
    for path, value in fields.items():
        begun = observer.compared.get(unindexed(path))
        if value is not None and begun is not None:
            found.add(zlib.crc32(_encode(value), begun))
    return tuple(sorted(found)[:ANSWERS_MAX])
