"""The story of a designer: her form is broken at first, then compared, published, and taken back; in real Chromium."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.house.source import ROOT
from tests.web.acts import follow, press_on, sign_in
from tests.web.browser import LAPTOP, PHONE, Screen, faults, misfits, shot
from tests.web.site_under_test import Site
from tests.web.words import said

pytestmark = pytest.mark.browser

FORM = (ROOT / "forms" / "f4_participant.yaml").read_text(encoding="utf-8")
PLACES = ROOT / "forms" / "media" / "places.csv"

ADDED = """  - type: text
    name: nickname
    "label::العربية (ar)": لقب
    "label::Français (fr)": Surnom
    bind::fs:class: P2
  - type: text
    name: name_alt
"""


def next_version(screen: Screen) -> str:
    """The participant register with a question more, under a version of this screen's own."""
    text = re.sub(r"version: '?\d+'?", f"version: '{screen.language}{screen.width}'", FORM)
    return text.replace("  - type: text\n    name: name_alt\n", ADDED, 1)


def written(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def try_it(page: Page) -> None:
    """Open the trial and ask at once what a phone would refuse."""
    follow(page.locator("main a[href$='/try']"))
    press_on(page)
    expect(page.locator("#errors")).to_be_visible()


def test_a_form_is_published_after_a_broken_first_try(
    page: Page, site: Site, screen: Screen, pictures: Path | None, tmp_path: Path
) -> None:
    site.make_silent(site.device(f"KHT-F-{screen}"))
    sign_in(page, site.person(f"designer-{screen}", "designer"))
    wrong: list[str] = []

    def look(name: str) -> None:
        shot(page, pictures, f"{name}.{screen}")
        wrong.extend(f"{name}: {each}" for each in (*misfits(page), *faults(page)))

    page.goto("/forms")
    look("forms")
    press_on(page)
    look("form-upload")
    good = next_version(screen)
    broken = good.replace("${birth_year}", "${birth_yeer}", 1)
    page.set_input_files("#definition", written(tmp_path, "f4.yaml", broken))
    page.set_input_files("#media", str(PLACES))
    press_on(page)
    expect(page.locator(".findings")).to_contain_text("birth_yeer")
    expect(page.locator("table.grid td.tone-bad")).to_have_count(1)
    expect(page.locator("form[action$='/publish']")).to_have_count(0)
    look("form-broken")
    page.reload()
    expect(page.locator(".findings")).to_contain_text("birth_yeer")

    page.set_input_files("#definition", written(tmp_path, "f4.yaml", good))
    press_on(page, "form[enctype] button")
    expect(page.locator(".changes")).to_contain_text("person/nickname")
    expect(page.locator("form[enctype]")).to_contain_text("places.csv")
    look("form-compared")
    try_it(page)
    look("form-tried")
    follow(page.locator("a.crumb"))
    press_on(page)
    expect(page.locator(".toast")).to_contain_text(
        said(screen.language, "The version is published; phones get it at their next sync.")
    )
    version = f"{screen.language}{screen.width}"
    expect(page.locator(".page-head")).to_contain_text(version)
    look("form")

    follow(page.locator(f"a.bad[href*='{version}']"))
    look("form-retire")
    press_on(page, "main button.bad")
    expect(page.locator(".rows li", has_text=version)).to_contain_text(said(screen.language, "Retired"))
    assert wrong == []


@pytest.mark.parametrize("screen", [Screen("fr", *LAPTOP, dark=True), Screen("ar", *PHONE, dark=True)], ids=str)
def test_forms_look_right_in_the_dark(
    page: Page, site: Site, screen: Screen, pictures: Path | None, tmp_path: Path
) -> None:
    sign_in(page, site.person(f"night-{screen}", "designer"))
    page.goto("/form-uploads/new")
    page.set_input_files("#definition", written(tmp_path, "f4.yaml", FORM.replace("${birth_year}", "${birth_yeer}", 1)))
    press_on(page)
    shot(page, pictures, f"form-broken.{screen}")
    assert [*misfits(page), *faults(page)] == []
