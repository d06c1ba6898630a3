"""What script does on a page, and what nothing there can do: in real Chromium."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.web.acts import sign_in, strike
from tests.web.browser import PHONE, WEB, Screen, Watched
from tests.web.site_under_test import Site
from tests.web.vendoring import packaged

pytestmark = pytest.mark.browser

HOSTILE = (
    '<p onclick="x()" style="color:red">a</p><script>x()</script><a href="javascript:x()">b</a>'
    '<iframe srcdoc="<script>x()</script>"></iframe><img src="https://evil.example/x.png">'
    '<svg><use href="//evil.example#x"/></svg><template><b onload="x()">c</b></template>'
    '<form action="https://evil.example"></form><link rel="stylesheet" href="/x.css">'
)

INSERT = "html => { const place = document.createElement('div'); place.innerHTML = html; return place.innerHTML }"


@pytest.fixture
def screen() -> Screen:
    """One is enough: script does not depend on it."""
    return Screen("fr", *PHONE)


def test_whatever_a_library_puts_into_a_page_is_sanitised(watched: Watched) -> None:
    watched.page.goto("/sign-in")
    left = watched.page.evaluate(INSERT, HOSTILE)
    for gone in ("onclick", "onload", "style", "script", "javascript:", "iframe", "evil.example", "link"):
        assert gone not in left
    for kept in (">a</p>", ">b</a>", "<b>c</b>"):
        assert kept in left
    watched.complaints.clear()  # the browser tells of what it did not run


@pytest.mark.parametrize("attempt", [
    "document.body.appendChild(document.createElement('script')).textContent = 'window.x = 1'",
    "document.body.appendChild(document.createElement('script')).src = '/static/x.js'",
    "new Worker('/static/x.js')",
])  # fmt: skip
def test_no_script_is_born_of_text(watched: Watched, attempt: str) -> None:
    watched.page.goto("/sign-in")
    trying = "() => { try { " + attempt + "; return '' } catch (error) { return error.name } }"
    assert watched.page.evaluate(trying) == "TypeError"
    assert len(watched.complaints) == 1 and "has been blocked" in watched.complaints.pop()


def test_a_page_says_that_there_is_no_network(page: Page) -> None:
    page.goto("/sign-in")
    expect(page.locator("#offline")).to_be_hidden()
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden()


def test_menus_open_with_keys_and_close_with_escape(page: Page, site: Site) -> None:
    sign_in(page, site.person("khadija", "coordinator"))
    menu = page.locator("details.only-small")
    strike(page, "Tab")
    expect(page.locator("a.skip")).to_be_focused()
    strike(page, "Tab")
    strike(page, "Enter")
    expect(menu).to_have_attribute("open", "")
    strike(page, "Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(menu.locator("summary")).to_be_focused()


def test_what_is_vendored_is_what_the_packages_hold() -> None:
    for name, origin in json.loads((WEB / "vendored.json").read_text()).items():
        assert (WEB / "static" / "vendor" / name).read_bytes() == packaged(origin), f"{name}: run `make vendor`"
