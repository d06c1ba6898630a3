"""What a simulated companion answers to each form of the programme, as writes (docs/protocol.md, section 1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from fieldsync.client import companion_names
from fieldsync.client.companion_people import Person, age_band, new_uuid, phone, place_answers, short_code
from fieldsync.core.operations import Value

KINDS = {
    "ANW": ("training", "life_skills", "meeting"),
    "BAS": ("talent_workshop", "meeting"),
    "KHL": ("life_skills", "psychosocial_group", "children_activity"),
    "ATT": ("it_course", "training"),
    "BIN": ("training", "networking"),
    "KHT": ("training", "awareness", "networking"),
    "SAF": ("awareness", "training"),
}
"""Association to the kinds of activity it runs."""

WITHOUT_PHOTOS = frozenset(("psychosocial_group", "psychosocial_individual", "children_activity"))
ABILITIES = ("see", "hear", "walk", "remember", "care", "communicate")
STEPS = ("name_approval", "statutes_signed", "founding_minutes", "bank_account", "local_register")
SHARE_VALUES = (100, 200, 250, 500, 1000)
CAPITAL_MIN = 1000
"""Dirhams that a cooperative's capital comes to at least."""
STATUSES = ("group", "in_formation", "registered")


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who fills the form: her association's code and her staff code."""

    association: str
    staff_code: str


@dataclass(frozen=True, slots=True)
class Group:
    """A cooperative or production group as a companion remembers it; `id` is the entity's UUID."""

    id: str
    name_ar: str
    name_fr: str
    status: str


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity as a companion remembers it; `id` is the entity's UUID."""

    id: str
    code: str
    kind: str
    theme: str


def group_of(record: Mapping[str, Any]) -> Group:
    """The group in an entity of `groups` as sync brings it."""
    fields = record["fields"]
    name = fields.get("name_ar") or fields.get("label") or ""
    return Group(record["record"], name, fields.get("name_fr") or name, fields.get("status") or "group")


def number(value: float) -> str:
    """A number as XPath writes it: no exponent, no needless zeros."""
    return str(int(value)) if value == int(value) else f"{value:.2f}".rstrip("0")


def header_answers(rng: Random, who: Reporter, today: date) -> dict[str, Value]:
    """The questions that every form begins with."""
    hour, minute = rng.randint(8, 16), rng.randint(0, 40)
    return {
        "start": f"{today}T{hour:02}:{minute:02}:00.000+01:00",
        "end": f"{today}T{hour:02}:{minute + rng.randint(3, 19):02}:00.000+01:00",
        "today": today.isoformat(),
        "staff_code": who.staff_code,
        "header/association": who.association,
        "header/form_lang": rng.choice(("ar", "ar", "ar", "fr")),
        **place_answers(rng, who.association, ("header/province", "header/site", "header/site_douar")),
    }


def entity_answers(id_: str, known: bool, label: str, node: str = "meta/entity") -> dict[str, Value]:
    """The attributes and label of the entity that a form creates, or updates where it is known."""
    return {
        f"{node}/@id": id_,
        f"{node}/@create": "0" if known else "1",
        f"{node}/@update": "1" if known else "0",
        f"{node}/label": label,
    }


def refusal_answers() -> dict[str, Value]:
    """A person who does not want to be registered: nothing about her is kept."""
    return {"consent/consent_data": "no", "meta/entity/@create": "0", "meta/entity/@update": "0"}


def participant_answers(rng: Random, who: Reporter, person: Person, today: date, known: bool) -> dict[str, Value]:
    """F4 for a person who consents, below the header."""
    age = today.year - person.birth_year
    return {
        "consent/consent_data": "yes",
        "consent/consent_photo": rng.choice(("yes", "yes", "no")),
        "consent/registered_before": "yes" if known else "no",
        **_participant_ids(person, known),
        "person/full_name": person.name,
        **({"person/name_alt": person.name_alt} if rng.random() < 0.4 else {}),
        "person/given_name": person.name.split(" ")[0],
        "person/sex": person.sex,
        "person/birth_year": person.birth_year,
        "person/age": str(age),
        "person/age_band": age_band(age),
        **({"person/phone": phone(rng)} if age >= 15 and rng.random() < 0.8 else {}),
        **place_answers(rng, who.association, ("home/home_province", "home/commune", "home/douar")),
        **_role_answers(rng, person, today),
        **_ability_answers(rng),
        **({"affected_by_quake": rng.choice(("yes", "yes", "no"))} if rng.random() < 0.9 else {}),
        **(_guardian_answers(rng, person) if age < 18 else {}),
        **entity_answers(person.id, known, f"{person.short_id} {person.name.split(' ')[0]}"),
    }


def _participant_ids(person: Person, known: bool) -> dict[str, Value]:
    fresh = {"new_participant": person.id, "new_short_id": person.short_id}
    ids = {"participant_uuid": person.id, "participant_id": person.short_id}
    return ({"consent/participant": person.id} if known else fresh) | ids


def _role_answers(rng: Random, person: Person, today: date) -> dict[str, Value]:
    answers: dict[str, Value] = {"part/role": {"set": [person.role]}}
    if person.role in ("young_pupil", "child"):
        age = today.year - person.birth_year
        level = "preschool" if age < 6 else "primary" if age < 12 else "lower_secondary"
        answers |= {"part/school": rng.choice(companion_names.SCHOOLS), "part/level": level}
    if person.role == "youth":
        left = rng.choice(("yes", "no"))
        answers["part/out_of_school"] = left
        if left == "yes":
            answers["part/left_school_year"] = min(today.year, person.birth_year + rng.randint(12, 18))
    return answers


def _ability_answers(rng: Random) -> dict[str, Value]:
    if rng.random() < 0.3:
        return {}
    answers: dict[str, Value] = {
        f"abilities/wg_{ability}": rng.choices(("none", "some", "a_lot", "cannot"), (85, 10, 4, 1))[0]
        for ability in ABILITIES
    }
    hard = any(answer in ("a_lot", "cannot") for answer in answers.values())
    return answers | {"abilities/disability": "yes" if hard else "no"}


def _guardian_answers(rng: Random, person: Person) -> dict[str, Value]:
    given = rng.choice(companion_names.WOMEN)
    family = person.name.split(" ", 1)[-1]
    return {
        "guardian/guardian_name": f"{given[0]} {family}",
        "guardian/guardian_phone": phone(rng),
        "guardian/guardian_consent": "yes",
    }


def activity_answers(
    rng: Random, who: Reporter, activity: Activity, known: bool, today: date, present: Sequence[Person]
) -> dict[str, Value]:
    """F5 below the header: a named list of those present, or a headcount where `present` is empty."""
    answers: dict[str, Value] = {
        "what/known_activity": "yes" if known else "no",
        **({"what/activity": activity.id} if known else {}),
        "what/kind": activity.kind,
        "what/theme": activity.theme,
        "what/date": (today - timedelta(days=rng.randint(0, 12))).isoformat(),
        "what/hours": rng.choice(("0.5", "1.5", "2", "3", "4.5", "6")),
        "what/facilitator": who.staff_code,
        **({} if known else {"new_activity": activity.id, "new_code": activity.code}),
        "activity_uuid": activity.id,
        "activity_code": activity.code,
        **place_answers(rng, who.association, ("where/place_province", "where/place", "where/place_douar")),
        "mode": "named" if present else "headcount",
        **(_attendance(rng, present) if present else _headcount(rng, activity.kind)),
        **entity_answers(activity.id, known, f"{activity.code} {activity.theme}"),
    }
    if activity.kind not in WITHOUT_PHOTOS and rng.random() < 0.5:
        answers["photo_consent"] = "no"
    return answers


def new_activity(rng: Random, who: Reporter) -> Activity:
    """An activity that nobody has recorded yet."""
    theme = rng.choice(companion_names.THEMES)
    return Activity(new_uuid(rng), short_code(rng, "A"), rng.choice(KINDS[who.association]), theme)


def _attendance(rng: Random, people: Sequence[Person]) -> dict[str, Value]:
    answers: dict[str, Value] = {}
    for place, person in enumerate(people):
        row = f"attendance[{new_uuid(rng)}]"
        present = rng.random() < 0.9
        answers |= {row: f"a{place:03}", f"{row}/participant_id": person.id}
        answers[f"{row}/present"] = "yes" if present else "no"
        if present and rng.random() < 0.5:
            before = rng.randint(10, 70)
            answers |= {f"{row}/pre": str(before), f"{row}/post": number(min(100, before + rng.randint(0, 60) / 2))}
            answers[f"{row}/certificate"] = rng.choice(("yes", "no"))
    return answers


def _headcount(rng: Random, kind: str) -> dict[str, Value]:
    children = kind in ("children_activity", "talent_workshop")
    counts = {
        "n_women": rng.randint(1, 6) if children else rng.randint(5, 45),
        "n_men": rng.randint(0, 8),
        "n_girls": rng.randint(5, 25) if children else 0,
        "n_boys": rng.randint(5, 25) if children else 0,
    }
    total = sum(counts.values())
    return {f"headcount/{name}": count for name, count in counts.items()} | {
        "headcount/n_total": str(total),
        "headcount/n_disability": rng.randint(0, min(4, total)),
        "headcount/n_quake": rng.randint(0, total),
    }


def group_answers(
    rng: Random, who: Reporter, group: Group, previous: str | None, today: date, members: Sequence[Person]
) -> dict[str, Value]:
    """F7's profile below the header; `previous` is the status last recorded, None for a new group."""
    known = previous is not None
    activities = rng.sample(("raffia", "weaving", "jewellery", "agri", "food"), rng.randint(1, 2))
    answers: dict[str, Value] = {
        "profile/known_group": "yes" if known else "no",
        **({"profile/group": group.id, "profile/previous_status": previous} if known else {"new_group": group.id}),
        "profile/name_ar": group.name_ar,
        "profile/name_fr": group.name_fr,
        "profile/status": group.status,
        "profile/activity": {"set": activities},
        "group_uuid": group.id,
        **place_answers(rng, who.association, ("where/place_province", "where/place", "where/place_douar")),
        **entity_answers(group.id, known, group.name_ar),
    }
    if previous is not None and STATUSES.index(group.status) < STATUSES.index(previous):
        answers["profile/status_reason"] = "تصحيح خطأ في التسجيل"
    shares = [0 if group.status == "group" else rng.randint(1, 10) for _ in members]
    answers |= _member_answers(rng, group, members, shares, today)
    if group.status != "group":
        answers |= _founding_answers(rng, sum(shares), today)
    if group.status == "registered":
        answers |= _registration_answers(rng, today)
    return answers


def _member_answers(
    rng: Random, group: Group, members: Sequence[Person], shares: Sequence[int], today: date
) -> dict[str, Value]:
    answers: dict[str, Value] = {}
    for place, (person, count) in enumerate(zip(members, shares, strict=True)):
        row = f"members[{new_uuid(rng)}]"
        woman = person.sex == "f"
        answers |= {
            row: f"a{place:03}",
            f"{row}/participant_id": person.id,
            f"{row}/function": ("president", "treasurer")[place] if place < 2 else "member",
            **({f"{row}/shares": count} if count else {}),
            f"{row}/entry_date": (today - timedelta(days=rng.randint(0, 400))).isoformat(),
            f"{row}/active": "1",
            f"{row}/woman": "1" if woman else "0",
            f"{row}/active_woman": "1" if woman else "0",
            f"{row}/active_shares": str(count),
            f"{row}/member_of": group.id,
            f"{row}/meta/entity/@id": person.id,
            f"{row}/meta/entity/@update": "1",
        }
    women = sum(person.sex == "f" for person in members)
    return answers | {
        **({"members_now": " ".join(person.id for person in members)} if members else {}),
        "members_n": str(len(members)),
        "women_n": str(women),
        **({"women_pct": str(100 * women // len(members))} if members else {}),
        "shares_n": str(sum(shares)),
    }


def _founding_answers(rng: Random, shares: int, today: date) -> dict[str, Value]:
    enough = [value for value in SHARE_VALUES if not shares or value * shares >= CAPITAL_MIN]
    value = rng.choice(enough)
    done = STEPS[: rng.randint(1, len(STEPS))]
    return {
        "capital_group/share_value": str(value),
        "capital_group/capital": str(value * shares),
        "steps/checklist": {"set": list(done)},
        **{f"steps/{step}_date": (today - timedelta(days=rng.randint(0, 300))).isoformat() for step in done},
    }


def _registration_answers(rng: Random, today: date) -> dict[str, Value]:
    return {
        "registration/register_no": f"{rng.randint(1, 900)}/{today.year}",
        "registration/tribunal": rng.choice(companion_names.TRIBUNALS),
        "registration/register_date": (today - timedelta(days=rng.randint(0, 200))).isoformat(),
        **({"registration/ice": f"{rng.randrange(10**15):015}"} if rng.random() < 0.5 else {}),
    }


def month_answers(rng: Random, group: Group, month: date) -> dict[str, Value]:
    """F7's monthly report below the header; `month` is its first day."""
    answers: dict[str, Value] = {"report/group": group.id, "report/period": month.isoformat()}
    sales = 0.0
    for place, (product, unit, usual) in enumerate(rng.sample(companion_names.PRODUCTS, rng.randint(1, 3))):
        row = f"products[{new_uuid(rng)}]"
        stock, made = rng.randint(0, 10), rng.randint(2, 40)
        sold = rng.randint(0, stock + made)
        price = usual + rng.randint(-10, 10)
        sales += sold * price
        answers |= {row: f"a{place:03}", f"{row}/product": product, f"{row}/unit": unit, f"{row}/stock": str(stock)}
        answers |= {f"{row}/made": str(made), f"{row}/sold": str(sold), f"{row}/price": number(price)}
    return answers | _money_answers(rng, sales)


def _money_answers(rng: Random, sales: float) -> dict[str, Value]:
    costs = round(sales * rng.uniform(0.2, 0.7), 2)
    return {
        "money/sales": number(sales),
        "money/costs": number(costs),
        "money/stock_value": str(rng.randint(0, 5000)),
        "money/paid_to_members": str(int((sales - costs) * rng.uniform(0, 0.9))),
        "money/channels": {"set": rng.sample(("local", "fair", "online", "order", "shop"), rng.randint(1, 2))},
    }
