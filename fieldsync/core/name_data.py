"""What no rule can know about Moroccan names: `names.txt`, and what a server's own file adds to it or takes from it."""

import re
import unicodedata
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

SECTIONS = ("left out", "written", "short", "ending in alif", "without article", "with article")
SHORT = "short"
NAMED = ("written", SHORT, "with article")
"""Sections of which a line is a name, a colon and what stands for it."""

MINUS = "-"
"""Before a word of a server's own file that is to be taken out of the program's."""


@dataclass(frozen=True)
class NameData:
    """The sections of the list; every text as it stands there, in lower case."""

    left_out: frozenset[str]
    written: Mapping[str, str]
    """A spelling that no rule reads → the spelling that is read in its place."""

    short: tuple[tuple[str, ...], ...]
    """A name with its short and dialect forms, the full name first."""

    ending_in_alif: frozenset[str]
    without_article: frozenset[str]
    with_article: Mapping[str, str]
    """A name that the article before it makes another → that other name."""


class LineWrong(ValueError):
    """A line of a data file cannot be read; `number` counts from 1."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"line {number}: {why}")
        self.number = number


def parse_data(text: str, own: str = "") -> NameData:
    """Read the text of a data file, and what a server's own file adds to it and takes from it; else LineWrong.

    A word of the own file that begins with a minus is taken out of ours: under [short] and its like of the lines of
    that name, elsewhere of the section. Where both read a spelling as a name, the own file is right.
    """
    lines, added = _sections(text), _sections(own)
    for section in SECTIONS:
        lines[section] = _joined(lines[section], added[section], section)
    return NameData(
        left_out=_words(lines["left out"]),
        written=_read_as(lines["written"]),
        short=tuple(lines["short"]),
        ending_in_alif=_words(lines["ending in alif"]),
        without_article=_words(lines["without article"]),
        with_article=_read_as(lines["with article"]),
    )


def take_own(text: str) -> None:
    """Go by a server's own file beside the program's. Once a process, before any name is read; else RuntimeError."""
    if text == _own[0]:
        return
    if name_data.cache_info().currsize:
        raise RuntimeError("names were read by another list already")
    _own[0] = text


_own = [""]


@cache
def name_data() -> NameData:
    """The program's own data file, with the server's."""
    return parse_data(_text(), _own[0])


EDITIONS = 1 << 16


def edition_of(text: str) -> int:
    """A number for what a data file says, below EDITIONS; remarks and blank lines change nothing."""
    said = [line.partition("#")[0].strip() for line in text.splitlines()]
    return zlib.crc32("\n".join(filter(None, said)).encode()) % EDITIONS


def edition() -> int:
    """The number of what names are read by."""
    return edition_of(f"{_text()}\n{_own[0]}")


@cache
def _text() -> str:
    return files("fieldsync.core").joinpath("names.txt").read_text(encoding="utf-8")


# ---- reading ---------------------------------------------------------------------------------------------------

_Lines = list[tuple[str, ...]]


def _sections(text: str) -> dict[str, _Lines]:
    """The lines of each section; of those in NAMED the name first."""
    found: dict[str, _Lines] = {section: [] for section in SECTIONS}
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        line = line.partition("#")[0].strip().lower()
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1].strip()
        elif line:
            if section not in found:
                raise LineWrong(number, f"[{section}] is none of the sections {', '.join(SECTIONS)}")
            found[section].append(_line(number, line, section in NAMED))
    return found


def _line(number: int, line: str, named: bool) -> tuple[str, ...]:
    name, colon, rest = line.partition(":")
    words = tuple(filter(None, map(str.strip, re.split("[,،]", rest if named else line))))
    if not named and not colon:
        return words
    if named and colon and name.strip() and not name.startswith(MINUS):
        return (name.strip(), *words)
    raise LineWrong(number, "a name, a colon and words" if named else "words parted by commas, and no colon")


def _joined(ours: _Lines, own: _Lines, section: str) -> _Lines:
    """What the own file takes out is out; what it adds follows. Short forms of a name that has some join them."""
    named = section in NAMED
    taken = {(_name(line, named), _plain(word[1:])) for line in own for word in line if word.startswith(MINUS)}
    found = [tuple(each for each in line if (_name(line, named), _plain(each)) not in taken) for line in ours]
    places = {_name(line, named): place for place, line in reversed(list(enumerate(found)))}
    for line in own:
        said = tuple(each for each in line if not each.startswith(MINUS))
        at = places.get(_name(line, named)) if section == SHORT else None
        if at is None:
            found.append(said)
        else:
            found[at] += said[1:]
    return found


def _name(line: tuple[str, ...], named: bool) -> str:
    return _plain(line[0]) if named and line else ""


def _plain(word: str) -> str:
    """Without accents and vowel signs, which do not matter."""
    apart = unicodedata.normalize("NFKD", word.strip())
    return "".join(each for each in apart if not unicodedata.combining(each))


def _words(lines: _Lines) -> frozenset[str]:
    return frozenset(word for line in lines for word in line)


def _read_as(lines: _Lines) -> dict[str, str]:
    return {spelling: names[0] for names in lines for spelling in names[1:]}
