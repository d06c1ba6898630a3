"""The role book as people see it."""

from typing import Any

from fieldsync.core.roles import Role
from fieldsync.services.granting import grantable, waits_for_second
from fieldsync.services.readers import Reader


def listed(reader: Reader) -> dict[str, Any]:
    """Every role, whether the reader may give it, and what excludes what."""
    mine = {role.code for role in grantable(reader)}
    exclusions = [
        {"roles": list(each.roles), "foreign": each.foreign, "waiver": each.waiver, "rule": each.rule}
        for each in reader.book.role_exclusions
    ]
    items = [
        {**role_told(role), "grantable": role.code in mine, "waits_for_second": waits_for_second(reader, role)}
        for role in reader.book.roles
    ]
    return {"items": items, "exclusions": exclusions}


def role_told(role: Role) -> dict[str, Any]:
    """A role for people: its names and what it may."""
    return {
        "role": role.code,
        "names": {"ar": role.ar, "fr": role.fr, "en": role.en},
        "reach": role.reach,
        "permissions": sorted(role.permissions),
        "families": sorted(role.families),
        "counts": sorted(role.counts),
        "personal": role.personal,
        "restricted": role.restricted,
        "own": role.own,
        "second_factor": role.second_factor,
    }
