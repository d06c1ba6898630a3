"""The demo's office: decisions on what came in, a question that is answered, phones to call, flags to look at."""

import secrets
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from sqlalchemy.orm import Session

from fieldsync.app import now_ms
from fieldsync.core.review_moves import APPROVED, HAS_ISSUES, REJECTED
from fieldsync.demo.cast import Cast, Say
from fieldsync.services import desk, enrolment, quality_night, reviewing
from fieldsync.services.desk import Desk
from fieldsync.services.enrolment import NewDevice
from fieldsync.services.signing import new_uuid
from fieldsync.store import authors, devices, people

Result = TypeVar("Result")

DAY_MS = 24 * 3600 * 1000

ROUND = (
    *(APPROVED, APPROVED, APPROVED, "", APPROVED, HAS_ISSUES, APPROVED, ""),
    *(APPROVED, APPROVED, "", APPROVED, APPROVED, REJECTED, APPROVED, ""),
)
"""Decisions in turn; an empty one leaves a submission for whoever runs the demo."""

REASONS = {
    HAS_ISSUES: ("هل تأكدت من الجماعة؟", "Le lieu est-il le bon ?"),
    REJECTED: ("سجلت من قبل في زيارة أخرى.", "Déjà noté lors d'une autre visite."),
}

ANSWERED = 2
"""Questions from the office that a companion answers; the others wait for her next day."""

SILENT = (("KHT-M08", "kht", 9, 14, -2), ("SAF-M03", "saf", 12, 6, 95))
"""Phones that nobody heard of: name, association, days, unsent forms, minutes that the clock was wrong."""


def decisions(cast: Cast, say: Say) -> None:
    """The coordinator goes through what the phones sent, and leaves something for you."""
    counts = {APPROVED: 0, HAS_ISSUES: 0, REJECTED: 0}
    for name, phone in cast.phones.items():
        for place, (record, _) in enumerate(cast.work[name]):
            state = ROUND[place % len(ROUND)]
            if state and _decide(cast, phone.association, record, state, place):
                counts[state] += 1
    told = f"{counts[APPROVED]} approved, {counts[HAS_ISSUES]} sent back with a question, {counts[REJECTED]} rejected"
    say(f"The coordinator looks through the inbox: {told}; the rest is left for you")


def _decide(cast: Cast, association: str, record: str, state: str, place: int) -> bool:
    reason = REASONS[state][place % 2] if state in REASONS else ""
    by = _desk(cast, association)

    def work(session: Session) -> bool:
        found = desk.find(session, by.association_id, record)
        return bool(found) and reviewing.decide(session, by, found[0], state, reason) is None

    return cast.database.write(work)


def _desk(cast: Cast, association: str) -> Desk:
    """The coordinator's desk; in the other associations the operator's."""
    with cast.database.read() as session:
        person = people.find(session, "coordinator@demo.example") if association == "kht" else None
    return Desk(cast.associations[association], f"p{person.id}" if person else "operator", now_ms())


def answers(cast: Cast, say: Say) -> None:
    """Companions hear what the office asks; one of them corrects her forms, and says so."""
    for phone in cast.phones.values():
        phone.sync()
    phone, companion = cast.phones["Khadija"], cast.companions["Khadija"]
    asked = [(record, form) for place, (record, form) in enumerate(cast.work["Khadija"]) if _is_asked(place)]
    for record, form in asked[:ANSWERED]:
        phone.device.edit(record, companion.correct(form, cast.today).writes)
        phone.device.comment(record, "نعم، صححتها. شكرا.")
    phone.sync()
    say("Khadija reads the questions on her phone, corrects two forms and answers")


def _is_asked(place: int) -> bool:
    return ROUND[place % len(ROUND)] == HAS_ISSUES


def silence(cast: Cast, say: Say) -> None:
    """Phones that have not synced for days, with work on them that nobody else has."""
    for name, association, days, unsent, minutes in SILENT:
        cast.database.write(_silent(cast.associations[association], name, days, unsent, minutes))
    say(f"{len(SILENT)} phones have been silent for more than a week, with forms that are only there")


def _silent(association_id: int, name: str, days: int, unsent: int, minutes: int) -> Callable[[Session], None]:
    def work(session: Session) -> None:
        if any(each.name == name for each in devices.of_association(session, association_id)):
            return
        at = now_ms() - days * DAY_MS
        author, token = new_uuid(secrets.token_bytes), secrets.token_hex(24)
        enrolment.enrol_at_once(session, NewDevice(association_id, "device", name), author, token, at - 30 * DAY_MS)
        found = authors.find(session, author)
        assert found is not None and found.device_id is not None
        report = {"unsent": unsent, "oldest_ms": at - 2 * DAY_MS, "app": "fieldsync-client/1", "forms": []}
        devices.note_contact(session, found.device_id, at, minutes * 60_000, msgspec.json.encode(report))

    return work


def flags(cast: Cast, say: Say) -> None:
    """What the quality rules do every night, done at once."""

    def read(work: Callable[[Session], Any]) -> Any:
        with cast.database.read() as session:
            return work(session)

    changed = sum(
        quality_night.run(read, cast.database.write, cast.associations[slug], now_ms())
        for slug in sorted({phone.association for phone in cast.phones.values()})
    )
    say(f"The quality rules look at everything: {changed} submissions stand out")
