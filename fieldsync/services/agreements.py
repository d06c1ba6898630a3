"""Which associations let their lists be compared with each other's: off until both say so, and either may end it."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.core.problems import Problem
from fieldsync.services import auditing, following
from fieldsync.store import agreements, associations, followers
from fieldsync.store.agreements import Agreement, Couple
from fieldsync.store.associations import AssociationRow


@dataclass(frozen=True)
class Partner:
    """Another association: whether we allow that our lists are compared, whether they do, how many persons are one."""

    association: AssociationRow
    ours: bool
    theirs: bool
    same: int

    @property
    def both(self) -> bool:
        """Whether lists are compared."""
        return self.ours and self.theirs


def partners(session: Session, association_id: int) -> list[Partner]:
    """Every other association, as an association stands to it."""
    said = {(row.association_id, row.partner_id) for row in agreements.of_association(session, association_id)}
    return [
        _partner(session, association_id, each, said)
        for each in associations.everyone(session)
        if each.id != association_id
    ]


def _partner(session: Session, own: int, other: AssociationRow, said: set[tuple[int, int]]) -> Partner:
    ours, theirs = (own, other.id) in said, (other.id, own) in said
    same = agreements.count_same(session, couple_of(own, other.id)) if ours and theirs else 0
    return Partner(other, ours, theirs, same)


def allow(session: Session, association_id: int, partner_id: int, actor: str, now_ms: int) -> Problem | None:
    """An association lets its lists be compared with those of a partner; nothing is before the partner does too."""
    if association_id == partner_id:
        return Problem("not_found")
    agreements.give(session, Agreement(association_id, partner_id, actor, now_ms))
    if couple_of(association_id, partner_id) in agreements.couples(session):
        followers.begin_again_in(session, following.ACROSS, association_id)
    _note(session, (association_id, partner_id), actor, "linkage_allowed", now_ms)
    return None


def withdraw(session: Session, association_id: int, partner_id: int, actor: str, now_ms: int) -> None:
    """An association allows it no longer: the pairs of the two are gone, for both and at once."""
    agreements.withdraw(session, association_id, partner_id)
    _note(session, (association_id, partner_id), actor, "linkage_withdrawn", now_ms)


def couple_of(one: int, other: int) -> Couple:
    """Two associations, the smaller id first."""
    return min(one, other), max(one, other)


def standing(session: Session, association_id: int) -> Mapping[int, Couple]:
    """Partner → couple, of those with whom both allow it."""
    return {
        each[0] if each[1] == association_id else each[1]: each
        for each in agreements.couples(session)
        if association_id in each
    }


def _note(session: Session, said: tuple[int, int], actor: str, action: str, now_ms: int) -> None:
    about = f"association:{said[1]}"
    auditing.note(session, said[0], actor, action, about, now_ms)
