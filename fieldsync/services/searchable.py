"""Which answers can be searched, under which words, and by whom: nothing restricted, and no sealed form at all."""

import re
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy.orm import Session

from fieldsync.core.answer_paths import UUID, unindexed
from fieldsync.core.forms import Form
from fieldsync.core.merge import RecordState
from fieldsync.core.names import search_keys
from fieldsync.core.operations import Value
from fieldsync.core.roles import RoleBook
from fieldsync.services import following, places, role_book
from fieldsync.services.published import published
from fieldsync.services.withholding import Withholding
from fieldsync.store import inbox, records
from fieldsync.store.inbox import InboxRow

TYPES = frozenset({"text", "calculate"})
"""Questions whose answers are words; choices, numbers and dates are filtered, not searched."""

OF_THE_RECORD = ""
"""In place of a path: the record's code and its place, which everybody may see who sees the record."""

CODE_DIGITS = 12

WORDS_MAX = 60
"""Words under which one record is found."""

_NO_WORDS = re.compile(rf"{UUID}|\d+(\.\d+)+|\d{{4}}-\d\d-\d\d.*")
"""Ids, codes of places and dates: filters and links lead to them."""

Path = tuple[str, str, str]
"""(kind, form or list, path)."""

Answers = Mapping[str, Value]
"""Answers by their paths."""

Words = frozenset[tuple[Path, str]]
"""Words under which a record is found, each with its question."""


def sealed_families(book: RoleBook) -> frozenset[str]:
    """Families of which some role sees totals only: what survivors said."""
    return frozenset(family for role in book.roles for family in role.counts)


def restricted(session: Session, association_id: int, form: Form) -> Mapping[tuple[str, str], frozenset[str]]:
    """Which answers of a form, and of the lists that it writes, are restricted by now."""
    withholding = Withholding(session, association_id)
    names = [("submission", form.id), *(("entity", each.list) for each in form.entities)]
    return {name: withholding.paths(*name).restricted for name in names}


def look_again(
    session: Session, association_id: int, form: Form, before: Mapping[tuple[str, str], frozenset[str]]
) -> None:
    """A version was published: where an answer became restricted, no word of it stays."""
    for (kind, of), paths in restricted(session, association_id, form).items():
        if paths != before[kind, of]:
            following.touch_all(session, association_id, kind, of)


class Searchable:
    """Looks each form or list of an association up once."""

    def __init__(self, session: Session, association_id: int) -> None:
        self._session = session
        self._association_id = association_id
        self._withholding = Withholding(session, association_id)
        self._book = role_book.book(session)
        self._sealed = sealed_families(self._book)
        self._texts: dict[tuple[str, str | None], frozenset[str]] = {}
        self._place_words: dict[str, list[str]] = {}

    def words(self, row: InboxRow, state: RecordState | None, also: Iterable[Answers] = ()) -> Words:
        """Under which words a record is found, and by which question each.

        `also`: what was said of each record that it shows, itself among them: whoever searches for the former name or
        phone of one that was merged finds the one through which she shows.
        """
        if state is None or row.uuid is None or self._is_sealed(row.kind, row.of):
            return frozenset()
        own = (row.kind, row.of, OF_THE_RECORD)
        found = [(own, records.uuid_text(row.uuid)[-CODE_DIGITS:])]
        found += [(own, word) for word in self._words_of_place(row.place)]
        restricted = self._withholding.paths(row.kind, row.of).restricted
        texts = self._texts_of(row, state)
        for path, value in (said for each in (state.fields, *also) for said in each.items()):
            question = unindexed(path)
            asked = question not in restricted and (texts is None or question in texts)
            if asked and isinstance(value, str) and not _NO_WORDS.fullmatch(value):
                found += [((row.kind, row.of, question), word) for word in search_keys(value)]
        return frozenset(list(dict.fromkeys(found))[:WORDS_MAX])

    def numbers(self, wanted: Collection[Path]) -> dict[Path, int]:
        """The numbers of questions; new ones get theirs."""
        known = inbox.paths(self._session, self._association_id)
        new = set(wanted) - known.keys()
        if new:
            inbox.add_paths(self._session, self._association_id, new)
            known = inbox.paths(self._session, self._association_id)
        return known

    def open_to(self, names: Collection[tuple[str, str]], personal: bool) -> Iterable[int]:
        """Numbers of the questions of some forms and lists that may be searched; `personal`: also personal answers.

        The classes are those of today, whatever they were when the words were noted.
        """
        for (kind, of, path), number in inbox.paths(self._session, self._association_id).items():
            if (kind, of) not in names or self._is_sealed(kind, of):
                continue
            hidden = self._withholding.paths(kind, of)
            if path not in hidden.restricted and (personal or path not in hidden.personal):
                yield number

    def _is_sealed(self, kind: str, of: str) -> bool:
        return self._book.family(kind, of) in self._sealed

    def _texts_of(self, row: InboxRow, state: RecordState) -> frozenset[str] | None:
        """Paths of the questions that are answered in words; None for an entity, whose properties are all texts."""
        if row.kind == "entity":
            return None
        name = (row.of, state.version)
        if name not in self._texts:
            found = published(self._session, self._association_id, row.of, state.version)
            questions = found.form.questions if found else ()
            self._texts[name] = frozenset(each.path for each in questions if each.type in TYPES)
        return self._texts[name]

    def _words_of_place(self, code: str) -> list[str]:
        if code not in self._place_words:
            place = places.by_code().get(code)
            names = place.names.values() if place else ()
            self._place_words[code] = sorted({word for name in names for word in search_keys(name)})
        return self._place_words[code]
