"""What disagrees, what is set apart or held, and entities."""

import re

from tests.web.borders import Names, Page, Section
from tests.web.visitor import visitor
from tests.world import World

NOWHERE = "00000000-0000-4000-8000-00000000000"
ENTITY = {"record": "known_entity"}
DECIDED = {"path": "village", "choice": "keep", "seen": "x/1", "reason": "x", "verdict": "release"}


def fill(world: World, association_id: int) -> Names:
    """An entity that a submission wrote, and an operation that waits for another."""
    phone, entity = world.phone(association_id=association_id), world.uuid()
    writes = {"person": entity, "fullname": f"Zahra of {association_id}", "meta/entity/@id": entity,
              "meta/entity/@create": "1", "meta/entity/label": "Z"}  # fmt: skip
    said = phone.says(writes=writes, of="person")
    held = phone.says(writes={"name": "x"}, seen=[["far-away", 2]])
    assert phone.statuses(said, held) == ["applied", "held"]
    page = visitor(world, "association_reviewer", association_id).opens("/quarantine/held").text
    return {"known_entity": entity, "held": re.findall(r"/quarantine/held/([^\"]+)\"", page)[-1]}


SECTION = Section(
    {
        "entity": Page(ENTITY, queries=("older=x",)),
        "reveal_entity": Page(ENTITY),
        "settle_entity": Page(ENTITY, form=DECIDED),
        "settle_submission": Page(form=DECIDED),
        "delete_submission": Page(),
        "take_deletion": Page(form=DECIDED),
        "left_entities": Page(),
        "delete_left": Page(form={"entity": "{known_entity}"}),
        "bring_submission_back": Page(form=DECIDED),
        "delete_entity": Page(ENTITY),
        "take_entity_deletion": Page(ENTITY, form=DECIDED),
        "bring_entity_back": Page(ENTITY, form=DECIDED),
        "judge_several": Page(form={"ticket": "{quarantined}", "verdict": "reject", "reason": "x"}),
        "quarantined": Page(),
        "reveal_quarantined": Page(),
        "judge_quarantined": Page(form=DECIDED),
        "correct_quarantined": Page(form=DECIDED),
        "held": Page(),
        "release_held": Page(form=DECIDED),
    },
    fill,
    {"known_entity": f"{NOWHERE}3", "held": "0" * 22},
)
