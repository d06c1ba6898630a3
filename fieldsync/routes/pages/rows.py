"""Lines of the desk's list as people see them: codes and places, never a name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from flask import current_app, url_for

from fieldsync.core.inbox import CONFLICT, HELD, INCOMPLETE, STATES
from fieldsync.core.problems import Problem, render
from fieldsync.core.short_codes import short_code
from fieldsync.routes.pages import labels, language
from fieldsync.routes.pages.labels import Spoken
from fieldsync.routes.pages.quality_words import RULES
from fieldsync.routes.pages.record_words import REVIEW_STATES
from fieldsync.routes.pages.speech import _, ngettext
from fieldsync.routes.pages.words import FLAGS
from fieldsync.services.desk_lists import ticket_of
from fieldsync.services.judging import problems_from_json
from fieldsync.store import devices, quarantine, records
from fieldsync.store.inbox import InboxRow
from fieldsync.store.quarantine import QuarantineRow

NOTHING_KEPT: Mapping[str, str] = MappingProxyType({})

Fact = tuple[str, str, str]
"""Tone, icon, words."""


@dataclass(frozen=True)
class Line:
    """One line. `name` is what a form names it by ("submission visit 0198…"), empty for what nobody can review."""

    name: str
    address: str
    title: Spoken
    code: str
    state: Fact | None
    place: str
    phone: str
    arrived_ms: int
    comments: int
    association: Spoken | None = None
    facts: list[Fact] = field(default_factory=list)


def lines(session: Any, found: Sequence[InboxRow], kept: dict[str, str], owners: dict[int, Spoken]) -> list[Line]:
    """Rows as lines; `kept` is the filter that goes along, `owners` names associations where several show."""
    titles = {each: labels.titles(session, each) for each in {row.association_id for row in found}}
    phones = devices.names_of_authors(session, {row.author_id for row in found})
    apart = quarantine.by_ids(session, [-row.id for row in found if row.id < 0])
    senders = {each.sender_id: devices.find(session, each.sender_id) for each in apart.values()}
    named = {device_id: device.name for device_id, device in senders.items() if device}
    return [
        Line(
            name=name_of(row),
            address=address_of(session, row, kept),
            title=_title(row, titles[row.association_id]),
            code=code_of(row),
            state=_state(row),
            place=labels.place(row.place) if row.place else "",
            phone=phones.get(row.author_id) or named.get(row.sender_id, ""),
            arrived_ms=row.arrived_ms,
            comments=row.comments,
            association=owners.get(row.association_id),
            facts=list(_facts(row, apart.get(-row.id))),
        )
        for row in found
    ]


def name_of(row: InboxRow) -> str:
    """How a form names a record that can be reviewed."""
    reviewable = row.id > 0 and STATES[row.state] in REVIEW_STATES and row.uuid is not None and not row.gone
    return f"{row.kind} {row.of} {records.uuid_text(row.uuid)}" if reviewable and row.uuid else ""


def code_of(row: InboxRow) -> str:
    """The short code by which people tell lines apart."""
    return "" if row.uuid is None else short_code(records.uuid_text(row.uuid))


def record_address(kind: str, of: str, uuid: str, kept: Mapping[str, str] = NOTHING_KEPT) -> str:
    """Where a submission or an entity is shown; `kept` is the filter that leads from one to the next there."""
    if kind == "entity":
        return _page("pages.entity", list=of, record=uuid, **kept)
    return _page("pages.submission", form=of, record=uuid, **kept)


def _page(endpoint: str, **where: str) -> str:
    return url_for(endpoint, **where) if endpoint in current_app.view_functions else ""  # type: ignore[arg-type]


def address_of(session: Any, row: InboxRow, kept: dict[str, str]) -> str:
    """Where a line leads: to its record, or to what is quarantined."""
    if row.id < 0:
        return _page("pages.quarantined", quarantined=ticket_of(session, row.association_id, -row.id))
    assert row.uuid is not None
    return record_address(row.kind, row.of, records.uuid_text(row.uuid), kept)


def _title(row: InboxRow, titles: dict[str, Spoken]) -> Spoken:
    return labels.collection(row.kind, row.of, titles) if row.of else Spoken(_("Unreadable"))


def _state(row: InboxRow) -> Fact | None:
    found = REVIEW_STATES.get(STATES[row.state])
    return None if found is None else (found[0], found[1], str(found[2]))


def _facts(row: InboxRow, apart: QuarantineRow | None) -> Iterable[Fact]:
    """What happened to the data, beside what a person decided."""
    if apart is not None:
        yield "bad", "shield", _reason(apart)
    marked = row.marked
    if CONFLICT in marked:
        yield "clash", "fork", ngettext("Conflict in %(num)s field", "Conflict in %(num)s fields", row.conflicts)
    if HELD in marked:
        yield "still", "hourglass", _("Held: waits for an earlier record")
    if INCOMPLETE in marked:
        yield "warn", "picture", _("A file has not come yet")
    for code in sorted(marked - {CONFLICT, HELD, INCOMPLETE}):
        yield _flag(code)


def _flag(code: str) -> Fact:
    if code in RULES:
        icon, name, _text = RULES[code]
        return "warn", icon, str(name)
    tone, icon, said = FLAGS.get(code, ("warn", "flag", ""))
    return tone, icon, str(said) or render(Problem(code), language.chosen())


def _reason(apart: QuarantineRow) -> str:
    problems = problems_from_json(apart.problems)
    said = render(problems[0], language.chosen()) if problems else ""
    return _("Quarantined: %(reason)s", reason=said) if said else _("Quarantined")
