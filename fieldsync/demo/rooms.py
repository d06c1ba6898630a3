"""Rooms where people meet: what the demo's own form asks, and where its companions find them."""

from datetime import date
from random import Random

from fieldsync.client.companion import Filled
from fieldsync.core.operations import Value

FORM = "f5_meeting_place"

MIDDLES = {
    "07.041.07.03": (31.250, -7.979),
    "07.041.05.05": (31.062, -8.242),
    "07.041.01.09": (31.352, -7.951),
    "07.041.05.07": (31.128, -8.301),
    "07.041.05.01": (31.113, -8.172),
    "07.041.01.03": (31.217, -8.246),
}
"""Commune to a latitude and longitude in it, roughly."""

SPREAD_DEGREES = 0.03
"""Some three kilometres about the middle."""

FAR_DEGREES = 0.6
"""Some sixty kilometres off: the phone had not found itself yet."""

NAMES = ("دار الجمعية", "قاعة المدرسة", "دار المرأة", "خيمة السوق", "Salle communale", "Maison des jeunes")


def room(dice: Random, communes: tuple[str, ...], version: str, today: date, *, far: bool = False) -> Filled:
    """One room. With `far` its point lies where it cannot be."""
    commune = dice.choice(communes)
    latitude, longitude = MIDDLES[commune]
    latitude += dice.uniform(-SPREAD_DEGREES, SPREAD_DEGREES) + (FAR_DEGREES if far else 0)
    longitude += dice.uniform(-SPREAD_DEGREES, SPREAD_DEGREES)
    hour, minute = dice.randint(9, 16), dice.randint(0, 40)
    point: dict[str, Value] = {"lat": f"{latitude:.5f}", "lon": f"{longitude:.5f}", "accuracy": "8"}
    writes: dict[str, Value] = {
        "start": f"{today}T{hour:02}:{minute:02}:00.000+01:00",
        "end": f"{today}T{hour:02}:{minute + dice.randint(4, 15):02}:00.000+01:00",
        "today": today.isoformat(),
        "commune": commune,
        "name": f"{dice.choice(NAMES)} {dice.randint(2, 99)}",
        "kind": dice.choice(("association", "school", "women", "tent")),
        "point": point,
        "seats": dice.randint(10, 80),
        "state": dice.choice(("whole", "cracked", "rebuilt")),
        "day": dice.choice(("monday", "wednesday", "saturday")),
        **{each: dice.choice(("yes", "no")) for each in ("water", "electricity", "women_only", "wheelchair")},
    }
    return Filled(FORM, version, writes)


def at_night(filled: Filled, today: date) -> Filled:
    """The same form, opened late in the evening and finished within seconds."""
    late = {"start": f"{today}T23:12:00.000+01:00", "end": f"{today}T23:12:19.000+01:00"}
    return filled._replace(writes={**filled.writes, **late})
