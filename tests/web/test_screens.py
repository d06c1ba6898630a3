"""The desk of the demo in both languages, by day and by night: it fits, axe finds nothing grave.

With SCREENS the pictures of docs/screens are made anew: they are what `make screens` shows on the day it runs.
"""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.web.acts import sign_in
from tests.web.browser import LAPTOP, PHONE, Screen, faults, misfits, opened
from tests.web.site_under_test import Account

pytestmark = pytest.mark.browser

QUALITY = 80
"""Of a picture: a page stays readable, and has some thirty kilobytes."""

FIRST = "table.list th.what a"
"""The first line of a list."""

PAGES = {
    "inbox": "/inbox?state=open&of=submission",
    "duplicates": "/duplicates",
    "map": "/map",
    "indicators": "/indicators",
    "quality": "/quality",
    "quarantine": "/quarantine",
    "forms": "/forms",
    "export": "/exports/new",
    "phones": "/phones",
}

BEHIND = {
    "conflict": "/inbox?conflict=1&of=submission",
    "submission": "/inbox?of=submission.f5_activity",
    "entity": "/inbox?of=entity.groups",
    "duplicate": "/duplicates",
    "quarantined": "/quarantine",
}
"""Pages behind the first line of a list."""

ON_A_PHONE = ("inbox", "indicators", "conflict", "duplicate")
AT_NIGHT = ("inbox", "indicators", "conflict", "duplicate")

SCREENS = [
    *(Screen(language, *LAPTOP) for language in ("ar", "fr")),
    *(Screen(language, *PHONE) for language in ("ar", "fr")),
    *(Screen(language, *LAPTOP, dark=True) for language in ("ar", "fr")),
]


@dataclass(frozen=True)
class Demo:
    """A running demo: its address, and somebody who works at its desk."""

    url: str
    coordinator: Account


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`fieldsync demo`, once its companions have done their work."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    command = [sys.executable, "-m", "fieldsync.cli", "demo", "--data", str(folder), "--port", "0", "--json"]
    with (folder.parent / "demo.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("{"), (folder.parent / "demo.log").read_text()[-2000:]
        told = json.loads(line)
        yield Demo(told["url"], Account("coordinator@demo.example", "", told["passphrase"]))
    finally:
        process.terminate()
        process.wait(60)


@pytest.mark.parametrize("screen", SCREENS, ids=str)
def test_the_desk_is_full_and_looks_right(browser: Browser, demo: Demo, screen: Screen) -> None:
    wrong = []
    with opened(browser, demo.url, screen) as watched:
        page = watched.page
        sign_in(page, demo.coordinator)
        for name, address in {**PAGES, **BEHIND}.items():
            if screen.dark and name not in AT_NIGHT:
                continue
            page.goto(address)
            if name in BEHIND:
                page.goto(page.locator(FIRST).first.get_attribute("href") or "/")
            wrong += [f"{name}: {each}" for each in (*misfits(page), *faults(page)) if not is_on_the_map(each)]
            keep(page, name, screen)
        assert "\n".join([*wrong, *watched.complaints]) == ""


def test_no_page_of_the_demo_is_empty(browser: Browser, demo: Demo) -> None:
    """Whoever runs it for the first time sees every part alive."""
    with opened(browser, demo.url, Screen("fr", *LAPTOP)) as watched:
        page = watched.page
        sign_in(page, demo.coordinator)
        views = ("state=hasIssues", "state=edited", "state=approved", "state=rejected", "conflict=1", "held=1")
        flags = ("possible_duplicate", "filled_at_night", "filled_too_fast", "same_answers", "far_from_place")
        for query in (*views, *(f"flag={flag}" for flag in flags)):
            page.goto(f"/inbox?{query}")
            assert page.locator("table.list tbody tr").count(), query
        for address in ("/map", "/quarantine", "/quarantine/held", "/forms", "/phones"):
            page.goto(address)
            assert page.locator("table.list tbody tr").count(), address


def is_on_the_map(fault: str) -> bool:
    """Points lie where they lie (WCAG 2.5.8 excepts them), and the list beside the map leads to the same records."""
    return fault.startswith("target-size") and "leaflet-marker-icon" in fault


def keep(page: Page, name: str, screen: Screen) -> None:
    """The part of a page that fits the screen, as a small picture, where pictures are wanted."""
    folder = os.environ.get("SCREENS", "")
    if not folder or (screen.width < LAPTOP[0] and name not in ON_A_PHONE):
        return
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.convert("RGB").save(Path(folder) / f"{name}.{screen}.webp", quality=QUALITY, method=6)
