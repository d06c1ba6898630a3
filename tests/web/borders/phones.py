"""Phones and hubs, and the codes for new ones."""

import secrets

from fieldsync.services import device_care
from fieldsync.services.enrolment import NewDevice
from tests.web.borders import Names, Page, Section
from tests.world import World


def fill(world: World, association_id: int) -> Names:
    """A phone, and a code for another."""
    new = NewDevice(association_id, "device", "phone")
    offer = world.write(
        lambda on: device_care.offer(
            on, "person:1", new, "http://x", world.now_ms + 60_000, secrets.token_bytes, world.now_ms
        )
    )
    return {"device": world.phone(association_id=association_id).author, "offer": offer.offer}


SECTION = Section(
    {
        "devices": Page(),
        "device": Page(),
        "rename_device": Page(form={"name": "x"}),
        "move_device": Page(form={"everything": "yes"}),
        "revoke_device": Page(),
        "take_revocation": Page(),
        "enrol": Page(),
        "take_enrolment": Page(),
        "open_code": Page(),
        "offer": Page(),
        "offer_state": Page(),
        "offer_picture": Page(),
        "cancel_offer": Page(),
        "collect": Page(),
        "renew_collect": Page(),
        "collect_picture": Page(),
    },
    fill,
    {"device": "0" * 32, "offer": "00000000-0000-4000-8000-000000000000"},
)
