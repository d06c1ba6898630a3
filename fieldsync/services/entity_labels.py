"""What entities are called that answers point to."""

import re

from sqlalchemy.orm import Session

from fieldsync.core.answer_paths import UUID
from fieldsync.core.forms import Question
from fieldsync.core.short_codes import short_code
from fieldsync.services import reading
from fieldsync.services.readers import Reader

IS_UUID = re.compile(UUID).fullmatch

NAMED_MAX = 50
"""Entities whose label one page looks up."""


class EntityLabels:
    """What entities are called that answers point to, as far as the reader may know; some few of them."""

    def __init__(self, session: Session, reader: Reader, language: str) -> None:
        self._session = session
        self._reader = reader
        self._language = language
        self._known: dict[tuple[str, str], str] = {}

    def label(self, question: Question, name: str) -> str:
        """What the entity that a choice names is called; its short code where that is not hers to see, or not here."""
        entity_list = question.itemset.instance if question.itemset else ""
        key = (entity_list, name)
        if not entity_list or not IS_UUID(name):
            return ""
        if key not in self._known and len(self._known) >= NAMED_MAX:
            return short_code(name)
        if key not in self._known:
            self._known[key] = self._look_up(entity_list, name)
        return self._known[key]

    def _look_up(self, entity_list: str, uuid: str) -> str:
        found = reading.find(self._session, self._reader, uuid.lower(), "entity", entity_list)
        told = reading.told(self._session, self._reader, found, self._language)
        label = told[0]["fields"].get("label") if told else ""
        return label if isinstance(label, str) and label else short_code(uuid)
