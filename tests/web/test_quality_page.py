"""The quality page, the flags of a submission and the map, without a browser: what they show to whom."""

import re

import pytest

from fieldsync.config import Settings
from fieldsync.services import inbox_projection, quality_follow
from fieldsync.store.engines import open_engine
from tests.web.visitor import Visitor, visitor
from tests.world import Json, World

ASNI = "07.041.07.03"
BOX = "west=-9&south=30&east=-7&north=32"


@pytest.fixture
def office(sqlite_engine: object) -> World:
    return World(sqlite_engine)  # type: ignore[arg-type]


def at_night(world: World) -> Json:
    """A visit at two in the morning, with a point; what follows the change log has caught up."""
    world.publish("round 1")
    phone = world.phone()
    writes = {"start": "2026-09-22T02:00:00.000+01:00", "commune": ASNI, "where": {"lat": "31.25", "lon": "-7.98"}}
    said = phone.says(of="round", writes=writes)
    assert phone.statuses(said) == ["applied"]
    world.write(lambda session: quality_follow.step(session, world.amal, 500, world.now_ms))
    world.write(lambda session: inbox_projection.step(session, world.amal, 500))
    return said


def page_of_flags(said: Json) -> str:
    return f"/submissions/round/{said['record']}/flags"


def test_a_reviewer_sees_the_rate_beside_the_count_and_follows_the_figure(office: World) -> None:
    at_night(office)
    reviewer = visitor(office, "association_reviewer")
    text = reviewer.opens("/quality").text
    assert "1 sur 1" in text and "trop peu pour comparer" in text
    address = re.search(r'href="(/inbox\?[^"]*flag=filled_at_night[^"]*)"', text)
    assert address is not None
    assert "round" in reviewer.opens(address[1].replace("&amp;", "&")).text


def test_a_time_without_submissions_says_what_to_do(office: World) -> None:
    assert "Choisissez une période plus longue" in visitor(office, "association_reviewer").opens("/quality").text


@pytest.mark.parametrize("role", ["viewer", "designer", "companion", "programme_me"])
def test_whoever_reads_no_history_sees_no_quality(office: World, role: str) -> None:
    assert visitor(office, role).opens("/quality").status_code == 403


def test_a_flag_shows_on_the_submission_and_is_dismissed_with_a_reason(office: World) -> None:
    said = at_night(office)
    reviewer = visitor(office, "association_reviewer")
    submission = f"/submissions/round/{said['record']}"
    assert "Formulaire ouvert la nuit" in reviewer.opens(submission).text
    given = {"code": "filled_at_night", "other": "", "deed": "dismiss"}
    assert reviewer.fills(page_of_flags(said), {**given, "why": " "}).status_code == 422
    assert reviewer.fills(page_of_flags(said), {**given, "why": "veillée"}).status_code == 303
    office.write(lambda session: inbox_projection.step(session, office.amal, 500))
    assert "veillée" in reviewer.opens(page_of_flags(said)).text
    assert "veillée" not in reviewer.opens("/audit").text
    assert reviewer.opens("/inbox?flag=filled_at_night").text.count("/submissions/round/") == 0
    assert reviewer.fills(page_of_flags(said), {**given, "deed": "back"}).status_code == 303
    office.write(lambda session: inbox_projection.step(session, office.amal, 500))
    assert reviewer.opens("/inbox?flag=filled_at_night").text.count("/submissions/round/") > 0


def test_a_flag_that_is_none_cannot_be_dismissed(office: World) -> None:
    said = at_night(office)
    reviewer = visitor(office, "association_reviewer")
    for code in ("same_answers", "possible_duplicate", "", "<script>"):
        given = {"code": code, "other": "", "deed": "dismiss", "why": "x"}
        assert reviewer.fills(page_of_flags(said), given).status_code == 404, code


def rules(visitor_: Visitor, **changed: str) -> int:
    """Send the form of the thresholds as the page has it, with something changed."""
    text = visitor_.opens("/quality").text
    fields = dict(re.findall(r'name="([a-z_]+-[a-z_]+)" type="number" value="(\d+)"', text))
    fields |= dict.fromkeys(re.findall(r'name="([a-z_]+-on)" value="1" checked', text), "1")
    return visitor_.fills("/quality/rules", fields | changed, page="/quality").status_code


def test_thresholds_change_within_their_bounds_and_the_log_says_so(office: World) -> None:
    at_night(office)
    reviewer = visitor(office, "association_reviewer")
    assert rules(reviewer, **{"filled_at_night-from_hour": "24"}) == 422
    assert rules(reviewer, **{"filled_at_night-from_hour": "20", "clock_far_off-on": ""}) == 303
    text = reviewer.opens("/quality").text
    assert re.search(r'name="filled_at_night-from_hour" type="number" value="20"', text)
    assert "thresholds_changed" not in text
    rows = office.read(lambda session: session.connection().exec_driver_sql(
        "SELECT detail FROM audit_row WHERE action = 'thresholds_changed'").scalars().all())  # fmt: skip
    assert ["filled_at_night 20 5 60" in rows[0], "clock_far_off off" in rows[0]] == [True, True]


def test_the_map_tells_places_without_script_and_points_by_geojson(office: World) -> None:
    said = at_night(office)
    reviewer = visitor(office, "association_reviewer")
    assert "Asni" in reviewer.opens("/map").text
    answer = reviewer.opens(f"/map/points?{BOX}&zoom=19")
    assert answer.mimetype == "application/geo+json"
    [feature] = answer.get_json(force=True)["features"]
    assert feature["geometry"]["coordinates"] == [-7.98, 31.25]
    assert feature["properties"]["address"] == f"/submissions/round/{said['record']}"


@pytest.mark.parametrize(
    "asked", ["", "zoom=3", f"{BOX}", f"{BOX}&zoom=x", f"{BOX}&zoom=nan", "west=1&south=0&east=0&north=1&zoom=3"]
)
def test_a_box_that_is_none_is_refused(office: World, asked: str) -> None:
    assert visitor(office, "association_reviewer").opens(f"/map/points?{asked}").status_code == 400


def test_pages_name_no_foreign_host_but_the_one_whose_tiles_the_map_shows(
    migrated_file: object, tmp_path: object
) -> None:
    import shutil

    path = f"{tmp_path}/tiles.db"
    shutil.copy(str(migrated_file), path)
    tiles = "https://tiles.example:8443/{z}/{x}/{y}.png?key=a"
    world = World(open_engine(f"sqlite:///{path}"), Settings(map_tiles=tiles, map_attribution="© <b>Us</b>"))
    reviewer = visitor(world, "association_reviewer")
    policy = reviewer.opens("/map").headers["Content-Security-Policy"]
    assert "img-src 'self' https://tiles.example:8443;" in policy
    assert policy.count("://") == 1
    assert "&lt;b&gt;" in reviewer.opens("/map").text
    assert "://" not in reviewer.opens("/quality").headers["Content-Security-Policy"]
    world.database.close()
