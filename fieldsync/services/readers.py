"""Who reads by the API or a page: a device with its views, or a person with her roles."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from fieldsync.core import access
from fieldsync.core.access import Grant, Scope
from fieldsync.core.roles import NO_ROLES, RoleBook
from fieldsync.services import role_book
from fieldsync.services.senders import Sender, digest_of, find_sender
from fieldsync.store import associations, authors, grants, people, second_factors, sign_ins
from fieldsync.store.associations import AssociationRow
from fieldsync.store.people import PersonRow
from fieldsync.store.sign_ins import SessionRow, TokenRow

MINUTE_MS = 60_000

SESSION_IDLE_MS = 4 * 60 * MINUTE_MS
"""A session that nobody used for so long is over."""

SEEN_EVERY_MS = 5 * MINUTE_MS
"""That somebody was here is written down at most this often."""

FRESH_MS = 5 * MINUTE_MS
"""How long a proof of who one is opens dangerous acts."""

NO_ASSOCIATION = 0
"""Where somebody who looks after the server alone works."""


@dataclass(frozen=True)
class Reader:
    """Who reads: a device with its views, or a person with her grants. `sender` or `person` is None.

    A person came with a session, or with a token that narrows what she may. `own`: authors of the devices that she
    carries; `teams`: author → team, where one of her grants asks for it.
    """

    association_id: int
    sender: Sender | None = None
    person: PersonRow | None = None
    session: SessionRow | None = None
    token: TokenRow | None = None
    grants: tuple[Grant, ...] = ()
    book: RoleBook = NO_ROLES
    has_second_factor: bool = False
    own: frozenset[int] = frozenset()
    teams: Mapping[int, str] = field(default_factory=dict)
    disclosed: list[str] = field(default_factory=list)

    @property
    def must_enrol(self) -> bool:
        """Whether she may nothing until she has a second factor: one of her roles is useless without."""
        return not self.has_second_factor and any(grant.role.second_factor for grant in self.grants)

    @property
    def permissions(self) -> frozenset[str]:
        """What the reader may do (core.access)."""
        if self.person is None:
            return access.permissions_of_device(self.sender.device.kind) if self.sender else frozenset()
        if self.must_enrol:
            return frozenset()
        held = access.permissions_of(self.grants, self.association_id)
        return held if self.token is None else held & frozenset(self.token.permissions.split())

    def may(self, permission: str) -> bool:
        """Whether the reader has a permission at all; `scope` says over what."""
        return permission in self.permissions

    def opens(self, kind: str, of: str, permission: str = access.READ_RECORDS) -> bool:
        """Whether anything of a form or list is hers to reach."""
        if self.sender is not None:
            return self.sender.opens(kind, of)
        family = self.book.family(kind, of)
        return self.may(permission) and access.opens_family(self.grants, permission, self.association_id, family)

    def counts(self, form: str) -> bool:
        """Whether totals of a form are hers to see: those of what she reads, and of what her roles only count."""
        family = self.book.family("submission", form)
        held = [grant.role for grant in self.grants if grant.covers(self.association_id)]
        return self.opens("submission", form) or any(family in role.counts for role in held)

    def scope(self, kind: str, of: str, place: str, created_by: int) -> Scope:
        """What the table of core.access needs to know of a record."""
        family = self.book.family(kind, of)
        return Scope(self.association_id, family, place, self.teams.get(created_by, ""), created_by in self.own)

    def is_fresh(self, now_ms: int) -> bool:
        """Whether she has just proved who she is. A script never has."""
        return self.session is not None and 0 <= now_ms - self.session.authenticated_ms < FRESH_MS

    def is_seen(self, now_ms: int) -> bool:
        """Whether it is written down already that she is here."""
        row = self.session
        return row is None or 0 <= now_ms - row.seen_ms < SEEN_EVERY_MS

    def everywhere(self, permission: str) -> bool:
        """Whether she has a permission in all associations."""
        return self.may(permission) and any(
            grant.association_id is None and permission in grant.role.permissions for grant in self.grants
        )

    def works_in(self, association_id: int) -> bool:
        """Whether she may choose to work in an association."""
        return any(grant.covers(association_id) for grant in self.grants)


def find_reader(session: Session, token: str, now_ms: int) -> Reader | None:
    """Whoever bears this token: a device that is not revoked, a person's session, a person's script."""
    found = find_sender(session, token)
    if found is not None:
        own = frozenset(author.id for author in found.authors.values())
        return None if found.is_revoked else Reader(found.device.association_id, found, book=found.book, own=own)
    return find_by_session(session, token, now_ms) or _find_by_token(session, token, now_ms)


def find_by_session(session: Session, token: str, now_ms: int) -> Reader | None:
    """The person whose session this is."""
    found = sign_ins.find_session(session, digest_of(token), "full", now_ms, now_ms - SESSION_IDLE_MS)
    return None if found is None else _reader(session, found[1], found[0], None)


def find_by_person(session: Session, person_id: int, association_id: int) -> Reader | None:
    """Somebody as she may read now, for work that goes on without her; None where she is kept out."""
    person = people.find_by_id(session, person_id)
    if person is None or person.status != "active":
        return None
    found = _reader(session, person, None, None, association_id)
    return found if found.association_id == association_id and found.works_in(association_id) else None


def _find_by_token(session: Session, token: str, now_ms: int) -> Reader | None:
    found = sign_ins.find_token(session, digest_of(token), now_ms)
    return None if found is None else _reader(session, found[1], None, found[0])


def _reader(
    session: Session,
    person: PersonRow,
    row: SessionRow | None,
    token: TokenRow | None,
    association_id: int | None = None,
) -> Reader:
    book = role_book.book(session)
    held = grants_of(session, person.id, book)
    if token is not None:  # a script stays where it was made, whatever becomes of its owner's roles
        association_id = token.association_id or NO_ASSOCIATION
    else:
        association_id = _works_in(session, person, held, row.association_id if row else association_id)
    factor = second_factors.find(session, person.id)
    return Reader(
        association_id,
        person=person,
        session=row,
        token=token,
        grants=held,
        book=book,
        has_second_factor=factor is not None and factor.confirmed_ms is not None,
        own=authors.of_holder(session, person.id) if any(grant.role.own for grant in held) else frozenset(),
        teams=authors.teams(session, association_id) if any(grant.team for grant in held) else {},
    )


def grants_of(session: Session, person_id: int, book: RoleBook) -> tuple[Grant, ...]:
    """What a person holds, as far as the book knows the roles."""
    found = []
    for row in grants.of_person(session, person_id):
        role = book.role(row.role)
        if role is not None and row.status == "active":
            found.append(Grant(role, row.association_id, tuple(row.places.split()), row.team))
    return tuple(found)


def _works_in(session: Session, person: PersonRow, held: Collection[Grant], chosen: int | None) -> int:
    """The association in which she works: the one she chose, her own, or the first that she may."""
    wanted = [each for each in (chosen, person.association_id) if each is not None]
    for association_id in wanted:
        if any(grant.covers(association_id) for grant in held):
            return association_id
    named = [grant.association_id for grant in held if grant.association_id is not None]
    if named:
        return named[0]
    if any(access.DATA_PERMISSIONS & grant.role.permissions for grant in held):
        return next((each.id for each in associations.everyone(session)), NO_ASSOCIATION)
    return wanted[-1] if wanted else NO_ASSOCIATION


def within(session: Session, reader: Reader, association_id: int) -> Reader:
    """The same reader at work in another of the associations that she may read (`readable`)."""
    if association_id == reader.association_id:
        return reader
    asked = any(grant.team for grant in reader.grants)
    return replace(reader, association_id=association_id, teams=authors.teams(session, association_id) if asked else {})


def where(session: Session, reader: Reader, holds: Callable[[Reader], bool]) -> Reader:
    """The reader at work in the association for which `holds` is true: where she works, or else another that she reads.

    A list over several associations leads there. Where none holds, she stays where she is; a script always does.
    """
    if reader.token is not None or all(grant.association_id == reader.association_id for grant in reader.grants):
        return reader
    elsewhere = [each.id for each in readable(session, reader) if each.id != reader.association_id]
    places = [reader, *(within(session, reader, each) for each in elsewhere)]
    return next((place for place in places if holds(place)), reader)


def readable(session: Session, reader: Reader) -> list[AssociationRow]:
    """The associations whose records somebody may read, by slug; a phone and a script have one."""
    everyone = associations.everyone(session)
    if reader.person is None or reader.token is not None:
        return [each for each in everyone if each.id == reader.association_id and reader.may(access.READ_RECORDS)]
    return [each for each in everyone if within(session, reader, each.id).may(access.READ_RECORDS)]
