"""How a simulated companion changes what she wrote, and the mistakes she makes when asked to."""

from collections.abc import Mapping
from datetime import date
from random import Random

from fieldsync.client.companion_forms import number
from fieldsync.client.companion_people import age_band, phone
from fieldsync.core.operations import Value

MISTAKES: Mapping[str, tuple[str, Value]] = {
    "f4_participant": ("person/sex", "unknown"),
    "f5_activity": ("what/kind", "party"),
    "f6_idea": ("about/kind", "company"),
    "f6_visit": ("visit/stage", "sold"),
    "f7_profile": ("profile/status", "company"),
    "f7_monthly": ("money/channels", {"set": ["radio"]}),
}
"""Form to an answer that is wrong in itself: a choice that its list does not have."""

CARELESSNESS: Mapping[str, tuple[str, Value]] = {
    "f4_participant": ("person/phone", "0512"),
    "f5_activity": ("what/hours", "20"),
    "f6_idea": ("about/title", "x"),
    "f6_visit": ("results/jobs_youth", 99),
    "f7_profile": ("profile/name_fr", "x"),
    "f7_monthly": ("money/costs", "-50"),
}
"""Form to an answer that breaks its question's constraint, and is well formed."""


def corrected(rng: Random, form: str, writes: Mapping[str, Value], today: date) -> dict[str, Value]:
    """What an edit of a finished form changes, with all that follows from it."""
    return {
        "f4_participant": _corrected_participant,
        "f5_activity": _corrected_activity,
        "f6_idea": _corrected_idea,
        "f6_visit": _corrected_visit,
        "f6_job": _corrected_job,
        "f7_profile": _corrected_group,
        "f7_monthly": _corrected_month,
    }[form](rng, writes, today)


def _corrected_participant(rng: Random, writes: Mapping[str, Value], today: date) -> dict[str, Value]:
    if writes["consent/consent_data"] == "no":
        return {"header/form_lang": "fr" if writes["header/form_lang"] == "ar" else "ar"}
    if rng.random() < 0.5:
        return {"person/phone": phone(rng)}
    return _older(writes, today) or {"person/phone": phone(rng)}


def _older(writes: Mapping[str, Value], today: date) -> dict[str, Value]:
    """A year more, for adults: a child's would open and close other questions."""
    year = writes["person/birth_year"] - 1
    age = today.year - year
    if age <= 18 or year < 1920:
        return {}
    return {"person/birth_year": year, "person/age": str(age), "person/age_band": age_band(age)}


def _corrected_activity(rng: Random, writes: Mapping[str, Value], today: date) -> dict[str, Value]:
    if writes["mode"] == "named" or rng.random() < 0.5:
        return {"what/hours": "5" if writes["what/hours"] != "5" else "2.5"}
    women = writes["headcount/n_women"] + rng.randint(1, 5)
    total = sum(writes[f"headcount/n_{who}"] for who in ("men", "girls", "boys")) + women
    return {"headcount/n_women": women, "headcount/n_total": str(total)}


def _corrected_idea(rng: Random, writes: Mapping[str, Value], today: date) -> dict[str, Value]:
    return {"about/sector": "trade" if writes["about/sector"] != "trade" else "services"}


def _corrected_visit(rng: Random, writes: Mapping[str, Value], today: date) -> dict[str, Value]:
    return {"results/jobs_f": writes["results/jobs_f"] + rng.randint(1, 3)}


def _corrected_job(rng: Random, writes: Mapping[str, Value], today: date) -> dict[str, Value]:
    if writes["job/employed"] == "yes":
        return {"job/contract": "cdi" if writes["job/contract"] != "cdi" else "cdd"}
    return {"header/form_lang": "fr" if writes["header/form_lang"] == "ar" else "ar"}


def _corrected_group(rng: Random, writes: Mapping[str, Value], today: date) -> dict[str, Value]:
    return {"profile/name_fr": f"{writes['profile/name_fr']} {rng.randint(2, 9)}"}


def _corrected_month(rng: Random, writes: Mapping[str, Value], today: date) -> dict[str, Value]:
    return {"money/sales": number(float(writes["money/sales"]) + rng.randint(1, 40) * 10)}
