"""A household form of 30 questions with rules, and companions who fill it: what the figures of the design speak of."""

import random
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

FORM = "household"
VERSION = "2026112301"

_CHOICES = {
    "yes_no": ("yes", "no"),
    "housing": ("home", "tent", "relative", "temporary"),
    "work": ("none", "farm", "craft", "employee", "pupil"),
    "needs": ("health", "legal", "income", "papers", "shelter", "school"),
}
_WOMEN = ("فاطمة", "خديجة", "Aïcha", "زهرة", "Malika", "نعيمة", "Rachida", "لطيفة", "Fadma", "سعاد")
_FAMILIES = ("أيت علي", "Ait Ouakrim", "بنحمو", "Belkacem", "أوبلا", "El Idrissi", "أمزيل", "Oubaha")
_NOW_MS = 1_795_000_000_000
_FIRST_OPENED, _MINUTE, _DAY = datetime(2026, 8, 10, 7), timedelta(minutes=1), timedelta(days=1)
"""So early that the last form of five million is opened before it is said."""
_NOTES = ("جاءت مع أختها", "Habite encore sous la tente", "تريد تعلم النسيج", "Reviendra la semaine prochaine", "")


def definition() -> bytes:
    """The form as an XLSForm in Markdown."""
    rows = [
        ("start", "start", "", "", "", ""),
        ("end", "end", "", "", "", ""),
        ("today", "today", "", "", "", ""),
        ("text", "commune", "Commune", "yes", "", "regex(., '^07[.0-9]+$')"),
        ("text", "douar", "Douar", "yes", "", ""),
        ("text", "full_name", "Name", "yes", "", "string-length(.) >= 2"),
        ("integer", "birth_year", "Year of birth", "yes", "", ". >= 1920 and . <= 2026"),
        ("text", "phone", "Phone", "", "", r"regex(., '^(\+212|0)[5-7][0-9]{8}$')"),
        ("select_one yes_no", "head", "Head of household?", "yes", "", ""),
        ("integer", "members", "Members", "yes", "", ". > 0 and . < 40"),
        ("integer", "women", "Women", "yes", "", ". <= ${members}"),
        ("integer", "children", "Children", "yes", "", ". <= ${members}"),
        ("select_one yes_no", "schooled", "At school?", "", "${children} > 0", ""),
        ("integer", "pupils", "Pupils", "", "${schooled} = 'yes'", ". <= ${children}"),
        ("select_one housing", "housing", "Housing", "yes", "", ""),
        ("integer", "rooms", "Rooms", "", "${housing} != 'tent'", ". < 30"),
        ("select_one yes_no", "water", "Water", "yes", "", ""),
        ("select_one yes_no", "power", "Power", "yes", "", ""),
        ("select_one work", "work", "Work", "yes", "", ""),
        ("decimal", "income", "Income", "", "${work} != 'none'", ". >= 0"),
        ("select_multiple needs", "needs", "Needs", "yes", "", ""),
        ("text", "need_other", "Other need", "", "selected(${needs}, 'school')", ""),
        ("date", "visited", "Visited on", "yes", "", ". <= today()"),
        ("select_one yes_no", "again", "Again?", "", "", ""),
        ("date", "next_visit", "Next visit", "", "${again} = 'yes'", ". > ${visited}"),
        ("integer", "sheep", "Sheep", "", "", ". >= 0"),
        ("integer", "olive_trees", "Olive trees", "", "", ". >= 0"),
        ("select_one yes_no", "loom", "Loom?", "", "", ""),
        ("geopoint", "point", "Where", "", "", ""),
        ("text", "notes", "Notes", "", "", "string-length(.) <= 500"),
    ]
    lines = ["| survey |", "| | type | name | label | required | relevant | constraint |"]
    lines += [f"| | {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    lines += ["| choices |", "| | list_name | name | label |"]
    lines += [f"| | {name} | {each} | {each} |" for name, listed in _CHOICES.items() for each in listed]
    lines += ["| settings |", "| | form_id | version | form_title |", f"| | {FORM} | {VERSION} | Household |"]
    return "\n".join(lines).encode()


def answers(dice: random.Random, number: int = 1) -> dict[str, Any]:
    """What one companion writes down of her household of this number; it breaks no rule.

    Her days go on: one form after the other, a minute apart.
    """
    members, children, work = dice.randint(1, 12), dice.randint(0, 1), dice.choice(_CHOICES["work"])
    needs = sorted(dice.sample(_CHOICES["needs"][:5], dice.randint(1, 3)))
    opened = _FIRST_OPENED + number * _MINUTE
    day = opened.date()
    written = {
        "start": f"{opened:%Y-%m-%dT%H:%M:%S}.000+01:00",
        "end": f"{opened + _MINUTE:%Y-%m-%dT%H:%M:%S}.000+01:00",
        "today": f"{day}",
        "commune": f"07.041.05.{dice.randint(10, 19)}",
        "douar": f"douar-{dice.randint(1, 400):04}",
        "full_name": f"{dice.choice(_WOMEN)} {dice.choice(_FAMILIES)} {dice.randint(1, 9999)}",
        "birth_year": dice.randint(1940, 2005),
        "phone": f"06{dice.randint(10_000_000, 99_999_999)}",
        "head": dice.choice(_CHOICES["yes_no"]),
        "members": members,
        "women": dice.randint(0, members),
        "children": children,
        "housing": dice.choice(("home", "relative", "temporary")),
        "rooms": dice.randint(1, 8),
        "water": dice.choice(_CHOICES["yes_no"]),
        "power": dice.choice(_CHOICES["yes_no"]),
        "work": work,
        "needs": {"set": needs},
        "visited": f"{day}",
        "again": "yes",
        "next_visit": f"{day + 30 * _DAY}",
        "sheep": dice.randint(0, 30),
        "olive_trees": dice.randint(0, 200),
        "loom": dice.choice(_CHOICES["yes_no"]),
        "point": {"lat": f"31.{dice.randint(100000, 300000)}", "lon": f"-8.{dice.randint(100000, 300000)}"},
        "notes": dice.choice(_NOTES),
    }
    if children:
        written |= {"schooled": "yes", "pupils": children}
    if work != "none":
        written["income"] = f"{dice.randint(0, 4000)}.50"
    return {path: value for path, value in written.items() if value != ""}


def operations(author: str, first_counter: int, count: int) -> Iterator[bytes]:
    """New submissions of one author as their bytes; record ids rise with time (UUID version 7)."""
    dice = random.Random(f"{author} {first_counter}")
    for counter in range(first_counter, first_counter + count):
        yield msgspec.json.encode(
            {
                "id": [author, counter],
                "record": uuid_v7(_NOW_MS + counter, dice),
                "kind": "submission",
                "of": FORM,
                "version": VERSION,
                "stamp": [_NOW_MS + counter, 0],
                "writes": answers(dice, counter),
            }
        )


def uuid_v7(at_ms: int, dice: random.Random) -> str:
    """A UUID of version 7 (RFC 9562 section 5.7)."""
    number = (at_ms & (1 << 48) - 1) << 80 | 7 << 76 | dice.getrandbits(12) << 64 | 2 << 62 | dice.getrandbits(62)
    return str(uuid.UUID(int=number))
