"""Possible duplicates on pages: what a coordinator sees, decides, takes back; what she is told who comes second."""

import re
from functools import partial
from itertools import combinations

import msgspec
import pytest

from fieldsync.core import linkage_levels
from fieldsync.routes.pages import pair_reasons
from fieldsync.services import deciding
from fieldsync.store.db import execute
from tests.routes.test_sync_entities import registers
from tests.services.test_deciding import LEVELS, found_pair, says, shown, two_women
from tests.web.visitor import Visitor, visitor
from tests.world import World

FIELD = re.compile(r'name="(seen|turn)" value="([^"]*)"')
TAKE = re.compile(r'name="(take:[^"]+)" value="([^"]+)"( checked)?')


@pytest.fixture
def coordinator(world: World) -> Visitor:
    return visitor(world, "association_reviewer")


def decides(who: Visitor, address: str, decision: str, page: str = "", **more: str | list[str]) -> str:
    """Press a button of a page, as it was (`page`) or as it is; where that leads, or the page that refuses."""
    text = page or who.opens(address).text
    fields = {**dict(FIELD.findall(text[text.index('id="decide"') :])), "decision": decision, **more}
    answer = who.fills(f"{address}/decide", fields, page=address)
    return answer.headers.get("Location") or answer.text


def test_a_pair_is_shown_side_by_side_merged_and_taken_back(world: World, coordinator: Visitor) -> None:
    older, younger = two_women(world)
    found_pair(world, older, younger)
    address = f"/duplicates/{older}_{younger}"
    assert address in coordinator.opens("/duplicates").text
    assert address in coordinator.opens(f"/entities/people/{younger}").text
    text = coordinator.opens(address).text
    assert "فاطمة" in text and "Fatima" in text and "Pourquoi cette proposition" in text
    first = next(value for name, value, checked in TAKE.findall(text) if name == "take:fullname" and not checked)
    assert decides(coordinator, address, "same", **{"take:fullname": first}) == "/duplicates"
    one, other = shown(world, older, younger)
    assert other["merged_into"] == older and one["fields"]["fullname"] == "فاطمة"
    assert "gardé : choisi" in coordinator.opens(f"/entities/people/{older}").text
    assert "La même" in coordinator.opens("/duplicates").text
    assert decides(coordinator, address, "undo") == address
    assert [each["merged_into"] for each in shown(world, older, younger)] == [None, None]


def test_a_pair_says_in_a_sentence_what_speaks_for_it_and_against_and_how_strongly(
    world: World, coordinator: Visitor
) -> None:
    """Her names are near and her phone the same, her year of birth is another; a cousin may look like that, too."""
    older, younger = two_women(world)
    levels = [
        ("start", "", -12.0), ("given_name", "same", 5.0), ("family_name", "exact", 3.0), ("birth", "far", -1.9),
        ("phone", "same", 9.2), ("sex", "same", 0.1),
    ]  # fmt: skip
    found_pair(world, older, younger, levels)
    text = coordinator.opens(f"/duplicates/{older}_{younger}").text
    said = re.findall(r'<p id="summary">([^<]+)</p>', text)
    pro = "Le même téléphone et le même nom parlent pour. Une autre année de naissance parle contre."
    assert said == [f"{pro} La décision vous revient."]
    strengths = re.findall(r'<td class="says"><span>([^<]+)</span>', text)
    assert strengths == ["pour", "pour", "un peu contre", "fortement pour", "dit peu"]


def test_that_one_is_named_as_the_others_relative_is_said_first_of_what_speaks_against(
    world: World, coordinator: Visitor
) -> None:
    older, younger = two_women(world)
    levels = [("start", "", -12.0), ("phone", "same", 9.2), ("birth", "far", -1.9), ("relatives", "related", -6.6)]
    found_pair(world, older, younger, levels)
    text = coordinator.opens(f"/duplicates/{older}_{younger}").text
    assert "Un lien de parenté entre les deux et une autre année de naissance parlent contre." in text


@pytest.mark.parametrize(
    ("name", "level"),
    sorted(
        {(name, level) for kind in linkage_levels.LEVELS.values() for name, levels in kind.items() for level in levels}
    ),
)
def test_whatever_is_compared_can_be_said_in_the_sentence(name: str, level: str) -> None:
    assert pair_reasons.words_of(name, level)


def test_what_was_decided_stands_above_with_what_taking_it_back_does(world: World, coordinator: Visitor) -> None:
    older, younger = two_women(world)
    found_pair(world, older, younger)
    address = f"/duplicates/{older}_{younger}"
    decides(coordinator, address, "different")
    text = coordinator.opens(address).text
    assert "Décidé : Pas la même" in text and "rien ne les fusionne" in text
    assert 'value="undo"' in text and 'value="same"' not in text and "Si c’est la même" not in text
    decides(coordinator, address, "undo")
    decides(coordinator, address, "same")
    text = coordinator.opens(address).text
    assert "Décidé : La même" in text and "chacune montre de nouveau" in text and 'name="take:' not in text


def test_any_two_of_a_list_can_be_asked_for_and_decided(world: World, coordinator: Visitor) -> None:
    older, younger = two_women(world)
    address = f"/duplicates/{older}_{younger}"
    assert address not in coordinator.opens("/duplicates").text
    assert "Est-ce la même" in coordinator.opens(address).text
    decides(coordinator, address, "same")
    assert shown(world, younger)[0]["merged_into"] == older
    assert decides(coordinator, address, "undo") == address
    assert shown(world, younger)[0]["merged_into"] is None


def test_one_key_takes_back_what_was_just_decided_on_the_page_of_the_next_pair(
    world: World, coordinator: Visitor
) -> None:
    first, second = two_women(world), two_women(world)
    for pair in (first, second):
        found_pair(world, *pair)
    addresses = ["/duplicates/" + "_".join(pair) for pair in (first, second)]
    onward = decides(coordinator, addresses[0], "different")
    assert onward.startswith(f"{addresses[1]}?")
    [back] = re.findall(r'<button[^>]*data-key="u"[^>]*>', coordinator.opens(onward).text)
    assert 'value="undo"' in back
    decides(coordinator, addresses[1], "different")
    again = coordinator.opens(f"{addresses[1]}?done={addresses[0].removeprefix('/duplicates/')}").text
    assert again.count('data-key="u"') == 1 and again.rindex('data-key="u"') > again.index('id="decide"')


def test_the_cap_of_a_household_is_no_reason_to_wait_for_a_person(world: World, coordinator: Visitor) -> None:
    older, younger = two_women(world)
    found_pair(world, older, younger)
    address = f"/duplicates/{older}_{younger}"
    reasons = {"household": "", "twins": "à cause de : peut-être des jumelles ou des sœurs<"}
    for bound, told in reasons.items():
        said = msgspec.json.encode(["household", bound])
        world.write(partial(execute, sql="UPDATE candidate_pair SET bounds = ?", parameters=(said,)))
        text = coordinator.opens(address).text
        assert told in text if told else "Jamais fusionn" not in text


def test_who_comes_second_is_told_what_was_decided_and_nothing_is_written(world: World, coordinator: Visitor) -> None:
    older, younger = two_women(world)
    found_pair(world, older, younger)
    address = f"/duplicates/{older}_{younger}"
    before = coordinator.opens(address).text
    assert says(world, older, younger, deciding.DIFFERENT, why="deux sœurs") is None
    text = decides(coordinator, address, "same", before)
    assert "Une décision a été prise" in text and "deux sœurs" in text
    assert [each["merged_into"] for each in shown(world, older, younger)] == [None, None]


def test_new_evidence_brings_a_rejected_pair_back_and_says_so(world: World, coordinator: Visitor) -> None:
    older, younger = two_women(world)
    found_pair(world, older, younger)
    address = f"/duplicates/{older}_{younger}"
    decides(coordinator, address, "different")
    assert "Aucune paire n’attend" in coordinator.opens("/duplicates").text
    world.now_ms += 1000
    found_pair(world, older, younger, [LEVELS[0], ("birth", "same", 4.0), LEVELS[2]])
    assert "Nouveau : Naissance" in coordinator.opens("/duplicates").text
    assert "Nouveau depuis" in coordinator.opens(address).text


def test_a_merge_is_undone_from_the_page_of_the_entity(world: World, coordinator: Visitor) -> None:
    older, younger = two_women(world)
    found_pair(world, older, younger)
    says(world, older, younger, deciding.SAME)
    where = f"/entities/people/{older}"
    assert f"{where}/unmerge" in coordinator.opens(where).text
    assert coordinator.fills(f"{where}/unmerge").headers["Location"] == where
    assert [each["merged_into"] for each in shown(world, older, younger)] == [None, None]
    assert "Aucune paire n’attend" in coordinator.opens("/duplicates").text


def test_a_repeated_report_is_decided_in_the_same_queue_and_counts_no_longer(
    world: World, coordinator: Visitor
) -> None:
    amina = world.phone()
    first, again = (amina.says(writes={"name": "Fatima", "age": 30}) for _ in range(2))
    amina.sync(first, again)
    address = f"/duplicates/{first['record']}_{again['record']}"
    queue = coordinator.opens("/duplicates").text
    assert address in queue and "Tout le contenu, une seconde fois" in queue
    assert "Aucune réponse ne diffère." in coordinator.opens(address).text
    assert address in coordinator.opens(f"/submissions/visit/{again['record']}").text
    assert decides(coordinator, address, "same") == "/duplicates"
    states = [(world.record(each["record"]) or {})["review"]["state"] for each in (first, again)]
    assert states == ["received", "rejected"]
    decides(coordinator, address, "undo")
    assert (world.record(again["record"]) or {})["review"]["state"] == "received"


def test_personal_answers_show_after_a_click_that_is_written_down(world: World) -> None:
    older, younger = two_women(world)
    found_pair(world, older, younger)
    reviewer = visitor(world, "association_reviewer")
    address = f"/duplicates/{older}_{younger}"
    answer = reviewer.fills(f"{address}/reveal", page=address)
    assert answer.status_code == 200 and "Fatima" in answer.text


def test_who_cannot_say_may_ask_and_the_form_shows_the_question(world: World, coordinator: Visitor) -> None:
    older, younger = two_women(world)
    found_pair(world, older, younger)
    address = f"/duplicates/{older}_{younger}"
    assert "Demander aux accompagnateurs" in coordinator.opens(address).text
    where = decides(coordinator, address, "unsure", question="phone.fr", words="Merci !", ask=["left", "right"])
    assert where == "/duplicates"
    assert "question envoyée" in coordinator.opens("/duplicates").text
    first, second = (form for form in re.findall(r'href="(/submissions/[^"]+)"', coordinator.opens(address).text))
    for form in (first, second):
        assert "Merci de demander qui utilise le numéro" in coordinator.opens(form).text
    assert "Aucune paire n’attend" in coordinator.opens("/duplicates").text


def test_the_menu_counts_pairs_that_wait_for_whoever_decides(world: World, coordinator: Visitor) -> None:
    older, younger = two_women(world)
    found_pair(world, older, younger)
    entry = re.search(r'href="/duplicates"[^>]*>.*?</a>', coordinator.opens("/").text, re.DOTALL)
    assert entry is not None and '<span class="count">1</span>' in entry[0]
    assert "/duplicates" not in visitor(world, "viewer").opens("/").text
    decides(coordinator, f"/duplicates/{older}_{younger}", "different")
    entry = re.search(r'href="/duplicates"[^>]*>.*?</a>', coordinator.opens("/").text, re.DOTALL)
    assert entry is not None and "count" not in entry[0]


def test_a_merge_that_needs_two_shows_who_proposed_it(world: World, coordinator: Visitor) -> None:
    older, younger = two_women(world)
    found_pair(world, older, younger)
    rules, address = "/duplicates/settings", f"/duplicates/{older}_{younger}"
    lead = visitor(world, "coordinator")
    answer = lead.fills(f"{rules}/reviewers", {"list": "people", "two": "yes"}, page=rules)
    assert answer.headers["Location"] == rules
    asked = coordinator.opens(address).text
    assert "demandent deux personnes" in asked and "La même : proposer" in asked
    decides(coordinator, address, "same")
    assert "une deuxième personne doit confirmer" in lead.opens(address).text
    assert "Vous avez proposé cette fusion" in decides(coordinator, address, "same")
    decides(lead, address, "same")
    assert shown(world, younger)[0]["merged_into"] == older


def five_of_whom_one_hangs_by_a_bridge(world: World) -> list[str]:
    """Four registrations that hang together firmly, and a fifth that one weak pair holds to them."""
    phone = world.phone()
    uuids = [world.uuid() for _ in range(5)]
    for number, each in enumerate(uuids):
        world.now_ms += 1000
        phone.sync(registers(phone, each, f"Fatima {number}"))
    for one, other in combinations(uuids[:4], 2):
        found_pair(world, one, other)
    found_pair(world, uuids[3], uuids[4], [("given_name", "weak", 1.0)])
    return uuids


def test_a_group_of_a_list_that_needs_two_people_says_beforehand_that_it_is_decided_pair_by_pair(
    world: World, coordinator: Visitor
) -> None:
    uuids = five_of_whom_one_hangs_by_a_bridge(world)
    address = f"/duplicates/cluster/people/{uuids[0]}"
    assert 'name="member"' in coordinator.opens(address).text
    rules, lead = "/duplicates/settings", visitor(world, "coordinator")
    lead.fills(f"{rules}/reviewers", {"list": "people", "two": "yes"}, page=rules)
    text = coordinator.opens(address).text
    assert "on décide donc paire par paire" in text and f"/duplicates/{uuids[0]}_{uuids[1]}" in text
    assert 'name="member"' not in text and 'id="decide"' not in text


def settles(who: Visitor, address: str, members: list[str], **more: str) -> str:
    """Marks members of a page of several, and presses a button."""
    text = who.opens(address).text
    shown_uuids = re.findall(r'name="shown" value="([^"]+)"', text)
    fields = {**dict(FIELD.findall(text[text.index('id="decide"') :])), "member": members, "shown": shown_uuids, **more}
    answer = who.fills(f"{address}/decide", fields, page=address)
    return answer.headers.get("Location") or answer.text


def test_several_that_hang_together_are_decided_on_one_page_and_parted_at_the_bridge(
    world: World, coordinator: Visitor
) -> None:
    uuids = five_of_whom_one_hangs_by_a_bridge(world)
    queue = coordinator.opens("/duplicates").text
    assert "5 fiches liées entre elles" in queue and queue.count("/duplicates/cluster/people/") == 1
    assert "1 sur 7" in coordinator.opens(f"/duplicates/{uuids[0]}_{uuids[1]}").text
    address = f"/duplicates/cluster/people/{uuids[0]}"
    assert address in coordinator.opens(f"/duplicates/{uuids[0]}_{uuids[1]}").text
    text = coordinator.opens(address).text
    marked = set(re.findall(r'name="member" value="([^"]+)" form="decide" checked', text))
    assert marked == set(uuids[:4]), "the fifth hangs by one weak pair"
    assert "au moins deux" in settles(coordinator, address, uuids[:1])
    onward = settles(coordinator, address, uuids[:4], rest="apart")
    assert onward == f"/duplicates?done=people:{uuids[0]}"
    assert "Tout annuler" in coordinator.opens(onward).text
    assert [each["merged_into"] for each in shown(world, *uuids)] == [None, *[uuids[0]] * 3, None]
    assert "une autre :" in coordinator.opens(onward).text
    assert "No pair waits" not in coordinator.opens(address).text
    assert decides(coordinator, f"/duplicates/{uuids[0]}_{uuids[2]}", "undo")
    assert [each["merged_into"] for each in shown(world, *uuids)] == [None, uuids[0], None, uuids[0], None]


def test_what_was_decided_on_several_is_taken_back_by_one_press(world: World, coordinator: Visitor) -> None:
    uuids = five_of_whom_one_hangs_by_a_bridge(world)
    address = f"/duplicates/cluster/people/{uuids[0]}"
    settles(coordinator, address, uuids[:4], rest="apart")
    queue = coordinator.opens("/duplicates").text
    assert queue.count(f'href="/duplicates/cluster/people/{uuids[0]}"') == 1, "one step is one line"
    text = coordinator.opens(address).text
    fields = {"turn": re.findall(r'name="turn" value="(\d+)"', text)[0], "decision": "undo"}
    assert coordinator.fills(f"{address}/decide", {**fields, "turn": "0"}, page=address).status_code == 409
    assert coordinator.fills(f"{address}/decide", fields, page=address).headers["Location"] == address
    assert [each["merged_into"] for each in shown(world, *uuids)] == [None] * 5
    assert "Tout annuler" not in coordinator.opens(address).text
    assert "5 fiches liées" in coordinator.opens("/duplicates").text


def test_a_page_of_several_that_somebody_else_settled_meanwhile_writes_nothing(
    world: World, coordinator: Visitor
) -> None:
    uuids = five_of_whom_one_hangs_by_a_bridge(world)
    address = f"/duplicates/cluster/people/{uuids[0]}"
    text = coordinator.opens(address).text
    assert says(world, uuids[0], uuids[1], deciding.DIFFERENT) is None
    fields = {**dict(FIELD.findall(text[text.index('id="decide"') :])), "member": uuids[:4]}
    answer = coordinator.fills(f"{address}/decide", fields, page=address)
    assert answer.status_code == 409 and "Une décision a été prise" in answer.text
    assert [each["merged_into"] for each in shown(world, *uuids)] == [None] * 5


def test_what_a_merge_does_to_the_count_is_told_before(world: World, coordinator: Visitor) -> None:
    older, younger = two_women(world)
    found_pair(world, older, younger)
    assert "1 au lieu de 2" in coordinator.opens(f"/duplicates/{older}_{younger}").text
