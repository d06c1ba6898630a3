"""The story of a file: asked for, made, opened in a spreadsheet; and the reason that is owed where it names people."""

import csv
import io
import random
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import requests
from playwright.sync_api import Page, expect

from fieldsync.app import now_ms
from fieldsync.client.companion import Companion
from fieldsync.client.companion_people import new_uuid
from fieldsync.core.validation import PROGRAMME_ZONE
from fieldsync.services import desk, enrolment
from fieldsync.services.desk import Desk
from fieldsync.services.enrolment import EVERYTHING, NewDevice
from fieldsync.store import form_versions
from tests.web.acts import follow, press_on, sign_in, touch
from tests.web.browser import Screen, faults, misfits, shot
from tests.web.site_under_test import DRAW, Site

pytestmark = pytest.mark.browser

FORM = "f4_participant"
READY_MS = 60_000
"""For a process of its own to start on a machine that does other things too; no test waits for it to pass."""


@pytest.fixture(scope="module")
def women(site: Site) -> list[str]:
    """Women whose registration was approved, by the names that they said."""
    association_id = site.associations["kht"]
    author, token = DRAW(16).hex(), DRAW(24).hex()
    new = NewDevice(association_id, "device", "KHT-M20", EVERYTHING)
    site.write(lambda session: enrolment.enrol_at_once(session, new, author, token, now_ms()))
    [version] = site.write(lambda session: form_versions.versions(session, association_id, FORM))
    dice = random.Random(7)
    companion = Companion(dice, {FORM: version.version}, "KHT")
    operations: list[Any] = []
    while len(operations) < 8:
        filled = companion.register_participant(datetime.now(PROGRAMME_ZONE).date())
        operations.append(
            {
                "id": [author, len(operations) + 1], "record": new_uuid(dice), "kind": "submission", "of": FORM,
                "version": version.version, "stamp": [now_ms(), len(operations)], "writes": filled.writes,
            }
        )  # fmt: skip
    request = {"protocol": 1, "now": now_ms(), "epoch": None, "cursor": None, "pull": "none", "operations": operations}
    answer = requests.post(
        f"{site.url}/api/v1/sync", json=request, headers={"Authorization": f"Bearer {token}"}, timeout=30
    )
    assert [each["status"] for each in answer.json()["results"]] == ["applied"] * 8, answer.text
    for each in operations:
        site.write(lambda session, each=each: _approve(session, association_id, str(each["record"])))  # type: ignore[misc]
    return [value for each in operations for path, value in each["writes"].items() if path.endswith("full_name")]


def _approve(session: Any, association_id: int, record: str) -> None:
    [found] = [each for each in desk.find(session, association_id, record) if each.kind == "submission"]
    assert desk.review(session, Desk(association_id, "operator", now_ms()), found, "approved") is None


def looks_right(page: Page, pictures: Path | None, name: str, screen: Screen) -> None:
    """The present page fits, and axe finds nothing grave."""
    shot(page, pictures, f"{name}.{screen}")
    assert [*misfits(page), *faults(page)] == []


def fetched(page: Page) -> tuple[str, bytes]:
    """The file, once it is ready: its name and its bytes."""
    button = page.locator("#state a.main[href$=file]")
    expect(button).to_be_visible(timeout=READY_MS)
    with page.expect_download() as downloading:
        touch(button)
    return downloading.value.suggested_filename, Path(downloading.value.path()).read_bytes()


def test_a_file_is_asked_for_made_and_opened(
    page: Page, site: Site, screen: Screen, women: list[str], pictures: Path | None
) -> None:
    sign_in(page, site.person(f"salma-{screen}", "coordinator"))
    page.goto("/exports")
    looks_right(page, pictures, "exports-none", screen)
    press_on(page)
    looks_right(page, pictures, "export-new", screen)
    page.select_option("#what", f"submission:{FORM}")
    page.select_option("#format", "xlsx")
    press_on(page, "main button.main")
    looks_right(page, pictures, "export-under-way", screen)
    name, content = fetched(page)
    looks_right(page, pictures, "export-ready", screen)
    assert re.fullmatch(rf"kht-{FORM}-\d{{4}}-\d\d-\d\d-[0-9a-f]{{8}}\.xlsx", name)
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    heads, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert sheet.sheet_view.rightToLeft is (True if screen.language == "ar" else None)
    assert sheet.freeze_panes == "A2"
    assert heads[:2] == {"ar": ["السجل", "حالة المراجعة"], "fr": ["Fiche", "État de revue"]}[screen.language]
    assert {row[1] for row in rows} == {{"ar": "مصادق عليها", "fr": "Approuvé"}[screen.language]}
    assert len(rows) == 8
    assert not {str(cell) for row in rows for cell in row} & set(women)


def test_names_leave_only_with_a_reason_and_a_proof(
    page: Page, site: Site, screen: Screen, women: list[str], pictures: Path | None
) -> None:
    account = site.person(f"nora-{screen}", "coordinator")
    sign_in(page, account)
    page.goto(f"/exports/new?what=submission:{FORM}&format=csv")
    page.check("input[name=personal]")
    site.let_time_pass(account)
    press_on(page, "main button.main")
    expect(page).to_have_url(re.compile("/confirm"))
    page.fill("#passphrase", account.passphrase)
    press_on(page)
    looks_right(page, pictures, "export-reason", screen)
    page.select_option("#reason", "call_people_back")
    page.fill("#text", "Court")
    press_on(page, "main button.main")
    expect(page.locator("#errors")).to_be_focused()
    page.fill("#text", "Inviter aux ateliers de printemps")
    press_on(page, "main button.main")
    name, content = fetched(page)
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(rows) == 8
    assert set(women) - {value for row in rows for value in row.values()} == set()
    mark = {row[list(row)[-1]] for row in rows}
    assert len(mark) == 1 and account.email.partition("@")[0].capitalize() in mark.pop()
    assert not any(woman.split()[0].lower() in name for woman in women)
    page.goto("/exports")
    looks_right(page, pictures, "exports-some", screen)
    site.let_time_pass(account)
    follow(page.locator("table a").first)
    follow(page.locator("#state a.main[href$=file]"))
    expect(page).to_have_url(re.compile("/confirm"))
