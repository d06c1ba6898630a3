"""The map: who sees which points, and that cells add up to what there is, on both databases."""

import random
from typing import Any

import pytest

from fieldsync.core.geometry import Box
from fieldsync.core.inbox import Filter
from fieldsync.services import inbox_projection, map_view, points, quality_follow
from fieldsync.services.map_view import View
from fieldsync.services.readers import Reader, find_by_session
from fieldsync.services.taken import take_up
from fieldsync.store import points as store
from fieldsync.store.db import execute
from tests.routes.callers import person
from tests.world import Json, Phone, World

ASNI, AMIZMIZ = "07.041.07.03", "07.041.01.03"
MOROCCO = Box(-13, 27, -1, 36)
FAR, NEAR = 8, 22
EVERYTHING = Filter()


def at(latitude: float, longitude: float) -> Json:
    return {"lat": str(latitude), "lon": str(longitude)}


def sent(world: World, phone: Phone, form: str, place: str, *where: Json, **more: Any) -> list[str]:
    """Submissions of a form at these points; what follows the change log has caught up."""
    world.publish(f"{form} 1")
    said = [phone.says(of=form, writes={"commune": place, "where": point, **more}) for point in where]
    assert set(phone.statuses(*said)) == {"applied"}
    follow(world)
    return [each["record"] for each in said]


def follow(world: World) -> None:
    while world.write(lambda session: quality_follow.step(session, world.amal, 500, world.now_ms)):
        pass
    while world.write(lambda session: inbox_projection.step(session, world.amal, 500)):
        pass


def reader_of(world: World, role: str, **more: Any) -> Reader:
    caller = person(world, role, **{"also": (), **more})
    found = world.read(lambda session: find_by_session(session, caller.token, world.now_ms))
    assert found is not None
    return found


def seen(world: World, reader: Reader, wanted: Filter = EVERYTHING, box: Box = MOROCCO, level: int = NEAR) -> View:
    return world.read(lambda session: map_view.view(session, reader, wanted, box, level))


def total(view: View) -> int:
    return len(view.points) + sum(each.points for each in view.clusters)


def test_a_point_leads_to_its_submission(world: World) -> None:
    [record] = sent(world, world.phone(), "round", ASNI, at(31.25, -7.98))
    [point] = seen(world, reader_of(world, "association_reviewer")).points
    assert (point.kind, point.of, point.uuid, point.place) == ("submission", "round", record, ASNI)
    assert (point.latitude, point.longitude) == (31.25, -7.98)


def test_an_entity_lies_at_its_geometry(world: World) -> None:
    made = {"meta/entity/@id": world.uuid(), "meta/entity/@create": "1", "meta/entity/label": "Raffia"}
    sent(world, world.phone(), "workshop", ASNI, at(31.25, -7.98), title="Raffia", **made)
    found = seen(world, reader_of(world, "association_reviewer"), Filter(kind="entity", of="workshops"))
    assert [(each.kind, each.of) for each in found.points] == [("entity", "workshops")]


def test_where_persons_live_is_shown_to_those_who_read_it_and_counted_for_the_others(world: World) -> None:
    sent(world, world.phone(), "home", f"{ASNI}.7", at(31.25, -7.98), at(31.26, -7.97))
    reviewer, coordinator = reader_of(world, "association_reviewer"), reader_of(world, "coordinator")
    assert total(seen(world, reviewer)) == 2
    for wanted in (EVERYTHING, Filter(state="received")):
        assert total(seen(world, coordinator, wanted)) == 0
        found = world.read(lambda session, asked=wanted: map_view.overview(session, coordinator, asked))  # type: ignore[misc]
        assert [(each.place, each.shown, each.counted) for each in found.places] == [(ASNI, 0, 2)]


def test_a_restricted_form_has_no_points_at_all(world: World) -> None:
    world.publish("secret 1")
    phone = world.phone()
    assert phone.statuses(phone.says(of="secret", writes={"women": 3})) == ["applied"]
    follow(world)
    assert world.read(lambda session: execute(session, "SELECT count(*) FROM record_point").scalar()) == 0


@pytest.mark.parametrize("role", ["viewer", "designer", "funder_viewer", "listening_worker", "scorer"])
def test_whoever_reads_no_such_records_sees_no_such_points(world: World, role: str) -> None:
    sent(world, world.phone(), "round", ASNI, at(31.25, -7.98))
    reader = reader_of(world, role)
    assert total(seen(world, reader)) == 0
    assert world.read(lambda session: map_view.overview(session, reader, EVERYTHING)).places == []


def test_a_grant_for_some_places_shows_those(world: World) -> None:
    phone = world.phone()
    sent(world, phone, "round", ASNI, at(31.25, -7.98))
    sent(world, phone, "round", AMIZMIZ, at(31.21, -8.23), at(31.22, -8.24))
    reader = reader_of(world, "association_reviewer", places=(AMIZMIZ,))
    assert total(seen(world, reader)) == 2
    assert {each.place for each in seen(world, reader).points} == {AMIZMIZ}
    assert total(seen(world, reader, Filter(place=ASNI))) == 0


def test_a_grant_for_a_team_shows_what_its_phones_sent(world: World) -> None:
    from fieldsync.store import devices

    one, other = world.phone(), world.phone()
    device_id = world.device_id(one)
    world.write(lambda session: devices.set_duty(session, device_id, "companion", "north", None))
    sent(world, one, "round", ASNI, at(31.25, -7.98))
    sent(world, other, "round", ASNI, at(31.26, -7.97))
    assert total(seen(world, reader_of(world, "association_reviewer", team="north"))) == 1


def test_another_associations_points_are_not_there(world: World) -> None:
    elsewhere = world.add_association("elsewhere")
    sent(world, world.phone(), "round", ASNI, at(31.25, -7.98))
    stranger = reader_of(world, "association_reviewer", association_id=elsewhere)
    for wanted in (EVERYTHING, Filter(association="amal"), Filter(association="all"), Filter(state="received")):
        assert total(seen(world, stranger, wanted)) == 0


def test_the_filter_of_the_inbox_narrows_the_map(world: World) -> None:
    from fieldsync.services import desk

    first, _ = sent(world, world.phone(), "round", ASNI, at(31.25, -7.98), at(31.26, -7.97))
    world.at_desk(desk.review, first, "approved")
    follow(world)
    reader = reader_of(world, "association_reviewer")
    assert [each.uuid for each in seen(world, reader, Filter(state="approved")).points] == [first]


def test_what_was_deleted_or_moved_leaves_the_map(world: World) -> None:
    phone = world.phone()
    reader = reader_of(world, "association_reviewer")
    world.publish("round 1")
    said = phone.says(of="round", writes={"commune": ASNI, "where": at(31.25, -7.98)})
    moved = phone.says(said["record"], {"where": at(30.0, -6.0)}, of="round", seen=[said])
    gone = phone.says(said["record"], of="round", delete=True, seen=[moved])
    for operation, expected in ((said, [31.25]), (moved, [30.0]), (gone, [])):
        assert phone.statuses(operation) == ["applied"]
        follow(world)
        assert [each.latitude for each in seen(world, reader).points] == expected
    assert world.read(lambda session: execute(session, "SELECT count(*) FROM point_count").scalar()) == 0


def test_cells_add_up_to_the_points_whatever_box_and_zoom(world: World) -> None:
    dice = random.Random(7)
    where = [at(round(dice.gauss(31.2, 0.3), 5), round(dice.gauss(-8.1, 0.3), 5)) for _ in range(120)]
    sent(world, world.phone(), "round", ASNI, *where)
    reader = reader_of(world, "association_reviewer")
    everywhere = [total(seen(world, reader, level=level)) for level in range(2, 25)]
    assert set(everywhere) == {120}
    for _ in range(20):
        west, south = dice.uniform(-9, -8), dice.uniform(30, 31.2)
        box = Box(west, south, west + dice.uniform(0.01, 1), south + dice.uniform(0.01, 1))
        inside = sum(box.holds(float(each["lat"]), float(each["lon"])) for each in where)
        assert total(seen(world, reader, box=box)) == inside


def test_many_points_come_as_clusters_that_hold_them_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_view, "POINTS_MAX", 10)
    dice = random.Random(7)
    where = [at(round(dice.gauss(31.2, 0.3), 5), round(dice.gauss(-8.1, 0.3), 5)) for _ in range(60)]
    sent(world, world.phone(), "round", ASNI, *where)
    found = seen(world, reader_of(world, "association_reviewer"), level=FAR)
    assert total(found) == 60
    assert len(found.points) + len(found.clusters) < 30
    assert all(MOROCCO.holds(*each.middle) for each in found.clusters)


def test_following_again_changes_nothing(world: World) -> None:
    sent(world, world.phone(), "round", ASNI, at(31.25, -7.98), at(31.26, -7.97))
    counts = "SELECT collection_id, level, cell, points FROM point_count ORDER BY 1, 2, 3"
    before = world.read(lambda session: list(execute(session, counts)))
    ids = world.read(lambda session: [row[0] for row in execute(session, "SELECT id FROM record")])
    world.write(lambda session: points.locate(session, world.amal, take_up(session, world.amal, ids)))
    assert world.read(lambda session: list(execute(session, counts))) == before
    assert {row[1] for row in before} == set(store.LEVELS)
