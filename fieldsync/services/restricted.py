"""Restricted answers (P3) on their way to phones: an association whose forms have none pays one look-up."""

import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from fieldsync.core.answer_paths import unindexed
from fieldsync.services.withholding import Withholding
from fieldsync.store import associations, form_versions
from fieldsync.store.records import RecordRow

Known = Mapping[tuple[str, str], frozenset[str]]
"""(kind, form or list) → its restricted paths, where it has any."""

ASSOCIATIONS_MAX = 256
"""Associations whose paths a process remembers; a programme has seven."""

_known: WeakKeyDictionary[Engine, OrderedDict[tuple[int, int], Known]] = WeakKeyDictionary()
_guard = threading.Lock()


def left_out(
    session: Session,
    association_id: int,
    rows: Sequence[RecordRow],
    shown: Mapping[int, dict[str, Any]],
    own: Collection[int],
) -> dict[int, dict[str, Any]]:
    """Records without the restricted answers of those that none of the `own` authors created."""
    known = _paths(session, association_id) if shown else {}
    if not known:
        return dict(shown)
    others = {row.id for row in rows if row.created_by not in own}
    return {
        row_id: _without(record, known.get((record["kind"], record["of"]), frozenset())) if row_id in others else record
        for row_id, record in shown.items()
    }


def _without(record: dict[str, Any], paths: frozenset[str]) -> dict[str, Any]:
    if not paths:
        return record
    kept = {
        name: {path: value for path, value in record[name].items() if unindexed(path) not in paths}
        for name in ("fields", "conflicts")
    }
    return {**record, **kept}


def _paths(session: Session, association_id: int) -> Known:
    """The restricted paths of an association's forms and lists, read anew when its forms have changed."""
    _, forms_position = associations.positions(session, association_id)
    name = (association_id, forms_position)
    with _guard:
        remembered = _known.setdefault(session.connection().engine, OrderedDict())
        if name in remembered:
            return remembered[name]
    withholding = Withholding(session, association_id)
    named = {("submission", row.form) for row in form_versions.versions(session, association_id)}
    named |= {(each.kind, each.of) for each in associations.collections(session, association_id)}
    found = {each: withholding.paths(*each).restricted for each in named}
    known = {each: paths for each, paths in found.items() if paths}
    with _guard:
        remembered[name] = known
        while len(remembered) > ASSOCIATIONS_MAX:
            remembered.popitem(last=False)
    return known
