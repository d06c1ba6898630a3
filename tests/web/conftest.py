"""What browser tests have: a running server, a browser, a page in a language and a size."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from fieldsync.store.db import execute
from tests.web.browser import SCREENS, Screen, Watched, launch, opened
from tests.web.site_under_test import Site, running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser a test process; every page has cookies of its own."""
    with sync_playwright() as playwright:
        launched = launch(playwright)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server a test process; every test makes people of its own."""
    with running(tmp_path_factory.mktemp("site")) as started:
        yield started


@pytest.fixture(autouse=True)
def forgotten_tries(request: pytest.FixtureRequest) -> None:
    """Every test begins as if nobody had signed in from this machine: only so many may within minutes."""
    if "site" in request.fixturenames:
        started: Site = request.getfixturevalue("site")
        started.write(lambda session: execute(session, "DELETE FROM rate_count"))


@pytest.fixture(params=SCREENS, ids=str)
def screen(request: pytest.FixtureRequest) -> Screen:
    """Arabic and French, on a phone and on a laptop."""
    found: Screen = request.param
    return found


@pytest.fixture
def watched(browser: Browser, site: Site, screen: Screen) -> Iterator[Watched]:
    """A page in the test's language and size; a complaint of the browser fails the test."""
    with opened(browser, site.url, screen) as found:
        yield found
        assert found.complaints == []


@pytest.fixture
def page(watched: Watched) -> Page:
    """The same, as Playwright has it."""
    return watched.page


@pytest.fixture(scope="session")
def pictures() -> Path | None:
    """Where to put pictures of pages: PICTURES names a folder; without it none are made."""
    folder = os.environ.get("PICTURES", "")
    return Path(folder) if folder else None
