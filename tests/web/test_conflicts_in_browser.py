"""Conflicts, quarantine, deletion and entities in a real browser: how they look, and that each can be mended."""

import re
import secrets
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from fieldsync.app import now_ms
from fieldsync.core.short_codes import short_code
from fieldsync.services import enrolment, publishing
from fieldsync.services.enrolment import EVERYTHING, NewDevice
from tests.market_form import market
from tests.tiny_forms import definition
from tests.web.acts import follow, press_on, sign_in, touch
from tests.web.browser import LAPTOP, PHONE, Screen, faults, misfits, shot
from tests.web.site_under_test import Account, Site
from tests.web.words import said

pytestmark = pytest.mark.browser

ROW = "11111111-1111-4111-8111-111111111111"

EVIL = "<img src=x onerror=hit()><script>hit()</script>\"'><b onmouseover=hit()>x</b>"

Json = dict[str, Any]


@dataclass
class Speaker:
    """A phone that speaks the protocol as it is written, so that it may be wrong, late or unaware of others."""

    site: Site
    name: str
    author: str = field(default_factory=lambda: secrets.token_hex(16))
    token: str = field(default_factory=lambda: secrets.token_hex(24))
    counter: int = 0
    slug: str = "kht"

    def __post_init__(self) -> None:
        new = NewDevice(self.site.associations[self.slug], "device", self.name, EVERYTHING)
        self.site.write(lambda on: enrolment.enrol_at_once(on, new, self.author, self.token, now_ms()))

    def says(self, record: str, of: str, writes: Json | None, *seen: Json, **members: Any) -> Json:
        """One operation, sent at once."""
        self.counter += 1
        operation = {"id": [self.author, self.counter], "record": record, "kind": "submission", "of": of,
                     "version": "1", "stamp": [now_ms(), 0], **members}  # fmt: skip
        if writes is not None:
            operation["writes"] = writes
        if seen:
            operation["seen"] = [each["id"] for each in seen]
        body = {
            "protocol": 1,
            "now": now_ms(),
            "epoch": None,
            "cursor": None,
            "pull": "none",
            "operations": [operation],
        }
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = requests.post(f"{self.site.url}/api/v1/sync", json=body, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return operation


@dataclass
class Desk:
    """Two phones that do not know of each other, and somebody who reviews."""

    site: Site
    amina: Speaker
    zaina: Speaker
    reviewer: Account
    coordinator: Account

    def disputed(self) -> str:
        """A report of which two phones wrote different totals, and one removed a row to which the other wrote."""
        record, row = str(uuid.uuid4()), f"sales[{ROW}]"
        first = self.amina.says(record, "market", {
            "province": "haouz", "commune": "asni", "seller": "Fatima", "stall": "yes", "number": "7", "fee": "12.50",
            "day": "2026-09-20", row: 1, f"{row}/what": "Rug", f"{row}/price": 900, "total": "900",
        })  # fmt: skip
        self.amina.says(record, "market", {"fee": "3450"}, first)
        self.zaina.says(record, "market", {"fee": "3540", f"{row}/price": 950}, first)
        self.amina.says(record, "market", {row: None}, first)
        return record

    def known(self) -> tuple[str, str]:
        """A person of whom two phones said different things: (entity, her submission)."""
        entity, record = str(uuid.uuid4()), str(uuid.uuid4())
        writes = {"person": entity, "fullname": "Fatima Aït Ali", "risk": "high", "village": "Asni",
                  "meta/entity/@id": entity, "meta/entity/@create": "1", "meta/entity/label": "Fatima"}  # fmt: skip
        self.amina.says(record, "person", writes)
        self.zaina.says(str(uuid.uuid4()), "person", writes | {"risk": "low"})
        return entity, record

    def wrong(self, **writes: Any) -> str:
        """A visit with a colour that the form does not have."""
        record = str(uuid.uuid4())
        self.amina.says(record, "visit", {"name": "Fatima", "colour": "mauve", "age": 30, **writes})
        return record


@pytest.fixture(scope="module")
def desk(site: Site) -> Desk:
    """Forms are published, phones enrolled, people let in."""
    owner = site.associations["kht"]
    for form in (market(), definition("visit 1"), definition("person 1")):
        site.write(lambda session, form=form: publishing.publish(session, owner, form, now_ms()))  # type: ignore[misc]
    who = secrets.token_hex(3)
    reviewer = site.person(f"settles-{who}", "association_reviewer")
    coordinator = site.person(f"masked-{who}", "coordinator")
    return Desk(site, Speaker(site, "KHT-M31"), Speaker(site, "KHT-M32"), reviewer, coordinator)


def ticket_of(page: Page, record: str) -> str:
    """The page of what is quarantined of a record."""
    page.goto("/quarantine")
    return page.locator("tr", has_text=short_code(record)).locator("a").get_attribute("href") or ""


def looks_right(page: Page, pictures: Path | None, name: str, screen: Screen) -> list[str]:
    shot(page, pictures, f"{name}.{screen}")
    return [f"{name} {screen}: {each}" for each in (*misfits(page), *faults(page))]


def test_the_pages_look_right(page: Page, screen: Screen, desk: Desk, pictures: Path | None) -> None:
    disputed, (entity, record), wrong = desk.disputed(), desk.known(), desk.wrong(age="old", shoe="41")
    desk.zaina.says(str(uuid.uuid4()), "visit", {"name": "x"}, {"id": ["far-away", 1]})
    sign_in(page, desk.reviewer)
    addresses = {
        "conflict": f"/submissions/market/{disputed}",
        "entity": f"/entities/people/{entity}",
        "quarantine": "/quarantine",
        "quarantined": ticket_of(page, wrong),
        "held": "/quarantine/held",
        "delete": f"/submissions/person/{record}/delete",
    }
    found = []
    for name, address in addresses.items():
        page.goto(address)
        found += looks_right(page, pictures, name, screen)
    page.goto(addresses["conflict"])
    touch(page.locator(".clash details > summary").first)
    found += looks_right(page, pictures, "conflict-third", screen)
    assert found == []


@pytest.mark.parametrize("screen", [Screen("fr", *LAPTOP, dark=True), Screen("ar", *PHONE, dark=True)], ids=str)
def test_they_look_right_in_the_dark_and_masked(page: Page, screen: Screen, desk: Desk, pictures: Path | None) -> None:
    disputed, (entity, _), wrong = desk.disputed(), desk.known(), desk.wrong()
    sign_in(page, desk.coordinator)
    found = []
    addresses = {"conflict": f"/submissions/market/{disputed}", "entity": f"/entities/people/{entity}",
                 "quarantined": ticket_of(page, wrong)}  # fmt: skip
    for name, address in addresses.items():
        page.goto(address)
        expect(page.locator("body")).not_to_contain_text("Fatima")
        found += looks_right(page, pictures, f"{name}-masked", screen)
    press_on(page, "form.reveal button")
    expect(page.locator("main")).to_contain_text("Fatima")
    assert found == []


def test_a_conflict_is_resolved(page: Page, screen: Screen, desk: Desk) -> None:
    record = desk.disputed()
    sign_in(page, desk.reviewer)
    page.goto(f"/submissions/market/{record}")
    follow(page.get_by_role("button", name=said(screen.language, "Keep it"), exact=True))
    expect(page.locator(".clash")).to_have_count(1)
    touch(page.locator(".clash details > summary"))
    page.locator(".clash [name='other-0']").fill("3450,x")
    press_on(page, "button[value=other]")
    expect(page.locator(".clash [role=alert]")).to_be_visible()
    follow(page.locator(".side button", has_text=re.compile("3.450")))
    expect(page.locator(".clash")).to_have_count(0)
    expect(page.locator(".toast")).to_contain_text(
        said(screen.language, "Settled; the other values stay in the history.")
    )
    expect(page.locator('[data-path="fee"]')).to_contain_text("450")


def test_what_is_quarantined_is_corrected_and_counts(page: Page, screen: Screen, desk: Desk) -> None:
    record = desk.wrong()
    sign_in(page, desk.reviewer)
    page.goto(ticket_of(page, record))
    page.locator("main select").first.select_option("red")
    page.fill("#why-corrected", "A slip of the pen")
    press_on(page, "form[action$='/correct'] button.main")
    expect(page.locator(".page-head .fact").first).to_contain_text(said(screen.language, "Released"))
    page.goto(f"/submissions/visit/{record}")
    expect(page.locator('[data-path="colour"]')).to_contain_text("Red")
    expect(page.locator('[data-path="name"]')).to_contain_text("Fatima")
    expect(page.locator(".timeline")).to_contain_text("A slip of the pen")


@pytest.mark.parametrize("screen", [Screen("ar", *PHONE), Screen("fr", *LAPTOP)], ids=str)
def test_the_late_batch_of_a_lost_phone_is_released_as_a_whole(page: Page, screen: Screen, desk: Desk) -> None:
    lost = Speaker(desk.site, f"KHT-lost-{screen}")
    desk.site.revoke(lost.author)
    records = [str(uuid.uuid4()) for _ in range(3)]
    for record in records:
        lost.says(record, "visit", {"name": "Fatima"})
    sign_in(page, desk.reviewer)
    page.goto("/quarantine?why=device_revoked")
    for record in records:
        page.locator("tr", has_text=short_code(record)).locator("input[type=checkbox]").check()
    page.fill("#reason", "The phone came back by hand")
    press_on(page, "button[value=release]")
    expect(page.locator(".note.tone-ok")).to_contain_text("3")
    for record in records:
        page.goto(f"/submissions/visit/{record}")
        expect(page.locator('[data-path="name"]')).to_contain_text("Fatima")


@pytest.mark.parametrize("screen", [Screen("ar", *PHONE), Screen("fr", *LAPTOP)], ids=str)
def test_a_submission_and_its_own_entity_are_deleted_and_brought_back(page: Page, screen: Screen, desk: Desk) -> None:
    entity, record = str(uuid.uuid4()), str(uuid.uuid4())
    desk.amina.says(record, "person", {"person": entity, "fullname": "Zahra", "meta/entity/@id": entity,
                                       "meta/entity/@create": "1", "meta/entity/label": "Zahra"})  # fmt: skip
    sign_in(page, desk.reviewer)
    page.goto(f"/submissions/person/{record}")
    follow(page.locator("a[href$='/delete']"))
    page.fill("#reason", "Filled as a test")
    press_on(page, "main button.bad")
    expect(page).to_have_url(re.compile("/left$"))
    page.locator(f"input[value='{entity}']").check()
    press_on(page, "main button.bad")
    deleted = said(screen.language, "Deleted.")
    for address in (f"/submissions/person/{record}", f"/entities/people/{entity}"):
        page.goto(address)
        expect(page.locator("main .note.tone-bad").first).to_contain_text(deleted)
        press_on(page, "form[action$='/back'] button")
        expect(page.locator("main")).not_to_contain_text(deleted)


def test_nothing_that_a_phone_sent_runs(page: Page, screen: Screen, desk: Desk) -> None:
    """The policy would refuse it; that it is never taken for markup is the first lock."""
    record = desk.wrong(name=EVIL)
    broken = desk.amina.says(str(uuid.uuid4()), "visit", {"name": EVIL}, kind=EVIL)
    disputed = str(uuid.uuid4())
    first = desk.amina.says(disputed, "visit", {"name": EVIL})
    desk.amina.says(disputed, "visit", {"name": EVIL + "1"}, first)
    desk.zaina.says(disputed, "visit", {"name": EVIL + "2"}, first)
    sign_in(page, desk.reviewer)
    page.goto("/quarantine")
    unreadable = (
        page.locator("tr", has_text=said(screen.language, "Unreadable")).last.locator("a").get_attribute("href")
    )
    assert broken["kind"] == EVIL
    for address in ("/quarantine", ticket_of(page, record), unreadable or "", f"/submissions/visit/{disputed}"):
        page.goto(address)
        assert page.evaluate("document.querySelectorAll('main img, main b[onmouseover]').length") == 0, address
