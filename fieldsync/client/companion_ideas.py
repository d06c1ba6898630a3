"""What a simulated companion answers about ideas, visits to them, and jobs (the programme's F6), as writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from fieldsync.client import companion_names
from fieldsync.client.companion_forms import Reporter, entity_answers, number
from fieldsync.client.companion_people import Person, new_uuid, place_answers
from fieldsync.core.operations import Value

STAGES = ("idea", "validated", "plan_written", "financed", "launched", "running_6m", "stopped")
"""In the order in which an idea moves on; going back needs a reason."""

EARNING = ("launched", "running_6m")
SECTORS = ("agri", "livestock", "crafts", "food", "tourism", "trade", "services", "digital", "education")
COACHING = ("advice", "training", "market_study", "business_plan", "papers", "finance_search", "networking")
BLOCKERS = ("money", "skills", "papers", "market", "family", "place", "transport")
CONTRACTS = ("cdi", "cdd", "anapec", "internship", "self", "informal")
CHECKS = ("entry", "month3", "month6")
HOLDERS_MAX = 6


@dataclass(frozen=True, slots=True)
class Idea:
    """An idea as a companion remembers it; `id` is the entity's UUID, `visits` how many there were."""

    id: str
    title: str
    kind: str
    stage: str = "idea"
    visits: int = 0


def idea_of(record: Mapping[str, Any]) -> Idea:
    """The idea in an entity of `ideas` as sync brings it."""
    fields = record["fields"]
    title = fields.get("title") or fields.get("label") or ""
    visits = str(fields.get("visits_n") or "0")
    return Idea(
        record["record"],
        title,
        fields.get("kind") or "business_idea",
        fields.get("stage") or "idea",
        int(visits) if visits.isdigit() else 0,
    )


def new_idea(rng: Random, who: Reporter) -> Idea:
    """An idea that nobody has recorded yet; pupils' ideas are projects of their schools."""
    kind = "school_micro_project" if who.association == "BAS" else "business_idea"
    return Idea(new_uuid(rng), rng.choice(companion_names.IDEAS), kind)


def idea_answers(rng: Random, who: Reporter, idea: Idea, known: bool, holders: Sequence[Person]) -> dict[str, Value]:
    """F6's idea below the header."""
    answers: dict[str, Value] = {
        "about/known_idea": "yes" if known else "no",
        **({"about/idea": idea.id} if known else {"new_idea": idea.id, "first_stage": "idea"}),
        "about/title": idea.title,
        "about/kind": idea.kind,
        **({"about/school": rng.choice(companion_names.SCHOOLS)} if idea.kind == "school_micro_project" else {}),
        "about/sector": rng.choice(SECTORS),
        "idea_uuid": idea.id,
        **place_answers(rng, who.association, ("where/place_province", "where/place", "where/place_douar")),
        "holders_n": len(holders),
        "holder_ids": " ".join(person.id for person in holders),
        **entity_answers(idea.id, known, idea.title),
    }
    for place, person in enumerate(holders):
        row = f"holders[{new_uuid(rng)}]"
        answers |= {row: f"a{place:03}", f"{row}/participant_id": person.id}
    return answers


def visit_answers(rng: Random, who: Reporter, idea: Idea, stage: str, today: date) -> dict[str, Value]:
    """F6's visit below the header; the idea is as it stood before."""
    rank, before = STAGES.index(stage) + 1, STAGES.index(idea.stage) + 1
    women, men = rng.randint(0, 3), rng.randint(0, 2)
    return {
        "visit/idea": idea.id,
        "visit/date": (today - timedelta(days=rng.randint(0, 6))).isoformat(),
        **({"visit/companion": who.staff_code} if rng.random() < 0.3 else {}),
        "visit/stage": stage,
        "previous_stage": idea.stage,
        "previous_visits": str(idea.visits),
        "visit_no": str(idea.visits + 1),
        "previous_rank": str(before),
        "stage_rank": str(rank),
        **({"progress/stage_reason": "تصحيح خطأ في التسجيل"} if rank < before else {}),
        "progress/actions": {"set": sorted(rng.sample(COACHING, rng.randint(1, 3)))},
        "progress/blockers": {"set": sorted(rng.sample(BLOCKERS, rng.randint(1, 2)))},
        "results/jobs_f": women,
        "results/jobs_m": men,
        "results/jobs_youth": rng.randint(0, women + men),
        **({"results/revenue_month": number(rng.randint(0, 900_000) / 100)} if stage in EARNING else {}),
        "meta/entity/@id": idea.id,
        "meta/entity/@update": "1",
    }


def job_answers(rng: Random, person: Person, check: str, today: date) -> dict[str, Value]:
    """F6's job outcome below the header."""
    employed = rng.random() < 0.5
    answers: dict[str, Value] = {"job/participant": person.id, "job/check": check}
    answers["job/employed"] = "yes" if employed else "no"
    if employed:
        answers |= {
            "job/contract": rng.choice(CONTRACTS),
            "job/employer_sector": rng.choice(SECTORS),
            "job/start_date": (today - timedelta(days=rng.randint(0, 150))).isoformat(),
        }
    return answers
