"""What no rule can know about Moroccan names, read from `names.txt`, which a native speaker can correct."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

SECTIONS = ("left out", "written", "short", "ending in alif", "without article", "with article")


@dataclass(frozen=True)
class NameData:
    """The sections of `names.txt`; every text as it stands there, in lower case."""

    left_out: frozenset[str]
    written: Mapping[str, str]
    """A spelling that no rule reads → the spelling that is read in its place."""

    short: tuple[tuple[str, ...], ...]
    """A name with its short and dialect forms, the full name first."""

    ending_in_alif: frozenset[str]
    without_article: frozenset[str]
    with_article: Mapping[str, str]
    """A name that the article before it makes another → that other name."""


def parse_data(text: str) -> NameData:
    """Read the text of a data file; ValueError with the number of the line that cannot be read."""
    lines: dict[str, list[tuple[str, ...]]] = {section: [] for section in SECTIONS}
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        line = line.partition("#")[0].strip().lower()
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif line:
            if section not in lines:
                raise ValueError(f"line {number}: [{section}] is none of the sections {', '.join(SECTIONS)}")
            first, colon, rest = line.partition(":")
            lines[section].append(
                tuple(each.strip() for each in ([first] if colon else []) + (rest or first).split(","))
            )
    return NameData(
        left_out=_words(lines["left out"]),
        written=_read_as(lines["written"]),
        short=tuple(lines["short"]),
        ending_in_alif=_words(lines["ending in alif"]),
        without_article=_words(lines["without article"]),
        with_article=_read_as(lines["with article"]),
    )


@cache
def name_data() -> NameData:
    """The program's own data file."""
    return parse_data(_text())


EDITIONS = 1 << 16


def edition_of(text: str) -> int:
    """A number for what a data file says, below EDITIONS; remarks and blank lines change nothing."""
    said = [line.partition("#")[0].strip() for line in text.splitlines()]
    return zlib.crc32("\n".join(filter(None, said)).encode()) % EDITIONS


def edition() -> int:
    """The number of the program's own data file."""
    return edition_of(_text())


@cache
def _text() -> str:
    return files("fieldsync.core").joinpath("names.txt").read_text(encoding="utf-8")


def _words(lines: list[tuple[str, ...]]) -> frozenset[str]:
    return frozenset(word for line in lines for word in line)


def _read_as(lines: list[tuple[str, ...]]) -> dict[str, str]:
    return {spelling: names[0] for names in lines for spelling in names[1:]}
