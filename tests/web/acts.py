"""What people do in a browser: sign in, go somewhere, press what is main on a page.

Playwright does not wait for where a click leads, and whatever looks at once sees the page that is being left. So nobody
clicks or presses keys but by these: what leads away ends when the next page is there, and `touch` and `strike` say that
the page stays (tests/house/test_browser_stories.py).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, expect

from tests.web.site_under_test import Account

MAIN = "main button.main, main a.button.main"


@contextmanager
def leaving(page: Page) -> Iterator[None]:
    """What is done inside leads away; this ends when the next page is loaded."""
    with page.expect_navigation(wait_until="load"):
        yield


def follow(target: Locator) -> None:
    """Click what leads to another page, or to the same one anew."""
    with leaving(target.page):
        target.click()


def press_on(page: Page, button: str = MAIN) -> None:
    """Do what the page is for, or press another button, until the next page is there."""
    follow(page.locator(button).last)


def touch(target: Locator) -> None:
    """Click what changes the present page only."""
    target.click()


def strike(target: Locator | Page, key: str) -> None:
    """Press a key, on an element or on what has the focus, that changes the present page only."""
    if isinstance(target, Page):
        target.keyboard.press(key)
    else:
        target.press(key)


def sign_in(page: Page, account: Account) -> None:
    """By the form, with the second step where it is owed."""
    page.goto("/sign-in")
    page.fill("#email", account.email)
    page.fill("#passphrase", account.passphrase)
    press_on(page)
    if account.secret:
        expect(page).to_have_url(re.compile("second-step"))
        page.fill("#code", account.code())
        press_on(page)
    expect(page).to_have_url(re.compile(r":\d+/(inbox)?$"))


def sign_out(page: Page) -> None:
    """By the menu."""
    touch(page.locator(".who details.menu > summary"))
    follow(page.locator('form[action="/sign-out"] button'))
    expect(page).to_have_url(re.compile("/sign-in$"))
