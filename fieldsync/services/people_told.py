"""People as they are told: to the operator with everything, to others as far as they may know."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.store import associations, grants, second_factors
from fieldsync.store.grants import GrantRow
from fieldsync.store.people import PersonRow


def listed(session: Session, rows: Sequence[PersonRow]) -> list[dict[str, Any]]:
    """People with all that they hold."""
    held = grants_by_person(session, [row.id for row in rows])
    guarded = second_factors.has(session, [row.id for row in rows])
    slugs = slugs_by_id(session)
    return [whole(row, held[row.id], row.id in guarded, slugs) for row in rows]


def whole(row: PersonRow, held: Sequence[GrantRow], guarded: bool, slugs: dict[int, str]) -> dict[str, Any]:
    """A person with everything."""
    return {
        "person": row.uuid,
        "email": row.email,
        "name": row.name,
        "status": row.status,
        "association": slugs.get(row.association_id or 0),
        "created_ms": row.created_ms,
        "signed_in_ms": row.signed_in_ms or None,
        "reset_asked_ms": row.reset_asked_ms or None,
        "second_factor": guarded,
        "grants": [granted(grant, slugs) for grant in held],
    }


def not_come(row: PersonRow, held: Sequence[GrantRow], slugs: dict[int, str], owner: int) -> dict[str, Any]:
    """A person who belongs elsewhere and has not come since she got a role here: as one who has no account yet."""
    return {
        "person": row.uuid,
        "email": row.email,
        "name": "",
        "status": "invited",
        "association": slugs.get(owner),
        "created_ms": min((grant.granted_ms for grant in held), default=row.created_ms),
        "signed_in_ms": None,
        "reset_asked_ms": None,
        "second_factor": False,
        "grants": [granted(grant, slugs) for grant in held],
    }


def granted(row: GrantRow, slugs: dict[int, str]) -> dict[str, Any]:
    """A role that somebody holds, for people."""
    return {
        "grant": row.uuid,
        "role": row.role,
        "association": slugs.get(row.association_id or 0),
        "places": row.places.split(),
        "team": row.team,
        "status": row.status,
        "waiver": row.waiver,
        "granted_ms": row.granted_ms,
    }


def grants_by_person(session: Session, ids: Sequence[int]) -> dict[int, list[GrantRow]]:
    """What each of these people holds or is about to hold."""
    held: dict[int, list[GrantRow]] = {row_id: [] for row_id in ids}
    for grant in grants.of_people(session, ids):
        held[grant.person_id].append(grant)
    return held


def slugs_by_id(session: Session) -> dict[int, str]:
    """The slug of every association."""
    return {row.id: row.slug for row in associations.everyone(session)}
