"""How pages speak of records: review states, what happened to the data, what an operation did."""

from fieldsync.routes.pages.speech import Words, _, _l, ngettext
from fieldsync.services.record_page import RecordPage
from fieldsync.store.records import RecordRow

REVIEW_STATES: dict[str, tuple[str, str, Words]] = {
    "received": ("still", "inbox", _l("Received")),
    "hasIssues": ("warn", "flag", _l("To correct")),
    "edited": ("info", "pencil", _l("Edited")),
    "approved": ("ok", "check", _l("Approved")),
    "rejected": ("bad", "cross", _l("Rejected")),
}
"""Tone, icon and word of a review state; before it there is none: held."""

DECIDED = {"approved": "record_approved", "hasIssues": "record_sent_back", "rejected": "record_rejected"}
"""The notice of a decision (shell.NOTICES)."""

DEEDS: dict[str, tuple[str, str, Words]] = {
    "created": ("still", "inbox", _l("Sent")),
    "wrote": ("info", "pencil", _l("Changed")),
    "deleted": ("bad", "cross", _l("Deleted")),
    "comment": ("still", "talk", _l("Comment")),
    "review": ("still", "check", _l("Decision")),
    "verdict": ("still", "shield", _l("Quarantine judged")),
    "merge": ("info", "people", _l("Merged")),
    "unmerge": ("info", "people", _l("Merge undone")),
    "held": ("still", "hourglass", _l("Held")),
}
"""Tone, icon and word of what an operation did."""

VERDICTS: dict[str, Words] = {"release": _l("released"), "reject": _l("laid aside")}

SPEAKERS: dict[str, tuple[str, Words]] = {
    "phone": ("phone", _l("Phone")),
    "hub": ("home", _l("Hub")),
    "desk": ("person", _l("At the desk")),
    "other": ("settings", _l("Server")),
}
"""Icon and word of who speaks."""


def facts(page: RecordPage) -> list[tuple[str, str, str]]:
    """(tone, icon, words) of what happened to a submission's data."""
    return happened(page.found.row, len(page.set_apart))


def happened(row: RecordRow, set_apart: int = 0) -> list[tuple[str, str, str]]:
    """(tone, icon, words) of what happened to a record's data; `set_apart`: parts of it in quarantine."""
    found = []
    if row.conflicts:
        found.append(("clash", "fork", ngettext("%(num)s conflict", "%(num)s conflicts", row.conflicts)))
    if set_apart:
        words = ngettext("%(num)s part in quarantine", "%(num)s parts in quarantine", set_apart)
        found.append(("bad", "shield", words))
    if row.review == "held":
        found.append(("still", "hourglass", _("Held: waits for an earlier record or a form version")))
    if row.deleted:
        found.append(("bad", "cross", _("Deleted")))
    if row.incomplete:
        found.append(("warn", "picture", _("Files are still missing")))
    return found
