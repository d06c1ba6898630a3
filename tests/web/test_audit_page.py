"""Whoever protects people's data reads the log: filters it, turns its pages, sees whether it holds since the anchor."""

import html
import re
from typing import Any

import pytest
from sqlalchemy import text

from fieldsync.routes.pages import lists
from fieldsync.services import audit_read
from fieldsync.store import audit
from tests.routes.callers import person
from tests.web.visitor import Visitor, visitor
from tests.world import World

DAY_MS = 24 * 3600 * 1000


@pytest.fixture
def protector(world: World) -> Visitor:
    return visitor(world, "data_protection")


def lived(world: World) -> str:
    """A day: a companion's batch, and what the coordinator did with her record."""
    phone = world.phone()
    said = phone.says(writes={"name": "Amina"})
    assert phone.statuses(said) == ["applied"]
    person(world, "coordinator").post(f"records/{said['record']}/comment", {"text": "seen"})
    record: str = said["record"]
    return record


def rows(who: Visitor, query: str = "") -> list[str]:
    """What the rows say, newest first."""
    return re.findall(r'scope="row" class="what">(.*?)<', who.opens(f"/audit{query}").text)


def numbers(who: Visitor, path: str) -> tuple[list[str], str]:
    """(the numbers of a page's rows, where the next page is)."""
    shown = who.opens(path).text
    following = re.search(r'<a class="button" href="([^"]+)"', shown)
    return re.findall(r'data-label="N°"><bdi>([^<]+)<', shown), html.unescape(following[1]) if following else ""


def test_the_log_is_filtered_by_kind_who_record_and_day(world: World, protector: Visitor) -> None:
    record = lived(world)
    assert len(rows(protector)) > 5
    assert rows(protector, "?kind=sync") == ["Lot reçu"]
    assert rows(protector, f"?record={record.upper()}") == ["Acte au bureau"]
    assert rows(protector, f"?record={world.uuid()}") == []
    assert set(rows(protector, "?who=operator")) >= {"Téléphone enrôlé"}
    assert protector.person is not None
    assert set(rows(protector, f"?who={protector.person.uuid}")) == {"Connexion"}
    world.now_ms += 3 * DAY_MS
    later = visitor(world, "data_protection")
    today = "2026-09-24"
    assert set(rows(later, f"?since={today}")) == {"Rôle attribué", "Connexion"}
    assert "Lot reçu" not in rows(later, f"?since={today}") and "Lot reçu" in rows(later, "?until=2026-09-22")


def test_the_log_is_read_page_by_page_and_nothing_shows_twice(
    world: World, protector: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "ROWS", 4)
    lived(world)
    everything: list[str] = []
    path = "/audit"
    while path:
        found, path = numbers(protector, path)
        assert len(found) <= 4
        everything += found
    total = world.read(lambda session: sum(head.number for head in audit.heads(session)))
    assert len(everything) == len(set(everything)) == total


def anchor(world: World) -> None:
    world.write(lambda session: audit_read.anchor(session, "2026-09-21"))


def test_the_page_says_up_to_which_anchor_the_log_holds(world: World, protector: Visitor) -> None:
    lived(world)
    assert "Pas encore d’ancre" in protector.opens("/audit").text
    anchor(world)
    assert "Dernière ancre : 21 sept. 2026" in protector.opens("/audit").text
    lived(world)
    checked = protector.fills("/audit/check", page="/audit").text
    assert "La chaîne tient" in checked and "plus récentes que l’ancre" in checked


@pytest.mark.parametrize("tampering", ["DELETE FROM audit_row", "UPDATE audit_row SET mac = number"])
def test_a_log_that_no_longer_ends_as_the_anchor_says_is_told_at_once(sqlite_engine: Any, tampering: str) -> None:
    world = World(sqlite_engine)
    protector = visitor(world, "data_protection")
    lived(world)
    anchor(world)
    with world.engine.begin() as connection:
        last = "chain = 1 AND number = (SELECT max(number) FROM audit_row WHERE chain = 1)"
        connection.execute(text(f"{tampering} WHERE {last}"))
    shown = protector.opens("/audit").text
    assert "ne s’arrête pas là où le dit l’ancre" in shown
    assert "La chaîne est rompue" in protector.fills("/audit/check", page="/audit").text
    world.database.close()
