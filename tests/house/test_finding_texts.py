"""What findings say stands in three languages, and nothing stands there that nobody says."""

import re

from fieldsync.core.finding_messages.findings import FINDINGS
from fieldsync.core.finding_messages.repairs import REPAIRS
from fieldsync.core.finding_texts import message, repair
from fieldsync.core.forms import Finding, blanks
from tests.house.finding_texts import said

ARABIC = re.compile("[\u0600-\u06ff]")
BLANK = re.compile(r"(?<!\{)\{(\w+)\}")
BARE = {"{column}: {fault}"}
"""What has no words of its own."""


def test_every_finding_and_repair_has_its_words_and_no_other_has() -> None:
    messages, repairs = said()
    assert len(messages) > 100
    assert set(FINDINGS) == messages
    assert set(REPAIRS) == repairs - messages


def test_words_keep_their_blanks_and_are_in_their_language() -> None:
    for english, (arabic, french) in {**FINDINGS, **REPAIRS}.items():
        assert english in BARE or ARABIC.search(arabic), english
        assert not ARABIC.search(french), english
        for text in (arabic, french):
            assert set(BLANK.findall(text)) <= set(BLANK.findall(english)), english


def test_a_finding_is_told_in_the_language_of_the_page() -> None:
    finding = Finding("error", "unknown_reference", "No question is called {name}.", "Did you mean ${{{close}}}?",
                      detail=blanks(name="ag", close="age"))  # fmt: skip
    told = {
        language: (message(finding, language).text, repair(finding, language).text) for language in ("ar", "fr", "en")
    }
    assert told == {
        "ar": ("لا سؤال باسم ag.", "هل المقصود ${age}؟"),
        "fr": ("Aucune question ne s’appelle ag.", "Vouliez-vous dire ${age} ?"),
        "en": ("No question is called ag.", "Did you mean ${age}?"),
    }


def test_what_was_stored_before_and_what_the_library_says_stays_as_it_came() -> None:
    for text in ("No question is called ${ag}.", "There are two survey elements named 'a'.", "{ and } and {name}"):
        shown = message(Finding("error", "pyxform", text), "ar")
        assert (shown.text, shown.language) == (text, "en")
