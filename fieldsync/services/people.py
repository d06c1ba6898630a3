"""Looking after people: who there is, inviting them, keeping them out, helping them back in."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core.access import MANAGE_PEOPLE
from fieldsync.core.problems import Problem
from fieldsync.services import auditing, granting, invitations, people_told, readers, signing
from fieldsync.services.granting import Wanted
from fieldsync.services.readers import NO_ASSOCIATION, Reader
from fieldsync.services.reading import Page
from fieldsync.store import grants, people, second_factors, sign_ins
from fieldsync.store.grants import GrantRow
from fieldsync.store.people import PersonRow

EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,190}")

Draw = Callable[[int], bytes]


@dataclass(frozen=True)
class Invited:
    """Somebody who was invited, and what her link carries, shown this once."""

    person: PersonRow
    link: str
    expires_ms: int
    grant: GrantRow


def page(session: Session, reader: Reader, after_id: int, limit: int, query: str = "") -> Page:
    """A page of the people of the association in which she works; of all, for whoever looks after the server alone."""
    rows = people.page(session, reader.association_id or None, after_id, limit, query)
    return Page(_told(session, reader, rows), rows[-1].id if len(rows) == limit else None)


def find(session: Session, reader: Reader, uuid: str) -> PersonRow | None:
    """A person whom the reader may see: she belongs to the reader's association, or holds a role in it."""
    found = people.find_by_uuid(session, uuid)
    held = grants.of_person(session, found.id if found else 0)
    return found if found is not None and _sees(reader, found, held) else None


def told(session: Session, reader: Reader, person: PersonRow) -> dict[str, Any]:
    """A person as the reader sees her."""
    return _told(session, reader, [person])[0]


def invite(
    session: Session, reader: Reader, email: str, name: str, wanted: Wanted, draw: Draw, now_ms: int
) -> Invited | Problem:
    """Invite somebody with a role. Whoever has an account elsewhere just gets the role, and the answer is the same."""
    canonical = signing.canonical(email)
    if not EMAIL.fullmatch(canonical):
        return Problem("email_wrong")
    known = people.find(session, canonical)
    if known is not None and _sees(reader, known, grants.of_person(session, known.id)):
        return Problem("email_taken")
    home = reader.association_id or None
    person = known or people.add(session, signing.new_uuid(draw), home, canonical, name, None, now_ms)
    given = granting.grant(session, reader, person, wanted, now_ms, draw)
    if isinstance(given, Problem):
        return given
    if known is None:
        link, expires_ms = invitations.offer(session, person, invitations.INVITATION, draw, now_ms)
    else:
        link, expires_ms = signing.new_token(draw), now_ms + invitations.INVITATION_MS
    about = auditing.by_person(person.id)
    auditing.note(session, reader.association_id, auditing.by(reader), "person_invited", about, now_ms)
    return Invited(person, link, expires_ms, given)


def rename(session: Session, reader: Reader, person: PersonRow, name: str, now_ms: int) -> Problem | None:
    """How people call her."""
    problem = keeps_from_managing(session, reader, person)
    if problem is None:
        people.set_name(session, person.id, name)
        _note(session, reader, "person_changed", person, now_ms)
    return problem


def disable(session: Session, reader: Reader, person: PersonRow, now_ms: int) -> Problem | None:
    """Keep somebody out: her sessions, tokens and links end at once."""
    problem = keeps_from_managing(session, reader, person)
    if problem is None:
        shut_out(session, person)
        _note(session, reader, "person_disabled", person, now_ms)
    return problem


def shut_out(session: Session, person: PersonRow) -> None:
    """End whatever lets a person in."""
    people.set_status(session, person.id, "disabled")
    people.remove_links(session, person.id)
    sign_ins.end_sessions(session, person.id)
    sign_ins.end_tokens(session, person.id)


def enable(session: Session, reader: Reader, person: PersonRow, now_ms: int) -> Problem | None:
    """Let somebody in again."""
    problem = keeps_from_managing(session, reader, person)
    if problem is None:
        people.set_status(session, person.id, "active" if person.password_hash else "invited")
        _note(session, reader, "person_enabled", person, now_ms)
    return problem


def offer_link(
    session: Session, reader: Reader, person: PersonRow, draw: Draw, now_ms: int
) -> tuple[str, int] | Problem:
    """(what the link carries, when it expires): a reset, or another invitation for who has not come yet."""
    problem = keeps_from_managing(session, reader, person) or _keeps_from_resetting(session, reader, person)
    if problem is not None:
        return problem
    purpose = invitations.RESET if person.password_hash else invitations.INVITATION
    offered = invitations.offer(session, person, purpose, draw, now_ms)
    _note(session, reader, "reset_offered", person, now_ms)
    return offered


def drop_second_factor(session: Session, reader: Reader, person: PersonRow, now_ms: int) -> Problem | None:
    """Take away the app of somebody who lost phone and codes; never from who has more than one could give alone."""
    problem = keeps_from_managing(session, reader, person)
    if problem is None and _outranks(session, reader, person):
        problem = Problem("second_person_needed")
    if problem is None and not second_factors.remove(session, person.id):
        problem = Problem("second_factor_not_begun")
    if problem is None:
        sign_ins.end_sessions(session, person.id)
        _note(session, reader, "second_factor_removed", person, now_ms)
    return problem


def keeps_from_managing(session: Session, reader: Reader, person: PersonRow) -> Problem | None:
    """Why a person is not the reader's to look after: herself, or somebody with a role that she could not give."""
    if reader.person is None or person.id == reader.person.id:
        return Problem("own_roles")
    codes = {role.code for role in granting.grantable(reader)}
    held = grants.of_person(session, person.id)
    foreign = [
        row for row in held if row.association_id != reader.association_id and not reader.everywhere(MANAGE_PEOPLE)
    ]
    elsewhere = person.association_id != reader.association_id and not reader.everywhere(MANAGE_PEOPLE)
    if elsewhere or foreign or any(row.role not in codes for row in held if row.status == "active"):
        return Problem("role_not_yours")
    return None


def _keeps_from_resetting(session: Session, reader: Reader, person: PersonRow) -> Problem | None:
    """Whoever makes a link could use it: not for who has more than she, unless a second factor stands behind it."""
    if person.status == "disabled":
        return Problem("person_disabled")
    guarded = bool(second_factors.has(session, [person.id]))
    if not guarded and person.password_hash and _outranks(session, reader, person):
        return Problem("second_person_needed")
    return None


def _outranks(session: Session, reader: Reader, person: PersonRow) -> bool:
    return granting.outranks(reader, (grant.role for grant in readers.grants_of(session, person.id, reader.book)))


def _sees(reader: Reader, person: PersonRow, held: Sequence[GrantRow]) -> bool:
    if reader.association_id == NO_ASSOCIATION:
        return reader.everywhere(MANAGE_PEOPLE)
    return reader.association_id in (person.association_id, *(row.association_id for row in held))


def _told(session: Session, reader: Reader, rows: Sequence[PersonRow]) -> list[dict[str, Any]]:
    held = people_told.grants_by_person(session, [row.id for row in rows])
    guarded = second_factors.has(session, [row.id for row in rows])
    slugs = people_told.slugs_by_id(session)
    return [_person(reader, row, held[row.id], row.id in guarded, slugs) for row in rows]


def _person(
    reader: Reader, row: PersonRow, held: Sequence[GrantRow], guarded: bool, slugs: dict[int, str]
) -> dict[str, Any]:
    """Of somebody who belongs elsewhere only the roles held here show, and before she has come nothing more."""
    if reader.everywhere(MANAGE_PEOPLE):
        return people_told.whole(row, held, guarded, slugs)
    here = [grant for grant in held if grant.association_id == reader.association_id]
    came = any(row.signed_in_ms > grant.granted_ms for grant in here)
    if row.association_id == reader.association_id or came:
        return people_told.whole(row, here, guarded, slugs)
    return people_told.not_come(row, here, slugs, reader.association_id)


def _note(session: Session, reader: Reader, action: str, person: PersonRow, now_ms: int) -> None:
    about = auditing.by_person(person.id)
    auditing.note(session, reader.association_id, auditing.by(reader), action, about, now_ms)
