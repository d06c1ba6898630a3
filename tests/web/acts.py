"""What people do in a browser: sign in, go somewhere, press what is main on a page."""

import re

from playwright.sync_api import Page, expect

from tests.web.site_under_test import Account

MAIN = "main button.main, main a.button.main"


def sign_in(page: Page, account: Account) -> None:
    """By the form, with the second step where it is owed."""
    page.goto("/sign-in")
    page.fill("#email", account.email)
    page.fill("#passphrase", account.passphrase)
    press(page)
    if account.secret:
        expect(page).to_have_url(re.compile("second-step"))
        page.fill("#code", account.code())
        press(page)
    expect(page).to_have_url(re.compile(r":\d+/(inbox)?$"))


def press(page: Page) -> None:
    """Do what the page is for."""
    page.locator(MAIN).last.click()


def press_on(page: Page, button: str = MAIN) -> None:
    """The same, or another button, until the next page is there."""
    with page.expect_navigation(wait_until="load"):
        page.locator(button).last.click()


def sign_out(page: Page) -> None:
    """By the menu."""
    page.locator(".who details.menu > summary").click()
    page.locator('form[action="/sign-out"] button').click()
    expect(page).to_have_url(re.compile("/sign-in$"))
