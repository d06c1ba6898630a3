"""Flags of the quality rules, and the map: a submission at night, with a point."""

from fieldsync.services import quality_follow
from tests.web.borders import Names, Page, Section
from tests.web.borders.records import NOWHERE
from tests.world import World

PLACE = "07.041.07.03"
BOX = "west=-9&south=30&east=-7&north=32&zoom=12"


def fill(world: World, association_id: int) -> Names:
    """A submission that the rules flag, and that lies on the map."""
    world.publish("round 1", association_id)
    phone = world.phone(association_id=association_id)
    writes = {
        "start": "2026-09-22T02:00:00.000+01:00",
        "commune": PLACE,
        "where": {"lat": "31.25", "lon": "-7.98"},
        "women": 4,
    }
    said = phone.says(of="round", writes=writes)
    assert phone.statuses(said) == ["applied"]
    world.write(lambda session: quality_follow.step(session, association_id, 500, world.now_ms))
    return {"flagged": said["record"], "flagged_form": "round", "flagging_phone": phone.author}


ABOUT = ("of=submission.{flagged_form}", "device={flagging_phone}", f"place={PLACE}", "association={association}")

SECTION = Section(
    {
        "quality": Page(queries=("period=all",)),
        "quality_rules": Page(form={"clock_far_off-minutes": "x"}),
        "flags": Page({"form": "flagged_form", "record": "flagged"}),
        "change_flag": Page(
            {"form": "flagged_form", "record": "flagged"}, form={"code": "filled_at_night", "other": "", "why": "x"}
        ),
        "map": Page(queries=ABOUT),
        "map_points": Page(queries=(BOX, *(f"{BOX}&{query}" for query in ABOUT))),
        "map_outlines": Page(queries=(BOX,)),
    },
    fill,
    {"flagged": f"{NOWHERE}3", "flagged_form": "round", "flagging_phone": "0" * 32},
)
