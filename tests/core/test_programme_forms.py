"""The programme's own forms say everything that docs/programme.md asks, in three languages."""

import re
from collections.abc import Iterator

import pytest

from tests.core.programme import FORM_IDS, converted, data, form, indicator_book, places, workbook

LANGUAGES = ("العربية (ar)", "Français (fr)", "English (en)")
CLASSES = ("P0", "P1", "P2")
ARABIC = re.compile("[\u0600-\u06ff]")
NOT_LABELS = re.compile("[\u0640\u200e\u200f]")
"""Kashida and direction marks."""

EVERY_FORM = pytest.mark.parametrize("form_id", FORM_IDS)


def questions(form_id: str) -> Iterator[dict[str, str]]:
    return (row for row in workbook(form_id)["survey"] if row["type"] not in ("end_group", "end_repeat"))


def texts_of(row: dict[str, str]) -> Iterator[tuple[str, tuple[str | None, ...]]]:
    for column in ("label", "hint", "constraint_message", "required_message"):
        texts = tuple(row.get(f"{column}::{language}") for language in LANGUAGES)
        if any(texts):
            yield column, texts


@EVERY_FORM
def test_a_designer_gets_no_warning(form_id: str) -> None:
    assert converted(form_id)[1] == ()


@EVERY_FORM
def test_every_question_and_repeat_has_a_class_and_none_is_for_violence_cases(form_id: str) -> None:
    rows = [row for row in questions(form_id) if row["type"] != "begin_group"]
    assert {row["name"] for row in rows if row.get("bind::fs:class") not in CLASSES} == set()
    assert all(question.declared_sensitivity for question in form(form_id).questions)


@EVERY_FORM
def test_every_text_stands_in_arabic_french_and_english(form_id: str) -> None:
    sheets = workbook(form_id)
    for row in sheets["survey"] + sheets["choices"]:
        for column, texts in texts_of(row):
            assert all(texts), (row["name"], column)
            assert ARABIC.search(texts[0] or ""), (row["name"], column)
            assert not any(NOT_LABELS.search(text or "") for text in texts), (row["name"], column)
    assert form(form_id).languages == ("ar", "fr", "en")
    assert form(form_id).default_language == "ar"


@EVERY_FORM
def test_what_a_companion_sees_has_a_label_and_what_stops_her_says_why(form_id: str) -> None:
    unseen = {"start", "end", "today", "username", "calculate"}
    for row in questions(form_id):
        columns = {column for column, _ in texts_of(row)}
        assert row["type"] in unseen or "label" in columns, row["name"]
        assert "constraint" not in row or "constraint_message" in columns, row["name"]


@EVERY_FORM
def test_every_other_choice_opens_a_text_of_the_same_class(form_id: str) -> None:
    lists_with_other = {row["list_name"] for row in workbook(form_id)["choices"] if row["name"] == "other"} | {
        "places.csv"
    }
    rows = {row["name"]: row for row in questions(form_id)}
    for name, row in rows.items():
        list_name = row["type"].partition(" ")[2]
        if list_name not in lists_with_other or _leaves_other_out(row, form_id):
            continue
        other = rows[f"{name}_other"]
        assert other["type"] == "text"
        assert other["required"] == "yes"
        assert other["bind::fs:class"] == row["bind::fs:class"]
        assert f"${{{name}}}" in other["relevant"]
        assert "'other'" in other["relevant"]


def _leaves_other_out(row: dict[str, str], form_id: str) -> bool:
    return row.get("choice_filter") in ("name != 'other'", "has_sites = 'yes'", "province = ${province}")


@EVERY_FORM
def test_choices_are_used_and_unique(form_id: str) -> None:
    choices = [(row["list_name"], row["name"]) for row in workbook(form_id)["choices"]]
    used = {row["type"].partition(" ")[2] for row in questions(form_id)}
    assert len(choices) == len(set(choices))
    assert {list_name for list_name, _ in choices} <= used


@EVERY_FORM
def test_the_forms_know_no_survivor_no_position_and_no_identity_card(form_id: str) -> None:
    lists = {entity.list for entity in form(form_id).entities} | {instance.id for instance in form(form_id).instances}
    assert not lists & {"survivors", "cases", "services_directory"}
    assert not {question.type for question in form(form_id).questions} & {"geopoint", "geotrace", "geoshape"}
    assert not {question.path.rsplit("/", 1)[-1] for question in form(form_id).questions} & {"cin", "cnie", "id_card"}


@EVERY_FORM
def test_the_header_is_the_same_everywhere(form_id: str) -> None:
    assert [question.path for question in form(form_id).questions][:10] == [
        "start",
        "end",
        "today",
        "staff_code",
        "header/association",
        "header/province",
        "header/site",
        "header/site_douar",
        "header/site_douar_other",
        "header/form_lang",
    ]


P2_QUESTIONS = {
    "f4_participant": {
        *("consent/participant", "person/full_name", "person/name_alt", "person/given_name", "person/sex"),
        *("person/birth_year", "person/age", "person/age_band", "person/phone", "home/home_province"),
        *("home/home_province_other", "home/commune", "home/commune_other", "home/douar", "home/douar_other"),
        *("part/school", "part/level", "part/out_of_school", "part/left_school_year", "affected_by_quake"),
        *(f"abilities/wg_{what}" for what in ("see", "hear", "walk", "remember", "care", "communicate")),
        *("abilities/disability", "guardian/guardian_name", "guardian/guardian_phone", "guardian/guardian_consent"),
    },
    "f5_activity": {
        *(f"attendance/{what}" for what in ("participant_id", "present", "pre", "post", "certificate")),
        *("photo_consent", "photos/photo"),
    },
    "f6_idea": {"holders/participant_id", "holder_ids"},
    "f6_visit": {"results/revenue_month"},
    "f6_job": {
        *(f"job/{what}" for what in ("participant", "check", "employed", "contract", "employer_sector")),
        *("job/employer_sector_other", "job/start_date"),
    },
    "f7_profile": {
        *(f"members/{what}" for what in ("participant_id", "function", "shares", "entry_date", "exit_date", "active")),
        *(f"members/{what}" for what in ("woman", "active_woman", "active_shares", "member_of")),
        "members_now",
    },
    "f7_monthly": set(),
    "f8_application": {"who/applicant_person", "applicant_band", "applicant", "attachments/attachment"},
    "f8_score": set(),
    "f8_decision": set(),
    "f8_tranche": set(),
}


@EVERY_FORM
def test_what_is_personal_is_p2_and_the_rest_is_not(form_id: str) -> None:
    personal = {question.path for question in form(form_id).questions if question.sensitivity == "P2"}
    assert personal == P2_QUESTIONS[form_id]


@pytest.mark.parametrize(
    ("form_id", "path", "names"),
    [
        ("f4_participant", "part/role", "young_pupil youth field_companion woman_leader woman_beneficiary coop_member "
         "project_holder child"),
        ("f4_participant", "abilities/wg_see", "none some a_lot cannot"),
        ("f5_activity", "what/kind", "training awareness life_skills psychosocial_group psychosocial_individual "
         "children_activity it_course talent_workshop networking meeting"),
        ("f5_activity", "mode", "headcount named"),
        ("f6_idea", "about/kind", "business_idea school_micro_project"),
        ("f6_idea", "about/sector", "agri livestock crafts food tourism trade services digital education other"),
        ("f6_visit", "visit/stage", "idea validated plan_written financed launched running_6m stopped"),
        ("f6_visit", "progress/blockers", "money skills papers market family place transport other"),
        ("f6_job", "job/check", "entry month3 month6"),
        ("f6_job", "job/contract", "cdi cdd anapec internship self informal"),
        ("f7_profile", "profile/status", "group in_formation registered"),
        ("f7_profile", "profile/activity", "raffia weaving jewellery agri food other"),
        ("f7_profile", "members/function", "president treasurer member"),
        ("f7_profile", "steps/checklist", "name_approval statutes_signed founding_minutes bank_account local_register"),
        ("f7_monthly", "money/channels", "local fair online order shop"),
        ("f8_application", "which/phase", "pre_creation post_creation"),
        ("f8_application", "who/applicant_type", "association cooperative group entrepreneur"),
        ("f8_decision", "which/state", "eligible shortlisted awarded refused withdrawn"),
        ("f8_tranche", "report/report_state", "due received accepted"),
    ],
)  # fmt: skip
def test_choices_are_those_of_the_programme(form_id: str, path: str, names: str) -> None:
    question = next(question for question in form(form_id).questions if question.path == path)
    assert question.itemset is not None
    rows = next(instance.rows for instance in form(form_id).instances if instance.id == question.itemset.instance)
    assert [row["name"] for row in rows] == names.split()


def test_the_forms_make_and_change_the_entities_that_the_programme_follows() -> None:
    declared = {
        form_id: {entity.list: (entity.path, set(entity.properties)) for entity in form(form_id).entities}
        for form_id in FORM_IDS
    }
    assert declared == {
        "f4_participant": {
            "participants": (
                "meta/entity",
                {"participant_id", "site", "role", "sex", "band", "full_name", "name_alt", "birth_year", "phone"},
            )
        },
        "f5_activity": {"activities": ("meta/entity", {"code", "kind", "theme", "place"})},
        "f6_idea": {"ideas": ("meta/entity", {"title", "kind", "stage", "place", "holders"})},
        "f6_visit": {"ideas": ("meta/entity", {"stage", "visits_n"})},
        "f6_job": {},
        "f7_profile": {
            "groups": (
                "meta/entity",
                {"name_ar", "name_fr", "status", "activity", "place", "members", "women_n", "register_no"},
            ),
            "participants": ("members/meta/entity", {"function", "member_of"}),
        },
        "f7_monthly": {},
        "f8_application": {
            "applications": (
                "meta/entity",
                {"call", "applicant", "requested", "state", "association", "code", "title", "women_led", "youth_led"},
            )
        },
        "f8_score": {},
        "f8_decision": {
            "applications": ("which/meta/entity", {"state"}),
            "grants": ("award/meta/entity", {"award", "application"}),
        },
        "f8_tranche": {"grants": ("meta/entity", {"planned", "paid", "tranches_n", "report_state"})},
    }


@EVERY_FORM
def test_a_forms_name_on_a_list_holds_nothing_personal(form_id: str) -> None:
    name = workbook(form_id)["settings"][0]["instance_name"]
    classes = {question.path.rsplit("/", 1)[-1]: question.sensitivity for question in form(form_id).questions}
    assert {classes[reference] for reference in re.findall(r"\$\{(\w+)\}", name)} <= {"P0", "P1"}


def test_what_makes_two_reports_the_same_and_where_a_record_belongs() -> None:
    marked = {
        form_id: (
            [q.path for q in form(form_id).questions if q.key],
            [q.path for q in form(form_id).questions if q.place],
        )
        for form_id in FORM_IDS
    }
    assert marked == {
        "f4_participant": ([], ["header/site"]),
        "f5_activity": (["header/association", "what/kind", "what/date", "where/place"], ["where/place"]),
        "f6_idea": ([], ["where/place"]),
        "f6_visit": (["visit/idea", "visit/date"], ["header/site"]),
        "f6_job": (["job/participant", "job/check"], ["header/site"]),
        "f7_profile": ([], ["where/place"]),
        "f7_monthly": (["report/group", "report/period"], ["header/site"]),
        "f8_application": (["which/call", "applicant"], ["header/site"]),
        "f8_score": (["staff_code", "what/application"], ["header/site"]),
        "f8_decision": (["which/application", "which/state"], ["header/site"]),
        "f8_tranche": (["which/grant", "no"], ["header/site"]),
    }


def test_while_in_conflict_a_refusal_is_what_shows() -> None:
    protective = {q.path: q.protective for form_id in FORM_IDS for q in form(form_id).questions if q.protective}
    assert protective == {
        "consent/consent_data": ("no", "yes"),
        "consent/consent_photo": ("no", "yes"),
        "guardian/guardian_consent": ("no", "yes"),
        "photo_consent": ("no", "yes"),
        "what/conflict_of_interest": ("yes", "no"),
    }


def test_places_are_the_same_in_the_forms_the_attachment_and_the_programme() -> None:
    listed = {place["name"]: (place["name_ar"], place["name_fr"]) for place in places() if place["name"] != "other"}
    stated = {place["code"]: (place["ar"], place["fr"]) for place in data()["places"] if place["level"] != "region"}
    assert listed == stated
    for form_id in FORM_IDS:
        offered = {
            row["name"]: tuple(row[f"label::{language}"] for language in LANGUAGES[:2])
            for row in workbook(form_id)["choices"]
            if row["list_name"] in ("province", "commune") and row["name"] != "other"
        }
        assert offered.items() <= listed.items()
        assert len(offered) == len([place for place in places() if place["level"] in ("province", "commune")])


def test_a_commune_lies_in_the_province_that_its_code_says() -> None:
    for place in places():
        if place["level"] == "commune":
            assert re.fullmatch(r"07\.\d{3}\.\d\d\.\d\d", place["name"])
            assert place["province"] == place["name"][:6]


def test_majjat_is_the_one_of_chichaoua() -> None:
    named = [place["name"] for place in places() if place["name_fr"].startswith("Majjat")]
    assert named == ["07.161.07.11"]


def test_laattaouia_is_the_municipality() -> None:
    assert [place["name"] for place in places() if "العطاوية" in place["name_ar"]] == ["07.191.01.05"]


def test_a_douar_whose_commune_nobody_confirmed_says_so_and_is_offered_in_its_province() -> None:
    douars = [place for place in places() if place["level"] == "douar" and place["name"] != "other"]
    assert {place["name_fr"] for place in douars} == {"Tagoum", "Aghzane", "Tassaft", "Marigha"}
    for place in douars:
        assert (place["parent_confirmed"], place["commune"], place["province"]) == ("no", "", "07.041")
        assert re.fullmatch(r"douar-\d{4}", place["name"])


def test_the_seven_associations_sit_and_work_in_known_places() -> None:
    codes = {place["code"] for place in data()["places"]}
    associations = {row["code"]: row for row in data()["associations"]}
    assert list(associations) == ["ANW", "BAS", "KHL", "ATT", "BIN", "KHT", "SAF"]
    assert all({row["seat"], *row["places"]} <= codes for row in associations.values())
    for form_id in FORM_IDS:
        offered = [row["name"] for row in workbook(form_id)["choices"] if row["list_name"] == "association"]
        assert offered == list(associations)


def test_indicators_have_the_announced_results_as_targets() -> None:
    indicators = indicator_book().indicators
    targets = {row.code: (row.association, each.operator, each.target) for row in indicators for each in row.targets}
    assert [row.code for row in indicators] == [f"I{number:02}" for number in range(1, 24)]
    assert targets == {
        "I01": ("ANW", "=", 4),
        "I02": ("ANW", "=", 100),
        "I05": ("BAS", "=", 40),
        "I06": ("BAS", "=", 4),
        "I07": ("KHL", ">=", 400),
        "I08": ("KHL", "=", 200),
        "I09": ("ATT", "=", 80),
        "I11": ("BIN", "=", 33),
        "I12": ("KHT", "=", 40),
        "I13": ("KHT", ">=", 100),
        "I14": ("KHT", "=", 6),
        "I15": ("SAF", ">=", 200),
        "I16": ("SAF", "=", 3),
        "I17": ("SAF", "=", 17),
        "I19": ("all", ">=", 16),
        "I20": ("all", "each <=", 200000),
    }
    assert {row.suppression for row in indicators} == {"S0", "S1", "S2"}
    assert all(set(row.definition) == {"ar", "fr", "en"} for row in indicators)
    assert indicator_book().threshold("2026-11-28") == 5


def test_no_funder_is_named_anywhere() -> None:
    for form_id in FORM_IDS:
        assert not re.search("usaid|deloitte", converted(form_id)[0].decode(), re.IGNORECASE)
    assert not re.search("usaid|deloitte", str(data()) + str(indicator_book()), re.IGNORECASE)
