"""Where an answer lies, on the page of its record: for whom a map is made of it, and who is asked for tiles."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldsync.config import Settings
from fieldsync.core.shown_values import SPOTS_MAX, spots
from tests import databases
from tests.web.visitor import Visitor, visitor
from tests.world import World

ASNI = "07.041.07.03"
SPOT = {"lat": "31.25", "lon": "-7.98", "accuracy": "12"}
TILES = "https://tiles.example/{z}/{x}/{y}.png"


@pytest.fixture
def tiled(migrated_file: Path, tmp_path: Path) -> Iterator[World]:
    """A server with a source of tiles."""
    path = tmp_path / "tiles.db"
    shutil.copy(migrated_file, path)
    engine = databases.sqlite_engine(path)
    world = World(engine, Settings(map_tiles=TILES))
    yield world
    world.database.close()
    engine.dispose()


def sent(world: World, form: str, **writes: object) -> str:
    world.publish(f"{form} 1")
    phone = world.phone()
    said = phone.says(of=form, writes={"commune": ASNI, "where": SPOT, **writes})
    assert phone.statuses(said) == ["applied"]
    return f"/submissions/{form}/{said['record']}"


def spots_on(text: str) -> list[str]:
    return re.findall(r'data-spots="([^"]+)"', text)


def asks_for_tiles(who: Visitor, address: str) -> bool:
    answer = who.opens(address)
    asked = "tiles.example" in answer.headers["Content-Security-Policy"]
    assert asked == ("tiles.example" in answer.text)
    return asked


def test_a_point_lies_on_a_map_beside_its_coordinates(tiled: World) -> None:
    address, who = sent(tiled, "round"), visitor(tiled, "association_reviewer")
    text = who.opens(address).text
    assert spots_on(text) == ["31.25,-7.98 "] and 'data-accuracy="12"' in text
    assert "31.25, -7.98" in text
    assert asks_for_tiles(who, address)


def test_a_page_without_a_point_loads_no_map(tiled: World) -> None:
    address, who = sent(tiled, "round", where=None), visitor(tiled, "association_reviewer")
    assert "leaflet" not in who.opens(address).text
    assert not asks_for_tiles(who, address)


def test_a_personal_point_shows_after_the_click_and_no_tile_host_learns_of_it(tiled: World) -> None:
    address = sent(tiled, "home")
    reviewer, coordinator = visitor(tiled, "association_reviewer"), visitor(tiled, "coordinator")
    assert spots_on(reviewer.opens(address).text) and not asks_for_tiles(reviewer, address)
    assert not spots_on(coordinator.opens(address).text)
    revealed = coordinator.fills(f"{address}/reveal", page=address)
    assert spots_on(revealed.text) and "tiles.example" not in revealed.text


def test_an_entity_lies_where_its_geometry_says(tiled: World) -> None:
    made = {"meta/entity/@id": (entity := tiled.uuid()), "meta/entity/@create": "1", "meta/entity/label": "Weavers"}
    sent(tiled, "workshop", title="Weavers", **made)
    who = visitor(tiled, "association_reviewer")
    address = f"/entities/workshops/{entity}"
    assert spots_on(who.opens(address).text) == ["31.25,-7.98 "]
    assert asks_for_tiles(who, address)


def test_a_trace_is_thinned_and_keeps_its_ends() -> None:
    trace = [{"lat": f"31.{number:04}", "lon": "-8"} for number in range(3 * SPOTS_MAX + 7)]
    found = spots(trace)
    assert len(found) <= SPOTS_MAX + 1
    assert (found[0], found[-1]) == ((31.0, -8.0), (31.1506, -8.0))
    assert spots([{"lat": "x", "lon": "1"}, "31 -8", None]) == () == spots("31 -8")


def test_no_two_places_to_choose_from_are_called_the_same(tiled: World) -> None:
    """Safi is a province and a commune in it: who ticks the wrong one opens too much to a phone, or too little."""
    who = visitor(tiled, "coordinator")
    for language in ("fr", "ar"):
        page = who.opens("/phones/enrol", Accept_Language=language).text
        named = re.findall(r'name="places" value="[^"]+"[^>]*>(?:<span[^>]*>)?([^<]+)<', page)
        assert len(named) > 20 and len(set(named)) == len(named)
    assert {"Safi (province)", "Safi (commune)"} <= set(re.findall(r"Safi \(\w+\)", who.opens("/phones/enrol").text))
