"""Which entity lists are compared at all, by which properties, and by which model.

A list never is where any property of it is restricted (P3) or its form family is sealed: what survivors said is
compared with nothing. Each list of an association is a space of its own, so nothing is ever compared across lists,
form families or associations.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

import msgspec
from sqlalchemy.orm import Session

from fieldsync.config import program_folder
from fieldsync.core.blocking import Space
from fieldsync.core.keys import derived
from fieldsync.core.linkage import Scorer
from fieldsync.core.linkage_features import Parts, kind_of
from fieldsync.core.linkage_model import Model, completed, faults_of
from fieldsync.core.masking import RESTRICTED
from fieldsync.services import role_book
from fieldsync.services.searchable import sealed_families
from fieldsync.store import associations, form_versions, linkage
from fieldsync.store.associations import CollectionRow
from fieldsync.store.db import master_key

PURPOSE = "linkage"
"""For what the key of the digests is derived."""

MODEL_FILE = "linkage.json"


@dataclass(frozen=True)
class LinkedList:
    """An entity list whose records are compared: the properties that play each part, keys, and the model in force."""

    collection: CollectionRow
    kind: str
    parts: Parts
    space: Space
    scorer: Scorer = field(compare=False)

    @property
    def model(self) -> Model:
        """The model in force."""
        return self.scorer.model


def linked_lists(session: Session, association_id: int) -> dict[int, LinkedList]:
    """The lists of an association that are compared, by collection id."""
    book = role_book.book(session)
    sealed = sealed_families(book)
    found: dict[int, LinkedList] = {}
    for collection in associations.collections(session, association_id):
        if collection.kind != "entity" or book.family(collection.kind, collection.of) in sealed:
            continue
        parts = _parts(session, association_id, collection.of)
        kind = kind_of(parts)
        if kind is not None:
            space = space_of(session, collection)
            scorer = _scorer_in_force(session, association_id, collection.of, kind)
            found[collection.id] = LinkedList(collection, kind, parts, space, scorer)
    return found


def space_of(session: Session, collection: CollectionRow) -> Space:
    """The keys of a list."""
    return Space(derived(master_key(session), PURPOSE), collection.association_id, collection.of)


def with_shipped_model(of_list: LinkedList) -> LinkedList:
    """A list whose records are compared by the model that comes with the program."""
    return replace(of_list, scorer=_shipped_scorer(of_list.kind))


def shipped_model(kind: str) -> Model:
    """The model that comes with the program."""
    return _shipped()[kind]


def _parts(session: Session, association_id: int, of: str) -> dict[str, tuple[str, ...]]:
    rows = form_versions.properties(session, association_id, of)
    if any(row.sensitivity == RESTRICTED for row in rows):
        return {}
    parts: dict[str, tuple[str, ...]] = {}
    for row in rows:
        if row.part:
            parts[row.part] = (*parts.get(row.part, ()), row.name)
    return parts


def _scorer_in_force(session: Session, association_id: int, of: str, kind: str) -> Scorer:
    stored = linkage.active_model(session, association_id, of)
    trained = _trained_scorer(*stored) if stored else None
    return trained if trained is not None and trained.model.kind == kind else _shipped_scorer(kind)


@lru_cache(maxsize=16)
def _trained_scorer(version: int, body: bytes) -> Scorer | None:
    """None for a model whose levels are those of an older program: the shipped one scores until the next night."""
    learned = msgspec.structs.replace(msgspec.json.decode(body, type=Model), version=version)
    model = completed(learned, shipped_model(learned.kind))
    return None if faults_of(model) else Scorer(model)


@lru_cache(maxsize=4)
def _shipped_scorer(kind: str) -> Scorer:
    return Scorer(shipped_model(kind))


@lru_cache(maxsize=1)
def _shipped() -> Mapping[str, Model]:
    data = (program_folder("forms") / MODEL_FILE).read_bytes()
    return {model.kind: model for model in msgspec.json.decode(data, type=list[Model])}
