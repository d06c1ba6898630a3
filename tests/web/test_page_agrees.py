"""What the page of a submission shows is what `fieldsync record show` prints, over records of any history."""

import html
import random
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from fieldsync.services import desk, publishing
from tests.journeys.operator_at_terminal import Operator
from tests.market_form import market
from tests.web.visitor import Visitor, visitor
from tests.world import Json, Phone, World

RECORDS = 12
OPERATIONS = 7

LABELS = {
    "province": {"haouz": "Al Haouz", "safi": "Safi"},
    "commune": {"asni": "Asni", "ijouk": "Ijoukak", "jemaa": "Jemaa"},
    "stall": {"yes": "Yes", "no": "No"},
    "goods": {"wool": "Wool", "salt": "Salt"},
}
"""What the form calls its choices."""


def some_writes(dice: random.Random, rows: list[str]) -> Json:
    """Some answers, as a phone may say them; rows of the repeat come, change and go."""
    whole: Json = {
        "province": dice.choice(("haouz", "safi", None)),
        "commune": dice.choice(("asni", "ijouk", "jemaa")),
        "seller": dice.choice(("Fatima", "عائشة", "<b>Zahra</b> & co", None, "two\nlines")),
        "stall": dice.choice(("yes", "no")),
        "number": dice.choice(("7", "12b", None)),
        "goods": dice.choice(({"set": ["wool"]}, {"set": ["salt", "wool"]}, None)),
        "fee": dice.choice(("12.50", "1234567.5", "-3", 40)),
        "day": dice.choice(("2026-09-20", "2026-01-01")),
        "opened": dice.choice(("2026-09-20T09:30:00.000+01:00", "2026-09-20")),
        "spot": dice.choice(({"lat": "31.2", "lon": "-7.9", "accuracy": "4.5"}, None)),
        "total": dice.choice(("1000", 12)),
        "meta/instanceName": "Market day",
    }
    writes = {path: whole[path] for path in dice.sample(sorted(whole), dice.randint(1, 6))}
    row = f"sales[{dice.choice(rows)}]"
    match dice.randint(0, 3):
        case 0:
            writes[row] = None
        case 1:
            writes |= {row: dice.randint(1, 9), f"{row}/what": dice.choice(("Rug", "Salt")), f"{row}/price": 1500}
        case 2:
            writes[f"{row}/price"] = dice.choice((90, None))
    return writes


def some_record(world: World, phones: list[Phone], dice: random.Random) -> str:
    """A record that some phones wrote, now and then unaware of each other."""
    rows = [world.uuid() for _ in range(3)]
    record, said = world.uuid(), list[Json]()
    for _ in range(dice.randint(1, OPERATIONS)):
        phone = dice.choice(phones)
        known = dice.sample(said, dice.randint(1, len(said))) if said and dice.random() < 0.7 else said[-1:]
        operation = phone.says(record, some_writes(dice, rows), of="market", seen=known)
        assert phone.statuses(operation) == ["applied"]
        said.append(operation)
        world.now_ms += 60_000
    return record


def shown_on(who: Visitor, record: str) -> tuple[dict[str, str], set[str], str]:
    """(path → what stands there, paths marked as in conflict, the whole page)."""
    response = who.opens(f"/submissions/market/{record}", Accept_Language="en")
    assert response.status_code == 200
    found, marked = {}, set()
    for tag, path, inner in re.findall(r'<(dd|td)[^>]*data-path="([^"]*)"[^>]*>(.*?)</\1>', response.text, re.DOTALL):
        path = html.unescape(path)
        assert path not in found, f"{path} stands twice"
        if 'href="#conflicts"' in inner:
            marked.add(path)
        inner = re.sub(r'<a class="plain".*?</a>|<p class="finding.*?</p>', "", inner, flags=re.DOTALL)
        found[path] = plain(html.unescape(re.sub(r"<[^>]+>", "", inner)))
        assert tag in ("dd", "td")
    return found, marked, response.text


def plain(text: str) -> str:
    """A text without blanks, which pages and terminals set differently."""
    return re.sub(r"\s+", "", text)


def put(path: str, value: Any) -> str:
    """What people should read where the command prints a value; written down here a second time, from the form."""
    question = re.sub(r"\[[^]]*\]", "", path)
    if value is None:
        return "emptied"
    if question in LABELS:
        names = value["set"] if isinstance(value, dict) else [value]
        return plain(", ".join(LABELS[question][name] for name in names))
    if question == "spot":
        return plain(f"{value['lat']}, {value['lon']} within {value['accuracy'].replace('.', ',')} m On the map")
    if question in ("fee", "sales/price"):
        return str(value).replace(".", ",").replace("-", "−")
    if question == "day":
        return {"2026-09-20": "20Sept2026", "2026-01-01": "1Jan2026"}[value]
    if question == "opened":
        return "20Sept2026" if len(value) == 10 else "20Sept202609:30"
    return plain(str(value))


@pytest.fixture(params=["sqlite", "postgresql"])
def bazaar(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A server, and an operator at the same database; both kinds."""
    engine: Engine = request.getfixturevalue(f"{request.param}_engine")
    world = World(engine)
    world.write(lambda session: publishing.publish(session, world.amal, market(), world.now_ms))
    url = engine.url.render_as_string(hide_password=False)
    environ = {"FIELDSYNC_DATABASE_URL": url} if request.param == "postgresql" else {}
    yield world, Operator(tmp_path, environ)
    world.database.close()


def test_the_page_shows_what_the_command_prints(bazaar: tuple[World, Operator]) -> None:
    world, operator = bazaar
    dice, phones = random.Random(2026), [world.phone() for _ in range(3)]
    records = [some_record(world, phones, dice) for _ in range(RECORDS)]
    assert world.at_desk(desk.review, records[0], "approved") is None
    assert world.at_desk(desk.comment, records[1], "Which market?") is None
    who = visitor(world, "association_reviewer")
    rows = conflicts = 0
    for record in records:
        printed = operator.types("record", "show", record).json
        fields = {path: value for path, value in printed["fields"].items() if not path.endswith("]")}
        shown, marked, page = shown_on(who, record)
        due = {each["path"]: "noanswer" for each in printed["problems"] if each["path"] not in fields}
        assert shown == due | {path: put(path, value) for path, value in fields.items()}, record
        assert marked == {path for path in printed["conflicts"] if path in fields}, record
        said = re.search(r">(\d+) operation", page)
        assert said and int(said[1]) == len(printed["operations"])
        assert page.count('class="when"') == len(printed["operations"])
        for comment in printed["review"]["comments"]:
            assert comment["text"] in page
        rows += sum(path.startswith("sales[") for path in fields)
        conflicts += len(marked)
    assert rows > 10 and conflicts > 5, "the histories were rich enough to tell"
