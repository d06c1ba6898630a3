"""Who sees which figures, and how closely."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from sqlalchemy import Engine

from fieldsync.core.counting import WAYS
from fieldsync.core.indicators import IndicatorBook, read_book
from fieldsync.core.months import month_of_ms
from fieldsync.core.validation import PROGRAMME_ZONE
from fieldsync.services import publications
from tests.counted_world import ASNI, Village
from tests.routes.callers import person
from tests.web.visitor import visitor
from tests.world import Json

MONTH_MS = 31 * 24 * 3600 * 1000


@pytest.fixture
def village(sqlite_engine: Engine) -> Iterator[Village]:
    made = Village(sqlite_engine, "khl", ("f4_participant", "f5_activity", "f7_profile"))
    yield made
    made.database.close()


def fill(village: Village, bands: dict[str, int]) -> None:
    for band, count in bands.items():
        for _ in range(count):
            woman = village.uuid()
            village.reviews(village.registers(woman, age_band=band, site=ASNI, disability="no"))
            village.reviews(village.meets("life_skills", [woman]))


def board(village: Village, role: str, address: str = "indicators") -> Json:
    found: Json = person(village, role, village.home, also=()).get(address)
    return found


def codes(found: Json) -> list[str]:
    return [each["indicator"] for each in found["indicators"]]


def test_a_coordinator_sees_her_associations_figures_as_they_are(village: Village) -> None:
    fill(village, {"18_24": 2, "25_35": 8})
    found = board(village, "coordinator")
    assert {"I07", "I08", "I19"} <= set(codes(found)) and "I02" not in codes(found)
    divided = board(village, "coordinator", "indicators/I07")
    assert divided["figures"][0]["number"] == 10
    assert {cell["band"]: cell["number"] for cell in divided["divisions"][0]["cells"] if set(cell) == BY_BAND} == {
        "18_24": 2,
        "25_35": 8,
    }


BY_BAND = {"band", "number"}


def parts(village: Village, role: str) -> dict[str, int]:
    """What somebody is told of ages: band → persons."""
    divided = board(village, role, "indicators/I07")
    return {cell["band"]: cell["number"] for cell in divided["divisions"][0]["cells"] if set(cell) == BY_BAND}


def published(village: Village) -> None:
    """The present month closes, and its figures are published."""
    publications.publish(village.database, village.now_ms, month_of_ms(village.now_ms, PROGRAMME_ZONE))
    village.now_ms += MONTH_MS


def test_the_programme_sees_totals_at_once_and_parts_when_a_month_has_closed(village: Village) -> None:
    fill(village, {"18_24": 6, "25_35": 8})
    divided = board(village, "programme_me", "indicators/I07")
    assert (divided["figures"][0]["number"], divided["divisions"]) == (14, [])
    published(village)
    assert parts(village, "programme_me") == {"18_24": 6, "25_35": 8}


def test_one_woman_more_shows_in_the_total_and_nowhere_in_its_parts(village: Village) -> None:
    """The same page tomorrow, and the next edition: whoever compares them does not learn how old she is."""
    fill(village, {"18_24": 6, "25_35": 8})
    published(village)
    fill(village, {"18_24": 1})
    assert board(village, "programme_me", "indicators/I07")["figures"][0]["number"] == 15
    assert parts(village, "programme_me") == parts(village, "viewer") == {"18_24": 6, "25_35": 8}
    published(village)
    assert parts(village, "viewer") == {"18_24": 6, "25_35": 8, "later": 1}
    fill(village, {"18_24": 5, "25_35": 2, "36_59": 4})
    published(village)
    assert parts(village, "viewer") == {"18_24": 12, "25_35": 8, "others": 6}


def test_small_parts_are_told_together_and_parts_that_are_all_alike_not_at_all(village: Village) -> None:
    fill(village, {"18_24": 2, "25_35": 8})
    published(village)
    divided = board(village, "viewer", "indicators/I07")["divisions"][0]
    assert "band" in divided["dropped"] and parts(village, "viewer") == {}


def test_figures_follow_an_approval_at_once(village: Village) -> None:
    woman = village.uuid()
    village.reviews(village.registers(woman))
    met = village.meets("life_skills", [woman])
    figure = board(village, "coordinator", "indicators/I07")["figures"][0]
    assert (figure["number"], figure["to_review"]) == (0, 1)
    village.reviews(met)
    figure = board(village, "coordinator", "indicators/I07")["figures"][0]
    assert (figure["number"], figure["to_review"]) == (1, 0)


def test_a_viewer_sees_what_was_published_and_nothing_newer(village: Village) -> None:
    fill(village, {"25_35": 6})
    assert [each["published"] for each in board(village, "viewer")["indicators"]][:1] == [False]
    published = month_of_ms(village.now_ms, PROGRAMME_ZONE)
    publications.publish(village.database, village.now_ms, published)
    fill(village, {"25_35": 3})
    figure = board(village, "viewer", "indicators/I07")["figures"][0]
    assert (figure["number"], figure["to_review"]) == (6, 0)
    assert board(village, "coordinator", "indicators/I07")["figures"][0]["number"] == 9


def test_a_month_is_published_once_it_is_over_and_reviewed(village: Village) -> None:
    assert village.read(lambda session: publications.is_due(session, village.now_ms))
    publications.publish(village.database, village.now_ms)
    assert not village.read(lambda session: publications.is_due(session, village.now_ms))
    assert village.read(lambda session: publications.is_due(session, village.now_ms + 2 * MONTH_MS))


def test_page_json_and_file_say_the_same(village: Village) -> None:
    fill(village, {"18_24": 5, "25_35": 8, "36_59": 2, "60_plus": 3})
    published(village)
    who = visitor(village, "programme_me", village.home)
    told = board(village, "programme_me", "indicators/I07")["figures"][0]["number"]
    assert f'<bdi dir="ltr">{told:.0f}</bdi>' in who.opens("/indicators").text
    lines = who.opens("/indicators.csv").text.splitlines()
    assert any(line.startswith("I07,KHL,") and ",all,person,persons,,,18," in line for line in lines)
    assert {line.split(",band,")[1] for line in lines if ",band," in line} == {"18_24,5,,", "25_35,8,,", "others,5,,"}
    page = who.opens("/indicators/I07").text
    assert "36–59" not in page and "25–35" in page


def test_an_indicator_without_a_form_says_so(village: Village) -> None:
    text = visitor(village, "coordinator", village.home).opens("/indicators").text
    assert "aucun formulaire publié" in text


def test_a_grant_for_some_places_shows_no_figures(village: Village) -> None:
    fill(village, {"25_35": 6})
    found = person(village, "coordinator", village.home, also=(), places=(ASNI,)).get("indicators")
    assert found["indicators"] == []


def test_a_book_that_divides_the_same_survivors_twice_is_refused() -> None:
    path = Path(__file__).parents[2] / "forms" / "indicators.yaml"
    data = yaml.safe_load(path.read_text())
    assert isinstance(read_book(data, WAYS), IndicatorBook)
    next(each for each in data["indicators"] if each["code"] == "I04")["disaggregated"] = ["band", "category"]
    assert read_book(data, WAYS) == "indicator I04: another one of S2 is divided by the same"
