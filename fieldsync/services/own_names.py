"""A server's own list of names: what its speakers add to the program's list, or take out, whatever an update brings."""

from pathlib import Path

from fieldsync.config import Settings
from fieldsync.core import name_data
from fieldsync.core.problems import Problem

BYTES_MAX = 1024 * 1024


def take(settings: Settings) -> Problem | None:
    """Go by it in this process, which has read no name yet; or what is wrong with the file."""
    text = _read(settings.names_file, must_exist=bool(settings.names))
    if isinstance(text, Problem):
        return text
    try:
        name_data.parse_data("", text)
    except name_data.LineWrong as wrong:
        return Problem("names_wrong", detail={"file": str(settings.names_file), "line": str(wrong.number)})
    name_data.take_own(text)
    return None


def with_names(settings: Settings | list[Problem]) -> Settings | list[Problem]:
    """Settings as they were loaded, their names taken; or what is wrong with either."""
    problem = None if isinstance(settings, list) else take(settings)
    return [problem] if problem else settings


def _read(path: Path, must_exist: bool) -> str | Problem:
    if not must_exist and not path.exists():
        return ""
    unreadable = Problem("names_unreadable", detail={"file": str(path)})
    try:
        with path.open("rb") as file:
            found = file.read(BYTES_MAX + 1)
        return unreadable if len(found) > BYTES_MAX else found.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return unreadable
