"""Ideas, school projects and grants as the programme's own forms report them; every figure is worked out by hand."""

import random
from collections.abc import Iterator
from datetime import date
from functools import cache

import pytest
from sqlalchemy import Engine

from fieldsync.client.companion_forms import Reporter, header_answers
from fieldsync.client.companion_funding import Application, Call, application_answers, decision_answers
from fieldsync.client.companion_ideas import Idea, idea_answers, visit_answers
from fieldsync.client.companion_people import someone
from fieldsync.demo.setting import definitions
from fieldsync.services import figures, publishing
from fieldsync.services.publishing import Definition
from fieldsync.services.sight import Sight
from fieldsync.store import associations
from tests.counted_world import Village

FORMS = ("f6_idea", "f6_visit", "f8_application", "f8_decision")
ANOUGAL = "07.041.05.05"
TODAY = date(2026, 9, 20)


@cache
def programme_forms() -> list[Definition]:
    """The programme's own forms, converted once."""
    return definitions(FORMS)


class Programme(Village):
    """An association that has published the programme's own forms, and a companion who fills all that they ask."""

    def __init__(self, engine: Engine, slug: str) -> None:
        super().__init__(engine, slug, ())
        self.who, self.luck = Reporter(slug.upper(), f"{slug.upper()}-01"), random.Random(slug)
        ready = programme_forms()
        self.write(lambda session: [publishing.publish(session, self.home, made, self.now_ms) for made in ready])
        self.versions = {made.form.id: made.form.version for made in ready}

    def fills(self, form: str, answers: dict[str, object], approve: bool = True) -> None:
        """A finished form, which the coordinator approves."""
        writes = header_answers(self.luck, self.who, TODAY) | answers
        record = self.sends(form, writes, version=self.versions[form])
        if approve:
            self.reviews(record)

    def idea(self, kind: str, **more: object) -> Idea:
        """A new idea of one holder."""
        made = Idea(self.uuid(), "Miel de thym", kind)
        holder = someone(self.luck, self.who.association, 2026)
        self.fills("f6_idea", idea_answers(self.luck, self.who, made, False, [holder]) | more)
        return made

    def visit(self, idea: Idea, stage: str, day: str, approve: bool = True) -> None:
        """A coaching visit, after which the idea stands at a stage."""
        self.fills("f6_visit", {**visit_answers(self.luck, self.who, idea, stage, TODAY), "visit/date": day}, approve)

    def shown(self, indicator: str) -> dict[str, object]:
        """What the page shows of an indicator since the beginning: figure → number."""
        self.catches_up()
        owner = next(each for each in self.read(associations.everyone) if each.id == self.home)
        sight = Sight((owner,), frozenset("*"), frozenset("*"))
        board = self.read(lambda session: figures.board(session, sight, self.now_ms))
        row = next(each for each in board.rows if each.indicator.code == indicator)
        assert row.tally is not None
        return {each.code: each.numbers.get("all") for each in row.tally.figures}


@pytest.fixture
def binaa(sqlite_engine: Engine) -> Iterator[Programme]:
    made = Programme(sqlite_engine, "bin")
    yield made
    made.database.close()


@pytest.fixture
def bassis(sqlite_engine: Engine) -> Iterator[Programme]:
    made = Programme(sqlite_engine, "bas")
    yield made
    made.database.close()


def test_ideas_coached_at_asni(binaa: Programme) -> None:
    """Five ideas of enterprise: two of them lie at Asni and were visited, one of those only in a report that waits."""
    visited, waits = binaa.idea("business_idea"), binaa.idea("business_idea")
    binaa.idea("business_idea")  # at Asni, and nobody came
    elsewhere = binaa.idea("business_idea", **{"where/place": ANOUGAL})
    school = binaa.idea("school_micro_project", **{"about/school": "Asni"})
    binaa.visit(visited, "validated", "2026-09-02")
    binaa.visit(visited, "plan_written", "2026-09-16")
    binaa.visit(waits, "validated", "2026-09-16", approve=False)
    binaa.visit(elsewhere, "validated", "2026-09-16")
    binaa.visit(school, "validated", "2026-09-16")
    assert binaa.shown("I11") == {"project": 1}
    assert (binaa.figure("I11", "project"), binaa.figure("I11", "project", level=2)) == (1, 1)


def test_school_projects_that_run(bassis: Programme) -> None:
    """Four schools: one launched, one running for six months, one launched and stopped since, one that still plans."""
    launched, running, stopped, plans = (bassis.idea("school_micro_project") for _ in range(4))
    bassis.visit(launched, "launched", "2026-08-03")
    bassis.visit(running, "launched", "2026-02-03")
    bassis.visit(running, "running_6m", "2026-08-10")
    bassis.visit(stopped, "launched", "2026-05-04")
    bassis.visit(stopped, "stopped", "2026-09-07")
    bassis.visit(plans, "plan_written", "2026-09-07")
    assert bassis.shown("I06") == {"project": 2}


def test_grants_their_amount_and_who_leads(binaa: Programme) -> None:
    """Three applications: 120,000 to women and 80,000.50 to men over 35 are 200,000.50 in all, half of it led by women
    or youths; one is refused, and one decision waits for review."""
    call = Call(binaa.uuid(), "AP-1", date(2026, 1, 1), date(2026, 12, 31))
    for led, state, award, approve in (
        ("yes", "awarded", "120000", True),
        ("no", "awarded", "80000.50", True),
        ("yes", "refused", "", True),
        ("yes", "awarded", "50000", False),
    ):
        asked = Application(binaa.uuid(), "Atelier", 150_000, led, "no")
        answers = application_answers(binaa.luck, "BIN", asked, call, binaa.uuid(), TODAY)
        binaa.fills("f8_application", answers)
        decided = decision_answers(binaa.luck, asked, TODAY) | {"which/state": state}
        kept = {path: value for path, value in decided.items() if not path.startswith("award/")}
        grant = {"award/valid_scores": 2, "award/award_mad": award} if award else {}
        binaa.fills("f8_decision", kept | grant, approve)
    assert binaa.shown("I20") == {"grant": 2, "amount": 20_000_050, "led": 50.0, "over": None}
    assert binaa.figure("I20", "grant", level=2) == 1
