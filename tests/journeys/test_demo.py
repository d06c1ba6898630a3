"""`make demo` shows what it promises, and touches nothing that is not its own."""

import json
import re
from pathlib import Path

from fieldsync.app import create_app, now_ms, open_database
from fieldsync.config import Settings
from fieldsync.services import figures
from fieldsync.services.sight import Sight
from fieldsync.store import associations
from tests.journeys.demo_recount import APPROVED, NOT_REJECTED, Recount, inserted, others, persons
from tests.journeys.operator_at_terminal import Json, Operator
from tests.web.visitor import FORM_TOKEN

WAIT_SECONDS = 300


def test_the_demo_shows_what_it_promises(tmp_path: Path) -> None:
    operator = Operator(tmp_path / "demo")
    with operator.starts("demo", "--port", "0", "--once") as process:
        output, progress = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 0, progress
    told = json.loads(output)
    assert {"f4_participant", "f5_activity", "f6_idea", "f6_visit", "f7_profile", "f7_monthly"} <= set(
        told["submissions"]
    )
    lists = {"participants", "activities", "ideas", "groups", "local_orgs", "calls", "applications", "grants"}
    assert lists == set(told["entities"])
    assert {"f8_call", "f8_application", "f8_decision"} <= told["submissions"].keys()
    assert told["requests_lost"] and told["answers_lost"]
    assert (told["results"]["held"], told["results"]["quarantined"]) == (2, 1)
    assert {"approved", "hasIssues", "rejected", "edited", "received", "held"} <= told["reviews"].keys()
    assert told["submissions"]["f5_meeting_place"]
    assert told["results"]["duplicate"] >= 1
    assert told["conflicts"] >= 1
    assert told["doctor"]["ok"]
    assert "making" in progress
    assert "person/phone" in operator.types("record", "show", told["look_at"]["conflict"]).json["conflicts"]
    assert operator.types("record", "show", told["look_at"]["quarantined"]).json["quarantined"]
    released = operator.types("record", "show", told["look_at"]["released"]).json
    assert [each["status"] for each in released["operations"]] == ["applied"]
    assert released["fields"]
    assert operator.types("record", "show", told["look_at"]["issues"]).json["review"]["state"] == "hasIssues"
    twice = operator.types("record", "show", told["look_at"]["twice"]).json
    assert "possible_duplicate" in [problem["code"] for problem in twice["problems"]]
    assert told["sign_in"] == f"{told['url']}/sign-in"
    assert {"coordinator", "companion", "designer", "instance_admin"} <= {each["role"] for each in told["accounts"]}
    figures_agree(operator.data)
    nobody_finds_an_empty_desk(operator.data, told)
    goes_on(operator, told["operations"], told["passphrase"])


def figures_agree(folder: Path) -> None:
    """What the indicators show of every association is what a count by brute force over all records finds."""
    database = open_database(Settings(data=folder))
    at_ms = now_ms()
    with database.read() as session:
        owners = associations.everyone(session)
    for owner in owners:
        everything = Sight((owner,), frozenset("*"), frozenset("*"))
        figures.catch_up(database, everything)
        with database.read() as session:
            board = figures.board(session, everything, at_ms)
            approved, known = Recount(session, owner.id, APPROVED), Recount(session, owner.id, NOT_REJECTED)
        shown = {(row.indicator.code, each.code): each for row in board.rows if row.tally for each in row.tally.figures}
        for code, numbers in persons(approved).items():
            for part, number, more in zip(("person", "attendance"), numbers, persons(known)[code], strict=True):
                if (code, part) in shown:
                    figure = shown[code, part]
                    told = (figure.numbers.get("all", 0), figure.waiting.get("all", 0))
                    assert told == (number, more - number), (owner.slug, code, part)
        shares = inserted(approved, figures.day_of(at_ms))
        counted = {**others(approved), **{("I10", code): share for code, share in shares.items()}}
        for name, count in counted.items():
            if name in shown:
                assert (shown[name].numbers.get("all") or 0) == (count or 0), (owner.slug, *name)
    database.close()


MAY_BE_EMPTY = {
    "feedback_collector": "the listening centre's forms wait until they can be sealed",
    "scorer": "nothing is assigned to her",
}
"""Roles for whom the demo has no records, and why."""


def nobody_finds_an_empty_desk(folder: Path, told: Json) -> None:
    """Every account signs in, every page that its menu offers opens, and none is empty that should be full."""
    app = create_app(Settings(data=folder))
    for account in told["accounts"]:
        browser, headers = app.test_client(), {"Accept": "text/html", "Accept-Language": "fr"}
        token = FORM_TOKEN.search(browser.get("/sign-in", headers=headers).text)
        fields = {"form_token": token[1] if token else "", "email": account["email"], "passphrase": told["passphrase"]}
        assert browser.post("/sign-in", data=fields, headers=headers).status_code == 303, account
        home = browser.get("/", headers=headers, follow_redirects=True)
        assert home.status_code == 200, account
        if account["second_factor"]:
            continue  # led to the page where she sets it up
        pages = {each: browser.get(each, headers=headers) for each in set(re.findall(r'href="(/[a-z]+)"', home.text))}
        assert {each: page.status_code for each, page in pages.items()} == dict.fromkeys(pages, 200), account
        if account["role"] not in MAY_BE_EMPTY:
            shows_something(account["role"], {address: page.text for address, page in pages.items()})


def shows_something(role: str, pages: dict[str, str]) -> None:
    """What a newcomer would look for first."""
    if "/inbox" in pages:
        assert "/submissions/" in pages["/inbox"], role
    if "/map" in pages and role != "grants_officer":  # an application has no point
        assert "Aucun enregistrement avec un point" not in pages["/map"], role
    if "/indicators" in pages:
        figures_shown = re.findall(r'class="num value"><bdi dir="ltr">([1-9][^<]*)</bdi>', pages["/indicators"])
        assert figures_shown, role
        assert "pas encore publié" not in pages["/indicators"], role
    if role in ("programme_me", "funder_viewer"):
        assert len(figures_shown) >= 12, "every association has something to show"


def goes_on(operator: Operator, operations: int, passphrase: str) -> None:
    """A second run adds to the same data, with the same phones and the same people."""
    with operator.starts("demo", "--port", "0", "--once") as process:
        output, progress = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 0, progress
    again = json.loads(output)
    assert "goes on with her phone" in progress
    assert again["run"] == 2
    assert again["operations"] > operations
    assert again["doctor"]["ok"]
    assert again["passphrase"] == passphrase
    assert operator.types("audit", "verify").json["ok"]


def test_a_folder_with_real_data_is_left_alone(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    operator.types("association", "add", "rifq", "--name", "Rifq")
    for command in (("demo", "--once"), ("demo", "--once", "--fresh")):
        said = operator.types(*command)
        assert (said.code, said.json["error"]) == (1, "folder_not_a_demo")
    assert [row["association"] for row in operator.types("association", "list").json["associations"]] == ["rifq"]
