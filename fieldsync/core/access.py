"""Who may do what: grants of roles, and the one table that decides (permission, scope) → yes or no.

Roles are data (core.roles, docs/access.md); permissions are the words below. Nothing is inherited.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from fieldsync.core.roles import CLEAR, HIDDEN, MASKED, SECOND_PERSON, Role

READ_FORMS = "read_forms"
PUBLISH_FORMS = "publish_forms"
READ_RECORDS = "read_records"
READ_HISTORY = "read_history"
ACT_ON_RECORDS = "act_on_records"
COUNT_RECORDS = "count_records"
EXPORT_RECORDS = "export_records"
SEE_DEVICES = "see_devices"
MANAGE_DEVICES = "manage_devices"
MANAGE_PEOPLE = "manage_people"
CONFIRM_GRANTS = SECOND_PERSON
READ_AUDIT = "read_audit"
MANAGE_SERVER = "manage_server"

PERMISSIONS: Mapping[str, str] = {
    READ_FORMS: "see published forms",
    PUBLISH_FORMS: "publish and retire forms",
    READ_RECORDS: "read records",
    READ_HISTORY: "see what was said about records, what is in conflict, quarantined or held",
    ACT_ON_RECORDS: "review, comment, correct, merge, delete, judge",
    COUNT_RECORDS: "see totals",
    EXPORT_RECORDS: "take records out as a file",
    SEE_DEVICES: "see phones and hubs",
    MANAGE_DEVICES: "enrol, rename, move and revoke phones and hubs",
    MANAGE_PEOPLE: "invite people, give and take roles",
    CONFIRM_GRANTS: "be the second person where a role needs two",
    READ_AUDIT: "read the audit log",
    MANAGE_SERVER: "see how the server is",
}
"""Every permission, and what it lets a person do."""

DATA_PERMISSIONS = frozenset({READ_RECORDS, READ_HISTORY, ACT_ON_RECORDS, EXPORT_RECORDS})
"""Permissions that reach what is said about people."""

TOKEN_PERMISSIONS = frozenset(
    {READ_FORMS, PUBLISH_FORMS, READ_RECORDS, READ_HISTORY, ACT_ON_RECORDS, COUNT_RECORDS, EXPORT_RECORDS, SEE_DEVICES}
)
"""What a person's script may be given; looking after people, devices and the log takes a person."""

DEVICE_KINDS: Mapping[str, frozenset[str]] = {
    "device": frozenset({READ_FORMS, READ_RECORDS}),
    "hub": frozenset({READ_FORMS, READ_RECORDS, READ_HISTORY}),
}
"""What the bearer of a device's token may do, within what its views show."""


@dataclass(frozen=True)
class Grant:
    """A role that somebody holds: in one association or (None) in all, in some places or all, with one team or all."""

    role: Role
    association_id: int | None
    places: tuple[str, ...] = ()
    team: str = ""

    def covers(self, association_id: int) -> bool:
        """Whether the role is held in an association."""
        return self.association_id in (None, association_id)


@dataclass(frozen=True)
class Scope:
    """What somebody wants to reach: a record's association, family, place and team, and whether it is her own."""

    association_id: int
    family: str
    place: str = ""
    team: str = ""
    own: bool = False


def permissions_of(grants: Iterable[Grant], association_id: int) -> frozenset[str]:
    """What somebody may do at all within an association."""
    return frozenset(each for grant in grants if grant.covers(association_id) for each in grant.role.permissions)


def permissions_of_device(kind: str) -> frozenset[str]:
    """What a phone or a hub may do by the reading API."""
    return DEVICE_KINDS.get(kind, frozenset())


def may(grants: Iterable[Grant], permission: str, scope: Scope) -> bool:
    """The table: whether one of these grants gives a permission over what the scope describes."""
    return any(permission in grant.role.permissions and _reaches(grant, scope) for grant in grants)


def opens_family(grants: Iterable[Grant], permission: str, association_id: int, family: str) -> bool:
    """Whether a permission opens anything of a form family at all; `may` decides record by record."""
    return any(
        permission in grant.role.permissions and grant.covers(association_id) and grant.role.opens(family)
        for grant in grants
    )


def is_inside(grant: Grant, places: Collection[str], team: str) -> bool:
    """Whether what is limited to these places and this team (empty: to none) lies within the grant's own limits."""
    in_places = not grant.places or (bool(places) and all(is_within(each, grant.places) for each in places))
    return in_places and grant.team in ("", team)


def reads_all_of(grants: Iterable[Grant], association_id: int, role: Role, places: Collection[str]) -> bool:
    """Whether these grants open, to somebody herself, every record that the role's families have in these places."""
    readers = [each for each in grants if READ_RECORDS in each.role.permissions and each.covers(association_id)]
    return all(
        any(each.role.opens(family) and not each.role.own and is_inside(each, places, "") for each in readers)
        for family in role.families
    )


def personal(grants: Iterable[Grant], scope: Scope) -> str:
    """How P2 answers show within a scope: clear, masked (a click reveals), hidden."""
    found = {
        grant.role.personal for grant in grants if READ_RECORDS in grant.role.permissions and _reaches(grant, scope)
    }
    return next((each for each in (CLEAR, MASKED) if each in found), HIDDEN)


def restricted(grants: Iterable[Grant], scope: Scope) -> bool:
    """Whether P3 answers show within a scope."""
    return any(
        grant.role.restricted and READ_RECORDS in grant.role.permissions and _reaches(grant, scope) for grant in grants
    )


def restricted_somewhere(grants: Iterable[Grant], scope: Scope) -> bool:
    """Whether P3 answers of any form show within an association: to whoever listens there."""
    return any(grant.role.restricted and grant.covers(scope.association_id) for grant in grants)


def is_within(place: str, around: Collection[str]) -> bool:
    """Whether a place is one of these or lies in one: codes grow from region to douar, parts joined by dots."""
    return any(place == each or place.startswith(f"{each}.") for each in around)


def _reaches(grant: Grant, scope: Scope) -> bool:
    return (
        grant.covers(scope.association_id)
        and grant.role.opens(scope.family)
        and (not grant.places or is_within(scope.place, grant.places))
        and (not grant.team or grant.team == scope.team)
        and (scope.own or not grant.role.own)
    )
