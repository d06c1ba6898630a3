"""The page of a person: the submissions that wrote her and those that only name her, page by page."""

import re

import pytest
import yaml

from fieldsync.core.form_texts import FormText
from fieldsync.routes.pages import labels
from fieldsync.routes.pages.words import PROPERTIES
from fieldsync.services import quality_follow
from fieldsync.services.mentions import ROWS
from tests.house.source import ROOT
from tests.services.test_doctor import registered
from tests.web.visitor import visitor
from tests.world import World

COMMUNE = "07.041.07.03"


def trained(world: World, times: int) -> str:
    """Somebody who was at some trainings, as their participant; her page."""
    world.publish("training 1")
    phone, who, row = world.phone(), world.uuid(), world.uuid()
    said = [phone.says(of="person", writes=registered(who, "Amina"))]
    present = {f"present[{row}]": 1, f"present[{row}]/who": who}
    said += [phone.says(of="training", writes={"commune": COMMUNE, **present}) for _ in range(times)]
    assert set(phone.statuses(*said)) == {"applied"}
    world.write(lambda session: quality_follow.step(session, world.amal, 500, world.now_ms))
    return f"/entities/people/{who}"


def listed(text: str) -> tuple[int, int]:
    """(how many submissions a page lists, how many of them only name her)."""
    part = text[text.index('id="submissions"') : text.index('id="links"')]
    return len(re.findall(r'href="/submissions/', part)), part.count("ne fait que la nommer")


def onward(text: str) -> str:
    found = re.search(r'href="([^"]*spoken=[^"]*)"', text)
    assert found
    return found[1].replace("&amp;", "&")


def test_trainings_stand_on_her_page_and_go_on_on_the_next(world: World) -> None:
    page, who = trained(world, ROWS), visitor(world, "association_reviewer")
    text = who.opens(page).text
    assert listed(text) == (ROWS, ROWS)
    assert listed(who.opens(onward(text)).text) == (1, 0)


def test_after_the_click_the_lists_lead_back_to_the_page(world: World) -> None:
    page, who = trained(world, ROWS), visitor(world, "coordinator")
    assert listed(who.opens(page).text) == (1, 0)
    revealed = who.fills(f"{page}/reveal", page=page).text
    assert listed(revealed) == (ROWS, ROWS)
    assert who.opens(onward(revealed)).status_code == 200


def test_what_the_programmes_forms_work_out_has_a_name_for_readers() -> None:
    unnamed = {
        row["save_to"].rpartition("#")[2]
        for path in sorted((ROOT / "forms").glob("f*.yaml"))
        for row in yaml.safe_load(path.read_text(encoding="utf-8"))["survey"]
        if row.get("save_to") and not any(key.startswith("label::") for key in row)
    }
    assert unnamed == set(PROPERTIES)


@pytest.mark.parametrize(("spoken", "name"), [("ar", "الفئة العمرية"), ("fr", "Tranche d’âge"), ("en", "Age group")])
def test_a_property_is_called_as_its_question_is_else_by_the_word_for_it(world: World, spoken: str, name: str) -> None:
    with world.app.test_request_context(f"/?lang={spoken}"):
        assert labels.entity_property("band", FormText("band")).text == name
        assert labels.entity_property("band", FormText("How old?", "en", "ltr")).text == "How old?"
        assert labels.entity_property("colour", FormText("colour")).text == "colour"
