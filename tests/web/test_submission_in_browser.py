"""The page of a submission in a real browser, with companions' real phones: look, keys, what comes back to them."""

import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pyxform.xls2xform import convert as to_xform

from fieldsync.app import now_ms
from fieldsync.client import Device, Store
from fieldsync.client.transport import HttpTransport
from fieldsync.services import enrolment, publishing
from fieldsync.services.conversion import convert
from fieldsync.services.enrolment import EVERYTHING, NewDevice
from fieldsync.services.publishing import Definition
from tests.market_form import market
from tests.web.acts import leaving, press_on, sign_in, strike, touch
from tests.web.browser import LAPTOP, PHONE, Screen, faults, misfits, opened, shot
from tests.web.site_under_test import Account, Site
from tests.web.words import said

pytestmark = pytest.mark.browser

ROW = "11111111-1111-4111-8111-111111111111"

EVIL = "<img src=x onerror=hit()><script>hit()</script>\"'><b onmouseover=hit()>x</b>{{7*7}}"

HOSTILE = f"""
| survey  |
|  | type            | name  | label                 | hint   | constraint_message | constraint | bind::fs:class |
|  | begin_group     | g     | Group {EVIL}          |        |                    |            |                |
|  | text            | one   | Label {EVIL}          | {EVIL} | Wrong {EVIL}       | . = 'ok'   | P1             |
|  | select_one bad  | two   | Choice                |        |                    |            | P1             |
|  | end_group       |       |                       |        |                    |            |                |
|  | begin_repeat    | r     | Repeat {EVIL}         |        |                    |            | P1             |
|  | text            | three | Column {EVIL}         |        |                    |            | P1             |
|  | end_repeat      |       |                       |        |                    |            |                |
| choices |
|  | list_name | name | label         |
|  | bad       | a    | Option {EVIL} |
|  | bad       | b    | Other         |
| settings |
|  | form_id | form_title   | version | namespaces              |
|  | hostile | Title {EVIL} | 1       | fs="urn:fieldsync:form" |
"""


def hostile() -> Definition:
    xform = to_xform(xlsform=HOSTILE, file_type=".md").xform.encode()
    made = convert(xform, "xml")
    assert made.form is not None, made.findings
    return Definition(made.form, made.xform, None, HOSTILE.encode(), "md", tuple(made.findings))


@dataclass
class Market:
    """Where these stories happen: a server, a phone of a companion, somebody who reviews."""

    site: Site
    phone: Device
    reviewer: Account
    coordinator: Account

    def sells(self, form: str = "market", **writes: Any) -> str:
        """A record that the phone has sent."""
        whole = {
            "province": "haouz", "commune": "asni", "seller": "Fatima", "stall": "yes", "number": "7",
            "goods": {"set": ["salt", "wool"]}, "fee": "12.50", "day": "2026-09-20",
            "spot": {"lat": "31.2", "lon": "-7.9", "accuracy": "4"},
            f"sales[{ROW}]": 1, f"sales[{ROW}]/what": "Rug", f"sales[{ROW}]/price": 900, "total": "900",
        }  # fmt: skip
        record = self.phone.submit(form, "1", writes if form != "market" else {**whole, **writes})
        self.phone.sync()
        return record


@pytest.fixture(scope="module")
def bazaar(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Market:
    """The market form and a hostile one are published; a phone is enrolled over real HTTP."""
    owner = site.associations["kht"]
    for form in (market(), hostile()):
        site.write(lambda session, form=form: publishing.publish(session, owner, form, now_ms()))  # type: ignore[misc]
    author, token = secrets.token_hex(16), secrets.token_hex(24)
    new = NewDevice(owner, "device", "KHT-M21", EVERYTHING)
    site.write(lambda session: enrolment.enrol_at_once(session, new, author, token, now_ms()))
    phone = Device(Store.at(tmp_path_factory.mktemp("phone") / "phone.db"), HttpTransport(site.url))
    phone.adopt(author, token)
    who = secrets.token_hex(3)
    reviewer = site.person(f"reviewer-{who}", "association_reviewer")
    return Market(site, phone, reviewer, site.person(f"coordinator-{who}", "coordinator"))


def address(record: str, form: str = "market") -> str:
    return f"/submissions/{form}/{record}"


def looks_right(page: Page, pictures: Path | None, name: str, screen: Screen) -> list[str]:
    shot(page, pictures, f"{name}.{screen}")
    return [f"{name} {screen}: {each}" for each in (*misfits(page), *faults(page))]


def test_the_pages_of_a_submission_look_right(
    page: Page, screen: Screen, bazaar: Market, pictures: Path | None
) -> None:
    record = bazaar.sells(fee="250")
    bazaar.phone.edit(record, {"fee": "300", "seller": "Fadma"}, "1")
    bazaar.phone.comment(record, "She sells on Mondays as well.")
    bazaar.phone.sync()
    sign_in(page, bazaar.coordinator)
    page.goto(address(record))
    wrong = looks_right(page, pictures, "submission", screen)
    press_on(page, "form.reveal button")
    expect(page.locator('[data-path="seller"]')).to_contain_text("Fadma")
    wrong += looks_right(page, pictures, "submission-revealed", screen)
    page.goto(f"{address(record)}/edit")
    wrong += looks_right(page, pictures, "correct", screen)
    page.fill('[name="a:fee"]', "much")
    touch(page.locator("h1"))
    press_on(page, 'button[value="save"]')
    wrong += looks_right(page, pictures, "correct-refused", screen)
    assert wrong == []


@pytest.mark.parametrize("screen", [Screen("fr", *LAPTOP, dark=True), Screen("ar", *PHONE, dark=True)], ids=str)
def test_they_look_right_in_the_dark(page: Page, screen: Screen, bazaar: Market, pictures: Path | None) -> None:
    record = bazaar.sells()
    sign_in(page, bazaar.reviewer)
    wrong = []
    for name, path in (("submission", address(record)), ("correct", f"{address(record)}/edit")):
        page.goto(path)
        wrong += looks_right(page, pictures, name, screen)
    assert wrong == []


@pytest.mark.parametrize("screen", [Screen("ar", *PHONE), Screen("fr", *LAPTOP)], ids=str)
def test_what_is_sent_back_is_on_the_companions_phone_and_her_answer_on_the_page(
    page: Page, screen: Screen, bazaar: Market
) -> None:
    record = bazaar.sells()
    sign_in(page, bazaar.reviewer)
    page.goto(address(record))
    touch(page.get_by_role("button", name=said(screen.language, "Send back")))
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.type("Which Monday?")
    press_on(page, 'button[value="send_back"]')
    expect(page.locator(".toast")).to_contain_text(
        said(screen.language, "Sent back; the phone shows why after its next sync.")
    )
    bazaar.phone.sync()
    on_phone = bazaar.phone.record(record)
    assert on_phone is not None
    assert on_phone["review"]["state"] == "hasIssues"
    assert [each["text"] for each in on_phone["review"]["comments"]] == ["Which Monday?"]
    bazaar.phone.edit(record, {"day": "2026-09-21"}, "1")
    bazaar.phone.comment(record, "The 21st.")
    bazaar.phone.sync()
    page.reload()
    expect(page.locator(".talk article").last).to_contain_text("The 21st.")
    expect(page.locator(".page-head .state")).to_have_text(said(screen.language, "Edited"))
    expect(page.locator('.timeline ins time[datetime="2026-09-21"]')).to_have_count(1)


def test_keys_decide_while_no_field_has_the_focus_and_can_be_switched_off(browser: Browser, bazaar: Market) -> None:
    record = bazaar.sells()
    with opened(browser, bazaar.site.url, Screen("fr", *LAPTOP)) as watched:
        page = watched.page
        sign_in(page, bazaar.reviewer)
        page.goto(address(record))
        page.fill("#comment", "")
        strike(page.locator("#comment"), "a")
        strike(page.locator("#comment"), "r")
        expect(page.locator("#comment")).to_have_value("ar")
        touch(page.locator(".keys summary"))
        page.locator(".keys input").uncheck()
        strike(page, "Escape")
        touch(page.locator("h1"))
        page.evaluate("document.activeElement.blur()")
        strike(page, "c")
        expect(page.locator("#text")).not_to_be_visible()
        page.reload()
        touch(page.locator(".keys summary"))
        expect(page.locator(".keys input")).not_to_be_checked()
        page.locator(".keys input").check()
        strike(page, "Escape")
        page.evaluate("document.activeElement.blur()")
        strike(page, "c")
        expect(page.locator("#text")).to_be_focused()
        page.evaluate("document.activeElement.blur()")
        with leaving(page):
            strike(page, "a")
        expect(page.locator(".page-head .state")).to_have_text("Approuvé")
    assert watched.complaints == []


@pytest.mark.parametrize("screen", [Screen("ar", *LAPTOP), Screen("fr", *PHONE)], ids=str)
def test_an_answer_is_corrected_and_the_form_follows_by_itself(page: Page, screen: Screen, bazaar: Market) -> None:
    record = bazaar.sells()
    sign_in(page, bazaar.reviewer)
    page.goto(f"{address(record)}/edit")
    expect(page.get_by_label("Jemaa")).to_have_count(0)
    page.get_by_label("Safi").check()
    expect(page.get_by_label("Jemaa")).to_have_count(1)
    page.get_by_label("Jemaa").check()
    page.locator('input[name="a:stall"][value="no"]').check()
    expect(page.locator('[name="a:number"]')).to_have_count(0)
    press_on(page, 'button[value="save"]')
    expect(page.locator('[data-path="commune"]')).to_have_text("Jemaa")
    bazaar.phone.sync()
    on_phone = bazaar.phone.record(record)
    assert on_phone is not None
    assert (on_phone["fields"]["province"], on_phone["fields"]["number"]) == ("safi", None)


@pytest.mark.parametrize("screen", [Screen("fr", *LAPTOP)], ids=str)
def test_a_press_is_not_lost_to_a_form_that_follows_meanwhile(page: Page, bazaar: Market) -> None:
    """What she typed last is sent off by her reaching for the button, and the answer comes while it is down."""
    record = bazaar.sells()
    sign_in(page, bazaar.reviewer)
    page.goto(f"{address(record)}/edit")
    answered = page.locator("label", has_text="Jemaa")
    page.locator("h1").hover()
    page.mouse.down()
    with page.expect_response("**/edit*"):
        page.get_by_label("Safi").evaluate(
            "radio => { radio.checked = true; radio.dispatchEvent(new Event('change', {bubbles: true})) }"
        )
    expect(page.locator(".htmx-request")).to_have_count(0)
    expect(answered).to_have_count(0)
    page.mouse.up()
    expect(answered).to_have_count(1)
    page.reload()
    page.fill('[name="a:fee"]', "77")
    page.locator('button[value="save"]').hover()
    with page.expect_response("**/edit*"):
        page.mouse.down()
    expect(page.locator(".htmx-request")).to_have_count(0)
    with leaving(page):
        page.mouse.up()
    expect(page.locator('[data-path="fee"]')).to_contain_text("77")


@pytest.mark.parametrize("screen", [Screen("fr", *LAPTOP), Screen("ar", *PHONE)], ids=str)
def test_nothing_hostile_runs_and_nothing_of_it_is_lost(page: Page, screen: Screen, bazaar: Market) -> None:
    """In a title, labels, hints, messages, choices, answers, rows and comments."""
    record = bazaar.sells("hostile", **{"g/one": EVIL, "g/two": "a", f"r[{ROW}]": 1, f"r[{ROW}]/three": EVIL})
    bazaar.phone.edit(record, {"g/one": f"again {EVIL}"}, "1")
    bazaar.phone.comment(record, f"comment {EVIL}")
    bazaar.phone.sync()
    page.add_init_script("window.hits = 0; window.hit = () => { window.hits += 1 }")
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    sign_in(page, bazaar.reviewer)
    page.goto(address(record, "hostile"))
    text = page.locator("body").inner_text()
    for told in ("Title", "Group", "Label", "Repeat", "Column", "Option", "Wrong", "again", "comment"):
        assert f"{told} {EVIL}" in re.sub(r"\s+", " ", text), told
    page.goto(f"{address(record, 'hostile')}/edit")
    expect(page.locator('[name="a:g/one"]')).to_have_value(f"again {EVIL}")
    page.get_by_label("Other").check()
    expect(page.locator("#findings")).to_contain_text("Wrong")
    page.fill(f'[name="a:r[{ROW}]/three"]', EVIL + EVIL)
    press_on(page, 'button[value="save"]')
    expect(page.locator(f'[data-path="r[{ROW}]/three"]')).to_contain_text(EVIL + EVIL)
    assert page.evaluate("window.hits") == 0
