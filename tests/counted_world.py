"""A village whose reports are counted: short words for what companions send and what coordinators do with it."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Engine

from fieldsync.services import counting, desk, merging, publishing
from fieldsync.store.figures import CellRow, cells
from tests.counted_forms import TEXTS, definition
from tests.world import Json, World

AMIZMIZ, ASNI = "07.041.01.03", "07.041.07.03"


class Village(World):
    """A server with one association of the programme, which has published the counted forms in small."""

    def __init__(self, engine: Engine, slug: str = "khl", forms: Iterable[str] = TEXTS) -> None:
        super().__init__(engine, forms=())
        self.home = self.add_association(slug, ())
        for form in forms:
            self.publish_counted(form)
        self.amal = self.home
        self.phone_here = self.phone(association_id=self.home)

    def publish_counted(self, form: str) -> None:
        """Publish one of the counted forms in small."""
        self.write(lambda session: publishing.publish(session, self.home, definition(form), self.now_ms))

    def sends(self, form: str, writes: Json, record: str | None = None, **members: Any) -> str:
        """A report; its UUID."""
        said = self.phone_here.says(record, writes, of=form, **members)
        result = self.phone_here.tells(said)[0]
        assert result["status"] == "applied", result
        return str(said["record"])

    def registers(self, person: str, sex: str = "f", role: str = "woman_beneficiary", **more: Any) -> str:
        """F4 of a person who was not registered before."""
        answers = {"participant_uuid": person, "consent_data": "yes", "sex": sex, "site": AMIZMIZ, **more}
        answers.setdefault("age_band", "25_35")
        return self.sends("f4_participant", {**answers, "role": {"set": [role]}, **entity(person, f"P {sex}")})

    def meets(self, kind: str, people: Sequence[str], date: str = "2026-09-10", **more: Any) -> str:
        """F5 with a list of names."""
        writes: Json = {"kind": kind, "date": date, "place": AMIZMIZ, "mode": "named", **more}
        for number, person in enumerate(people):
            row = f"attendance[{self.uuid()}]"
            writes |= {row: f"a{number}", f"{row}/participant_id": person, f"{row}/present": "yes"}
        return self.sends("f5_activity", writes)

    def counts_heads(self, kind: str, women: int, date: str = "2026-09-10", **more: Any) -> str:
        """F5 with a headcount."""
        writes = {"kind": kind, "date": date, "place": AMIZMIZ, "mode": "headcount", "n_women": women, **more}
        return self.sends("f5_activity", writes)

    def reviews(self, record: str, state: str = "approved") -> str:
        """The coordinator judges a report."""
        assert self.at_desk(desk.review, record, state) is None
        return record

    def merges(self, one: str, other: str) -> None:
        """The coordinator says that two are one."""
        assert self.at_desk(merging.merge, one, [other], kind="entity") is None

    def separates(self, one: str) -> None:
        """The coordinator takes that back."""
        assert self.at_desk(merging.unmerge, one, kind="entity") is None

    def deletes(self, record: str, kind: str = "submission") -> None:
        """The coordinator deletes a record."""
        assert self.at_desk(desk.delete, record, kind=kind) is None

    def catches_up(self, step: int = 3) -> None:
        """Counting goes on to the end of the log, a few changes at a time."""
        while self.write(lambda session: counting.catch_up(session, self.home, step)):
            pass

    def cells(self) -> list[CellRow]:
        """What is counted, all of it."""
        self.catches_up()
        return self.read(lambda session: sorted(cells(session, self.home)))

    def figure(self, indicator: str, part: str = "person", level: int = 1) -> int:
        """One figure over all months."""
        return sum(
            row.amount for row in self.cells() if (row.indicator, row.part, row.level) == (indicator, part, level)
        )


def entity(uuid: str, label: str) -> Json:
    """The entity that a form creates."""
    node = "meta/entity"
    return {f"{node}/@id": uuid, f"{node}/@create": "1", f"{node}/@update": "0", f"{node}/label": label}
