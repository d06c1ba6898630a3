"""The list of what came in: what a filter, a form or a ticket names elsewhere is like what is nowhere."""

import secrets

from fieldsync.services import bulk
from fieldsync.services.bulk import Ticked
from fieldsync.services.readers import find_by_session
from tests.web.borders import Names, Page, Section
from tests.web.visitor import visitor
from tests.world import World


def fill(world: World, association_id: int) -> Names:
    """Somebody's decision about several records, and words that she searches for."""
    colleague = visitor(world, "association_reviewer", association_id)
    who = world.read(lambda on: find_by_session(on, colleague.cookie("fieldsync-session"), world.now_ms))
    assert who is not None
    nothing = [Ticked("submission", "visit", world.uuid())]
    ticket = secrets.token_urlsafe(16)
    world.write(lambda on: bulk.give_state(on, who, nothing, "approved", "", ticket, world.now_ms))
    found = colleague.fills("/inbox/search", {"words": "Amina"}, page="/inbox").headers["Location"]
    return {"deed": ticket, "search": found.rpartition("search=")[2]}


SECTION = Section(
    {
        "inbox": Page(
            queries=(
                "device={device}",
                "companion={person}",
                "association={association}",
                "of=submission.{form}&state=open&device={device}",
                "search={search}",
                "done={deed}",
            )
        ),
        "search_inbox": Page(form={"words": "{name}"}),
        "decide": Page(form={"decision": "approve", "row": ("submission {form} {record}", "entity {list} {entity}")}),
        "every": Page(
            queries=("decision=approve&device={device}&of=submission.{form}", "decision=reject&search={search}")
        ),
        "decide_every": Page(form={"decision": "approve", "seen": "0", "note": "x"}),
        "undo_deed": Page(named={"ticket": "deed"}),
        "deeds": Page(),
    },
    fill,
    {"deed": "0" * 22, "search": "1" * 22},
)
