"""What happens in the demo: work, lost requests, a disagreement, a mistake, a form that comes late, twins."""

import secrets
from datetime import timedelta
from pathlib import Path

from fieldsync.app import now_ms
from fieldsync.client import enrol
from fieldsync.client.companion import Companion
from fieldsync.client.companion_people import WORK
from fieldsync.client.companion_people import phone as phone_number
from fieldsync.client.transport import HttpTransport
from fieldsync.demo import doubles, office, rooms, setting
from fieldsync.demo.cast import COMPANIONS, Cast, Say
from fieldsync.demo.phones import Phone, days_work, open_phone
from fieldsync.services import enrolment
from fieldsync.services.enrolment import NewDevice
from fieldsync.store.db import Database

CODE_MS = 15 * 60 * 1000

HASTY = 4
"""Forms of one hasty night: enough to stand out."""

ONE_DAY = timedelta(days=1)


def enter(cast: Cast, folder: Path, url: str, say: Say) -> None:
    """Every companion takes her phone; a new one is enrolled in the office, where the link holds."""
    for name, association, label in COMPANIONS:
        phone = open_phone(folder / "phones", name, association, url, cast.run)
        cast.phones[name] = phone
        known = phone.device.author is not None
        if not known:
            code = _offer(cast.database, cast.associations[association], label)
            went = enrol(phone.device.store, HttpTransport(url), code, phone.dice)
            assert went.status == "enrolled", went
        phone.sync()
        cast.companions[name] = Companion(phone.dice, phone.versions(), association.upper())
        say(f"{name} ({association}) {'goes on with her phone' if known else 'is enrolled with a one-time code'}")


def _offer(database: Database, association_id: int, label: str) -> str:
    code, until = secrets.token_hex(4), now_ms() + CODE_MS
    new = NewDevice(association_id, "device", label)
    database.write(lambda session: enrolment.offer_code(session, new, code, until))
    return code


def villages(cast: Cast, say: Say) -> None:
    """Days without a link; then everything goes up in batches, though requests and answers get lost."""
    for name, phone in cast.phones.items():
        cast.work[name] = days_work(phone, cast.companions[name], cast.today)
        say(f"{name} fills {phone.filled} forms offline")
    for phone in cast.phones.values():
        phone.sync()
        _tell(phone, say)


def _tell(phone: Phone, say: Say) -> None:
    results = ", ".join(f"{count} {status}" for status, count in sorted(phone.results.items()))
    lost = f"{phone.link.requests_lost} requests and {phone.link.answers_lost} answers lost"
    say(f"{phone.name} syncs in {phone.tried} round trips, {lost}: {results or 'nothing new'}; {phone.heard} heard")


def disagreement(cast: Cast, say: Say) -> None:
    """Two companions write down another phone number of the same woman, neither having seen the other's."""
    record, _ = next(each for each in cast.work["Khadija"] if "person/phone" in each[1].writes)
    pair = [cast.phones["Khadija"], cast.phones["Fadma"]]
    for phone in pair:
        phone.sync()
    for phone in pair:
        phone.device.edit(record, {"person/phone": phone_number(phone.dice)})
    for phone in [*pair, *pair]:
        phone.sync()
    cast.shown["conflict"] = record
    say("Khadija and Fadma correct the same phone number unseen: both numbers are kept, in conflict")


def mistakes(cast: Cast, say: Say) -> None:
    """A choice that does not exist is quarantined; a broken constraint is kept and shows."""
    phone, companion = cast.phones["Fadma"], cast.companions["Fadma"]
    cast.shown["quarantined"] = phone.submit(companion.register_participant(cast.today, mistaken=True))
    cast.shown["issues"] = phone.submit(companion.record_activity(cast.today, careless=True))
    cast.shown["twice"] = phone.submit(companion.report_month(cast.today, again=True))
    phone.sync()
    say("Fadma's phone sends a choice that does not exist (quarantined), an activity of 20 hours (kept, with issues),")
    say("and a month that was reported before (kept, marked as a possible duplicate)")


def late_form(cast: Cast, say: Say) -> None:
    """Naima has a form version that the server does not: her month is held, and applies once it is published."""
    phone, companion = cast.phones["Naima"], cast.companions["Naima"]
    version = f"{phone.versions()['f7_monthly'][:10]}{cast.run:02}"
    cast.shown["released"] = phone.submit(companion.report_month(cast.today), version)
    phone.sync()
    say(f"Naima reports a month with version {version}, which is not published yet: held")
    forms = setting.definitions(["f7_monthly"], version)
    setting.publish(cast.database, [cast.associations[phone.association]], forms)
    phone.sync()
    say("the designer publishes it: the month is released into its record")


def haste(cast: Cast, say: Say) -> None:
    """Zahra makes up for lost days at night: quick forms, copied answers, a point that is nowhere near."""
    phone, companion = cast.phones["Zahra"], cast.companions["Zahra"]
    day = cast.today - ONE_DAY
    for _ in range(HASTY):
        phone.submit(rooms.at_night(companion.register_participant(day), day))
    communes = WORK["KHT"][1]
    first = rooms.room(phone.dice, communes, phone.versions()[rooms.FORM], day)
    for _ in range(HASTY + 1):
        phone.submit(first)
    phone.submit(rooms.room(phone.dice, (str(first.writes["commune"]),), first.version, day, far=True))
    phone.sync()
    say(f"Zahra sends {HASTY} forms of last night, the same room {HASTY + 1} times, and one that lies far off")


def waiting(cast: Cast, say: Say) -> None:
    """Fadma fills a form version from elsewhere: what she says with it waits until somebody publishes it."""
    phone, companion = cast.phones["Fadma"], cast.companions["Fadma"]
    cast.shown["held"] = phone.submit(companion.report_month(cast.today), f"{phone.versions()['f7_monthly'][:8]}98")
    phone.sync()
    say("Fadma reports a month with a version that nobody has published: held, until somebody does")


def play(cast: Cast, say: Say) -> None:
    """Everything, in order."""
    scenes = (villages, disagreement, mistakes, late_form, haste, waiting, doubles.twins, doubles.known_already)
    for scene in (*scenes, office.decisions, office.answers, office.silence, office.flags):
        scene(cast, say)
    for phone in cast.phones.values():
        phone.sync()
