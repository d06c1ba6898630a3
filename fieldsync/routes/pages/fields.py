"""What a form carried: texts of bounded length, and what was wrong with them by field."""

from collections.abc import Sequence

from flask import request

TEXT_MAX = 200
"""Characters of a name, an address, a code; a passphrase may be as long."""


def text(name: str, most: int = TEXT_MAX) -> str:
    """A field's text without blanks around it; one that is too long, or holds control characters, counts as empty."""
    given = request.form.get(name, "").strip()
    return given if len(given) <= most and given.isprintable() else ""


def secret(name: str, most: int = TEXT_MAX) -> str:
    """A passphrase exactly as typed."""
    given = request.form.get(name, "")
    return given if len(given) <= most else ""


def several(name: str, allowed: Sequence[str]) -> list[str]:
    """What was ticked, of what may be."""
    given = set(request.form.getlist(name))
    return [each for each in allowed if each in given]


def one_of(name: str, allowed: Sequence[str]) -> str:
    """What was chosen, of what may be; an empty text where nothing was."""
    given = request.form.get(name, "")
    return given if given in allowed else ""


def whole(name: str, least: int, most: int) -> int | None:
    """A whole number within bounds."""
    given = request.form.get(name, "").strip()
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        return None
    return int(given) if least <= int(given) <= most else None
