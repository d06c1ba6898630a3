"""The fields of the inbox's filter, with what a reader may choose from."""

from dataclasses import dataclass
from typing import Any

from fieldsync.core import access, inbox
from fieldsync.core.inbox import EVERYWHERE, Filter
from fieldsync.routes.pages import labels, quality_words
from fieldsync.routes.pages.labels import Spoken
from fieldsync.routes.pages.record_words import REVIEW_STATES
from fieldsync.routes.pages.speech import _
from fieldsync.routes.pages.words import BEFORE_REVIEW, FLAGS
from fieldsync.services import inbox as services
from fieldsync.services import readers
from fieldsync.services.readers import Reader
from fieldsync.store import devices

PHONES_MAX = 500
"""Phones to choose from; an association has some tens."""


@dataclass(frozen=True)
class Field:
    """A choice: its name in the address, its label, what may be chosen, what is; `first` asks for nothing."""

    name: str
    label: str
    first: str
    options: list[tuple[str, str]]
    value: str


def usual_association(who: Reader) -> str:
    """Where a filter begins that names no association: where she works, or everywhere if she is at home in none."""
    is_of_programme = who.person is not None and who.person.association_id is None
    return EVERYWHERE if is_of_programme and who.everywhere(access.READ_RECORDS) else ""


def fields(session: Any, who: Reader, wanted: Filter) -> dict[str, Field]:
    """Every field that the reader may use, by its name in the address."""
    given = inbox.query(wanted)
    made = [
        Field("of", _("Form or list"), _("All forms and lists"), _names(session, who, wanted), given.get("of", "")),
        Field("place", _("Place"), _("All places"), labels.place_choices(), wanted.place),
        Field("device", _("Phone"), _("All phones"), _phones(session, who), wanted.device),
        Field("state", _("State"), _("All states"), _states(who), wanted.state),
        Field("flag", _("Stands out"), _("Whatever stands out"), _flags(), wanted.flag),
        Field("gone", _("Deleted and merged"), _("Leave out"), _gone(), wanted.gone),
        Field("sort", _("Order"), _("Newest first"), _sorts(), given.get("sort", "")),
    ]
    several = readers.readable(session, who)
    if len(several) > 1:
        named = [(each.slug, labels.association(each.slug, each.name).text) for each in several]
        options = [(EVERYWHERE, _("All associations")), *named]
        made.append(Field("association", _("Association"), _("Where I work"), options, wanted.association))
    if who.may(access.MANAGE_PEOPLE):
        carriers = [(uuid, name) for uuid, name in devices.holders(session, who.association_id)]
        if carriers:
            made.append(Field("companion", _("Companion"), _("All companions"), carriers, wanted.companion))
    return {each.name: each for each in made}


def in_words(session: Any, who: Reader, wanted: Filter) -> list[tuple[str, str]]:
    """(what, which) of everything that a filter asks for."""
    chosen = [(each, dict(each.options).get(each.value)) for each in fields(session, who, wanted).values()]
    told = [(each.label, said) for each, said in chosen if said]
    told += [(_("Arrived from"), wanted.since), (_("Arrived until"), wanted.until)]
    told += [(_("Stands out"), text) for text, asked in (
        (_("Conflict"), wanted.conflict), (_("Held"), wanted.held), (_("A file is missing"), wanted.incomplete)
    ) if asked]  # fmt: skip
    return [(label, said) for label, said in told if said]


def _names(session: Any, who: Reader, wanted: Filter) -> list[tuple[str, str]]:
    """All submissions, all entities, each form and each list."""
    named = services.names(session, who, wanted)
    titles = labels.titles(session, who.association_id)
    forms = [(f"submission.{of}", titles.get(of, Spoken(of)).text) for kind, of in named if kind == "submission"]
    lists = [(f"entity.{of}", labels.entity_list(of).text) for kind, of in named if kind == "entity"]
    together = [("submission", _("All forms")), ("entity", _("All lists"))]
    return [*together, *sorted(forms, key=lambda each: each[1]), *sorted(lists, key=lambda each: each[1])]


def _phones(session: Any, who: Reader) -> list[tuple[str, str]]:
    return [(author, name) for author, name in devices.speaking(session, who.association_id, PHONES_MAX)]


def _states(who: Reader) -> list[tuple[str, str]]:
    before = BEFORE_REVIEW if who.may(access.READ_HISTORY) else {}
    decided = [(code, str(word)) for code, (_tone, _icon, word) in REVIEW_STATES.items()]
    return [(inbox.OPEN, _("Undecided")), *decided, *((code, str(word)) for code, word in before.items())]


def _flags() -> list[tuple[str, str]]:
    of_records = [(code, str(word)) for code, (_tone, _icon, word) in FLAGS.items()]
    return [*of_records, *((code, str(name)) for code, (_icon, name, _text) in quality_words.RULES.items())]


def _gone() -> list[tuple[str, str]]:
    return [
        (inbox.WITH_GONE, _("Show beside the others")),
        ("deleted", _("Deleted only")),
        ("merged", _("Merged into another only")),
    ]


def _sorts() -> list[tuple[str, str]]:
    return [
        ("arrived.up", _("Oldest first")),
        ("changed", _("Changed last first")),
        ("form.up", _("By form")),
        ("place.up", _("By place")),
        ("state.up", _("By state")),
    ]
