"""Findings about forms in words: what is wrong, and the one repair, in the reader's language."""

from dataclasses import dataclass

from fieldsync.core.finding_messages.findings import FINDINGS
from fieldsync.core.finding_messages.repairs import REPAIRS
from fieldsync.core.forms import Finding

WORDS = {**FINDINGS, **REPAIRS}
ENGLISH = "en"
PLACES = {"ar": 0, "fr": 1}


@dataclass(frozen=True)
class Said:
    """A text, and the language in which it stands: English where it is known in no other."""

    text: str
    language: str


class _Blanks(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "…"


def message(finding: Finding, language: str = ENGLISH) -> Said:
    """What is wrong."""
    return _said(finding.message, finding, language)


def repair(finding: Finding, language: str = ENGLISH) -> Said:
    """What to do; an empty text where nobody can say."""
    return _said(finding.advice, finding, language)


def _said(text: str, finding: Finding, language: str) -> Said:
    known = WORDS.get(text)
    place = PLACES.get(language)
    spoken = language if known and place is not None else ENGLISH
    chosen = known[place] if known and place is not None else text
    return Said(chosen.format_map(_Blanks(finding.detail)) if finding.detail else chosen, spoken)
