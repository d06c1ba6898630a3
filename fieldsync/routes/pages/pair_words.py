"""Pairs in words: what was compared, how it agrees, why a value survives, what was decided."""

from collections.abc import Mapping

from fieldsync.core.linkage_levels import codes_level
from fieldsync.routes.pages import language
from fieldsync.routes.pages.speech import Words, _, _l
from fieldsync.services.deciding import DIFFERENT, ITSELF, SAME, UNSURE

NEAR_METRES = 300
"""Nearer than this is one place, as linkage has it."""

WHOLE_FROM = 10
"""From so many kilometres on no part of one is told."""

ACROSS = "across"
"""In place of a kind: two records of two associations."""

Tone = tuple[str, str, Words]
"""Tone, icon, words."""

COMPARISONS: dict[str, Words] = {
    "start": _l("Starting point"),
    "given_name": _l("Given name"),
    "family_name": _l("Family name"),
    "name": _l("Name"),
    "birth": _l("Birth"),
    "phone": _l("Phone number"),
    "national_id": _l("Identity card"),
    "register_number": _l("Register number"),
    "activity": _l("Activity"),
    "members": _l("Members in common"),
    "place": _l("Place"),
    "sex": _l("Sex"),
    "relatives": _l("Relatives who are named"),
    "household": _l("One household"),
    "possible_duplicate": _l("Key questions"),
    "same_content_again": _l("The whole content"),
}
"""What is compared (core.linkage)."""

LEVELS: dict[str, Tone] = {
    "exact": ("ok", "equal", _l("identical")),
    "same": ("ok", "equal", _l("the same")),
    "alias": ("info", "near", _l("another form of it")),
    "weak": ("info", "near", _l("close")),
    "exchanged": ("info", "near", _l("exchanged")),
    "married": ("info", "near", _l("different, perhaps by marriage")),
    "rarity": ("still", "near", _l("how rare it is")),
    "same_date": ("ok", "equal", _l("the same day")),
    "same_year": ("ok", "near", _l("the same year")),
    "slip": ("info", "near", _l("a digit or the order differs")),
    "compatible": ("info", "near", _l("the age allows it")),
    "near": ("info", "near", _l("within two years")),
    "far": ("warn", "cross", _l("years apart")),
    "shared": ("info", "near", _l("the same, shared by several")),
    "one_off": ("info", "near", _l("one digit off")),
    "commune": ("info", "near", _l("the same commune")),
    "province": ("info", "near", _l("the same province")),
    "moved": ("info", "near", _l("elsewhere, perhaps by marriage")),
    "elsewhere": ("warn", "cross", _l("elsewhere")),
    "related": ("warn", "people", _l("one is named as the other's relative")),
    "many": ("ok", "equal", _l("many")),
    "some": ("info", "near", _l("some")),
    "none": ("warn", "cross", _l("none in common")),
    "different": ("warn", "cross", _l("different")),
    "other": ("still", "plus", _l("not the same")),
    "missing": ("still", "minus", _l("only one says it")),
    "hidden": ("still", "eye", _l("hidden")),
}
"""How answers agree; a level that is not here is told by its weight."""

BOUNDS: dict[str, Words] = {
    "given_name_differs": _l("the given names differ"),
    "two_national_ids": _l("two identity cards"),
    "two_register_numbers": _l("two register numbers"),
    "births_apart": _l("births years apart"),
    "two_sexes": _l("two sexes"),
    "relatives_of_each_other": _l("one is named as the other's relative"),
    "twins": _l("perhaps twins or sisters"),
    "few_identifiers": _l("too few independent facts agree"),
}
"""Why a pair is never merged without a person (core.linkage)."""

RULES: dict[str, Words] = {
    "chosen": _l("chosen"),
    "verified": _l("a document was seen"),
    "coordinator": _l("a coordinator wrote it"),
    "most_protective": _l("it protects most"),
    "most_precise": _l("more precise"),
    "most_often": _l("said more often"),
    "most_recent": _l("more recent"),
}
"""Why a value survives (core.survivorship)."""

DECISIONS: dict[str, Tone] = {
    "same": ("ok", "twins", _l("The same")),
    "different": ("warn", "people", _l("Not the same")),
    "unsure": ("still", "talk", _l("Cannot say")),
    "open": ("still", "undo", _l("Taken back")),
    "proposed": ("info", "hourglass", _l("Proposed as the same: a second person must confirm")),
}
"""What somebody may say of a pair (services.deciding)."""

_ASIDE = _l("The pair is laid aside. It can be decided now, or be taken back: then it waits in the queue again.")

STANDS: Mapping[tuple[str, str], Words] = {
    (SAME, "entity"): _l(
        "One of them shows everything that was said of both, and they count once. When it is taken back, each shows "
        "again what was said of it alone; what was written since stays with the record to which it was written."
    ),
    (SAME, "submission"): _l(
        "The later one is rejected as a repeat and does not count. When it is taken back, it stands again "
        "as it did before."
    ),
    (SAME, ACROSS): _l(
        "It is noted that both associations know this person; no record changed. When it is taken back, only the "
        "note goes."
    ),
    (DIFFERENT, "entity"): _l(
        "They stay apart: nothing merges the two. The pair comes back when something is compared otherwise, or when "
        "this is taken back."
    ),
    (DIFFERENT, "submission"): _l("Both count. When it is taken back, the pair waits in the queue again."),
    (DIFFERENT, ACROSS): _l("No note is kept of the two. When it is taken back, the pair waits in the queue again."),
    (UNSURE, "entity"): _l(
        "The pair is laid aside, and comes back when something is compared otherwise. It can be decided now, or be "
        "taken back: then it waits in the queue again."
    ),
    (UNSURE, "submission"): _ASIDE,
    (UNSURE, ACROSS): _ASIDE,
}
"""(what was decided, of what) → what stands by it, and what taking it back does."""

SHARED_PLACES: Mapping[str, Words] = {
    "same": _l("in the same place"),
    "commune": _l("in the same commune"),
    "province": _l("in the same province"),
    "elsewhere": _l("in two provinces"),
}
"""Where two records lie by the codes of their places (core.linkage_levels)."""


def comparison(name: str) -> str:
    """What was compared."""
    return str(COMPARISONS.get(name, name.replace("_", " ")))


def bound(name: str) -> str:
    """Why a pair waits for a person."""
    return str(BOUNDS.get(name, name.replace("_", " ")))


def level(name: str, weight: float | None = None) -> tuple[str, str, str]:
    """(tone, icon, words) of how it agrees; of a level without words, whether it speaks for or against."""
    if name in LEVELS:
        tone, icon, said = LEVELS[name]
        return tone, icon, str(said)
    if weight is None or weight == 0:
        return "still", "near", _("agrees in part")
    return ("ok", "near", _("speaks for it")) if weight > 0 else ("warn", "cross", _("speaks against it"))


def beside(name: str) -> str:
    """What is told beside a bar that compares nothing."""
    return {"start": _("how rare a match is"), "household": _("counted no higher together")}.get(name, "")


def likelihood(weight: float) -> str:
    """How sure a match weight is, in words that claim no more than it knows."""
    if weight >= 9:
        return _("Very likely. The decision is yours.")
    if weight >= 3:
        return _("Likely. The decision is yours.")
    return _("Possible. The decision is yours.") if weight >= 0 else _("Doubtful. The decision is yours.")


def decider(actor: str) -> str:
    """Who decided where it was nobody at the desk."""
    known = {ITSELF: _("by itself, by the rules of merging"), "operator": _("the operator of the server")}
    return known.get(actor, "")


def stands(decision: str, is_one: bool, kind: str) -> str:
    """What a decision did to the two, and what follows where it is taken back; empty where nothing holds."""
    if is_one and decision != SAME:
        return _(
            "They are one already, by a merge with others. It is undone from the pair by which they were merged, or on "
            "the page of the entity."
        )
    return str(STANDS.get((decision, kind), ""))


def apart(metres: float | None, left: str, right: str) -> str:
    """How far two places lie from each other: by their codes, and by the points of the forms filled there."""
    level = codes_level(left, right)
    is_known = level in SHARED_PLACES and (level != "elsewhere" or ("." in left and "." in right))
    said = [str(SHARED_PLACES[level])] if level and is_known else []
    if metres is not None:
        said.append(_far(metres))
    return _(", ").join(said)


def _far(metres: float) -> str:
    if metres < NEAR_METRES:
        return _("less than %(metres)s m from each other", metres=NEAR_METRES)
    kilometres = metres / 1000
    shown = language.number(round(kilometres) if kilometres >= WHOLE_FROM else round(kilometres, 1))
    return _("about %(kilometres)s km from each other", kilometres=shown)
