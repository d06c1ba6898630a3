"""The figures of the demo counted once more by docs/programme.md alone: brute force over all records."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.services.working import decode_state
from fieldsync.store import associations, records

Answers = dict[str, Any]
APPROVED = ("approved",)
NOT_REJECTED = ("approved", "received", "edited", "hasIssues")
WOMEN = ("18_24", "25_35", "36_59", "60_plus")


@dataclass(frozen=True)
class Said:
    """A submission: its UUID, answers by the last name of their path, occurrences by their repeat, when it was said."""

    uuid: str
    review: str
    stamp: tuple[int, int]
    one: Answers
    rows: dict[str, list[Answers]]


def read(session: Session, association_id: int) -> tuple[dict[str, list[Said]], dict[str, str]]:
    """Form → its submissions that are not deleted; entity → the one that it was merged into."""
    found: dict[str, list[Said]] = defaultdict(list)
    merged: dict[str, str] = {}
    for collection in associations.collections(session, association_id):
        rows = list(_all(session, collection.id))
        names = {row.id: records.uuid_text(row.uuid) for row in rows}
        for row in rows:
            if collection.kind == "entity" and row.merged_into:
                merged[names[row.id]] = names[row.merged_into]
            state = decode_state(bytes(row.state))
            if collection.kind == "submission" and not row.deleted and state is not None:
                one, repeats = _apart(state.fields)
                found[collection.of].append(
                    Said(names[row.id], row.review, (state.rules_stamp[0], state.rules_stamp[1]), one, repeats)
                )
    return found, merged


def _all(session: Session, collection_id: int) -> Iterator[records.RecordRow]:
    after = 0
    while rows := records.of_collection(session, collection_id, after, 500):
        yield from rows
        after = rows[-1].id


def _apart(fields: Any) -> tuple[Answers, dict[str, list[Answers]]]:
    one: Answers = {}
    repeats: dict[str, dict[str, Answers]] = defaultdict(lambda: defaultdict(dict))
    for path, value in fields.items():
        if "[" not in path:
            one[path.rsplit("/", 1)[-1]] = value
        elif "]/" in path:
            repeat, rest = path.split("[", 1)
            occurrence, name = rest.split("]/", 1)
            repeats[repeat.rsplit("/", 1)[-1]][occurrence][name] = value
    return one, {name: list(rows.values()) for name, rows in repeats.items()}


class Recount:
    """The submissions of an association in some review states, and who is whom."""

    def __init__(self, session: Session, association_id: int, reviews: Iterable[str]) -> None:
        found, self._merged = read(session, association_id)
        wanted = set(reviews)
        self._by_form = {form: [each for each in said if each.review in wanted] for form, said in found.items()}
        self.people = self._people()

    def of(self, form: str) -> list[Said]:
        """The submissions of a form, in the order in which they were said."""
        return sorted(self._by_form.get(form, []), key=lambda each: each.stamp)

    def who(self, uuid: str) -> str:
        """The person, group or idea that an id stands for by now."""
        while uuid in self._merged:
            uuid = self._merged[uuid]
        return uuid

    def _people(self) -> dict[str, Answers]:
        """Every registered person: what was said last, and all her roles."""
        known: dict[str, Answers] = {}
        for each in self.of("f4_participant"):
            if each.one.get("consent_data") == "yes":
                who = self.who(each.one["participant_uuid"])
                roles = set(known.get(who, {}).get("roles", ())) | set(each.one["role"]["set"])
                known[who] = {"sex": each.one["sex"], "band": each.one["age_band"], "roles": roles}
        return known

    def present(self, fits: Callable[[Answers], bool], kinds: Iterable[str]) -> dict[str, list[Said]]:
        """Registered persons who fit → the activities of a kind at which they were present by name."""
        found: dict[str, list[Said]] = defaultdict(list)
        for each in self.of("f5_activity"):
            if each.one.get("kind") in set(kinds) and each.one.get("mode") == "named":
                for who in {
                    self.who(row["participant_id"])
                    for row in each.rows.get("attendance", ())
                    if row.get("present") == "yes"
                }:
                    if who in self.people and fits(self.people[who]):
                        found[who].append(each)
        return found

    def heads(self, names: Iterable[str], kinds: Iterable[str]) -> int:
        """Those who were only counted."""
        return sum(
            int(each.one.get(name) or 0)
            for each in self.of("f5_activity")
            if each.one.get("mode") == "headcount" and each.one.get("kind") in set(kinds)
            for name in names
        )

    def stages(self, kind: str) -> dict[str, list[Said]]:
        """Ideas of a kind → the visits to them, by their month and then as they were said."""
        ideas = {self.who(each.one["idea_uuid"]): each for each in self.of("f6_idea") if each.one["kind"] == kind}
        visits: dict[str, list[Said]] = {idea: [] for idea in ideas}
        for each in sorted(self.of("f6_visit"), key=lambda said: (said.one["date"][:7], said.stamp)):
            if self.who(each.one["idea"]) in visits:
                visits[self.who(each.one["idea"])].append(each)
        return visits

    def groups(self) -> dict[str, Said]:
        """Groups → what was said of each last."""
        return {self.who(each.one["group_uuid"]): each for each in self.of("f7_profile")}

    def members(self, each: Said) -> set[str]:
        """Who is active in a group."""
        rows = each.rows.get("members", ())
        return {
            self.who(row["participant_id"]) for row in rows if row.get("participant_id") and not row.get("exit_date")
        }


def persons(recount: Recount) -> dict[str, tuple[int, int]]:
    """Indicator → persons and attendances, as programme.md defines them."""

    def role(name: str) -> Callable[[Answers], bool]:
        return lambda person: name in person["roles"]

    def woman(person: Answers) -> bool:
        return person["sex"] == "f" and person["band"] in WOMEN

    listening = ("life_skills", "psychosocial_group", "psychosocial_individual")
    rules: dict[str, tuple[Callable[[Answers], bool], tuple[str, ...], tuple[str, ...]]] = {
        "I02": (role("woman_leader"), ("training",), ()),
        "I05": (role("young_pupil"), ("talent_workshop",), ("n_girls", "n_boys")),
        "I07": (woman, listening, ("n_women",)),
        "I08": (role("child"), ("children_activity",), ("n_girls", "n_boys")),
        "I09": (role("youth"), ("it_course",), ()),
        "I12": (role("field_companion"), ("training",), ()),
        "I15": (woman, ("awareness",), ("n_women",)),
    }
    found = {}
    for code, (fits, kinds, names) in rules.items():
        present = recount.present(fits, kinds)
        found[code] = (len(present), sum(map(len, present.values())) + recount.heads(names, kinds))
    return found


def others(recount: Recount) -> dict[tuple[str, str], int]:
    """(indicator, figure) → what is counted of ideas, groups, organisations and grants."""
    schools, businesses = recount.stages("school_micro_project"), recount.stages("business_idea")
    running = ("launched", "running_6m")
    at_asni = {
        recount.who(each.one["idea_uuid"])
        for each in recount.of("f6_idea")
        if each.one["place"].startswith("07.041.07.03")
    }
    groups = recount.groups()
    women = {each: group for each, group in groups.items() if int(group.one.get("women_pct") or 0) == 100}
    registered = {
        each
        for each, group in women.items()
        if group.one["status"] == "registered" and all(map(group.one.get, ("register_no", "tribunal", "register_date")))
    }
    sales = {
        (recount.who(each.one["group"]), each.one["period"][:7]): each.one["sales"] for each in recount.of("f7_monthly")
    }
    named = {
        name
        for each in recount.of("f5_activity")
        if each.one.get("place_province") in ("07.041", "07.161")
        for name in (each.one.get("local_orgs") or {"set": []})["set"]
    }
    decided = {each.one["application"]: each for each in recount.of("f8_decision")}
    awarded = [each for each in decided.values() if each.one["state"] == "awarded"]
    return {
        ("I06", "project"): sum(bool(all_of) and all_of[-1].one["stage"] in running for all_of in schools.values()),
        ("I11", "project"): sum(bool(all_of) and idea in at_asni for idea, all_of in businesses.items()),
        ("I13", "person"): len(_accompanied(recount)),
        ("I14", "registered"): len(registered),
        ("I14", "in_formation"): sum(
            each not in registered and group.one["status"] in ("in_formation", "registered")
            for each, group in women.items()
        ),
        ("I16", "group"): sum(bool(recount.members(group)) for group in groups.values()),
        ("I17", "person"): len(
            {
                who
                for group in groups.values()
                for who in recount.members(group)
                if recount.people.get(who, {}).get("sex") == "f"
            }
        ),
        ("I18", "amount"): sum(round(float(each) * 100) for each in sales.values()),
        ("I19", "organisation"): len(named),
        ("I20", "grant"): len(awarded),
        ("I20", "amount"): sum(round(float(each.one["award_mad"]) * 100) for each in awarded),
    }


def _accompanied(recount: Recount) -> set[str]:
    visited = {recount.who(each.one["idea"]) for each in recount.of("f6_visit")}
    holders = {
        recount.who(row["participant_id"])
        for each in recount.of("f6_idea")
        if recount.who(each.one["idea_uuid"]) in visited
        for row in each.rows.get("holders", ())
    }
    members = {
        who
        for each in recount.of("f7_profile")
        if each.one["status"] == "in_formation"
        for who in recount.members(each)
    }
    return {who for who in holders | members if recount.people.get(who, {}).get("sex") == "f"}


def inserted(recount: Recount, today: str) -> dict[str, float | None]:
    """I10: of those trained whose check is due, the share who are in work, in percent."""
    trained = recount.present(lambda person: "youth" in person["roles"], ("it_course",))
    found: dict[str, float | None] = {}
    for check, after in (("month3", 3), ("month6", 6)):
        due = [
            who for who, said in trained.items() if _later(min(each.one["date"] for each in said), after) <= today[:7]
        ]
        working = {
            recount.who(each.one["participant"])
            for each in recount.of("f6_job")
            if each.one["check"] == check and each.one["employed"] == "yes"
        }
        found[f"employed_{check}"] = round(100 * len(working & set(due)) / len(due), 1) if due else None
    return found


def _later(day: str, months: int) -> str:
    number = int(day[:4]) * 12 + int(day[5:7]) - 1 + months
    return f"{number // 12}-{number % 12 + 1:02}"
