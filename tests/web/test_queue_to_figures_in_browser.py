"""From the queue to the dashboard by keys alone: a woman who counts twice is found, merged, taken back, seen again."""

import re
import secrets
import uuid
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from fieldsync.app import now_ms
from fieldsync.client.companion_forms import Activity, Reporter, activity_answers, participant_answers
from fieldsync.client.companion_people import Person
from fieldsync.demo import setting
from fieldsync.jobs import link
from fieldsync.services import desk
from fieldsync.services.desk import Desk
from tests.web.acts import leaving, sign_in, strike
from tests.web.browser import LAPTOP, Screen, opened, shot
from tests.web.site_under_test import Account, Site
from tests.web.test_conflicts_in_browser import Speaker
from tests.web.words import said

pytestmark = pytest.mark.browser

TODAY = date(2026, 11, 20)
FIGURE = "tr:has(a[href*='/indicators/I02']) .value"
WOMEN = ("Khadija Oubella", "نعيمة الصغير", "Rkia Bourhim", "حفيظة أمزيل", "Saadia Tamim", "زهرة بوعزة")
TWICE = ("فاطمة أيت الحسن", "Fatima Ait Lahcen")
"""One woman, as two companions write her name."""

TABS_MAX = 80


@dataclass(frozen=True)
class Trained:
    """The association whose figure is looked at, and two who may decide there."""

    coordinator: Account
    colleague: Account


@pytest.fixture(scope="module")
def trained(site: Site) -> Trained:
    """Six women leaders and one whom two companions registered, all at trainings, all of it approved."""
    owner = site.associations["anw"]
    made = setting.definitions(("f4_participant", "f5_activity"))
    setting.publish(site.database, [owner], made)
    versions = {each.form.id: each.form.version for each in made}
    phones = [Speaker(site, f"ANW-M6{number}", slug="anw") for number in (1, 2)]
    women = [registered(phones[0], versions, name, 1970 + 3 * place) for place, name in enumerate(WOMEN)]
    known = [registered(phone, versions, name, 1987, "0661417027") for phone, name in zip(phones, TWICE, strict=True)]
    reports = [record for _person, record in (*women, *known)]
    reports.append(meets(phones[0], versions, [person for person, _ in (*women, known[0])]))
    reports.append(meets(phones[1], versions, [person for person, _ in known[1:]]))
    for each in reports:
        site.write(lambda session, record=each: approve(session, owner, record))  # type: ignore[misc]
    names = ("leads", "assists")
    people = [site.person(f"{name}-{secrets.token_hex(3)}", "coordinator", "anw") for name in names]
    return Trained(*people)


def registered(phone: Speaker, versions: dict[str, str], name: str, year: int, number: str = "") -> tuple[Person, str]:
    """A companion registers a woman leader by the programme's form; she, and the record that says so."""
    short_id = f"P-{secrets.token_hex(4).upper()}"
    person = Person(str(uuid.uuid4()), short_id, "f", year, name, "", "woman_leader")
    answers = participant_answers(Random(year), Reporter("ANW", "ANW-07"), person, TODAY, False)
    answers = {path: value for path, value in answers.items() if path not in ("person/phone", "person/name_alt")}
    if number:
        answers["person/phone"] = number
    return person, sends(phone, versions, "f4_participant", answers)


def meets(phone: Speaker, versions: dict[str, str], people: list[Person]) -> str:
    """A training with a list of names: all of them came."""
    training = Activity(str(uuid.uuid4()), f"A-{secrets.token_hex(4).upper()}", "training", "Droits")
    answers = activity_answers(Random(1), Reporter("ANW", "ANW-07"), training, False, TODAY, people)
    came = {path: "yes" for path in answers if path.endswith("/present")}
    return sends(phone, versions, "f5_activity", answers | came)


def sends(phone: Speaker, versions: dict[str, str], form: str, answers: dict[str, Any]) -> str:
    record = str(uuid.uuid4())
    phone.says(record, form, answers, version=versions[form])
    return record


def approve(session: Any, owner: int, record: str) -> None:
    found = next(each for each in desk.find(session, owner, record) if each.kind == "submission")
    assert desk.review(session, Desk(owner, "operator", now_ms()), found, "approved") is None


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_a_woman_who_counts_twice_is_merged_and_taken_back_by_keys_alone(
    browser: Browser, site: Site, trained: Trained, pictures: Path | None, language: str
) -> None:
    screen = Screen(language, *LAPTOP)
    link(site.database)  # as the job does that follows what changes: what was parted is compared anew
    with opened(browser, site.url, screen) as one, opened(browser, site.url, screen) as other:
        page, second = one.page, other.page
        for each, who in ((page, trained.coordinator), (second, trained.colleague)):
            sign_in(each, who)
        assert figure(page) == len(WOMEN) + 2
        pair = opens_the_first_of_the_queue(page)
        expect(page.locator("#figures")).to_contain_text(indicator(language))
        second.goto(pair)
        presses(page, "1")
        expect(page.locator(".toast")).to_contain_text(
            said(language, "Noted as the same; figures follow, and it can be taken back.")
        )
        assert figure(page) == len(WOMEN) + 1
        shot(page, pictures, f"figures-after.{screen}")

        presses(second, "2")
        expect(second.locator("#errors")).to_be_visible()
        expect(second.locator("main")).to_contain_text(said(language, "The same"))
        expect(second.locator("#decide button[value=different]")).to_have_count(0)
        shot(second, pictures, f"second.{screen}")

        page.goto("/duplicates")
        reaches(page, f"#decided a[href='{pair}']")
        presses(page, "Enter", is_anywhere=True)
        tells_of(page, pair, language, "Merged", pictures, f"entity-merged.{screen}")
        page.goto(pair)
        presses(page, "u")
        assert figure(page) == len(WOMEN) + 2
        tells_of(page, pair, language, "Merge undone", pictures, f"entity-parted.{screen}")
        assert [each for each in (*one.complaints, *other.complaints) if "409" not in each] == []


def figure(page: Page) -> int:
    """What the dashboard says of women leaders who were trained."""
    page.goto("/indicators")
    return int(page.locator(FIGURE).inner_text())


def indicator(language: str) -> str:
    """How that indicator is called."""
    return {"ar": "نساء قائدات مكونات", "fr": "Femmes leaders formées"}[language]


def opens_the_first_of_the_queue(page: Page) -> str:
    """By the menu, down one line, and in; the address of the pair."""
    reaches(page, "header a[href='/duplicates']")
    presses(page, "Enter", is_anywhere=True)
    strike(page, "j")
    expect(page.locator("#pairs .what a").first).to_be_focused()
    presses(page, "Enter", is_anywhere=True)
    expect(page).to_have_url(re.compile(r"/duplicates/[^/]+_[^/]+$"))
    return urlsplit(page.url).path


def tells_of(page: Page, pair: str, language: str, what: str, pictures: Path | None, name: str) -> None:
    """The record that survives tells in its history what happened to it."""
    older = pair.rpartition("/")[2].partition("_")[0]
    page.goto(f"/entities/participants/{older}")
    expect(page.locator(".timeline")).to_contain_text(said(language, what))
    shot(page, pictures, name)


def reaches(page: Page, target: str) -> None:
    """By Tab alone, as somebody without a mouse."""
    for _ in range(TABS_MAX):
        if page.evaluate("target => document.activeElement.matches(target)", target):
            return
        strike(page, "Tab")
    raise AssertionError(f"Tab does not lead to {target}")


def presses(page: Page, key: str, is_anywhere: bool = False) -> None:
    """A key that leads away; those of a page work while no field has the focus."""
    if not is_anywhere:
        page.locator("#content").focus()
    with leaving(page):
        strike(page, key)
