"""Giving and taking roles. Nobody changes her own; what reads deeper or reaches farther waits for a second person."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from fieldsync.core.access import CONFIRM_GRANTS, MANAGE_PEOPLE, is_inside
from fieldsync.core.problems import Problem
from fieldsync.core.roles import Exclusion, Held, Role, RoleBook, excluded, needs_second_person
from fieldsync.services import auditing, role_book, signing
from fieldsync.services.readers import Reader
from fieldsync.store import grants, sign_ins
from fieldsync.store.grants import GrantRow
from fieldsync.store.people import PersonRow

PLACES_MAX = 200
GRANTS_MAX = 100
"""Roles of one person."""

Draw = Callable[[int], bytes]


@dataclass(frozen=True)
class Wanted:
    """A role to give: in an association (None: everywhere), in some places or all, with one team or all.

    `waiver` says why an exclusion that allows one is set aside.
    """

    role: str
    association_id: int | None
    places: tuple[str, ...] = ()
    team: str = ""
    waiver: str = ""


def grantable(reader: Reader) -> list[Role]:
    """The roles that she may hand out where she works."""
    codes = {
        code
        for grant in reader.grants
        if grant.covers(reader.association_id) and MANAGE_PEOPLE in grant.role.permissions
        for code in grant.role.gives
    }
    return [role for role in reader.book.roles if role.code in codes] if reader.may(MANAGE_PEOPLE) else []


def waits_for_second(reader: Reader, role: Role, places: Sequence[str] = (), team: str = "") -> bool:
    """Whether a role that she hands out waits for a second person: it reads deeper, or reaches farther than her own."""
    held = [each for each in reader.grants if each.covers(reader.association_id)]
    handing = [each for each in held if role.code in each.role.gives and MANAGE_PEOPLE in each.role.permissions]
    is_wider = not any(is_inside(each, places, team) for each in handing)
    return is_wider or needs_second_person([each.role for each in held], role)


def outranks(reader: Reader, roles: Iterable[Role]) -> bool:
    """Whether these roles read deeper than the reader, or make a second person.

    Whoever could take such an account over would have what nobody gets alone.
    """
    own = [each.role for each in reader.grants if each.covers(reader.association_id)]
    return any(needs_second_person(own, role) for role in roles)


def grant(
    session: Session, reader: Reader, person: PersonRow, wanted: Wanted, now_ms: int, draw: Draw
) -> GrantRow | Problem:
    """Give a role, or propose it where a second person must agree."""
    assert reader.person is not None
    if person.id == reader.person.id:
        return Problem("own_roles")
    role = next((each for each in grantable(reader) if each.code == wanted.role), None)
    if role is None:
        return Problem("role_not_yours")
    status = "proposed" if waits_for_second(reader, role, wanted.places, wanted.team) else "active"
    return _give(session, reader.book, person, wanted, status, reader.person.id, now_ms, draw)


def grant_at_once(session: Session, person: PersonRow, wanted: Wanted, now_ms: int, draw: Draw) -> GrantRow | Problem:
    """Give a role by the operator's hand."""
    return _give(session, role_book.book(session), person, wanted, "active", None, now_ms, draw)


def confirm(session: Session, reader: Reader, person: PersonRow, uuid: str, now_ms: int) -> GrantRow | Problem:
    """Agree to a proposed role, as a second person: neither who proposed it nor who gets it."""
    assert reader.person is not None
    found = grants.find(session, person.id, uuid)
    if found is None or not reader.may(CONFIRM_GRANTS) or not _within(reader, found):
        return Problem("not_found")
    if reader.person.id in (found.granted_by, person.id):
        return Problem("second_person_needed")
    if not grants.confirm(session, found.id, reader.person.id):
        return Problem("not_found")
    sign_ins.end_sessions(session, person.id)
    _note(session, auditing.by(reader), "role_confirmed", found, now_ms)
    return replace(found, status="active", confirmed_by=reader.person.id)


def withdraw(session: Session, reader: Reader, person: PersonRow, uuid: str, now_ms: int) -> Problem | None:
    """Take a role away; every session of the person ends, so that nothing goes on with it."""
    assert reader.person is not None
    if person.id == reader.person.id:
        return Problem("own_roles")
    found = grants.find(session, person.id, uuid)
    if found is None or not _within(reader, found):
        return Problem("not_found")
    if found.role not in {role.code for role in grantable(reader)}:
        return Problem("role_not_yours")
    return withdraw_at_once(session, auditing.by(reader), found, now_ms)


def withdraw_at_once(session: Session, actor: str, found: GrantRow, now_ms: int) -> Problem | None:
    """Take a role away, whoever does it."""
    if not grants.withdraw(session, found.id, now_ms):
        return Problem("not_found")
    sign_ins.end_sessions(session, found.person_id)
    _note(session, actor, "role_withdrawn", found, now_ms)
    return None


def _give(
    session: Session, book: RoleBook, person: PersonRow, wanted: Wanted, status: str, by: int | None, now_ms: int,
    draw: Draw,
) -> GrantRow | Problem:  # fmt: skip
    held = grants.of_person(session, person.id)
    problem = _wrong(book, person, held, wanted)
    if problem is not None:
        return problem
    row = GrantRow(
        0, signing.new_uuid(draw), person.id, wanted.role, wanted.association_id, " ".join(wanted.places), wanted.team,
        status, wanted.waiver, by, None, now_ms, None,
    )  # fmt: skip
    stored = grants.add(session, row)
    if status == "active":
        sign_ins.end_sessions(session, person.id)
    actor = auditing.by_person(by) if by is not None else auditing.OPERATOR
    _note(session, actor, "role_granted" if status == "active" else "role_proposed", stored, now_ms)
    return stored


def _wrong(book: RoleBook, person: PersonRow, held: Sequence[GrantRow], wanted: Wanted) -> Problem | None:
    role = book.role(wanted.role)
    if role is None:
        return Problem("role_unknown", detail={"role": wanted.role})
    if (wanted.association_id is None) != (role.reach != "association"):
        return Problem("role_elsewhere", detail={"role": role.code, "reach": role.reach})
    if len(held) >= GRANTS_MAX or len(wanted.places) > PLACES_MAX:
        return Problem("too_many_roles", detail={"limit": str(GRANTS_MAX)})
    if any(_is_same(row, wanted) for row in held):
        return Problem("role_held")
    broken = _excluded(book, person, held, wanted)
    if broken is not None and not (broken.waiver and wanted.waiver):
        code = "roles_excluded_waiver" if broken.waiver else "roles_excluded"
        return Problem(code, detail={"roles": ", ".join(broken.roles or (broken.foreign,))})
    return None


def _excluded(book: RoleBook, person: PersonRow, held: Sequence[GrantRow], wanted: Wanted) -> Exclusion | None:
    own = [Held(row.role, row.association_id) for row in held]
    return excluded(book, person.association_id, own, Held(wanted.role, wanted.association_id))


def _is_same(row: GrantRow, wanted: Wanted) -> bool:
    return (row.role, row.association_id, row.places, row.team) == (
        wanted.role,
        wanted.association_id,
        " ".join(wanted.places),
        wanted.team,
    )


def _within(reader: Reader, found: GrantRow) -> bool:
    """Whether a grant is of the association in which she works, or of all, where she looks after all."""
    looks_after_all = reader.everywhere(MANAGE_PEOPLE) or reader.everywhere(CONFIRM_GRANTS)
    return found.association_id == reader.association_id or (found.association_id is None and looks_after_all)


def _note(session: Session, actor: str, action: str, row: GrantRow, now_ms: int) -> None:
    detail = " ".join(filter(None, (row.role, "waiver" if row.waiver else "", row.uuid)))
    about = auditing.by_person(row.person_id)
    auditing.note(session, row.association_id, actor, action, about, now_ms, detail=detail)
