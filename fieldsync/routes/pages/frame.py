"""The frame of a page for whoever is signed in: her association, her role, the pages that are open to her."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from flask import g, request

from fieldsync.core import access, inbox
from fieldsync.core.inbox import Filter
from fieldsync.routes.context import context
from fieldsync.routes.pages import labels, shell
from fieldsync.routes.pages.guard import whoever
from fieldsync.routes.pages.labels import Spoken
from fieldsync.routes.pages.speech import _
from fieldsync.services import inbox as inbox_services
from fieldsync.services import pair_queue
from fieldsync.services.readers import Reader


@dataclass(frozen=True)
class Who:
    """Whoever is signed in, as the frame names her: never by her own name."""

    association: Spoken
    role: str


@dataclass(frozen=True)
class Entry:
    """A page of the main menu."""

    endpoint: str
    icon: str
    label: str
    is_here: bool
    count: str = ""


COUNTED_MAX = 99
"""The most that the menu counts."""

NO_COUNTS: Mapping[str, str] = MappingProxyType({})


BAR_ENTRIES = 5
"""Entries that stand in the bar of a laptop; the rest is in its menu. More do not fit in French at 1280 pixels."""


def values() -> dict[str, Any]:
    """What every template may use of its frame."""
    reader = whoever()
    if "frame" not in g:
        g.frame = {"who": None, "navigation": []} if reader is None else {
            "who": _who(reader), "navigation": navigation(reader, _counts(reader))
        }  # fmt: skip
    return {**shell.names_of_templates(), **g.frame, "bar_entries": BAR_ENTRIES}


def _counts(reader: Reader) -> Mapping[str, str]:
    """What waits for whoever may act, by page; told up to COUNTED_MAX."""
    if not reader.may(access.ACT_ON_RECORDS):
        return NO_COUNTS
    with context().database.read() as session:
        found = inbox_services.count(session, reader, inbox.view(Filter(), "to_review"), COUNTED_MAX)
        twins = pair_queue.count_at_most(session, reader, COUNTED_MAX + 1)
    return {"inbox": _counted(found.number, found.more), "duplicates": _counted(twins)}


def _counted(number: int, more: bool = False) -> str:
    return f"{COUNTED_MAX}+" if more or number > COUNTED_MAX else str(number or "")


def navigation(reader: Reader, counts: Mapping[str, str] = NO_COUNTS) -> list[Entry]:
    """The pages that are open to somebody, in the order of the menu."""
    if reader.must_enrol:
        return []
    offered = (
        (access.READ_RECORDS, "inbox", "inbox", _("Inbox")),
        (access.ACT_ON_RECORDS, "duplicates", "twins", _("Duplicates")),
        (access.READ_RECORDS, "map", "map", _("Map")),
        (access.COUNT_RECORDS, "dashboard", "chart", _("Indicators")),
        (access.READ_HISTORY, "quality", "gauge", _("Quality")),
        (access.READ_HISTORY, "quarantine", "shield", _("Quarantine")),
        (access.READ_FORMS, "forms", "form", _("Forms")),
        (access.EXPORT_RECORDS, "exports", "download", _("Exports")),
        (access.SEE_DEVICES, "devices", "phone", _("Phones")),
        (access.MANAGE_PEOPLE, "people_page", "people", _("People")),
        (access.READ_AUDIT, "audit", "audit", _("Audit log")),
    )
    here = (request.endpoint or "").removeprefix("pages.")
    section = SECTIONS.get(here, here)
    return [
        Entry(f"pages.{name}", icon, label, section == name, counts.get(name, ""))
        for permission, name, icon, label in offered
        if reader.may(permission)
    ]


SECTIONS = {
    **dict.fromkeys(("deeds", "every"), "inbox"),
    **dict.fromkeys(("duplicate", "reveal_duplicate", "decide_duplicate"), "duplicates"),
    **dict.fromkeys(("across", "across_pair", "reveal_across", "decide_across"), "duplicates"),
    **dict.fromkeys(
        (
            *("linkage_settings", "set_automatic", "ask_undo_day", "undo_day", "confirm_merge"),
            *("set_partner", "set_reviewers"),
        ),
        "duplicates",
    ),
    **dict.fromkeys(("submission", "reveal", "review", "comment", "correct", "save_correction"), "inbox"),
    **dict.fromkeys(("quality_rules", "flags", "change_flag"), "quality"),
    **dict.fromkeys(("new_export", "take_export", "export", "export_reason", "take_export_reason"), "exports"),
    **dict.fromkeys(
        ("invite", "person", "grant", "withdraw", "disable_person", "drop_second_factor", "offer_reset", "roles"),
        "people_page",
    ),
    **dict.fromkeys(("quarantined", "held", "release_held", "judge_several"), "quarantine"),
    **dict.fromkeys(("reveal_quarantined", "judge_quarantined", "correct_quarantined"), "quarantine"),
    **dict.fromkeys(("indicator",), "dashboard"),
    **dict.fromkeys(("form", "retire_form", "new_upload", "take_upload", "upload", "try_form", "try_upload"), "forms"),
    **dict.fromkeys(
        ("enrol", "offer", "device", "collect", "rename_device", "move_device", "revoke_device"), "devices"
    ),
}
"""Which entry of the menu a page belongs to."""


def _who(reader: Reader) -> Who:
    with context().database.read() as session:
        named = None if _sees_all(reader) else labels.associations_by_id(session).get(reader.association_id)
    here = [grant.role for grant in reader.grants if grant.covers(reader.association_id)]
    if named is None:
        named = Spoken(_("Server") if any(role.reach == "server" for role in here) else _("All associations"))
    return Who(named, labels.role_name(here[0]) if here else _("No role yet"))


def _sees_all(reader: Reader) -> bool:
    """Whether she is at home in no association, has chosen none to work in, and sees records or figures of all."""
    settled = reader.person is None or reader.person.association_id is not None
    chose = reader.session is not None and reader.session.association_id is not None
    return not (settled or chose) and any(map(reader.everywhere, (access.READ_RECORDS, access.COUNT_RECORDS)))
