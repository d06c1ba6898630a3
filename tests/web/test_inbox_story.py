"""A reviewer's morning in the browser: she finds a woman by either script, shares a filter, decides, takes it back."""

import json
import secrets
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from fieldsync.app import now_ms
from fieldsync.services import enrolment
from fieldsync.services.enrolment import EVERYTHING, NewDevice
from fieldsync.store import form_versions
from tests.web.acts import follow, leaving, sign_in, strike, touch
from tests.web.browser import Screen, faults, misfits, opened, shot
from tests.web.site_under_test import Site

pytestmark = pytest.mark.browser

NAMES = ("فاطمة أوبلا", "Khadija Ait Ali", "Malika Belkacem")


@dataclass
class Morning:
    """What one companion sent: her phone's name, and the records."""

    phone: str
    author: str
    records: list[str]


@pytest.fixture
def morning(site: Site) -> Morning:
    """Three participants, as a phone of its own sends them."""
    author, token, name = secrets.token_hex(16), secrets.token_hex(16), f"KHT-{secrets.token_hex(2)}"
    new = NewDevice(site.associations["kht"], "device", name, EVERYTHING)
    site.write(lambda session: enrolment.enrol_at_once(session, new, author, token, now_ms()))
    form = site.write(lambda session: form_versions.versions(session, site.associations["kht"], "f4_participant"))[-1]
    said = [
        {
            "id": [author, number],
            "record": str(uuid4()),
            "kind": "submission",
            "of": form.form,
            "version": form.version,
            "stamp": [now_ms(), number],
            "writes": {"person/full_name": full_name, "header/site": "07.041.07.03"},
        }
        for number, full_name in enumerate(NAMES, 1)
    ]
    body = {"protocol": 1, "now": now_ms(), "epoch": None, "cursor": None, "pull": "none", "operations": said}
    request = urllib.request.Request(
        f"{site.url}/api/v1/sync", json.dumps(body).encode(), {"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        results = json.load(answer)["results"]
    assert [each["status"] for each in results] == ["applied"] * 3, results
    return Morning(name, author, [str(each["record"]) for each in said])


def fits(page: Page) -> None:
    """A page without a grave fault of accessibility, and without anything that does not fit."""
    assert faults(page) == []
    assert misfits(page) == []


def test_a_reviewer_finds_shares_decides_and_takes_back(
    page: Page, site: Site, screen: Screen, morning: Morning, pictures: Path | None, browser: object
) -> None:
    sign_in(page, site.person(f"reviewer-{secrets.token_hex(3)}", "association_reviewer"))
    expect(page).to_have_url(f"{site.url}/inbox")
    fits(page)
    shot(page, pictures, f"inbox-{screen}")
    touch(page.locator(".filter-box > summary"))
    page.select_option("#device", morning.author)
    fits(page)
    follow(page.locator(".filters button.main"))
    lines = page.locator("table.inbox tbody tr")
    expect(lines).to_have_count(3)
    shared = page.url
    assert "device=" in shared
    page.fill("input[name=words]", "fatima")
    with leaving(page):
        strike(page.locator("input[name=words]"), "Enter")
    expect(lines).to_have_count(1)
    assert "fatima" not in page.url and "fatima" not in page.title()
    fits(page)
    with opened(browser, site.url, screen) as colleague:  # type: ignore[arg-type]
        sign_in(colleague.page, site.person(f"colleague-{secrets.token_hex(3)}", "association_reviewer"))
        colleague.page.goto(page.url)
        expect(colleague.page.locator("table.inbox tbody tr")).to_have_count(3)
        expect(colleague.page.locator("input[name=words]")).to_have_value("")
        assert colleague.complaints == []
    page.goto(shared)
    decides_and_takes_back(page, pictures, screen)


def decides_and_takes_back(page: Page, pictures: Path | None, screen: Screen) -> None:
    """Two are approved at once; the toast takes that back."""
    ticks = page.locator(".pick input[name=row]")
    ticks.nth(0).check()
    ticks.nth(1).check()
    expect(page.locator("[data-ticked]")).to_contain_text("2")
    expect(page.locator(".bulk")).to_be_in_viewport()
    fits(page)
    shot(page, pictures, f"inbox-ticked-{screen}")
    follow(page.locator("button[value=approve]"))
    expect(page.locator(".toast")).to_be_visible()
    expect(page.locator("table.inbox tbody tr")).to_have_count(1)
    fits(page)
    shot(page, pictures, f"inbox-approved-{screen}")
    follow(page.locator(".toast button.said"))
    expect(page.locator("table.inbox tbody tr")).to_have_count(3)
    follow(page.locator('a[href="/inbox/deeds"]'))
    expect(page.locator(".rows > li").first).to_be_visible()
    fits(page)
    shot(page, pictures, f"inbox-deeds-{screen}")


def test_keys_walk_through_the_list_tick_and_open(browser: object, site: Site, morning: Morning) -> None:
    with opened(browser, site.url, Screen("fr", 1280, 800)) as watched:  # type: ignore[arg-type]
        page = watched.page
        sign_in(page, site.person(f"reviewer-{secrets.token_hex(3)}", "association_reviewer"))
        page.goto(f"/inbox?view=to_review&device={morning.author}")
        lines = page.locator("table.inbox tbody tr")
        strike(page.locator("input[name=words]"), "j")
        expect(page.locator("input[name=words]")).to_have_value("j")
        page.evaluate("document.activeElement.blur()")
        strike(page, "j")
        strike(page, "j")
        expect(lines.nth(1).locator(".what a")).to_be_focused()
        strike(page, "x")
        expect(lines.nth(1).locator(".pick input")).to_be_checked()
        strike(page, "ArrowUp")
        expect(lines.nth(0).locator(".what a")).to_be_focused()
        strike(page, "k")
        expect(lines.nth(0).locator(".what a")).to_be_focused()
        touch(page.locator(".keys summary"))
        expect(page.locator(".keys-list li")).to_have_count(4)
        fits(page)
        strike(page, "Escape")
        lines.nth(0).locator(".what a").focus()
        with leaving(page):
            strike(page, "Enter")
        expect(page.locator("#decide")).to_be_visible()
        assert watched.complaints == []
