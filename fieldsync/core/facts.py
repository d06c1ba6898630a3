"""What a submission of the programme's forms says that is counted: facts about persons, groups, ideas, centres.

A fact never carries an answer that names somebody: codes, months, sexes, age bands, sums of money.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from fieldsync.core.answer_paths import occurrences_of
from fieldsync.core.months import month_of_date
from fieldsync.core.operations import Value

APPROVED, WAITING, REJECTED = 1, 2, 3
"""How far a record is judged: it counts, it is still to be reviewed, it does not count."""

PERSON, GROUP, IDEA, APPLICATION, ORGANISATION, SURVIVOR, CENTRE, RECORD = "pgiaosch"
"""What a subject is, by the first letter of its key."""

LISTS = {PERSON: "participants", GROUP: "groups", IDEA: "ideas", APPLICATION: "applications"}
"""The entity lists whose records may be merged and deleted: then their subjects are one, or gone."""

DIRECTORY = "services_directory"
NEEDED_SERVICES = frozenset(("health", "psychosocial", "legal"))

ROWS_MAX = 2000
"""Occurrences of a repeat that are looked at; the forms' own limits are far below."""

HEADCOUNT = ("n_women", "n_men", "n_girls", "n_boys")
BANDS = ((15, "under_15"), (18, "15_17"), (25, "18_24"), (36, "25_35"), (60, "36_59"))


class Fact(NamedTuple):
    """One thing said. `subject` and `other` are keys (`p:<uuid>`); `month` is 0 where the form has no date for it."""

    kind: str
    subject: str
    other: str = ""
    month: int = 0
    data: Mapping[str, Any] = {}


class Known(NamedTuple):
    """A fact with what its record says of it: how far it is judged, its order among others, which record it is."""

    kind: str
    subject: str
    other: str
    month: int
    level: int
    rank: int
    record: str
    data: Mapping[str, Any]


class Answers:
    """A submission's answers by the name of the question, whatever group it stands in."""

    def __init__(self, uuid: str, fields: Mapping[str, Value]) -> None:
        self.uuid = uuid
        self._fields = fields
        self._plain = {path.rpartition("/")[2]: value for path, value in fields.items() if "[" not in path}

    def text(self, name: str) -> str:
        """An answer as text; empty where there is none."""
        return as_text(self._plain.get(name))

    def choices(self, name: str) -> list[str]:
        """The choices of a select, sorted."""
        return as_choices(self._plain.get(name))

    def entity(self) -> str:
        """The entity that the submission is about, by its UUID."""
        return self.text("@id")

    def rows(self, repeat: str) -> Iterator["Answers"]:
        """The occurrences of a repeat, each by itself."""
        found = occurrences_of(self._fields, ROWS_MAX)
        for name, prefixes in found.items():
            if name.rpartition("/")[2] == repeat:
                for prefix in prefixes:
                    start = f"{prefix}/"
                    yield Answers(
                        self.uuid,
                        {path[len(start) :]: value for path, value in self._fields.items() if path.startswith(start)},
                    )


def facts_of(form: str, uuid: str, fields: Mapping[str, Value]) -> list[Fact]:
    """What a submission adds to the figures; nothing where its form is not one that is counted."""
    read = _FORMS.get(form)
    return list(read(Answers(uuid, fields))) if read else []


def facts_of_entity(list_name: str, uuid: str, fields: Mapping[str, Value]) -> list[Fact]:
    """The same of an entity: only the directory of services is counted as it stands."""
    answers = Answers(uuid, fields)
    site, verified = answers.text("site"), answers.text("verified")
    if list_name != DIRECTORY or not site or verified != "yes":
        return []
    return [Fact("directory", f"{CENTRE}:{site}", data={"service": answers.text("service")})]


def as_text(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return ""
    return str(value) if isinstance(value, str | int | float) else ""


def as_choices(value: object) -> list[str]:
    if isinstance(value, dict):
        value = value.get("set", ())
    if isinstance(value, str):
        value = value.split()
    return sorted(map(str, value)) if isinstance(value, list | tuple) else []


def centimes(text: str) -> int:
    """An amount of money in whole centimes; 0 where it is none."""
    try:
        return round(float(text) * 100)
    except (ValueError, OverflowError):
        return 0


def whole(text: str) -> int:
    """A whole number; 0 where it is none or less."""
    try:
        return max(0, int(float(text)))
    except (ValueError, OverflowError):
        return 0


def commune_of(code: str) -> str:
    """The commune of a place's code; a place without a code of its own is kept as it is."""
    return ".".join(code.split(".")[:4]) if code[:2].isdigit() else code


def _participant(answers: Answers) -> Iterator[Fact]:
    person = answers.text("participant_uuid") or answers.entity()
    if not person or answers.text("consent_data") != "yes":
        return
    data = {
        "sex": answers.text("sex"),
        "band": answers.text("age_band") or _band(answers),
        "roles": answers.choices("role"),
        "commune": commune_of(answers.text("site")),
        "disability": answers.text("disability"),
    }
    yield Fact("registered", f"{PERSON}:{person}", month=month_of_date(answers.text("today")), data=data)


def _band(answers: Answers) -> str:
    year, born = whole(answers.text("today")[:4]), whole(answers.text("birth_year"))
    if not year or not born:
        return ""
    return next((band for below, band in BANDS if year - born < below), "60_plus")


def _activity(answers: Answers) -> Iterator[Fact]:
    kind, month = answers.text("kind"), month_of_date(answers.text("date"))
    place = commune_of(answers.text("place"))
    for organisation in answers.choices("local_orgs"):
        province = answers.text("place_province")
        yield Fact("mobilised", f"{ORGANISATION}:{organisation}", month=month, data={"province": province})
    if answers.text("mode") == "headcount":
        counts = {name: whole(answers.text(name)) for name in HEADCOUNT}
        data = {"kind": kind, "commune": place, **{name: count for name, count in counts.items() if count}}
        yield Fact("crowd", f"{RECORD}:{answers.uuid}", month=month, data=data)
        return
    for row in answers.rows("attendance"):
        if row.text("participant_id") and row.text("present") == "yes":
            yield Fact("present", f"{PERSON}:{row.text('participant_id')}", month=month, data={"kind": kind})


def _idea(answers: Answers) -> Iterator[Fact]:
    uuid = answers.text("idea_uuid") or answers.entity()
    if not uuid:
        return
    idea, month = f"{IDEA}:{uuid}", month_of_date(answers.text("today"))
    data = {"kind": answers.text("kind"), "commune": commune_of(answers.text("place"))}
    yield Fact("idea", idea, month=month, data=data)
    for row in answers.rows("holders"):
        if row.text("participant_id"):
            yield Fact("holder", f"{PERSON}:{row.text('participant_id')}", idea, month)


def _visit(answers: Answers) -> Iterator[Fact]:
    if answers.text("idea"):
        month = month_of_date(answers.text("date"))
        yield Fact("visit", f"{IDEA}:{answers.text('idea')}", month=month, data={"stage": answers.text("stage")})


def _job(answers: Answers) -> Iterator[Fact]:
    if answers.text("participant"):
        data = {"check": answers.text("check"), "employed": answers.text("employed")}
        yield Fact(
            "job", f"{PERSON}:{answers.text('participant')}", month=month_of_date(answers.text("today")), data=data
        )


def _profile(answers: Answers) -> Iterator[Fact]:
    uuid = answers.text("group_uuid") or answers.entity()
    if not uuid:
        return
    group, month = f"{GROUP}:{uuid}", month_of_date(answers.text("today"))
    registration = ("register_no", "tribunal", "register_date")
    status = answers.text("status")
    members = [row for row in answers.rows("members") if row.text("participant_id") and not row.text("exit_date")]
    yield Fact(
        "profile",
        group,
        month=month,
        data={
            "status": status,
            "registered": status == "registered" and all(map(answers.text, registration)),
            "members": len(members),
            "women_pct": whole(answers.text("women_pct")),
            "commune": commune_of(answers.text("place")),
        },
    )
    for row in members:
        yield Fact("member", f"{PERSON}:{row.text('participant_id')}", group, month, {"status": status})


def _monthly(answers: Answers) -> Iterator[Fact]:
    if answers.text("group"):
        sales = centimes(answers.text("sales"))
        month = month_of_date(answers.text("period"))
        yield Fact("sales", f"{GROUP}:{answers.text('group')}", month=month, data={"sales": sales})


def _application(answers: Answers) -> Iterator[Fact]:
    if answers.entity():
        led = "yes" in (answers.text("women_led"), answers.text("youth_led"))
        month = month_of_date(answers.text("date") or answers.text("today"))
        yield Fact("application", f"{APPLICATION}:{answers.entity()}", month=month, data={"led": led})


def _decision(answers: Answers) -> Iterator[Fact]:
    if answers.text("application"):
        data = {"state": answers.text("state"), "award": centimes(answers.text("award_mad"))}
        month = month_of_date(answers.text("date") or answers.text("today"))
        yield Fact("decision", f"{APPLICATION}:{answers.text('application')}", month=month, data=data)


def _consent(answers: Answers) -> Iterator[Fact]:
    if answers.text("survivor_code") and answers.text("consent_service") == "yes":
        data = {"reporting": answers.text("consent_reporting") == "yes"}
        month = month_of_date(answers.text("consent_date"))
        yield Fact("consent", f"{SURVIVOR}:{answers.text('survivor_code')}", month=month, data=data)


def _withdrawal(answers: Answers) -> Iterator[Fact]:
    if answers.text("survivor_code") and answers.text("scope") in ("all", "reporting"):
        yield Fact("withdrawal", f"{SURVIVOR}:{answers.text('survivor_code')}")


def _intake(answers: Answers) -> Iterator[Fact]:
    code, site = answers.text("survivor_code"), answers.text("site")
    if not code:
        return
    month = month_of_date(answers.text("visit_month") or answers.text("visit_date"))
    ticked = [each for each in answers.choices("disability") if each not in ("none", "no")]
    data = {
        "reason": answers.text("visit_reason"),
        "class": answers.text("gbv_class"),
        "law": answers.choices("law_103_13"),
        "elsewhere": answers.text("gbvims_org") == "yes",
        "band": answers.text("age_band"),
        "disability": "yes" if ticked else "no",
        "commune": commune_of(site),
    }
    yield Fact("intake", f"{SURVIVOR}:{code}", month=month, data=data)
    yield from _listened(site, month)


def _session(answers: Answers) -> Iterator[Fact]:
    code, site = answers.text("survivor_code"), answers.text("site")
    if not code:
        return
    month = month_of_date(answers.text("month") or answers.text("date"))
    rows = list(answers.rows("services"))
    data = {
        "referred": sum(row.text("status") == "referred" for row in rows),
        "received": sum(row.text("status") == "referred" and row.text("outcome") == "received" for row in rows),
        "improved": answers.text("pss_improved"),
        "commune": commune_of(site),
    }
    yield Fact("session", f"{SURVIVOR}:{code}", month=month, data=data)
    yield from _listened(site, month)


def _listened(site: str, month: int) -> Iterator[Fact]:
    if site:
        yield Fact("listened", f"{CENTRE}:{site}", month=month)


def _feedback(answers: Answers) -> Iterator[Fact]:
    answer = answers.text("confidentiality_respected")
    if answer:
        month = month_of_date(answers.text("month"))
        yield Fact("feedback", f"{RECORD}:{answers.uuid}", month=month, data={"answer": answer})


_FORMS: Mapping[str, Callable[[Answers], Iterator[Fact]]] = {
    "f1_consent": _consent,
    "f1_withdrawal": _withdrawal,
    "f2_intake": _intake,
    "f3_session": _session,
    "f3_feedback": _feedback,
    "f4_participant": _participant,
    "f5_activity": _activity,
    "f6_idea": _idea,
    "f6_visit": _visit,
    "f6_job": _job,
    "f7_profile": _profile,
    "f7_monthly": _monthly,
    "f8_application": _application,
    "f8_decision": _decision,
}
"""The forms that are counted, by id."""

FORMS = tuple(_FORMS)
