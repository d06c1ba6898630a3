"""Roles as data: named sets of permissions over form families, what excludes what, who hands what out."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

CLEAR, MASKED, HIDDEN = "clear", "masked", "hidden"
"""How personal answers (P2) show to a role: as they are, after a click that is audited, never."""

REACHES = ("association", "programme", "server")
"""Where a role can be held: in one association, in all of them, over the server alone."""

OTHER = "other"
"""The family of every form and list that the programme does not name."""

ALL = "*"

SECOND_PERSON = "confirm_grants"
"""The permission to be the second person where a role needs two."""

PHONE_ROLE = "companion"
"""The role of a phone of which nothing else was said."""

ROLES_MAX = 100
NAMES_MAX = 200


class Family(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A form family: forms by the beginning of their id, entity lists by name."""

    code: str
    forms: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()


class Role(msgspec.Struct, frozen=True):
    """A named set of permissions.

    `families`: whose records they reach, `*` for all. `counts`: families of which only totals show. `own`: only what
    the holder's own devices said. `gives`: roles that a holder may hand out. `second_factor`: useless without one.
    """

    code: str
    ar: str
    fr: str
    en: str
    reach: str
    permissions: frozenset[str] = frozenset()
    families: frozenset[str] = frozenset()
    counts: frozenset[str] = frozenset()
    personal: str = HIDDEN
    restricted: bool = False
    own: bool = False
    gives: frozenset[str] = frozenset()
    second_factor: bool = False

    def opens(self, family: str) -> bool:
        """Whether the role reaches records of a family."""
        return family in self.families or ALL in self.families

    @property
    def seconds(self) -> bool:
        """Whether its holder is the second person that other grants wait for."""
        return SECOND_PERSON in self.permissions

    @property
    def depth(self) -> int:
        """How deep it reads: 0 nothing about people, 1 personal answers, 2 restricted ones."""
        return 2 if self.restricted else int(self.personal != HIDDEN)


class Exclusion(msgspec.Struct, frozen=True):
    """Roles that one person does not hold together in one association; with `waiver`, only by an explicit one.

    `foreign` instead: a role that nobody holds where she belongs, or holds anything else.
    """

    rule: str
    roles: tuple[str, ...] = ()
    waiver: bool = False
    foreign: str = ""


class RoleBook(msgspec.Struct, frozen=True):
    """The roles of a programme, its form families, and what excludes what."""

    roles: tuple[Role, ...]
    families: tuple[Family, ...] = ()
    role_exclusions: tuple[Exclusion, ...] = ()

    def role(self, code: str) -> Role | None:
        """The role of that code."""
        return next((role for role in self.roles if role.code == code), None)

    def family(self, kind: str, of: str) -> str:
        """The family of a form (kind submission) or of an entity list."""
        for family in self.families:
            if of in family.lists if kind == "entity" else of.startswith(family.forms):
                return family.code
        return OTHER


NO_ROLES = RoleBook(())
"""Where no book is at hand."""


class Held(msgspec.Struct, frozen=True):
    """A role that somebody holds or is about to hold, for the exclusions: None is everywhere."""

    role: str
    association_id: int | None


def read_book(data: Mapping[str, Any], permissions: Iterable[str]) -> RoleBook | str:
    """The book of a programme's data; or where it is wrong, for whoever writes it."""
    wanted = {name: data.get(name, []) for name in ("roles", "families", "role_exclusions")}
    try:
        book = msgspec.convert(wanted, RoleBook)
    except msgspec.ValidationError as error:
        return str(error)
    return _wrong(book, frozenset(permissions)) or book


def excluded(book: RoleBook, home_id: int | None, held: Sequence[Held], new: Held) -> Exclusion | None:
    """The exclusion that a new role would break, beside the roles held already."""
    for exclusion in book.role_exclusions:
        if exclusion.foreign:
            if _is_at_home(exclusion.foreign, home_id, held, new):
                return exclusion
        elif new.role in exclusion.roles and any(
            each.role in exclusion.roles and each.role != new.role and _meet(each, new) for each in held
        ):
            return exclusion
    return None


def needs_second_person(granter: Iterable[Role], role: Role) -> bool:
    """Whether a grant waits for a second person.

    Nobody alone hands out a deeper look than she has herself, nor the power to be that second person.
    """
    return role.seconds or role.depth > max((each.depth for each in granter), default=0)


def _is_at_home(foreign: str, home_id: int | None, held: Sequence[Held], new: Held) -> bool:
    others = [each for each in held if each.role != foreign]
    if new.role == foreign:
        return new.association_id in (None, home_id) or any(_meet(each, new) for each in others)
    return any(each.role == foreign and _meet(each, new) for each in held)


def _meet(one: Held, other: Held) -> bool:
    return None in (one.association_id, other.association_id) or one.association_id == other.association_id


def _wrong(book: RoleBook, permissions: frozenset[str]) -> str | None:
    codes = [role.code for role in book.roles]
    families = {family.code for family in book.families} | {OTHER, ALL}
    if PHONE_ROLE not in codes or len(codes) > ROLES_MAX or len(set(codes)) != len(codes):
        return f"roles: {PHONE_ROLE} and at most {ROLES_MAX} in all, each code once"
    for role in book.roles:
        unknown = [
            *sorted(role.permissions - permissions),
            *sorted((role.families | role.counts) - families),
            *sorted(role.gives - set(codes)),
        ]
        if unknown or role.reach not in REACHES or role.personal not in (CLEAR, MASKED, HIDDEN):
            return f"role {role.code}: unknown {', '.join(unknown) or 'reach or personal'}"
    for exclusion in book.role_exclusions:
        named = [*exclusion.roles, *([exclusion.foreign] if exclusion.foreign else [])]
        if not named or not set(named) <= set(codes):
            return f"exclusion: {exclusion.rule}"
    return None
