"""Files that people take out: each is its owner's alone."""

from dataclasses import replace
from typing import Any

from fieldsync.core.export_options import Options
from fieldsync.services import exports as owned
from fieldsync.services.readers import find_by_person
from fieldsync.store import exports
from fieldsync.store.db import execute
from fieldsync.store.exports import ExportRow
from tests.web.borders import Names, Page, Section
from tests.web.visitor import visitor
from tests.world import World


def fill(world: World, association_id: int) -> Names:
    """A coordinator's exports: one that is ready, and one that waits for its reason."""
    visitor(world, "coordinator", association_id)
    folder = world.settings.exports_folder
    folder.mkdir(exist_ok=True)

    def work(session: Any) -> Names:
        ready = _asked(world, session, association_id, Options("submission", "visit"))
        asked = _asked(world, session, association_id, Options("submission", "visit", personal=True))
        taken = exports.take_up(session, "worker", world.now_ms)
        assert taken is not None and taken.id == ready.id
        (folder / f"{taken.uuid}.export").write_text("record\n")
        ends = world.now_ms + 1000
        exports.finish(session, replace(taken, file=f"{taken.uuid}.export", file_name="x.csv", expires_ms=ends))
        return {"export": ready.uuid, "export_asked": asked.uuid}

    return world.write(work)


def _asked(world: World, session: Any, association_id: int, options: Options) -> ExportRow:
    sql = "SELECT person_id FROM role_grant WHERE role = 'coordinator' AND association_id = ? ORDER BY id LIMIT 1"
    reader = find_by_person(session, execute(session, sql, (association_id,)).scalar_one(), association_id)
    assert reader is not None
    asked = owned.ask(session, reader, options, world.dice.randbytes, world.now_ms)
    assert isinstance(asked, ExportRow), asked
    return asked


SECTION = Section(
    {
        "exports": Page(),
        "new_export": Page(queries=("of=submission.visit&companion={person}&place=07.041",)),
        "take_export": Page(form={"what": "submission:visit", "format": "csv"}),
        "export": Page(),
        "export_state": Page(),
        "export_reason": Page(named={"export": "export_asked"}),
        "take_export_reason": Page(
            named={"export": "export_asked"}, form={"reason": "other", "text": "for the yearly report"}
        ),
        "export_file": Page(),
        "end_export": Page(),
    },
    fill,
    {"export": "00000000-0000-4000-8000-00000000000a", "export_asked": "00000000-0000-4000-8000-00000000000b"},
)
