"""A coordinator decides on possible duplicates in a real browser: by keyboard and by touch, in both languages."""

import secrets
import uuid
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from fieldsync.app import now_ms
from fieldsync.services import publishing
from fieldsync.services.desk import find
from fieldsync.store.db import execute
from tests.tiny_forms import definition
from tests.web.acts import leaving, press_on, sign_in, strike, touch
from tests.web.browser import LAPTOP, Screen, faults, misfits, opened, shot
from tests.web.site_under_test import Account, Site
from tests.web.test_conflicts_in_browser import Speaker
from tests.web.words import said

pytestmark = pytest.mark.browser

COMPARED = (
    ("start", "", -12.0),
    ("given_name", "same", 6.8),
    ("family_name", "different", -1.9),
    ("phone", "same", 9.2),
    ("place", "commune", 3.4),
)


class Desk:
    """Two phones that register the same women, and a coordinator."""

    def __init__(self, site: Site) -> None:
        self.site, self.owner = site, site.associations["kht"]
        site.write(lambda session: publishing.publish(session, self.owner, definition("person 1"), now_ms()))
        self.phones = (Speaker(site, "KHT-M41"), Speaker(site, "KHT-M42"))
        self.coordinator: Account = site.person(f"decides-{secrets.token_hex(3)}", "association_reviewer")

    def pair(self) -> str:
        """The address of a pair that waits: one woman in two scripts."""
        uuids = [str(uuid.uuid4()) for _ in self.phones]
        for phone, entity, name in zip(self.phones, uuids, ("فاطمة أيت الحسن", "Fatima Ait Lahcen"), strict=True):
            writes = {"person": entity, "fullname": name, "meta/entity/@id": entity,
                      "meta/entity/@create": "1", "meta/entity/label": name}  # fmt: skip
            phone.says(str(uuid.uuid4()), "person", writes)
        self.site.write(lambda session: self._found(session, uuids))
        return f"/duplicates/{'_'.join(uuids)}"

    def _found(self, session: Any, uuids: list[str]) -> None:
        rows = [each.row.id for one in uuids for each in find(session, self.owner, one) if each.kind == "entity"]
        sql = (
            "INSERT INTO candidate_pair (left_id, right_id, association_id, kind, of, model_version, weight,"
            " comparisons, bounds, zone, found_ms) VALUES (?, ?, ?, 'entity', 'people', 0, ?, ?, ?, 'review', ?)"
            " ON CONFLICT (left_id, right_id) DO UPDATE SET comparisons = excluded.comparisons"
        )
        weight = sum(each[2] for each in COMPARED)
        values = (*sorted(rows), self.owner, weight, msgspec.json.encode(COMPARED), b'["household"]', now_ms())
        execute(session, sql, values)


@pytest.fixture(scope="module")
def desk(site: Site) -> Desk:
    return Desk(site)


def test_a_pair_looks_right_is_merged_taken_back_and_rejected(
    page: Page, screen: Screen, desk: Desk, pictures: Path | None
) -> None:
    address = desk.pair()
    sign_in(page, desk.coordinator)
    found = []
    for name, where in (("duplicates", "/duplicates"), ("duplicate", address)):
        page.goto(where)
        shot(page, pictures, f"{name}.{screen}")
        found += [f"{name} {screen}: {each}" for each in (*misfits(page), *faults(page))]
    assert found == []
    expect(page.locator(".pair")).to_contain_text("فاطمة أيت الحسن")
    page.locator(".pair input[type=radio]").first.check()
    decides(page, screen, "1", "same")
    expect(page.locator(".toast")).to_contain_text(
        said(screen.language, "Noted as the same; figures follow, and it can be taken back.")
    )
    page.goto(address)
    decides(page, screen, "u", "undo")
    expect(page.locator(".toast")).to_contain_text(said(screen.language, "Taken back; the pair waits again."))
    decides(page, screen, "2", "different")
    page.goto("/duplicates")
    expect(page.locator("#decided tbody tr").first).to_contain_text(said(screen.language, "Not the same"))
    expect(page.locator(f'#pairs a[href="{address}"]')).to_have_count(0)


def test_who_comes_second_sees_what_the_first_decided(
    browser: Browser, site: Site, desk: Desk, pictures: Path | None
) -> None:
    address, screen = desk.pair(), Screen("ar", *LAPTOP)
    colleague = site.person(f"second-{secrets.token_hex(3)}", "association_reviewer")
    with opened(browser, site.url, screen) as one, opened(browser, site.url, screen) as other:
        for watched, who in ((one, desk.coordinator), (other, colleague)):
            sign_in(watched.page, who)
            watched.page.goto(address)
        decides(one.page, screen, "2", "different")
        decides(other.page, screen, "1", "same")
        expect(other.page.locator("#errors")).to_be_visible()
        expect(other.page.locator("main")).to_contain_text(said(screen.language, "Not the same"))
        shot(other.page, pictures, f"duplicate-second.{screen}")
        other.page.goto(address)
        expect(other.page.locator("#decide button[value=undo]")).to_be_visible()
        assert one.complaints == []
        assert [each for each in other.complaints if "409" not in each] == []


def test_whoever_cannot_say_asks_and_the_rules_of_merging_look_right(
    page: Page, screen: Screen, desk: Desk, pictures: Path | None
) -> None:
    address, lead = desk.pair(), desk.site.person(f"leads-{secrets.token_hex(3)}", "coordinator")
    sign_in(page, lead)
    page.goto("/duplicates/settings")
    shot(page, pictures, f"merging-rules.{screen}")
    found = [f"rules {screen}: {each}" for each in (*misfits(page), *faults(page))]
    page.goto(address)
    page.locator("#question").select_option("birth.fr")
    shot(page, pictures, f"duplicate-asked.{screen}")
    found += [f"asking {screen}: {each}" for each in (*misfits(page), *faults(page))]
    assert found == []
    press_on(page, 'button[form="decide"]')
    expect(page.locator(".toast")).to_contain_text(
        said(screen.language, "Laid aside and asked; phones show the question after their next sync.")
    )


def decides(page: Page, screen: Screen, key: str, button: str) -> None:
    """By the key on a laptop, by the finger on a phone."""
    with leaving(page):
        if screen.width >= LAPTOP[0]:
            page.locator("#content").focus()
            strike(page, key)
        else:
            touch(page.locator(f"#decide button[value={button}]"))
