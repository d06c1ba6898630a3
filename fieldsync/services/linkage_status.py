"""How linkage stands in an association: for the operator."""

from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core.linkage_features import algorithm
from fieldsync.services import following
from fieldsync.services.following import LINKAGE
from fieldsync.services.linkage_lists import linked_lists
from fieldsync.store import linkage
from fieldsync.store.associations import AssociationRow


def of_association(session: Session, owner: AssociationRow) -> list[dict[str, Any]]:
    """Each list that is compared: its parts, records, pairs by zone, model, and changes that are left to look at."""
    left = following.behind(session, LINKAGE, owner.id)
    return [
        {
            "association": owner.slug,
            "list": each.collection.of,
            "kind": each.kind,
            "parts": {part: list(names) for part, names in sorted(each.parts.items())},
            "records": linkage.count_features(session, each.collection.id, algorithm()),
            "pairs": linkage.count_pairs(session, owner.id, each.collection.kind, each.collection.of),
            "model": each.model.version,
            "trained_ms": linkage.trained_ms(session, owner.id, each.collection.of) or None,
            "left": left,
        }
        for each in linked_lists(session, owner.id).values()
    ]


def on_a_line(told: dict[str, Any]) -> str:
    """The same for a terminal."""
    pairs = ", ".join(f"{count} {zone}" for zone, count in told["pairs"].items()) or "no pairs"
    return (
        f"{told['association']}  {told['list']}  {told['kind']}s: {told['records']} records, {pairs}, model"
        f" {told['model']}, {told['left']} changes left"
    )
