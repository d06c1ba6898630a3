"""A short form that registers a participant: each record makes an entity."""

import random
from collections.abc import Iterator

import msgspec

from tests.benchmarks.household import answers, uuid_v7

FORM = "registration"
VERSION = "2026112301"
_ANSWERS = {"full_name": "full_name", "birth_year": "birth_year", "phone": "phone", "commune": "place"}
_NOW_MS = 1_795_000_000_000


def definition() -> bytes:
    """The form as an XLSForm in Markdown."""
    lines = ["| survey |", "| | type | name | label | save_to |"]
    lines += [
        f"| | {'integer' if name == 'birth_year' else 'text'} | {name} | {name} | {saved} |"
        for name, saved in _ANSWERS.items()
    ]
    lines += ["| entities |", "| | list_name | label |", "| | people | ${full_name} |"]
    lines += ["| settings |", "| | form_id | version | form_title |", f"| | {FORM} | {VERSION} | Registration |"]
    return "\n".join(lines).encode()


def operations(author: str, first_counter: int, count: int) -> Iterator[bytes]:
    """New registrations of one author as their bytes."""
    dice = random.Random(f"{author} {first_counter}")
    for counter in range(first_counter, first_counter + count):
        everything = answers(dice)
        writes = {name: everything[name] for name in _ANSWERS}
        entity = {
            "meta/entity/@id": uuid_v7(_NOW_MS + counter, dice),
            "meta/entity/@create": "1",
            "meta/entity/label": everything["full_name"],
        }
        yield msgspec.json.encode(
            {
                "id": [author, counter],
                "record": uuid_v7(_NOW_MS + counter, dice),
                "kind": "submission",
                "of": FORM,
                "version": VERSION,
                "stamp": [_NOW_MS + counter, 0],
                "writes": writes | entity,
            }
        )
