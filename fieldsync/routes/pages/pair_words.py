"""Pairs in words: what was compared, how it agrees, why a value survives, what was decided."""

from fieldsync.routes.pages.speech import Words, _, _l

Tone = tuple[str, str, Words]
"""Tone, icon, words."""

COMPARISONS: dict[str, Words] = {
    "start": _l("Starting point: how rare a match is"),
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
    "household": _l("What one household shares"),
    "possible_duplicate": _l("Key questions"),
    "same_content_again": _l("The whole content"),
}
"""What is compared (core.linkage)."""

LEVELS: dict[str, Tone] = {
    "exact": ("ok", "equal", _l("identical")),
    "same": ("ok", "equal", _l("the same")),
    "alias": ("info", "near", _l("another form of it")),
    "weak": ("info", "near", _l("close")),
    "close": ("info", "near", _l("close")),
    "different": ("warn", "cross", _l("different")),
    "other": ("still", "plus", _l("not the same")),
    "missing": ("still", "minus", _l("not compared")),
    "hidden": ("still", "eye", _l("hidden")),
}
"""How answers agree; a level that stands here not is told by its weight."""

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
}
"""What somebody may say of a pair (services.deciding)."""


def comparison(name: str) -> str:
    """What was compared."""
    return str(COMPARISONS.get(name, name.replace("_", " ")))


def level(name: str, weight: float | None = None) -> tuple[str, str, str]:
    """(tone, icon, words) of how it agrees; of a level without words, whether it speaks for or against."""
    if name in LEVELS:
        tone, icon, said = LEVELS[name]
        return tone, icon, str(said)
    if weight is None or weight == 0:
        return "still", "near", _("agrees in part")
    return ("ok", "near", _("speaks for it")) if weight > 0 else ("warn", "cross", _("speaks against it"))


def likelihood(weight: float) -> str:
    """How sure a match weight is, in words that claim no more than it knows."""
    if weight >= 9:
        return _("Very likely. The decision is yours.")
    if weight >= 3:
        return _("Likely. The decision is yours.")
    return _("Possible. The decision is yours.") if weight >= 0 else _("Doubtful. The decision is yours.")
