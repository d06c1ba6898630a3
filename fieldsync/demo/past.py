"""The months before the demo begins: what the companions of all seven associations sent, approved and published.

The same phones and the same server, with the clocks of then: so that figures have months behind them for every role.
"""

import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from fieldsync.app import create_app, now_ms
from fieldsync.client import Device, Store
from fieldsync.client.companion import Companion, Filled
from fieldsync.client.companion_forms import Reporter, entity_answers, header_answers
from fieldsync.client.companion_funding import (
    Application,
    Call,
    application_answers,
    call_answers,
    decision_answers,
    new_application,
)
from fieldsync.client.companion_people import WORK, new_uuid
from fieldsync.client.transport import Answer
from fieldsync.config import Settings
from fieldsync.core.review_moves import APPROVED
from fieldsync.demo.cast import Say
from fieldsync.services import desk, enrolment, publications, reviewing
from fieldsync.services.desk import Desk
from fieldsync.services.enrolment import NewDevice
from fieldsync.store.db import Database

MONTHS = 4
"""Closed months before the present one."""

DAY_OF_WORK = 20
"""On which day of a month its forms go up: activities lie up to twelve days back."""

PEOPLE, NAMED, HEADCOUNTS, IDEAS, VISITS = 9, 3, 1, 2, 4
LEFT_EVERY = 12
"""Each so manieth submission of then was never looked at."""

IDEAS_OF = frozenset(("bas", "att", "bin", "kht"))
GROUPS_OF = frozenset(("kht", "saf"))
ORGANISATIONS = (
    *("جمعية تامونت", "جمعية أزمزا", "جمعية الأطلس للتنمية", "جمعية إكودار", "جمعية تيغانيمين", "جمعية أفوس غوفوس"),
    *("جمعية نساء أنوكال", "جمعية شباب أسني", "جمعية تيزي نتاست", "جمعية أمل أدرار", "جمعية تفاوين", "جمعية أكدال"),
    *("جمعية وركان", "جمعية إمليل", "جمعية تيفاوت", "جمعية الجوز", "جمعية أزكور", "جمعية إمندونيت"),
)
ORGANISATIONS_EACH = 3


@dataclass
class Then:
    """The server as it answered then."""

    client: FlaskClient

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """A request of a phone."""
        return self._answered("POST", path, body, headers)

    def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        """A request of a phone."""
        return self._answered("GET", path, None, headers)

    def _answered(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        plain = {name: value for name, value in headers.items() if name != "Accept-Encoding"}
        response = self.client.open(path, method=method, data=body, headers=plain)
        return Answer(response.status_code, dict(response.headers), response.data)


@dataclass
class Phone:
    """A phone of then, and the form versions on it."""

    device: Device
    versions: Mapping[str, str]

    def sends(self, form: Filled) -> str:
        """Finish a form, with what was seen of the entities that it speaks of."""
        named = {value for path, value in form.writes.items() if path.endswith("/@id") and isinstance(value, str)}
        bases = {entity: heads for entity in sorted(named) if (heads := self.device.heads(entity))}
        return self.device.submit(form.form_id, form.version, form.writes, bases or None)


@dataclass
class Worker:
    """A companion of then and her phone; in some associations also one in the office, for funding."""

    slug: str
    dice: random.Random
    companion: Companion
    phone: Phone
    office: Phone | None
    organisations: list[str]
    call: Call | None = None
    applied: list[Application] = field(default_factory=list)

    @property
    def phones(self) -> list[Phone]:
        """Her phone, and that of the office."""
        return [self.phone, *([self.office] if self.office else [])]


def lived(database: Database, folder: Path, associations: Mapping[str, int], today: date, say: Say) -> None:
    """Let the months pass, one after the other; each is published once it has closed."""
    clock = [0]
    app = create_app(Settings(data=folder), database, lambda: clock[0])
    then = Then(app.test_client())

    def at(day: date, hour: int = 18) -> int:
        clock[0] = int(datetime(day.year, day.month, day.day, hour, tzinfo=UTC).timestamp() * 1000)
        return clock[0]

    first = _months_back(today, MONTHS)
    workers = [_worker(database, slug, owner, then, clock, at(first[0])) for slug, owner in associations.items()]
    count = 0
    for month in first:
        for worker in workers:
            sent = _month(worker, month, at(month.replace(day=DAY_OF_WORK)))
            count += len(sent)
            _look(database, associations[worker.slug], sent, at(month.replace(day=DAY_OF_WORK + 2)))
        published = at(_next(month).replace(day=publications.REVIEW_DAYS + 2))
        publications.publish(database, min(published, now_ms()))
    clock[0] = now_ms()
    for phone in (phone for worker in workers for phone in worker.phones):
        phone.device.sync_until_quiet()
        phone.device.store.close()
    say(f"{MONTHS} months before: {count} forms of seven associations, approved; figures of each month published")


def _months_back(today: date, count: int) -> list[date]:
    found = [today.replace(day=1)]
    for _ in range(count):
        found.insert(0, (found[0] - timedelta(days=1)).replace(day=1))
    return found[:-1]


def _next(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _worker(database: Database, slug: str, owner: int, then: Then, clock: list[int], at_ms: int) -> Worker:
    dice = random.Random(f"past {slug}")

    def phone(name: str, role: str) -> Phone:
        author, token = new_uuid(dice), secrets.token_hex(24)
        new = NewDevice(owner, "device", f"{slug.upper()}-{name}", role=role)
        database.write(lambda session: enrolment.enrol_at_once(session, new, author, token, at_ms))
        device = Device(Store.at(":memory:"), then, lambda: clock[0], dice)
        device.adopt(author, token, slug)
        device.sync_until_quiet()
        forms = sorted(device.forms(), key=lambda form: str(form["version"]))
        return Phone(device, {form["id"]: form["version"] for form in forms})

    hers, organisations = phone("P01", "companion"), list[str]()
    companion = Companion(dice, hers.versions, slug.upper(), local_orgs=organisations)
    office = phone("B01", "grants_officer") if slug in GROUPS_OF else None
    return Worker(slug, dice, companion, hers, office, organisations)


def _month(worker: Worker, month: date, at_ms: int) -> list[str]:
    """What one companion sends in a month; the records in order."""
    today = datetime.fromtimestamp(at_ms / 1000, UTC).date()
    companion = worker.companion
    forms: list[Filled] = []
    if not worker.organisations:
        forms += [_organisation(worker, name, today) for name in _own_organisations(worker)]
    forms += [companion.register_participant(today) for _ in range(PEOPLE)]
    forms += [companion.record_activity(today, named=True) for _ in range(NAMED)]
    forms += [companion.record_activity(today, named=False) for _ in range(HEADCOUNTS)]
    if worker.slug in IDEAS_OF:
        forms += [companion.record_idea(today) for _ in range(IDEAS)]
        forms += [companion.visit_idea(today) for _ in range(VISITS)]
    if worker.slug == "att":
        forms += [companion.check_job(today) for _ in range(VISITS)]
    if worker.slug in GROUPS_OF:
        forms += [companion.profile_group(today), *(companion.report_month(today) for _ in range(2))]
    sent = [worker.phone.sends(form) for form in forms]
    if worker.office is not None:
        sent += [worker.office.sends(form) for form in _funding(worker, worker.office.versions, month, today)]
    for phone in worker.phones:
        phone.device.sync_until_quiet()
    return sent


def _own_organisations(worker: Worker) -> list[str]:
    return worker.dice.sample(ORGANISATIONS, ORGANISATIONS_EACH)


def _organisation(worker: Worker, name: str, today: date) -> Filled:
    entity = new_uuid(worker.dice)
    worker.organisations.append(entity)
    writes = {
        "today": today.isoformat(), "name": name, "province": WORK[worker.slug.upper()][0],
        "meta/instanceName": name, **entity_answers(entity, False, name),
    }  # fmt: skip
    return Filled("f5_local_org", worker.phone.versions["f5_local_org"], writes)


def _funding(worker: Worker, versions: Mapping[str, str], month: date, today: date) -> list[Filled]:
    """A call in the first month, an application each month, and decisions on those of the month before."""
    who, dice = Reporter(worker.slug.upper(), f"{worker.slug.upper()}-01"), worker.dice
    forms = [decision_answers(dice, each, today) for each in worker.applied]
    found = [("f8_decision", each) for each in forms]
    if worker.call is None:
        worker.call = Call(new_uuid(dice), f"AP-{month.year}-{month.month:02}", month, today + timedelta(days=365))
        found.append(("f8_call", call_answers(worker.call)))
    application = new_application(dice)
    group = dice.choice(worker.companion.groups).id
    found.append(("f8_application", application_answers(dice, who.association, application, worker.call, group, today)))
    worker.applied = [application]
    headed = [
        (form, answers if form == "f8_call" else header_answers(dice, who, today) | answers) for form, answers in found
    ]
    return [Filled(form, versions[form], {"today": today.isoformat(), **answers}) for form, answers in headed]


def _look(database: Database, owner: int, records: list[str], at_ms: int) -> None:
    """The coordinator of then approves what came, all but a few."""
    by = Desk(owner, "operator", at_ms)

    def work(session: Session) -> None:
        for place, record in enumerate(records):
            found = desk.find(session, owner, record)
            if found and place % LEFT_EVERY != LEFT_EVERY - 1:
                reviewing.decide(session, by, found[0], APPROVED, "")

    database.write(work)
