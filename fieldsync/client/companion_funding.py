"""What a simulated companion answers about funding (the programme's F8): calls, applications, decisions, as writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from fieldsync.client.companion_forms import entity_answers, number
from fieldsync.client.companion_people import new_uuid, short_code
from fieldsync.core.operations import Value

CAP_MAD = 200_000
BUDGET_LINES = ("آلات", "مواد أولية", "تكوين", "تهيئة المحل")
TITLES = (
    "وحدة لتثمين الجوز",
    "مشغل للنسيج",
    "تعاونية للعسل",
    "مطعم قروي",
    "ورشة للحلي التقليدية",
    "تربية الدجاج البلدي",
)


@dataclass(frozen=True, slots=True)
class Call:
    """A call for applications; `id` is the entity's UUID."""

    id: str
    code: str
    opens: date
    closes: date


@dataclass(frozen=True, slots=True)
class Application:
    """An application as it was handed in; money in dirhams."""

    id: str
    title: str
    requested: int
    women_led: str
    youth_led: str


def call_answers(call: Call) -> dict[str, Value]:
    """F8's call: who may apply, and until when."""
    title = "دعم حاملي المشاريع"
    return {
        "code": call.code, "title": title, "phases": {"set": ["pre_creation", "post_creation"]},
        "opens": call.opens.isoformat(), "closes": call.closes.isoformat(), "cap_mad": str(CAP_MAD),
        "meta/entity/@id": call.id, "meta/entity/@create": "1", "meta/entity/label": f"{call.code} {title}",
        "meta/instanceName": title,
    }  # fmt: skip


def new_application(rng: Random) -> Application:
    """Something that somebody asks money for."""
    asked = rng.randint(4, 20) * 10_000
    women, youth = rng.choice(("yes", "yes", "no")), rng.choice(("yes", "no"))
    return Application(new_uuid(rng), rng.choice(TITLES), asked, women, youth)


def application_answers(
    rng: Random, association: str, application: Application, call: Call, group: str, today: date
) -> dict[str, Value]:
    """F8's application of a cooperative or group, below the header."""
    own = application.requested // 10
    code = short_code(rng, "D")
    return {
        "which/call": call.id,
        "which/date": today.isoformat(),
        "which/phase": "post_creation",
        "call_opens": call.opens.isoformat(),
        "call_closes": call.closes.isoformat(),
        "call_phases": "pre_creation post_creation",
        "call_cap": str(CAP_MAD),
        "cap_mad": str(CAP_MAD),
        "who/applicant_type": "cooperative",
        "who/applicant_group": group,
        "applicant": group,
        "application_code": code,
        "applicant_of": association,
        "application_state": "submitted",
        "project/title": application.title,
        "project/summary": application.title,
        "project/women_led": application.women_led,
        "project/youth_led": application.youth_led,
        **_budget_answers(rng, application.requested + own),
        "budget_total": str(application.requested + own),
        "money/requested": str(application.requested),
        "money/own_share": str(own),
        "money/own_pct": str(100 * own // (application.requested + own)),
        "benefit/benef_f": rng.randint(5, 25),
        **entity_answers(application.id, False, f"{code} {application.title}"),
    }


def _budget_answers(rng: Random, total: int) -> Mapping[str, Value]:
    row, other = (f"budget[{new_uuid(rng)}]" for _ in range(2))
    first = total * rng.randint(3, 6) // 10
    answers: dict[str, Value] = {}
    lines = rng.sample(BUDGET_LINES, 2)
    for place, (path, amount) in enumerate(((row, first), (other, total - first))):
        answers |= {path: f"a{place:03}", f"{path}/line": lines[place], f"{path}/qty": "1"}
        answers |= {f"{path}/unit_price": str(amount), f"{path}/total": number(amount)}
    return answers


def decision_answers(rng: Random, application: Application, today: date) -> dict[str, Value]:
    """F8's decision on an application, below the header: awarded, or refused with a reason."""
    awarded = rng.random() < 0.75
    answers: dict[str, Value] = {
        "which/application": application.id,
        "which/date": (today - timedelta(days=rng.randint(0, 2))).isoformat(),
        "which/state": "awarded" if awarded else "refused",
        **({} if awarded else {"which/reason": "ميزانية غير مفصلة"}),
        "requested": str(application.requested),
        "title": application.title,
        "women_led": application.women_led,
        "youth_led": application.youth_led,
        "which/meta/entity/@id": application.id,
        "which/meta/entity/@update": "1",
    }
    if awarded:
        answers |= {"award/valid_scores": 2, "award/award_mad": str(application.requested * rng.randint(7, 10) // 10)}
        answers["award/grant_application"] = application.id
        answers |= entity_answers(new_uuid(rng), False, application.title, "award/meta/entity")
    return answers
