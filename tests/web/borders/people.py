"""People, their roles, and the log of what everybody did."""

from fieldsync.store import grants
from tests.web.borders import Names, Page, Section
from tests.web.visitor import visitor
from tests.world import World

NOWHERE = "00000000-0000-4000-8000-000000000000"
ROLE = {"role": "viewer"}


def fill(world: World, association_id: int) -> Names:
    """Somebody, and the role that she holds."""
    colleague = visitor(world, "viewer", association_id)
    assert colleague.person is not None
    row = colleague.person
    held = world.read(lambda on: grants.of_person(on, row.id))[0].uuid
    return {"person": row.uuid, "grant": held, "email": row.email}


SECTION = Section(
    {
        "people_page": Page(queries=("q={email}",)),
        "invite": Page(),
        "take_invitation": Page(),
        "person": Page(),
        "disable_person": Page(),
        "take_disabling": Page(),
        "enable_person": Page(),
        "drop_second_factor": Page(),
        "take_factor_away": Page(),
        "offer_reset": Page(),
        "take_link": Page(),
        "grant": Page(),
        "take_grant": Page(form=ROLE),
        "confirm_grant": Page(),
        "withdraw": Page(),
        "take_withdrawal": Page(),
        "roles": Page(),
        "audit": Page(queries=("who={person}", "record={record}", "kind=sign_in")),
        "check_audit": Page(),
    },
    fill,
    {"person": NOWHERE, "grant": NOWHERE, "email": "nobody@nowhere.example"},
)
