"""`make demo` shows what it promises, and touches nothing that is not its own."""

import json
import re
import secrets
from pathlib import Path

from sqlalchemy.orm import Session

from fieldsync.app import create_app, now_ms, open_database
from fieldsync.config import Settings
from fieldsync.core import totp
from fieldsync.demo import listening
from fieldsync.jobs import follow, link
from fieldsync.routes.pages import cookies
from fieldsync.services import figures, pair_queue, second_factor, signing
from fieldsync.services.readers import Reader
from fieldsync.services.sight import Sight
from fieldsync.store import associations, people
from tests.journeys.demo_recount import APPROVED, NOT_REJECTED, Recount, inserted, others, persons
from tests.journeys.operator_at_terminal import Json, Operator
from tests.web.site_under_test import secret_of
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
    pairs_look_like_those_of_villages(operator.data)
    nobody_finds_an_empty_desk(operator.data, told)
    what_is_sealed_opens_only_with_the_key(operator, tmp_path)
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


def pairs_look_like_those_of_villages(folder: Path) -> None:
    """Several spellings of one woman, a group of three, and two cousins whose births are years apart."""
    database = open_database(Settings(data=folder))
    link(database)
    with database.read() as session:
        owner = associations.find(session, "kht")
        assert owner is not None
        waiting = pair_queue.waiting_anywhere(session, owner.id)
    people_of = [each.pair for each in waiting if each.pair.left.of == "participants"]
    assert 3 in {len(group) for group in pair_queue.groups(waiting).values()}
    assert [each for each in people_of if each.row and "births_apart" in each.row.bounds]
    assert len(people_of) >= 6
    database.close()


def what_is_sealed_opens_only_with_the_key(operator: Operator, folder: Path) -> None:
    """What was said at the listening centre stands in no file of the server; the key in the folder opens it."""
    said = listening.ACCOUNTS[0].encode()
    assert not [path for path in operator.data.rglob("*") if path.is_file() and said in path.read_bytes()]
    target = folder / "sealed"
    operator.types("submission", "export", listening.FORM, "--association", listening.CENTRE, "--out", target)
    opened = operator.types("submission", "decrypt", target, "--key", operator.data / listening.KEY)
    assert opened.json == {"opened": listening.VISITS, "failed": 0}
    assert any(said in path.read_bytes() for path in target.glob("*/decrypted/submission.xml"))


MAY_BE_EMPTY = {
    "feedback_collector": "the form for feedback waits until it can be sealed",
    "scorer": "nothing is assigned to her",
}
"""Roles for whom the demo has no records, and why."""

WITHOUT_POINTS = ("grants_officer", "listening_worker", "listening_supervisor")
"""An application has no point, and what is sealed shows none."""


def nobody_finds_an_empty_desk(folder: Path, told: Json) -> None:
    """Every account signs in, every page that its menu offers opens, and none is empty that should be full."""
    database = open_database(Settings(data=folder))
    follow(database)  # as the jobs do of a server that goes on
    app = create_app(Settings(data=folder), database)
    for account in told["accounts"]:
        browser, headers = app.test_client(), {"Accept": "text/html", "Accept-Language": "fr"}
        token = FORM_TOKEN.search(browser.get("/sign-in", headers=headers).text)
        fields = {"form_token": token[1] if token else "", "email": account["email"], "passphrase": told["passphrase"]}
        assert browser.post("/sign-in", data=fields, headers=headers).status_code == 303, account
        home = browser.get("/", headers=headers, follow_redirects=True)
        assert home.status_code == 200, account
        if account["second_factor"]:
            browser.set_cookie(cookies.SESSION, with_second_factor(folder, account["email"]))
            home = browser.get("/", headers=headers, follow_redirects=True)
        pages = {each: browser.get(each, headers=headers) for each in set(re.findall(r'href="(/[a-z]+)"', home.text))}
        assert {each: page.status_code for each, page in pages.items()} == dict.fromkeys(pages, 200), account
        if account["role"] not in MAY_BE_EMPTY:
            shows_something(account["role"], {address: page.text for address, page in pages.items()})
    database.close()


def with_second_factor(folder: Path, email: str) -> str:
    """A session of somebody who has set up her authenticator app."""
    database = open_database(Settings(data=folder))

    def work(session: Session) -> str:
        person = people.find(session, email)
        assert person is not None
        reader = Reader(person.association_id or 0, person=person)
        begun = second_factor.begin(session, reader, secrets.token_bytes, now_ms())
        assert isinstance(begun, second_factor.Begun)
        code = totp.code_at(secret_of(begun.secret), now_ms() // totp.STEP_MS)
        assert isinstance(second_factor.confirm(session, reader, code, secrets.token_bytes, now_ms()), list)
        return signing.begin(session, person, "test", now_ms(), secrets.token_bytes).token

    token = database.write(work)
    database.close()
    return token


def shows_something(role: str, pages: dict[str, str]) -> None:
    """What a newcomer would look for first."""
    if "/inbox" in pages:
        assert "/submissions/" in pages["/inbox"], role
    if "/map" in pages and role not in WITHOUT_POINTS:
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
