"""Quality and the map in real Chromium: what the rules found, a flag dismissed, points and clusters by keyboard."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from fieldsync.core.outlines import read
from fieldsync.store import outlines
from fieldsync.store.outlines import OutlineRow
from tests.web.acts import follow, press_on, sign_in, strike, touch
from tests.web.browser import LAPTOP, PHONE, Screen, faults, misfits, opened, shot
from tests.web.site_under_test import Account, Site
from tests.web.walked import ASNI, OUTLINE, Walker, walked

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def round_(site: Site) -> dict[str, Walker]:
    """What three phones sent, judged by a night; one commune has its outline."""
    found = read(json.dumps(OUTLINE).encode())
    assert found is not None
    rows = [OutlineRow(each.place, *each.box, each.rings) for each in found.outlines]
    site.write(lambda session: outlines.replace(session, rows))
    return walked(site)


@pytest.fixture(scope="module")
def reviewer(site: Site) -> Account:
    return site.person("fadma", "association_reviewer")


@pytest.fixture
def desk(page: Page, reviewer: Account, round_: dict[str, Walker]) -> Page:
    """A reviewer who has signed in."""
    sign_in(page, reviewer)
    return page


def looks_right(page: Page, pictures: Path | None, name: str, screen: Screen) -> None:
    shot(page, pictures, f"{name}-{screen}")
    assert misfits(page) == []
    assert faults(page) == []


def test_quality_is_seen_by_phone_and_by_form(desk: Page, screen: Screen, pictures: Path | None) -> None:
    desk.goto("/quality")
    expect(desk.locator("main")).to_contain_text("KHT-A02")
    looks_right(desk, pictures, "quality", screen)
    touch(desk.locator("#rules summary"))
    looks_right(desk, pictures, "quality-rules", screen)


def test_a_figure_leads_to_the_records_behind_it(desk: Page) -> None:
    desk.goto("/quality")
    row = desk.get_by_role("row").filter(has_text="KHT-A02").first
    follow(row.locator("a.chip").first)
    expect(desk).to_have_url(re.compile(r"/inbox\?.*device=.*flag="))
    expect(desk.locator("main")).to_contain_text("KHT-A02")


def test_the_map_shows_points_and_outlines_without_a_foreign_request(
    desk: Page, screen: Screen, pictures: Path | None
) -> None:
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    desk.goto("/map")
    expect(desk.locator(".map-mark").first).to_be_visible()
    expect(desk.locator("path.map-outline")).to_have_count(1)
    looks_right(desk, pictures, "map", screen)
    own = desk.url.split("/map")[0]
    assert [url for url in asked if not url.startswith((own, "data:"))] == []


def test_a_point_lies_on_the_page_of_its_submission_without_a_foreign_request(
    desk: Page, round_: dict[str, Walker], screen: Screen, pictures: Path | None
) -> None:
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    desk.goto(f"/submissions/round/{round_['KHT-A01'].visits[0]}")
    desk.locator(".small-map").scroll_into_view_if_needed()
    expect(desk.locator(".small-map .map-mark")).to_be_visible()
    expect(desk.locator(".small-map path.map-outline")).to_have_count(1)
    looks_right(desk, pictures, "place", screen)
    own = desk.url.split("/submissions")[0]
    assert [url for url in asked if not url.startswith((own, "data:"))] == []


def test_a_cluster_opens_by_the_keyboard_and_a_point_leads_to_its_submission(desk: Page) -> None:
    desk.goto(f"/map?place={ASNI}")
    cluster, point = desk.locator(".map-mark.many").first, desk.locator(".map-mark.one").first
    for _ in range(9):
        expect(desk.locator("#map[aria-busy=false] .map-mark").first).to_be_visible()
        if point.count():
            break
        with desk.expect_response("**/map/points?*"):
            strike(cluster, "Enter")
    strike(point, "Enter")
    way = desk.locator(".leaflet-popup a.button")
    expect(way).to_be_focused()
    assert "/submissions/round/" in (way.get_attribute("href") or "")


def test_a_flag_is_dismissed_with_a_reason_and_put_back(
    desk: Page, screen: Screen, round_: dict[str, Walker], pictures: Path | None
) -> None:
    odd = round_["KHT-A02"].visits[-4 + [("ar", 360), ("ar", 1280), ("fr", 360), ("fr", 1280)].index(
        (screen.language, screen.width))]  # fmt: skip
    desk.goto(f"/submissions/round/{odd}/flags")
    press_on(desk, "button[value=dismiss]")
    expect(desk.locator("#errors")).to_be_focused()
    desk.locator("input[name=why]").first.fill("mesuré deux fois")
    press_on(desk, "button[value=dismiss] >> nth=0")
    expect(desk.locator("main")).to_contain_text("mesuré deux fois")
    looks_right(desk, pictures, "flags", screen)
    press_on(desk, "button[value=back]")
    expect(desk.locator("button[value=back]")).to_have_count(0)


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_in_the_dark_and_without_script(
    browser: Browser, site: Site, reviewer: Account, round_: dict[str, Walker], size: tuple[int, int],
    pictures: Path | None,
) -> None:  # fmt: skip
    screen = Screen("ar", *size, dark=True)
    with opened(browser, site.url, screen) as watched:
        sign_in(watched.page, reviewer)
        for path in ("/quality", "/map"):
            watched.page.goto(path)
            if path == "/map":
                expect(watched.page.locator(".map-mark").first).to_be_visible()
            looks_right(watched.page, pictures, path.strip("/"), screen)
        cookies = watched.page.context.cookies()
        assert watched.complaints == []
    context = browser.new_context(base_url=site.url, java_script_enabled=False, locale="fr")
    context.add_cookies(cookies)  # type: ignore[arg-type]
    plain = context.new_page()
    plain.goto("/map")
    expect(plain.locator("#map-frame")).to_be_hidden()
    expect(plain.locator("table.list tbody tr").first).to_be_visible()
    context.close()
