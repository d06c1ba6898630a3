"""The page of indicators in a real browser: it follows what is approved, fits, and shows what is hidden as hidden."""

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from fieldsync.app import now_ms
from fieldsync.services import desk, publishing
from fieldsync.services.desk import Desk
from tests.counted_forms import definition
from tests.counted_world import ASNI, entity
from tests.web.acts import follow, sign_in
from tests.web.browser import LAPTOP, Screen, faults, misfits, opened, shot
from tests.web.site_under_test import Account, Site
from tests.web.walked import Walker

pytestmark = pytest.mark.browser

WOMEN = 6
PAGES = {"indicators": "/indicators", "indicator": "/indicators/I15", "month": "/indicators/I15?period=2026-09"}
VALUE = "tr:has(a[href*='I15']) .value"


class Companion(Walker):
    """A phone that reports who was made aware of enterprise."""

    def says(self, form: str, writes: dict[str, Any]) -> dict[str, Any]:
        self.said += 1
        return {
            "id": [self.author, self.said], "record": str(uuid.uuid4()), "kind": "submission", "of": form,
            "version": "1", "stamp": [now_ms(), self.said], "writes": writes,
        }  # fmt: skip

    def meets_a_woman(self) -> list[dict[str, Any]]:
        """Her registration, and the meeting she came to."""
        woman, row = str(uuid.uuid4()), f"attendance[{uuid.uuid4()}]"
        known = {"participant_uuid": woman, "consent_data": "yes", "sex": "f", "age_band": "25_35", "site": ASNI}
        present = {row: "a", f"{row}/participant_id": woman, f"{row}/present": "yes"}
        met = {"kind": "awareness", "date": "2026-09-10", "place": ASNI, "mode": "named", **present}
        return [self.says("f4_participant", {**known, **entity(woman, "P")}), self.says("f5_activity", met)]


@dataclass(frozen=True)
class Cast:
    """Who looks, and the report that still waits for her."""

    coordinator: Account
    waiting: str


@pytest.fixture(scope="session")
def told(site: Site) -> Cast:
    """The coordinator of an association whose companion has sent her first reports; all but the last are approved."""
    owner = site.associations["saf"]
    for form in ("f4_participant", "f5_activity"):
        site.write(lambda session, form=form: publishing.publish(session, owner, definition(form), now_ms()))  # type: ignore[misc]
    phone = Companion(site, "SAF-M01")
    phone.enrol("saf")
    said = [each for _ in range(WOMEN + 1) for each in phone.meets_a_woman()]
    phone.send(said)
    for each in said[:-1]:
        approve(site, each["record"])
    return Cast(site.person("safia", "coordinator", "saf"), said[-1]["record"])


def approve(site: Site, record: str) -> None:
    owner = site.associations["saf"]

    def work(session: Any) -> None:
        found = desk.find(session, owner, record)[0]
        assert desk.review(session, Desk(owner, "operator", now_ms()), found, "approved") is None

    site.write(work)


def test_the_pages_fit_and_axe_is_content(page: Page, screen: Screen, told: Cast, pictures: Path | None) -> None:
    sign_in(page, told.coordinator)
    for name, path in PAGES.items():
        page.goto(path)
        shot(page, pictures, f"{name}-{screen}")
        assert misfits(page) == [], path
        assert faults(page) == [], path


def test_a_figure_follows_an_approval_and_a_chosen_period(browser: Browser, site: Site, told: Cast) -> None:
    with opened(browser, site.url, Screen("fr", *LAPTOP, dark=True)) as watched:
        page = watched.page
        sign_in(page, told.coordinator)
        page.goto("/indicators")
        before = int(page.locator(VALUE).inner_text())
        approve(site, told.waiting)
        page.reload()
        assert int(page.locator(VALUE).inner_text()) == before + 1 == WOMEN + 1
        page.select_option("#period", "2026-Q3")
        follow(page.get_by_role("button", name="Afficher"))
        assert page.url.endswith("period=2026-Q3")
        follow(page.locator("tr:has(a[href*='I15']) a"))
        assert page.locator("h1").inner_text() == "Femmes sensibilisées"
        assert faults(page) == []
        assert watched.complaints == []
