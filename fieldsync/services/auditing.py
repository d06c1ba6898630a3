"""The audit log: who did what to what, in a hash chain for each association; ids only."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core.chain import SERVER_CHAIN, Row
from fieldsync.services.readers import Reader
from fieldsync.services.senders import Sender
from fieldsync.store import audit

OPERATOR = "operator"
"""Whoever has the command line of the server."""

ACTIONS: Mapping[str, str] = {
    "sync": "a device's batch was stored; the detail is its digest and how many operations it has",
    "submission": "an OpenRosa client handed a submission in",
    "file_received": "a file of a record came whole; the detail is its digest",
    "act": "somebody at the desk said an operation about a record",
    "verdict": "something quarantined was released or rejected",
    "form_published": "a form version was published",
    "form_retired": "a form version was taken back from the phones",
    "form_reopened": "a retired form version was offered to the phones again",
    "association_added": "an association was added",
    "sign_in": "somebody signed in",
    "sign_in_failed": "somebody tried to sign in and did not prove who she is",
    "sign_out": "somebody signed out",
    "session_ended": "a session was ended from elsewhere",
    "confirmed": "somebody proved again who she is, before a dangerous act",
    "passphrase_changed": "a passphrase was chosen or changed",
    "second_factor_set": "an authenticator app was confirmed",
    "second_factor_removed": "an authenticator app was taken away",
    "recovery_codes_made": "new recovery codes were made",
    "recovery_code_used": "a recovery code was used",
    "reset_asked": "somebody asked for a new passphrase",
    "reset_offered": "a link for a new passphrase was made",
    "person_invited": "somebody was invited",
    "person_changed": "a person was renamed",
    "person_disabled": "a person was kept out",
    "person_enabled": "a person was let in again",
    "role_granted": "a role was given",
    "role_proposed": "a role was given that waits for a second person",
    "role_confirmed": "a second person agreed to a role",
    "role_withdrawn": "a role was taken away",
    "token_made": "a token for a script was made",
    "token_ended": "a token for a script was made worthless",
    "device_offered": "an enrolment code was made",
    "device_offer_ended": "an enrolment code was taken back",
    "device_enrolled": "a phone or hub became known",
    "device_renamed": "a phone or hub was renamed",
    "device_moved": "a phone or hub was given another place, team or role",
    "openrosa_key_made": "a phone got a new secret for ODK Collect",
    "device_revoked": "a phone or hub was revoked",
    "restricted_read": "restricted answers (P3) were read",
    "personal_revealed": "personal answers (P2) that are masked were revealed",
    "original_fetched": "the XML of a submission, with all its answers, was fetched; the detail is its digest",
    "flag_dismissed": "somebody looked at a flag and dismissed it with a reason; the detail is its code",
    "flag_reopened": "a flag that was dismissed stands again",
    "pair_decided": "somebody decided whether two records are one; the detail is the decision and the other record",
    "pair_decided_across": "somebody decided whether records of two associations are one; the detail is the decision",
    "linkage_allowed": "an association let its lists be compared with another's",
    "linkage_withdrawn": "an association ended that its lists are compared with another's",
    "two_reviewers_set": "whether merges of a list need two people was set; the detail is the list",
    "automatic_merging_set": "from which weight on records are merged by themselves was set; the detail is the weight",
    "thresholds_changed": "the thresholds of the quality rules were changed; the detail is what holds now",
    "outlines_imported": "outlines of places were imported, or forgotten; the detail is how many",
    "exported": "records were taken out as a file",
    "export_fetched": "the file of an export that tells of people was fetched",
    "roles_loaded": "the role book was replaced",
    "indicators_loaded": "indicators, targets and thresholds were replaced; the detail is how many there are",
    "anchor_made": "the heads of the chains were written down elsewhere",
}
"""Every action, and what it says."""


def by(reader: Reader) -> str:
    """How the log names whoever acts."""
    if reader.person is not None:
        return by_person(reader.person.id)
    return f"device:{reader.sender.device.id}" if reader.sender else OPERATOR


def by_person(person_id: int) -> str:
    """How the log names a person."""
    return f"person:{person_id}"


def note(
    session: Session,
    chain: int | None,
    actor: str,
    action: str,
    about: str,
    now_ms: int,
    outcome: str = "ok",
    detail: str = "",
) -> None:
    """Add an event to the chain of an association, or (None) of the server. Call it last: others wait for the chain."""
    assert action in ACTIONS
    audit.append(session, Row(chain or SERVER_CHAIN, 0, now_ms, actor, action, about, outcome, detail))


def batch(session: Session, sender: Sender, receipt_id: int, operations: Sequence[bytes], now_ms: int) -> None:
    """Add a batch that is stored: which receipt, how many operations, the digest of them all."""
    digest = hashlib.sha256(b"\n".join(operations)).hexdigest()
    row = Row(
        sender.device.association_id, 0, now_ms, f"device:{sender.device.id}", "sync", f"receipt:{receipt_id}", "ok",
        f"{len(operations)} {digest}",
    )  # fmt: skip
    audit.append(session, row)


def note_disclosed(session: Session, reader: Reader, seen: Iterable[str], now_ms: int) -> None:
    """Add that somebody was shown restricted answers of these records."""
    for about in dict.fromkeys(seen):
        note(session, reader.association_id, by(reader), "restricted_read", about, now_ms)


def told(row: Row, names: Mapping[str, str], slugs: Mapping[int, str]) -> dict[str, Any]:
    """A row for people: with the names of those whom it names by number."""
    return {
        "association": slugs.get(row.chain),
        "number": row.number,
        "at_ms": row.at_ms,
        "actor": row.actor,
        "actor_name": names.get(row.actor),
        "action": row.action,
        "about": row.about,
        "about_name": names.get(row.about),
        "outcome": row.outcome,
        "detail": row.detail,
        "mac": row.mac.hex(),
    }
