"""What companions sent: submissions, entities, what is quarantined; and the forms that they filled."""

from tests.routes.callers import person
from tests.web.borders import Names, Page, Section
from tests.world import World

NOWHERE = "00000000-0000-4000-8000-00000000000"


def fill(world: World, association_id: int) -> Names:
    """A submission, an entity, something quarantined and something held; `published` is a form of its own."""
    phone = world.phone(association_id=association_id)
    said = phone.says(writes={"name": f"Amina of {association_id}"})
    who, entity = world.uuid(), world.uuid()
    visit = phone.says(who, {"person": entity, "fullname": f"Tuda of {association_id}"}, of="person")
    wrong = phone.says(writes={"name": "x", "colour": "mauve"})
    held = phone.says(writes={"name": "x"}, seen=[["far-away", 1]])
    assert phone.statuses(said, visit, wrong, held) == ["applied", "applied", "quarantined", "held"]
    [item] = person(world, "coordinator", association_id).pages("quarantine")
    return {
        "record": said["record"],
        "form": "visit",
        "entity": entity,
        "list": "people",
        "ticket": item["quarantined"],
        "name": f"Amina of {association_id}",
    }


SECTION = Section(
    {
        "quarantine": Page(),
        "submission": Page(queries=("older=x",)),
        "reveal": Page(),
        "review": Page(form={"decision": "approve", "text": "x"}),
        "comment": Page(form={"text": "x"}),
        "correct": Page(),
        "save_correction": Page(form={"step": "save", "seen": '[["a", 1]]'}),
    },
    fill,
    {
        "record": f"{NOWHERE}1",
        "form": "visit",
        "entity": f"{NOWHERE}2",
        "list": "people",
        "ticket": "0" * 22,
        "name": "Nobody of nowhere",
    },
)
