"""One's own account, and the ways in."""

import secrets

from fieldsync.services import person_sessions, tokens
from fieldsync.services.readers import find_by_session
from tests.web.borders import Names, Page, Section
from tests.web.visitor import visitor
from tests.world import World

NOWHERE = "00000000-0000-4000-8000-000000000000"


def fill(world: World, association_id: int) -> Names:
    """Somebody's session and token."""
    colleague, at = visitor(world, "designer", association_id), world.now_ms
    reader = world.read(lambda on: find_by_session(on, colleague.cookie("fieldsync-session"), at))
    assert reader is not None
    session = world.read(lambda on: person_sessions.listed(on, reader, at))[0]["session"]
    made = world.write(lambda on: tokens.make(on, reader, "script", ["read_forms"], 7, at, secrets.token_bytes))
    assert isinstance(made, tuple), made
    return {"session": session, "which": made[0]["token"]}


SECTION = Section(
    {
        "home": Page(),
        "account": Page(),
        "choose_association": Page(form={"association": "{association}"}),
        "end_session": Page(),
        "end_other_sessions": Page(),
        "passphrase": Page(),
        "take_new_passphrase": Page(),
        "add_second_factor": Page(),
        "begin_second_factor": Page(),
        "second_factor_picture": Page(),
        "take_second_factor": Page(),
        "renew_recovery_codes": Page(),
        "take_recovery_codes": Page(),
        "remove_second_factor": Page(),
        "take_removal": Page(),
        "make_token": Page(),
        "take_token": Page(),
        "end_token": Page(),
        "sign_in": Page(),
        "take_sign_in": Page(),
        "second_step": Page(),
        "take_second_step": Page(),
        "sign_out": Page(),
        "confirm": Page(),
        "take_confirmation": Page(),
        "set_passphrase": Page(),
        "open_link": Page(),
        "take_passphrase": Page(),
        "ask_reset": Page(),
        "take_reset": Page(),
    },
    fill,
    {"session": NOWHERE, "which": NOWHERE},
)
