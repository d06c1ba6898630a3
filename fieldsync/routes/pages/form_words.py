"""Forms in words: states of versions, kinds of answers, what differs between two versions and what that does."""

from fieldsync.core.form_changes import Change
from fieldsync.routes.pages.speech import Words, _l

VERSION_STATES: dict[str, tuple[str, str, Words]] = {
    "open": ("ok", "check", _l("In use")),
    "retired": ("still", "lock", _l("Retired")),
}
"""Tone, icon and word of a version's state."""

TYPES: dict[str, Words] = {
    "text": _l("text"),
    "integer": _l("whole number"),
    "decimal": _l("decimal number"),
    "date": _l("date"),
    "time": _l("time"),
    "dateTime": _l("date and time"),
    "select_one": _l("one choice"),
    "select_multiple": _l("several choices"),
    "rank": _l("ranking"),
    "geopoint": _l("point on the map"),
    "geotrace": _l("line on the map"),
    "geoshape": _l("area on the map"),
    "file": _l("file"),
    "boolean": _l("yes or no"),
    "note": _l("note"),
    "calculate": _l("calculation"),
}
"""What a question takes."""

CHANGES: dict[str, Words] = {
    "added": _l("New question"),
    "removed": _l("Question taken out"),
    "moved": _l("Moved to another group"),
    "type": _l("Kind of answer"),
    "sensitivity": _l("Sensitivity class"),
    "required": _l("Required"),
    "constraint": _l("Constraint"),
    "relevant": _l("Asked when"),
    "calculate": _l("Calculation"),
    "default": _l("Default"),
    "readonly": _l("Read only"),
    "choice_filter": _l("Choices offered when"),
    "labels": _l("Label"),
    "hints": _l("Hint"),
    "constraint_message": _l("Message of the constraint"),
    "required_message": _l("Message where it is required"),
    "key": _l("Marks the same report"),
    "place": _l("Place of the record"),
    "part": _l("Part in finding duplicates"),
    "project": _l("Goes into statistics"),
    "protective": _l("Protective order"),
    "save_to": _l("Entity property"),
    "choice_added": _l("New choice"),
    "choice_removed": _l("Choice taken out"),
    "choice_labels": _l("Label of a choice"),
}
"""What changed."""

_KEPT_RULES = _l("Submissions of before keep the rules of their version; new ones follow this.")

EFFECTS: dict[str, Words] = {
    "added": _l("Submissions of before have no answer to it."),
    "removed": _l("Answers stay in their submissions; nobody is asked any more."),
    "moved": _l("Answers of before stay under the old path; figures and exports that follow it must name both."),
    "type": _l("Answers of before stay as they were written; new ones are of the new kind."),
    "choice_removed": _l("Answers that chose it stay; nobody can choose it any more."),
    "sensitivity": _l("The stricter class of both holds for all answers to this question, earlier ones too."),
    "key": _l("From now on other answers decide whether two submissions are the same report."),
    "place": _l("From now on another answer decides where a record belongs, and so which phones see it."),
    "save_to": _l("Entities take their property from here from now on; what they have stays."),
    "protective": _l("Values in conflict may show another of them at once."),
    **dict.fromkeys(("required", "constraint", "relevant", "calculate", "choice_filter"), _KEPT_RULES),
}
"""What a change does to answers; changes of wording do nothing to them."""

GRAVE = frozenset({"removed", "moved", "type", "choice_removed", "sensitivity", "key", "place"})
"""Changes that touch what answers of before mean, or who sees them."""


def value(change: Change, text: str) -> str:
    """What a change was or is, as people read it."""
    if change.kind in ("type", "added", "removed"):
        return str(TYPES.get(text, text))
    return text
