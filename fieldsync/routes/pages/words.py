"""The words of the pages for what the code names by a code: permissions, audited actions, states."""

from fieldsync.core import access
from fieldsync.routes.pages import quality_words
from fieldsync.routes.pages.speech import Words, _l

PERMISSIONS: dict[str, Words] = {
    access.READ_FORMS: _l("see published forms"),
    access.PUBLISH_FORMS: _l("publish and retire forms"),
    access.READ_RECORDS: _l("read records"),
    access.READ_HISTORY: _l("see what is in conflict, in quarantine or held"),
    access.ACT_ON_RECORDS: _l("review, comment, correct, merge, judge"),
    access.COUNT_RECORDS: _l("see totals"),
    access.EXPORT_RECORDS: _l("take records out as a file"),
    access.SEE_DEVICES: _l("see phones and hubs"),
    access.MANAGE_DEVICES: _l("enrol, move and revoke phones"),
    access.MANAGE_PEOPLE: _l("invite people, give and take roles"),
    access.CONFIRM_GRANTS: _l("be the second person where a role needs two"),
    access.READ_AUDIT: _l("read the audit log"),
    access.MANAGE_SERVER: _l("see how the server is"),
}

ACTIONS: dict[str, Words] = {
    "sync": _l("Batch received"),
    "submission": _l("Form received from an OpenRosa client"),
    "file_received": _l("File received"),
    "act": _l("Act at the desk"),
    "verdict": _l("Quarantine judged"),
    "form_published": _l("Form published"),
    "form_retired": _l("Form retired"),
    "form_reopened": _l("Form back in use"),
    "association_added": _l("Association added"),
    "sign_in": _l("Sign-in"),
    "sign_in_failed": _l("Sign-in refused"),
    "sign_out": _l("Sign-out"),
    "session_ended": _l("Session ended"),
    "confirmed": _l("Identity confirmed"),
    "passphrase_changed": _l("Passphrase chosen"),
    "second_factor_set": _l("Second step switched on"),
    "second_factor_removed": _l("Second step switched off"),
    "recovery_codes_made": _l("Recovery codes made"),
    "recovery_code_used": _l("Recovery code used"),
    "reset_asked": _l("New passphrase asked for"),
    "reset_offered": _l("Link for a new passphrase made"),
    "person_invited": _l("Person invited"),
    "person_changed": _l("Person renamed"),
    "person_disabled": _l("Account closed"),
    "person_enabled": _l("Account opened again"),
    "role_granted": _l("Role given"),
    "role_proposed": _l("Role proposed"),
    "role_confirmed": _l("Role confirmed"),
    "role_withdrawn": _l("Role withdrawn"),
    "token_made": _l("Token made"),
    "token_ended": _l("Token ended"),
    "device_offered": _l("Enrolment code made"),
    "device_offer_ended": _l("Enrolment code taken back"),
    "device_enrolled": _l("Phone enrolled"),
    "device_renamed": _l("Phone renamed"),
    "device_moved": _l("Phone moved"),
    "openrosa_key_made": _l("New address for ODK Collect"),
    "device_revoked": _l("Phone revoked"),
    "restricted_read": _l("Restricted answers read"),
    "personal_revealed": _l("Personal answers revealed"),
    "flag_dismissed": _l("Flag dismissed"),
    "pair_decided": _l("Possible duplicate decided"),
    "automatic_merging_set": _l("Merging by itself set"),
    "pair_decided_across": _l("Decided on a pair of two associations"),
    "linkage_allowed": _l("Comparison with another association allowed"),
    "linkage_withdrawn": _l("Comparison with another association ended"),
    "two_reviewers_set": _l("Two people for merges set"),
    "flag_reopened": _l("Flag put back"),
    "thresholds_changed": _l("Thresholds changed"),
    "outlines_imported": _l("Outlines imported"),
    "exported": _l("Records exported"),
    "export_fetched": _l("Export fetched"),
    "original_fetched": _l("XML fetched"),
    "roles_loaded": _l("Roles replaced"),
    "indicators_loaded": _l("Indicators replaced"),
    "anchor_made": _l("Anchor made"),
}

OUTCOMES: dict[str, Words] = {"refused": _l("refused")}

PERSON_STATES: dict[str, tuple[str, str, Words]] = {
    "active": ("ok", "check", _l("Active")),
    "invited": ("warn", "mail", _l("Invited")),
    "disabled": ("bad", "lock", _l("Closed")),
}
"""Tone, icon and word of a person's state."""

DEVICE_STATES: dict[str, tuple[str, str, Words]] = {
    "active": ("ok", "check", _l("Active")),
    "revoked": ("bad", "shield", _l("Revoked")),
}

BEFORE_REVIEW: dict[str, Words] = {"quarantined": _l("Quarantined"), "held": _l("Held")}
"""Words of states that stand before any review."""

FLAGS: dict[str, tuple[str, str, Words]] = {
    "possible_duplicate": ("info", "twins", _l("Possible duplicate")),
    "same_content_again": ("info", "twins", _l("Same content again")),
    "came_apart": ("info", "twins", _l("Came in two parts")),
    "clock_ahead": ("warn", "clock", _l("Clock far ahead")),
    **{code: ("info", icon, name) for code, (icon, name, _) in quality_words.RULES.items()},
}
"""Tone, icon and word of what stands out about a record."""

LISTS: dict[str, Words] = {
    "sites": _l("Sites"),
    "services_directory": _l("Services"),
    "local_orgs": _l("Local associations"),
    "survivors": _l("Survivors"),
    "cases": _l("Cases"),
    "participants": _l("Participants"),
    "activities": _l("Activities"),
    "ideas": _l("Ideas"),
    "groups": _l("Groups and cooperatives"),
    "calls": _l("Calls"),
    "applications": _l("Applications"),
    "grants": _l("Grants"),
}
"""The entity lists of the programme."""

PROPERTIES: dict[str, Words] = {
    "participant_id": _l("Participant number"),
    "band": _l("Age group"),
    "member_of": _l("Member of"),
    "members": _l("Members"),
    "women_n": _l("Women among the members"),
    "holders": _l("Holders of the idea"),
    "stage": _l("Stage"),
    "visits_n": _l("Number of visits"),
    "code": _l("Code"),
    "applicant": _l("Applicant"),
    "association": _l("Association"),
    "state": _l("State"),
    "application": _l("Application"),
    "tranches_n": _l("Number of tranches"),
    "planned": _l("Planned"),
    "paid": _l("Paid"),
}
"""Properties of these lists that forms work out, so that no question names them."""

TECHNICAL: dict[str, Words] = {
    "start": _l("Opened"),
    "end": _l("Finished"),
    "today": _l("Day of filling"),
    "deviceid": _l("Phone's own number"),
    "username": _l("User name on the phone"),
    "phonenumber": _l("Number of the phone"),
    "audit": _l("Log of filling"),
    "staff_code": _l("Companion's code"),
    "instanceID": _l("Number of the submission"),
    "meta/instanceID": _l("Number of the submission"),
    "meta/instanceName": _l("Name of the submission"),
    "meta/audit": _l("Log of filling"),
    "meta/entity/@id": _l("Entity"),
    "meta/entity/@create": _l("Creates an entity"),
    "meta/entity/@update": _l("Changes an entity"),
    "meta/entity/@baseVersion": _l("Version of the entity before"),
    "meta/entity/label": _l("Label of the entity"),
}
"""What forms keep that nobody is asked (XLSForm's metadata, and the programme's)."""

AGE_GROUPS: dict[str, Words] = {
    "under_15": _l("under 15"),
    "15_17": _l("15–17"),
    "18_24": _l("18–24"),
    "25_35": _l("25–35"),
    "36_59": _l("36–59"),
    "60_plus": _l("60 +"),
}
"""The age groups of the programme (core.facts)."""

CHAIN_FAULTS: dict[str, Words] = {
    "changed": _l("a row was changed, from number"),
    "missing": _l("a row is missing, number"),
    "shortened": _l("the end is missing, from number"),
}

EXPORT_STATES: dict[str, tuple[str, str, Words]] = {
    "asked": ("warn", "lock", _l("Waits for its reason")),
    "waiting": ("still", "hourglass", _l("Waiting")),
    "running": ("info", "hourglass", _l("Being made")),
    "ready": ("ok", "check", _l("Ready")),
    "failed": ("bad", "warn", _l("Failed")),
    "cancelled": ("still", "cross", _l("Taken back")),
    "expired": ("still", "clock", _l("Expired")),
}

EXPORT_REASONS: dict[str, Words] = {
    "case_follow_up": _l("Follow people up"),
    "call_people_back": _l("Call people back"),
    "correct_data": _l("Correct wrong data"),
    "legal_duty": _l("A duty by law"),
    "person_asked": _l("The person asked for her data"),
    "other": _l("Something else"),
}
