"""A simulated companion: registers people, records activities, follows cooperatives, may get it wrong."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any, NamedTuple

from fieldsync.client import companion_names
from fieldsync.client.companion_edits import CARELESSNESS, MISTAKES, corrected
from fieldsync.client.companion_forms import (
    STATUSES,
    Activity,
    Group,
    Reporter,
    activity_answers,
    group_answers,
    group_of,
    header_answers,
    month_answers,
    new_activity,
    participant_answers,
    refusal_answers,
)
from fieldsync.client.companion_ideas import (
    CHECKS,
    HOLDERS_MAX,
    STAGES,
    Idea,
    idea_answers,
    idea_of,
    job_answers,
    new_idea,
    visit_answers,
)
from fieldsync.client.companion_people import ROLES, Person, new_uuid, person_of, someone
from fieldsync.core.forms import Form
from fieldsync.core.operations import Value

REFUSALS = 0.04
"""Share of the people asked who do not want to be registered."""
NAMED_MIN = 3
"""People that a companion must have registered before she keeps lists by name."""
LIST_MAX = 25
"""People on one list: a room in a douar holds no more."""
MONTHS_BACK_MAX = 12
"""How far back a monthly report may go."""
LOCAL_ORGS_MAX = 3


class Filled(NamedTuple):
    """A finished form, or an edit of one: `writes` is path to value as docs/protocol.md section 1 lists them."""

    form_id: str
    version: str
    writes: dict[str, Value]


def versions_of(forms: Iterable[Form]) -> dict[str, str]:
    """Form id to version, as a companion wants them."""
    return {form.id: form.version for form in forms}


class Companion:
    """Generates the answers of one companion of one association; the same generator state gives the same answers.

    `versions` maps form id to version. `local_orgs` are ids of local associations that may be named as mobilised.
    `mistaken` puts a choice that does not exist into the answers; `careless` breaks a constraint. `today` is the day
    on the phone. What a companion wrote is assumed to be kept: later forms refer to it.
    """

    def __init__(
        self,
        rng: Random,
        versions: Mapping[str, str],
        association: str = "KHT",
        staff_code: str | None = None,
        local_orgs: Sequence[str] = (),
    ) -> None:
        if association not in ROLES:
            raise ValueError(f"no association {association}")
        self._rng = rng
        self._versions = versions
        self._who = Reporter(association, staff_code or f"{association}-{rng.randint(1, 99):02}")
        self._local_orgs = local_orgs
        self.participants: list[Person] = []
        self.activities: list[Activity] = []
        self.groups: list[Group] = []
        self.ideas: list[Idea] = []
        self._reported: set[tuple[str, date]] = set()

    def learn(self, record: Mapping[str, Any], today: date) -> None:
        """A record that sync brought (docs/protocol.md, section 5): a person, group or idea of another phone, from
        now on one that she may name. Other records, and those she knows, change nothing."""
        if record.get("kind") != "entity" or record.get("deleted") or not record.get("fields"):
            return
        if record["of"] == "participants" and all(person.id != record["record"] for person in self.participants):
            self.participants.append(person_of(record, today.year))
        if record["of"] == "groups" and all(group.id != record["record"] for group in self.groups):
            self.groups.append(group_of(record))
        if record["of"] == "ideas" and all(idea.id != record["record"] for idea in self.ideas):
            self.ideas.append(idea_of(record))

    def register_participant(
        self,
        today: date,
        known: Person | None = None,
        *,
        new: Person | None = None,
        mistaken: bool = False,
        careless: bool = False,
    ) -> Filled:
        """F4: a new person, `new` or anybody, who now and then refuses; or, with `known`, her particulars again."""
        wrong = mistaken or careless
        if known is None and new is None and not wrong and self._rng.random() < REFUSALS:
            return self._filled("f4_participant", today, refusal_answers())
        person = known or new or someone(self._rng, self._who.association, today.year)
        answers = participant_answers(self._rng, self._who, person, today, known is not None)
        if known is None and not mistaken:
            self.participants.append(person)
        return self._filled("f4_participant", today, answers, mistaken, careless)

    def record_activity(
        self, today: date, named: bool | None = None, *, mistaken: bool = False, careless: bool = False
    ) -> Filled:
        """F5: attendance by name (where she has registered enough people) or a headcount; `named` decides if given."""
        if named is None:
            named = self._rng.random() < 0.6
        known = self._rng.choice(self.activities) if self.activities and self._rng.random() < 0.3 else None
        activity = known or new_activity(self._rng, self._who)
        present = self._some_people(self.participants) if named and len(self.participants) >= NAMED_MIN else []
        answers = activity_answers(self._rng, self._who, activity, known is not None, today, present)
        if self._local_orgs and self._rng.random() < 0.6:
            most = min(LOCAL_ORGS_MAX, len(self._local_orgs))
            answers["where/local_orgs"] = {"set": self._rng.sample(self._local_orgs, self._rng.randint(1, most))}
        if known is None and not mistaken:
            self.activities.append(activity)
        return self._filled("f5_activity", today, answers, mistaken, careless)

    def record_idea(
        self, today: date, known: Idea | None = None, *, mistaken: bool = False, careless: bool = False
    ) -> Filled:
        """F6 idea: a new one of people she has registered; or, with `known`, its particulars again.

        She must know a person (`register_participant`, `learn`).
        """
        idea = known or new_idea(self._rng, self._who)
        most = min(HOLDERS_MAX, len(self.participants))
        holders = self._rng.sample(self.participants, self._rng.randint(1, most))
        answers = idea_answers(self._rng, self._who, idea, known is not None, holders)
        if known is None and not mistaken:
            self.ideas.append(idea)
        return self._filled("f6_idea", today, answers, mistaken, careless)

    def visit_idea(self, today: date, *, mistaken: bool = False, careless: bool = False) -> Filled:
        """F6 visit: to an idea she knows (`record_idea`, `learn`); it mostly moves on, and seldom goes back."""
        idea = self._rng.choice(self.ideas)
        step = self._rng.choices((-1, 0, 1, 3), (1, 4, 5, 2))[0]
        stage = STAGES[min(max(STAGES.index(idea.stage) + step, 0), len(STAGES) - 1)]
        answers = visit_answers(self._rng, self._who, idea, stage, today)
        if not mistaken:
            moved = replace(idea, stage=stage, visits=idea.visits + 1)
            self.ideas = [moved if each.id == idea.id else each for each in self.ideas]
        return self._filled("f6_visit", today, answers, mistaken, careless)

    def check_job(self, today: date) -> Filled:
        """F6 job: whether somebody she has registered is in work."""
        person = self._rng.choice(self.participants)
        return self._filled("f6_job", today, job_answers(self._rng, person, self._rng.choice(CHECKS), today))

    def profile_group(
        self, today: date, known: Group | None = None, *, mistaken: bool = False, careless: bool = False
    ) -> Filled:
        """F7 profile: a new group with members she has registered; or, with `known`, a step forward."""
        previous = known.status if known else None
        group = self._advanced(known) if known else self._new_group()
        adults = [person for person in self.participants if today.year - person.birth_year >= 18]
        women = [person for person in adults if person.sex == "f"]
        members = self._some_people(women if self._rng.random() < 0.7 else adults)
        answers = group_answers(self._rng, self._who, group, previous, today, members)
        if not mistaken:
            self.groups = [other for other in self.groups if other.id != group.id] + [group]
        return self._filled("f7_profile", today, answers, mistaken, careless)

    def report_month(
        self, today: date, again: bool = False, *, mistaken: bool = False, careless: bool = False
    ) -> Filled:
        """F7 monthly: the latest month that a group has not reported; `again` reports a reported one once more.

        She must know a group (`profile_group`, `learn`).
        """
        group, month = self._reported_month() if again else self._month_to_report(today)
        self._reported.add((group.id, month))
        return self._filled("f7_monthly", today, month_answers(self._rng, group, month), mistaken, careless)

    def correct(self, filled: Filled, today: date) -> Filled:
        """An edit of a form that stood as `filled.writes`: what changes, and nothing else. The rules still hold."""
        changes = corrected(self._rng, filled.form_id, filled.writes, today)
        return filled._replace(
            writes={path: value for path, value in changes.items() if filled.writes.get(path) != value}
        )

    def _filled(
        self, form_id: str, today: date, answers: Mapping[str, Value], mistaken: bool = False, careless: bool = False
    ) -> Filled:
        writes = header_answers(self._rng, self._who, today) | dict(answers)
        for wanted, faults in ((careless, CARELESSNESS), (mistaken, MISTAKES)):
            if wanted:
                path, value = faults[form_id]
                writes[path] = value
        return Filled(form_id, self._versions[form_id], writes)

    def _some_people(self, people: Sequence[Person]) -> list[Person]:
        most = min(LIST_MAX, len(people))
        return self._rng.sample(people, self._rng.randint(min(NAMED_MIN, most), most))

    def _new_group(self) -> Group:
        name_ar, name_fr = self._rng.choice(companion_names.GROUP_NAMES)
        return Group(new_uuid(self._rng), name_ar, name_fr, self._rng.choices(STATUSES, (5, 3, 2))[0])

    def _advanced(self, group: Group) -> Group:
        step = min(STATUSES.index(group.status) + self._rng.randint(0, 1), len(STATUSES) - 1)
        return replace(group, status=STATUSES[step])

    def _reported_month(self) -> tuple[Group, date]:
        known = {group.id: group for group in self.groups}
        group_id, month = self._rng.choice(sorted(self._reported))
        return known[group_id], month

    def _month_to_report(self, today: date) -> tuple[Group, date]:
        group = self._rng.choice(self.groups)
        month = today.replace(day=1)
        for _ in range(MONTHS_BACK_MAX):
            if (group.id, month) not in self._reported:
                break
            month = _month_before(month)
        return group, month


def _month_before(month: date) -> date:
    return month.replace(year=month.year - 1, month=12) if month.month == 1 else month.replace(month=month.month - 1)
