"""Possible duplicates: two entities that may be one, and two that somebody merged."""

from fieldsync.services import desk, merging
from fieldsync.services.desk import Desk
from tests.routes.test_sync_entities import registers
from tests.services.test_deciding import found_pair
from tests.web.borders import Names, Page, Section
from tests.web.borders.records import NOWHERE
from tests.world import World


def fill(world: World, association_id: int) -> Names:
    """Four registrations: a pair that waits, and two that were merged."""
    phone = world.phone(association_id=association_id)
    uuids = [world.uuid() for _ in range(4)]
    said = [registers(phone, each, f"Tuda {number} of {association_id}") for number, each in enumerate(uuids)]
    assert phone.statuses(*said) == ["applied"] * 4
    found_pair(world, uuids[0], uuids[1], association_id=association_id)

    def merge(session: object) -> object:
        found = next(each for each in desk.find(session, association_id, uuids[2]) if each.kind == "entity")  # type: ignore[arg-type]
        return merging.merge(session, Desk(association_id, "operator", world.now_ms), found, [uuids[3]])  # type: ignore[arg-type]

    assert world.write(merge) is None
    return {"pair": "_".join(uuids[:2]), "merged_entity": uuids[2], "waiting_entity": uuids[0], "people_list": "people"}


CLUSTER = {"list": "people_list", "record": "waiting_entity"}
MERGED = {"list": "people_list", "record": "merged_entity"}

SECTION = Section(
    {
        "duplicates": Page(queries=("after=x",)),
        "duplicate": Page(queries=("done={pair}",)),
        "reveal_duplicate": Page(),
        "decide_duplicate": Page(form={"decision": "unsure", "turn": "0"}),
        "cluster": Page(CLUSTER),
        "reveal_cluster": Page(CLUSTER),
        "decide_cluster": Page(CLUSTER, form={"member": "{waiting_entity}", "turn": "0"}),
        "across": Page(),
        "across_pair": Page(),
        "reveal_across": Page(),
        "decide_across": Page(form={"decision": "unsure", "turn": "0"}),
        "linkage_settings": Page(),
        "set_automatic": Page(form={"weight": "12"}),
        "ask_undo_day": Page(),
        "undo_day": Page(form={"day": "2001-01-01"}),
        "confirm_merge": Page(form={"pair": "{pair}", "turn": "0"}),
        "set_partner": Page(form={"partner": "nobody", "allow": "yes"}),
        "set_reviewers": Page(form={"list": "no list", "two": "yes"}),
        "ask_unmerge": Page(MERGED),
        "unmerge": Page(MERGED),
    },
    fill,
    {
        "pair": f"{NOWHERE}1_{NOWHERE}2",
        "merged_entity": f"{NOWHERE}4",
        "waiting_entity": f"{NOWHERE}1",
        "people_list": "people",
    },
)
