"""The story of a colleague, invited and known by two proofs; and of a phone: enrolled, moved, revoked, quarantined."""

import random
import re
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from fieldsync.client import Device, Store, enrol
from fieldsync.client.companion import Companion
from fieldsync.client.transport import HttpTransport
from fieldsync.core.validation import PROGRAMME_ZONE
from tests.web.acts import follow, press_on, sign_in, sign_out
from tests.web.browser import Screen, misfits, opened
from tests.web.qr import is_picture_of
from tests.web.site_under_test import Account, Site, secret_of
from tests.web.words import said

pytestmark = pytest.mark.browser

PASSPHRASE = "cinq chevaux bleus sous la pluie"


class Phone:
    """A companion's phone, as the Python client is one."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.link = HttpTransport(site.url)
        self.dice = random.Random(str(folder))
        self.device = Device(Store.at(folder / "phone.db"), self.link, dice=self.dice)

    def enrols(self, link: str) -> None:
        """With what the picture says: an address, and a code after `#`."""
        address, _, code = link.partition("/enrol#")
        went = enrol(self.device.store, HttpTransport(address), code, self.dice)
        assert went.status == "enrolled", went

    def fills_a_form(self) -> None:
        """A woman is registered, offline."""
        versions = {form["id"]: form["version"] for form in self.device.forms()}
        form = Companion(self.dice, versions, "KHT").register_participant(datetime.now(PROGRAMME_ZONE).date())
        self.device.submit(form.form_id, form.version, form.writes)

    def syncs(self) -> str:
        """How the last round trip went."""
        for _ in range(5):
            report = self.device.sync()
            if report.quiet:
                break
        return report.status


def test_a_colleague_is_invited_and_comes_with_a_second_step(
    page: Page, browser: Browser, site: Site, screen: Screen
) -> None:
    sign_in(page, site.person(f"warda-{screen}", "coordinator", factor=True))
    email = f"hiba-{screen}@kht.example"
    page.goto("/people/invite")
    page.fill("#name", "Hiba")
    page.fill("#email", email)
    page.locator("input[value=designer]").check()
    press_on(page)
    link = page.locator("#shown").inner_text()
    assert link.startswith(f"{site.url}/welcome#")

    with opened(browser, site.url, screen) as watched:
        newcomer = watched.page
        newcomer.goto(link)
        expect(newcomer.locator("dl")).to_contain_text(email)
        assert "#" not in newcomer.url
        newcomer.fill("#passphrase", PASSPHRASE)
        newcomer.fill("#again", PASSPHRASE + "?")
        press_on(newcomer)
        expect(newcomer.locator("#again-error")).to_be_visible()
        newcomer.fill("#passphrase", PASSPHRASE)
        newcomer.fill("#again", PASSPHRASE)
        press_on(newcomer)
        expect(newcomer).to_have_url(re.compile(r":\d+/(inbox)?$"))

        account = set_second_step(newcomer, Account(email, "", PASSPHRASE))
        sign_out(newcomer)
        sign_in(newcomer, account)
        newcomer.goto("/people")
        expect(newcomer.locator("h1")).to_have_text(said(screen.language, "This is not open to you"))
        assert watched.complaints == []

    with opened(browser, site.url, screen) as watched:
        watched.page.goto(link)
        expect(watched.page.locator("#errors")).to_be_visible()


def set_second_step(page: Page, account: Account) -> Account:
    """Switch it on with an app that makes codes; the recovery codes are shown once."""
    page.goto("/account/second-step")
    press_on(page)
    key = page.locator("#key").inner_text()
    account.secret = secret_of(key)
    picture = page.request.get("/account/second-step/picture.svg")
    assert picture.ok and picture.headers["content-type"].startswith("image/svg+xml")
    page.fill("#code", account.code())
    press_on(page)
    expect(page.locator("#codes code")).to_have_count(10)
    return account


def test_a_recovery_code_opens_once(page: Page, site: Site, screen: Screen) -> None:
    account = site.person(f"rim-{screen}", "designer")
    sign_in(page, account)
    page.goto("/account/second-step")
    press_on(page)
    account.secret = secret_of(page.locator("#key").inner_text())
    page.fill("#code", account.code())
    press_on(page)
    recovery = page.locator("#codes code").first.inner_text()
    for opens in (True, False):
        page.context.clear_cookies()
        page.goto("/sign-in")
        page.fill("#email", account.email)
        page.fill("#passphrase", account.passphrase)
        press_on(page)
        page.fill("#code", recovery)
        press_on(page)
        expect(page).to_have_url(re.compile(r":\d+/(inbox)?$" if opens else "second-step"))
    expect(page.locator("#errors")).to_be_visible()


def test_a_phone_is_enrolled_moved_and_revoked(page: Page, site: Site, screen: Screen, tmp_path: Path) -> None:
    coordinator = site.person(f"ilham-{screen}", "coordinator")
    sign_in(page, coordinator)
    phone, name = Phone(site, tmp_path), f"KHT-{screen}"

    page.goto("/phones/enrol")
    page.fill("#name", name)
    press_on(page)
    link = page.locator("#link").text_content() or ""
    address = page.locator("img.qr").get_attribute("src") or ""
    assert is_picture_of(page.request.get(address).body(), link)
    phone.enrols(link)
    expect(page.locator("#state .tone-ok")).to_be_visible()  # told by itself, without loading the page again
    assert phone.syncs() == "ok"

    follow(page.locator("#state a"))
    expect(page.locator("h1")).to_have_text(name)
    shows_the_address_for_collect(page)
    phone.fills_a_form()
    assert phone.syncs() == "ok"
    page.goto("/phones")
    row = page.locator("tr", has_text=name)
    expect(row).to_contain_text(said(screen.language, "just now"))
    follow(row.locator("a"))

    page.locator("input[name=everything]").uncheck()
    page.locator("input[value='07.041.07.03']").check()
    page.select_option("#role", "association_reviewer")
    page.select_option("#holder", coordinator.uuid)
    follow(page.locator("form[action$='/place'] button"))
    expect(page.locator(".toast")).to_contain_text(
        said(screen.language, "The phone is moved; it learns of it at its next sync.")
    )
    expect(page.locator("input[name=everything]")).not_to_be_checked()
    expect(page.locator("#role")).to_have_value("association_reviewer")
    expect(page.locator("dl.facts")).to_contain_text(f"Ilham-{screen}")
    assert phone.syncs() == "ok"

    phone.fills_a_form()
    follow(page.locator("main a.button.bad"))
    follow(page.locator("main button.bad"))
    expect(page.locator("main .state")).to_contain_text(said(screen.language, "Revoked"))
    assert phone.syncs() == "revoked"

    page.goto("/quarantine")
    expect(page.locator("tr", has_text=name)).to_have_count(1)


def shows_the_address_for_collect(page: Page) -> None:
    """On the page of a phone: the address fits, whatever letters its secret has."""
    where = page.url
    page.goto(f"{where}/collect")
    press_on(page)
    page.locator("#address").evaluate("shown => { shown.textContent = 'https://a.example/' + 'x'.repeat(50); }")
    assert misfits(page) == []
    page.goto(where)


def test_a_code_that_is_taken_back_enrols_nothing(page: Page, site: Site, screen: Screen, tmp_path: Path) -> None:
    sign_in(page, site.person(f"oumaima-{screen}", "coordinator"))
    page.goto("/phones/enrol")
    page.fill("#name", f"KHT-back-{screen}")
    press_on(page)
    link = page.locator("#link").text_content() or ""
    follow(page.locator("form[action$='/end'] button"))
    expect(page.locator(".toast")).to_be_visible()
    phone = Phone(site, tmp_path)
    went = enrol(phone.device.store, phone.link, link.partition("#")[2], phone.dice)
    assert went.status == "refused"


def test_whoever_was_away_for_long_proves_who_she_is(page: Page, site: Site, screen: Screen) -> None:
    """A dangerous act asks for the passphrase again, and then goes on where it was."""
    account = site.person(f"nora-{screen}", "coordinator")
    colleague = site.person(f"samir-{screen}", "designer")
    sign_in(page, account)
    site.let_time_pass(account)
    page.goto(f"/people/{colleague.uuid}/close")
    expect(page).to_have_url(re.compile("/confirm"))
    page.fill("#passphrase", "something else entirely")
    press_on(page)
    expect(page.locator("#errors")).to_be_visible()
    page.fill("#passphrase", account.passphrase)
    press_on(page)
    expect(page).to_have_url(re.compile("/close$"))
    follow(page.locator("main button.bad"))
    expect(page.locator("main .state")).to_contain_text(said(screen.language, "Closed"))


def test_everything_but_the_waiting_works_without_script(browser: Browser, site: Site, tmp_path: Path) -> None:
    context = browser.new_context(base_url=site.url, java_script_enabled=False, locale="fr")
    page = context.new_page()
    try:
        sign_in(page, site.person("fatine", "coordinator"))
        page.goto("/phones/enrol")
        page.fill("#name", "KHT-M99")
        press_on(page)
        code = page.locator("#code").inner_text()
        Phone(site, tmp_path).enrols(f"{site.url}/enrol#{code}")
        page.reload()
        expect(page.locator("#state .tone-ok")).to_be_visible()
        sign_out(page)
    finally:
        context.close()
