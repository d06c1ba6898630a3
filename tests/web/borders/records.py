"""What companions sent: submissions, entities, what is quarantined; and the forms that they filled."""

from fieldsync.services import pictures, uploads
from fieldsync.store import openrosa
from fieldsync.store.records import uuid_text
from tests.attachments import photos
from tests.attachments.photos import Photo
from tests.attachments.test_pictures import taken
from tests.routes.callers import person
from tests.routes.collect import Collect, visit
from tests.web.borders import Names, Page, Section
from tests.world import World

NOWHERE = "00000000-0000-4000-8000-00000000000"


def fill(world: World, association_id: int) -> Names:
    """A submission, an entity, something quarantined and something held; `published` is a form of its own."""
    phone = world.phone(association_id=association_id)
    photo = Photo(taken(size=(60 + association_id, 40)))
    said = phone.says(writes={"name": f"Amina of {association_id}", "photo": photo.answer()})
    who, entity = world.uuid(), world.uuid()
    registered = phone.says(who, {"person": entity, "fullname": f"Tuda of {association_id}"}, of="person")
    wrong = phone.says(writes={"name": "x", "colour": "mauve"})
    held = phone.says(writes={"name": "x"}, seen=[["far-away", 1]])
    assert phone.statuses(said, registered, wrong, held) == ["applied", "applied", "quarantined", "held"]
    [item] = person(world, "coordinator", association_id).pages("quarantine")
    photos.send(phone, photo)
    xml = visit(world.uuid(), f"<name>Zineb of {association_id}</name>").encode()
    Collect(world, phone).sends(xml)
    [original] = world.read(lambda session: openrosa.page_of_form(session, association_id, "visit", 0, 10))
    pictures.make_all_ready(world.database, uploads.open_files(world.settings))
    return {
        "sha256": photo.sha256,
        "record": said["record"],
        "form": "visit",
        "entity": entity,
        "list": "people",
        "quarantined": item["quarantined"],
        "name": f"Amina of {association_id}",
        "collected": uuid_text(original.record),
        "digest": original.digest.hex(),
    }


SECTION = Section(
    {
        "quarantine": Page(),
        "submission": Page(queries=("older=x",)),
        "reveal": Page(),
        "review": Page(form={"decision": "approve", "text": "x"}),
        "comment": Page(form={"text": "x"}),
        "correct": Page(),
        "record_file": Page(),
        "record_thumbnail": Page(),
        "record_original": Page(named={"record": "collected"}),
        "save_correction": Page(form={"step": "save", "seen": '[["a", 1]]'}),
    },
    fill,
    {
        "record": f"{NOWHERE}1",
        "sha256": "0" * 64,
        "form": "visit",
        "entity": f"{NOWHERE}2",
        "list": "people",
        "quarantined": "0" * 22,
        "name": "Nobody of nowhere",
        "collected": f"{NOWHERE}3",
        "digest": "1" * 64,
    },
)
