"""Every page in Arabic and French, on a phone and a laptop: it fits, axe finds no serious fault, nothing complains."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from fieldsync.store.devices import ViewRow
from tests.web.acts import press_on, sign_in
from tests.web.browser import LAPTOP, PHONE, Screen, faults, misfits, opened, shot
from tests.web.site_under_test import Account, Site

pytestmark = pytest.mark.browser

PUBLIC = {"sign-in": "/sign-in", "forgotten": "/forgotten", "link": "/welcome", "code": "/enrol"}

COORDINATORS = {
    "home": "/",
    "account": "/account",
    "passphrase": "/account/passphrase",
    "second-step": "/account/second-step",
    "token": "/account/tokens/new",
    "people": "/people",
    "nobody": "/people?q=zzzz",
    "person": "/people/{person}",
    "invite": "/people/invite",
    "grant": "/people/{person}/roles/new",
    "close": "/people/{person}/close",
    "roles": "/roles",
    "phones": "/phones",
    "phone": "/phones/{device}",
    "revoke": "/phones/{device}/revoke",
    "enrol": "/phones/enrol",
    "quarantine": "/quarantine",
    "confirm": "/confirm",
}

FAULTS = {"absent": "/nowhere", "forbidden": "/audit"}


@dataclass(frozen=True)
class Cast:
    """Who looks, whom and what the pages are about."""

    coordinator: Account
    names: dict[str, str]


@pytest.fixture(scope="session")
def cast(site: Site) -> Cast:
    """A coordinator, a reviewer, and phones that are well, silent and revoked."""
    reviewer = site.person("brahim", "association_reviewer")
    site.device("KHT-M01")
    silent = site.device("KHT-M04", ViewRow("place", "07.041.01.03"), ViewRow("own"))
    site.make_silent(silent)
    site.revoke(site.device("KHT-M07"))
    return Cast(site.person("amina", "coordinator"), {"person": reviewer.uuid, "device": silent})


def looks_right(page: Page, pictures: Path | None, name: str, screen: Screen) -> list[str]:
    """What is wrong with the present page."""
    shot(page, pictures, f"{name}.{screen}")
    return [f"{name} {screen}: {each}" for each in (*misfits(page), *faults(page))]


def test_pages_for_everybody_look_right(page: Page, screen: Screen, pictures: Path | None) -> None:
    wrong = []
    for name, address in PUBLIC.items():
        page.goto(address)
        wrong += looks_right(page, pictures, name, screen)
    assert wrong == []


def test_a_coordinators_pages_look_right(page: Page, screen: Screen, cast: Cast, pictures: Path | None) -> None:
    sign_in(page, cast.coordinator)
    wrong = []
    for name, address in COORDINATORS.items():
        page.goto(address.format(**cast.names))
        wrong += looks_right(page, pictures, name, screen)
    assert wrong == []


def test_pages_after_a_form_look_right(page: Page, screen: Screen, site: Site, pictures: Path | None) -> None:
    """A refused form, the second step begun, a code for a phone, a token and a link that are shown once."""
    name = f"salma-{screen}"
    sign_in(page, site.person(name, "coordinator"))
    wrong = []

    def look(name: str, address: str, fill: Callable[[], None] = lambda: None) -> None:
        page.goto(address)
        fill()
        press_on(page)
        wrong.extend(looks_right(page, pictures, name, screen))

    look("second-step-begun", "/account/second-step")
    look("code-shown", "/phones/enrol", lambda: page.fill("#name", "KHT-M09"))
    look("token-refused", "/account/tokens/new", lambda: page.fill("#name", "nightly"))
    page.locator("input[name=scopes]").first.check()
    press_on(page)
    wrong += looks_right(page, pictures, "token-shown", screen)
    look("invitation-refused", "/people/invite", lambda: _invite(page, "not an address"))
    look("invitation-shown", "/people/invite", lambda: _invite(page, f"zahra-{screen}@kht.example"))
    assert wrong == []


def _invite(page: Page, email: str) -> None:
    page.locator("form").last.evaluate("form => form.noValidate = true")
    page.fill("#name", "Zahra")
    page.fill("#email", email)
    page.locator("input[value=designer]").check()


def test_the_page_of_a_fault_looks_right(page: Page, screen: Screen, cast: Cast, pictures: Path | None) -> None:
    sign_in(page, cast.coordinator)
    wrong = []
    for name, address in FAULTS.items():
        page.goto(address)
        wrong += looks_right(page, pictures, name, screen)
    assert wrong == []


@pytest.mark.parametrize("size", [PHONE, LAPTOP])
def test_the_log_looks_right(browser: Browser, site: Site, pictures: Path | None, size: tuple[int, int]) -> None:
    """To whoever protects the data; she must set up a second step before she sees it."""
    officer = site.person(f"dalila-{size[0]}", "data_protection", None, factor=True)
    wrong = []
    with opened(browser, site.url, Screen("ar", *size)) as watched:
        page = watched.page
        sign_in(page, officer)
        for language in ("ar", "fr"):
            screen = Screen(language, *size)
            page.goto(f"/audit?lang={language}")
            wrong += looks_right(page, pictures, "audit", screen)
            press_on(page, "main form[action='/audit/check'] button")
            wrong += looks_right(page, pictures, "audit-checked", screen)
            assert page.locator(".note.tone-ok").count() == 1
    assert (wrong, watched.complaints) == ([], [])


@pytest.mark.parametrize("screen", [Screen("fr", *LAPTOP, dark=True), Screen("ar", *PHONE, dark=True)], ids=str)
def test_pages_look_right_in_the_dark(page: Page, screen: Screen, cast: Cast, pictures: Path | None) -> None:
    sign_in(page, cast.coordinator)
    wrong = []
    for name in ("home", "people", "phones", "phone", "roles"):
        page.goto(COORDINATORS[name].format(**cast.names))
        wrong += looks_right(page, pictures, name, screen)
    assert wrong == []
