"""What is said in confidence (P3) reaches nobody without the right, whatever a designer copies it into."""

import html
import re
from typing import Any

import pytest
from pyxform.xls2xform import convert as to_xform

from fieldsync.services import desk, publishing
from fieldsync.services.conversion import convert
from fieldsync.services.publishing import Definition
from tests.routes.callers import Caller, bearer, person
from tests.routes.collect import Collect
from tests.web.visitor import Visitor, visitor
from tests.world import Phone, World

CANARY = "zarzavata"
"""A word that only the restricted answer holds, and whatever copies it."""

DIARY = """
| survey   |
|          | type      | name   | label  | bind::fs:class | save_to | calculation               | default  |
|          | csv-external | diaries | |            |         |                           |          |
|          | text      | case   | Case   | P1             |         |                           |          |
|          | text      | story  | Story  | P3             |         |                           |          |
|          | calculate | echo   |        | P1             |         | concat('said ', ${story}) |          |
|          | calculate | again  |        | P0             | told    | ${echo}                   |          |
|          | text      | taken  | Taken  | P1             | taken   |                           | ${story} |
| entities |
|          | list_name | entity_id | create_if     | update_if    | label    |
|          | diaries   | ${case}   | ${case} != '' | ${case} = '' | ${again} |
| settings |
|          | form_id | form_title | version | namespaces              | instance_name |
|          | diary   | Diary      | 1       | fs="urn:fieldsync:form" | ${again}      |
"""

READS = """
| survey   |
|          | type                             | name  | label | bind::fs:class | calculation |
|          | select_one_from_file diaries.csv | diary | Diary | P1             |             |
|          | calculate                        | named |       | P1             | LABEL       |
| settings |
|          | form_id | form_title | version | namespaces              |
|          | reads   | Reads      | 1       | fs="urn:fieldsync:form" |
""".replace("LABEL", "instance('diaries')/root/item[name=${diary}]/label")

ROLES = (
    *("coordinator", "association_reviewer", "designer", "viewer", "companion", "feedback_collector"),
    *("grants_officer", "programme_me", "funder_viewer", "data_protection", "instance_admin"),
)

PAGES_MAX = 15
"""Pages that one reader follows links to."""


def publish(world: World, text: str, lists: tuple[str, ...] = ()) -> None:
    made = convert(to_xform(xlsform=text, file_type=".md").xform.encode(), "xml", p3_allowed=True, lists=list(lists))
    assert made.form is not None, made.findings
    ready = Definition(made.form, made.xform, None, text.encode(), "md", tuple(made.findings))
    world.write(lambda session: publishing.publish(session, world.amal, ready, world.now_ms))


def tells(phone: Phone) -> tuple[str, str, str]:
    """A companion writes her diary, and a form that names it: the two submissions, and the entity."""
    entity = phone.world.uuid()
    writes = {
        "case": entity, "story": CANARY, "echo": f"said {CANARY}", "again": f"said {CANARY}", "taken": CANARY,
        "meta/instanceName": f"said {CANARY}",
        "meta/entity/@id": entity, "meta/entity/@create": "1", "meta/entity/label": f"said {CANARY}",
    }  # fmt: skip
    said = phone.says(of="diary", writes=writes)
    reads = phone.says(of="reads", writes={"diary": entity, "named": f"said {CANARY}"})
    assert phone.statuses(said, reads) == ["applied", "applied"]
    for each in (said, reads):
        phone.world.at_desk(desk.review, each["record"], "approved", "")
    return said["record"], reads["record"], entity


@pytest.fixture
def told(world: World) -> tuple[str, str, str]:
    publish(world, DIARY)
    publish(world, READS, ("diaries",))
    return tells(world.phone())


def addresses(told: tuple[str, str, str]) -> list[str]:
    diary, reads, entity = told
    of_records = [
        *(f"/submissions/diary/{diary}", f"/submissions/reads/{reads}", f"/entities/diaries/{entity}"),
        *("/inbox", "/inbox?view=all", "/inbox?state=approved", "/conflicts", "/quarantine", "/map", "/quality"),
    ]
    return ["/", *of_records, "/exports/new", "/forms", "/indicators", "/indicators.csv", "/people", "/phones"]


def follows(who: Visitor, begin: list[str]) -> dict[str, str]:
    """Pages that somebody can open, and those that they lead to: address → text."""
    waiting, found = list(begin), dict[str, str]()
    while waiting and len(found) < len(begin) + PAGES_MAX:
        address = waiting.pop(0)
        if address in found or address.startswith(("/static", "/sign-out")):
            continue
        answer = who.opens(address)
        found[address] = answer.text + repr(dict(answer.headers))
        if answer.status_code == 200 and answer.mimetype == "text/html":
            waiting += [html.unescape(each) for each in re.findall(r'href="(/[^"#]*)"', answer.text)]
    return found


def test_no_page_shows_it_and_no_search_finds_it(world: World, told: tuple[str, str, str]) -> None:
    for role in ROLES:
        who = visitor(world, role)
        pages = follows(who, addresses(told))
        assert [(role, address) for address, text in pages.items() if CANARY in text] == []
        hit = who.fills("/inbox/search", {"words": CANARY}, page="/inbox")
        found = who.opens(hit.headers["Location"]).text if hit.status_code == 303 else ""
        assert not any(record in found for record in told), role


def test_no_answer_of_the_api_holds_it(world: World, told: tuple[str, str, str]) -> None:
    for role in ROLES:
        caller = person(world, role)
        paths = ["submissions", "entities", "conflicts", "quarantine", "held", "forms", "indicators"]
        for record in told:
            paths += [f"records/{record}", f"records/{record}/operations"]
            assert CANARY not in caller.call("POST", f"records/{record}/reveal").text
        answers = {path: caller.call("GET", path).text for path in paths}
        assert [(role, path) for path, text in answers.items() if CANARY in text] == []


def test_no_export_takes_it_out(world: World, told: tuple[str, str, str]) -> None:
    coordinator = person(world, "coordinator")
    wanted = [("submission", "diary"), ("submission", "reads"), ("entity", "diaries")]
    codes = {of: export(coordinator, kind, of) for kind, of in wanted}
    assert codes == dict.fromkeys(("diary", "reads", "diaries"), "export_restricted")


def export(caller: Caller, kind: str, of: str) -> Any:
    return caller.call("POST", "exports", json={"kind": kind, "of": of, "format": "csv"}).get_json()["code"]


def test_no_other_phone_gets_it(world: World, told: tuple[str, str, str]) -> None:
    """Neither by a sync, nor by the API, nor in the list that the other form reads."""
    other = world.phone()
    assert CANARY not in repr([other.pulls(), bearer(other).pages("submissions"), bearer(other).pages("entities")])
    collect = Collect(world, other)
    [form] = collect.forms("formList?formID=reads")
    manifest = collect.get(form["manifestUrl"]).text
    [address] = [each for each in re.findall(r"<downloadUrl>([^<]+)<", manifest) if "diaries" in each]
    listed = collect.get(address).text
    assert told[2] in listed and CANARY not in listed


def test_who_listens_reads_it(world: World, told: tuple[str, str, str]) -> None:
    """So the tests above look where it would be."""
    phone = world.phone()
    hers = tells(phone)
    assert repr(bearer(phone).get(f"records/{hers[0]}")).count(CANARY) == 6
    assert CANARY in repr(bearer(phone).get(f"records/{hers[1]}"))
