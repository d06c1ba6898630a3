"""A coordinator decides on possible duplicates in a real browser: by keyboard and by touch, in both languages."""

import secrets
import uuid
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session

from fieldsync.app import now_ms
from fieldsync.jobs import link
from fieldsync.services import agreements, granting, publishing
from fieldsync.services.desk import find
from fieldsync.services.granting import Wanted
from fieldsync.store import people
from fieldsync.store.db import execute
from tests.tiny_forms import definition
from tests.web.acts import follow, leaving, press_on, sign_in, strike, touch
from tests.web.browser import LAPTOP, PHONE, Screen, faults, misfits, opened, shot
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


WORD_LEAST = 8
"""Pixels: what is kept for screen readers alone has one."""


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
    several = f"/duplicates/cluster/people/{address.rpartition('_')[2]}"
    for name, where in (("duplicates", "/duplicates"), ("cluster", several), ("duplicate", address)):
        page.goto(where)
        shot(page, pictures, f"{name}.{screen}")
        found += [f"{name} {screen}: {each}" for each in (*misfits(page), *faults(page))]
    assert found == []
    expect(page.locator(".pair")).to_contain_text("فاطمة أيت الحسن")
    word = page.locator(".pair .level .word").first
    assert word.bounding_box()["width"] > WORD_LEAST, "how answers agree stands in words, on a phone, too"  # type: ignore[index]
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


def test_a_pair_of_two_associations_is_noted_by_whoever_acts_for_both(
    browser: Browser, site: Site, desk: Desk, pictures: Path | None
) -> None:
    known_by_both(desk)
    both = desk.site.person(f"both-{secrets.token_hex(3)}", "association_reviewer")
    site.write(lambda session: grant_too(session, both, site.associations["khl"]))
    found = []
    for screen in (Screen("ar", *PHONE), Screen("fr", *LAPTOP)):
        with opened(browser, site.url, screen) as watched:
            page = watched.page
            sign_in(page, both)
            page.goto("/duplicates")
            follow(page.locator('a[href="/duplicates/across"]'))
            shot(page, pictures, f"across.{screen}")
            found += [f"across {screen}: {each}" for each in (*misfits(page), *faults(page))]
            follow(page.locator("#pairs th.what a").first)
            shot(page, pictures, f"across-pair.{screen}")
            found += [f"across pair {screen}: {each}" for each in (*misfits(page), *faults(page))]
            for seen in ("#summary", "#decide button[value=same]"):
                expect(page.locator(seen)).to_be_in_viewport()
            expect(page.locator(".pair input[type=radio]")).to_have_count(0)
            decides(page, screen, "1", "same")
            expect(page.locator("#decide button[value=undo]")).to_be_visible()
            decides(page, screen, "u", "undo")
            assert watched.complaints == []
    assert found == []


def known_by_both(desk: Desk) -> None:
    """A woman whom two associations registered, which both let their lists be compared."""
    site, slugs = desk.site, ("kht", "khl")
    owners = [site.associations[slug] for slug in slugs]
    for slug, name in zip(slugs, ("فاطمة أيت لحسن", "Fatima Ait Lahcen"), strict=True):
        owner = site.associations[slug]
        site.write(lambda session, to=owner: publishing.publish(session, to, definition("member 1"), now_ms()))  # type: ignore[misc]
        entity = str(uuid.uuid4())
        writes = {"id": entity, "name": name, "sex": "f", "year": 1990, "phone": "0612345678", "home": "07.041.07.03",
                  "meta/entity/@id": entity, "meta/entity/@create": "1", "meta/entity/label": name}  # fmt: skip
        Speaker(site, f"{slug}-M51", slug=slug).says(str(uuid.uuid4()), "member", writes)
    for own, other in (owners, owners[::-1]):
        site.write(lambda session, a=own, b=other: agreements.allow(session, a, b, "operator", now_ms()))  # type: ignore[misc]
    link(site.database)


def grant_too(session: Session, account: Account, association_id: int) -> None:
    """Another association gives somebody the same role."""
    row = people.find(session, account.email)
    assert row is not None
    wanted = Wanted("association_reviewer", association_id)
    given = granting.grant_at_once(session, row, wanted, now_ms(), secrets.token_bytes)
    assert not hasattr(given, "code"), given


def decides(page: Page, screen: Screen, key: str, button: str) -> None:
    """By the key on a laptop, by the finger on a phone."""
    with leaving(page):
        if screen.width >= LAPTOP[0]:
            page.locator("#content").focus()
            strike(page, key)
        else:
            touch(page.locator(f"#decide button[value={button}]"))
