"""The programme's counted forms in small: the same names, only the questions that figures come from."""

from functools import cache

from pyxform.xls2xform import convert as to_xform

from fieldsync.services.conversion import convert
from fieldsync.services.publishing import Definition

HEAD = "| survey |\n| | type | name | label | bind::fs:class | bind::fs:place | bind::fs:key | save_to |"
TEXTS: dict[str, tuple[str, str]] = {
    "f4_participant": (
        "text participant_uuid; text consent_data; text sex > sex; text age_band; text site @; text disability;"
        " text roles_said; select_multiple role role",
        "participants | ${participant_uuid} | ${sex} != '' | ${sex} = '' | concat('P ', ${sex})",
    ),
    "f5_activity": (
        "text kind; date date; text place_province; text place @; text mode; integer n_women; integer n_men;"
        " integer n_girls; integer n_boys; text local_orgs; repeat attendance; text participant_id; text present; end",
        "",
    ),
    "f6_idea": (
        "text idea_uuid; text kind > kind; text place @; repeat holders; text participant_id; end",
        "ideas | ${idea_uuid} | ${kind} != '' | ${kind} = '' | concat('I ', ${kind})",
    ),
    "f6_visit": ("text idea; date date; text stage", ""),
    "f6_job": ("text participant; text check; text employed", ""),
    "f7_profile": (
        "text group_uuid; text status > status; text place @; text register_no; text tribunal; text register_date;"
        " text women_pct; repeat members; text participant_id; text exit_date; end",
        "groups | ${group_uuid} | ${status} != '' | ${status} = '' | concat('G ', ${status})",
    ),
    "f7_monthly": ("select_one_from_file groups.csv group !; text period !; text sales", ""),
    "f8_application": (
        "text application_uuid; text title > title; text women_led; text youth_led",
        "applications | ${application_uuid} | ${title} != '' | ${title} = '' | ${title}",
    ),
    "f8_decision": ("text application; text state; text award_mad", ""),
    "f1_consent": ("text survivor_code; text consent_service; text consent_reporting; date consent_date", ""),
    "f1_withdrawal": ("text survivor_code; text scope", ""),
    "f2_intake": (
        "text survivor_code; text visit_month; text visit_reason; text gbv_class; text law_103_13; text gbvims_org;"
        " text age_band; text disability; text site @",
        "",
    ),
    "f3_session": (
        "text survivor_code; text month; text pss_improved; text site @; repeat services; text service; text status;"
        " text outcome; end",
        "",
    ),
    "f3_feedback": ("text site @; text month; text confidentiality_respected", ""),
    "directory": (
        "text entry_uuid; text site > site; text service > service; text verified > verified",
        "services_directory | ${entry_uuid} | ${site} != '' | ${site} = '' | ${service}",
    ),
}  # fmt: skip
"""Form → (questions: `type name`, `> property`, `@` the place, `!` a key; entity: list, id, create, update, label)."""

ROLES = ("woman_leader", "young_pupil", "youth", "field_companion", "child", "woman_beneficiary")


def _text(form: str) -> str:
    questions, entity = TEXTS[form]
    rows = [HEAD]
    rows += [f"| | csv-external | {entity.split()[0]} | | | | | |"] if entity else []
    for each in questions.split(";"):
        words = each.split()
        saved = words[words.index(">") + 1] if ">" in words else ""
        place = "yes" if "@" in words else ""
        key = "yes" if "!" in words else ""
        if words[0] == "repeat":
            rows.append(f"| | begin_repeat | {words[1]} | {words[1]} | P1 | | | |")
        elif words[0] == "end":
            rows.append("| | end_repeat | | | | | | |")
        elif words[0] == "select_multiple":
            rows.append(f"| | select_multiple {words[1]} | {words[2]} | {words[2]} | P1 | | | |")
        elif words[0] == "select_one_from_file":
            rows.append(f"| | {words[0]} {words[1]} | {words[2]} | {words[2]} | P1 | | {key} | |")
        else:
            rows.append(f"| | {words[0]} | {words[1]} | {words[1]} | P1 | {place} | {key} | {saved} |")
    rows += ["| choices |", "| | list_name | name | label |", *(f"| | role | {role} | {role} |" for role in ROLES)]
    if entity:
        rows += ["| entities |", "| | list_name | entity_id | create_if | update_if | label |", f"| | {entity} |"]
    settings = f'| | {form} | {form} | 1 | fs="urn:fieldsync:form" |'
    return "\n".join([*rows, "| settings |", "| | form_id | form_title | version | namespaces |", settings])


@cache
def definition(form: str) -> Definition:
    """A form ready to publish."""
    text = _text(form)
    xform = to_xform(xlsform=text, file_type=".md").xform.encode()
    converted = convert(xform, "xml", lists=("groups",))
    assert converted.form is not None, converted.findings
    return Definition(converted.form, converted.xform, None, text.encode(), "md", tuple(converted.findings))
