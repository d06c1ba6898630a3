"""The desk's list follows what companions and coordinators say; who may not read an answer does not find it either."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from fieldsync.core.access import Grant
from fieldsync.core.inbox import Filter
from fieldsync.services import desk, doctor, following, inbox, inbox_lanes, merging, reading, role_book, searching
from fieldsync.services.following import INBOX
from fieldsync.services.readers import Reader
from fieldsync.store import flags, people
from fieldsync.store.db import execute
from fieldsync.store.sign_ins import SessionRow
from tests.services.desk_of_rows import settle
from tests.services.test_doctor import registered
from tests.world import Phone, World

EVERYTHING = Filter()


def reader(world: World, role: str, session: str = "one") -> Reader:
    """Somebody of a role in `amal`, signed in."""
    book = world.read(role_book.book)
    held = book.role(role)
    assert held is not None
    uuid = world.uuid()
    person = world.write(lambda on: people.add(on, uuid, None, f"{uuid}@example.org", "X", None, world.now_ms))
    came = SessionRow(1, session, person.id, b"", "full", None, "test", 0, 0, 0, 0)
    return Reader(
        world.amal, person=person, session=came, grants=(Grant(held, world.amal),), book=book, has_second_factor=True
    )


def listed(world: World, who: Reader, wanted: Filter = EVERYTHING) -> list[str]:
    """UUIDs of what a filter shows, as far as the list has followed."""
    settle(world)
    rows = world.read(lambda session: inbox.page(session, who, wanted).rows)
    return [row.uuid.hex() if row.uuid else "" for row in rows]


def found(world: World, who: Reader, text: str) -> list[str]:
    """UUIDs of what somebody finds by words."""
    drawn = world.dice.randbytes(searching.TICKET_BYTES)
    ticket = world.write(lambda session: searching.remember(session, who, text, drawn, world.now_ms))
    return listed(world, who, Filter(search=ticket))


def plain(*records: Any) -> list[str]:
    """UUIDs as the list gives them."""
    return [str(each["record"]).replace("-", "") for each in records]


def sound(world: World) -> bool:
    """Whether the doctor finds nothing, in the list or elsewhere."""
    report = world.read(doctor.examine)
    assert report.ok, report.findings
    return report.ok


@pytest.fixture
def phone(world: World) -> Phone:
    """A companion's phone."""
    return world.phone()


def test_what_companions_and_coordinators_say_stands_in_the_list(world: World, phone: Phone) -> None:
    """Sent, corrected, in conflict, held, quarantined, deleted, merged, judged: the list is as the records are."""
    other = world.phone()
    first, second = phone.says(writes={"name": "Amina"}), phone.says(writes={"name": "Tuda"})
    wrong, held = phone.says(writes={"name": "x", "colour": "mauve"}), phone.says(seen=[["far-away", 1]])
    who = [phone.says(writes=registered(world.uuid(), name), of="person") for name in ("Amina", "Aminata")]
    phone.tells(first, second, wrong, held, *who)
    settle(world)
    assert sound(world)
    phone.tells(phone.says(first["record"], {"name": "A"}, seen=[first]))
    other.tells(other.says(first["record"], {"name": "B"}, seen=[first]))
    world.at_desk(desk.review, second["record"], "approved", "")
    world.at_desk(desk.delete, first["record"])
    people_said = [each["writes"]["person"] for each in who]
    world.at_desk(merging.merge, people_said[0], people_said[1:], kind="entity")
    assert following_lag(world) > 0
    settle(world)
    assert sound(world)
    reviewer = reader(world, "association_reviewer")
    assert listed(world, reviewer, Filter(state="approved")) == plain(second)
    assert listed(world, reviewer, Filter(state="quarantined")) == plain(wrong)
    assert listed(world, reviewer, Filter(held=True)) == plain(held)
    assert len(listed(world, reviewer, Filter(gone="merged"))) == 1
    assert listed(world, reader(world, "companion"), Filter(state="quarantined")) == []


def test_whoever_was_merged_is_found_by_her_former_name_until_the_merge_is_undone(world: World, phone: Phone) -> None:
    """Her name did not survive; whoever may not read names finds her by none of them."""
    who = [phone.says(writes=registered(world.uuid(), name), of="person") for name in ("Khadija", "Mbarka")]
    phone.tells(*who)
    older, younger = (each["writes"]["person"] for each in who)
    reviewer = reader(world, "association_reviewer")
    ids = [each.replace("-", "") for each in (older, younger)]
    entities = set(ids)
    assert {*found(world, reviewer, "Mbarka")} & entities == {ids[1]}
    world.at_desk(merging.merge, older, [younger], kind="entity")
    assert {*found(world, reviewer, "Khadija")} & entities == {ids[0]}
    assert {*found(world, reviewer, "Mbarka")} & entities == {ids[0]}
    assert found(world, reader(world, "designer", "two"), "Mbarka") == []
    world.at_desk(merging.unmerge, older, kind="entity")
    assert {*found(world, reviewer, "Khadija")} & entities == {ids[0]}
    assert ids[0] not in found(world, reviewer, "Mbarka")
    assert sound(world)


def following_lag(world: World) -> int:
    return world.read(lambda session: following.behind(session, INBOX, world.amal))


def test_a_verdict_takes_what_was_quarantined_out_of_the_list(world: World, phone: Phone) -> None:
    wrong = phone.says(writes={"name": "x", "colour": "mauve"})
    phone.tells(wrong)
    reviewer = reader(world, "association_reviewer")
    assert listed(world, reviewer, Filter(state="quarantined")) == plain(wrong)

    def release(session: Session) -> Any:
        return desk.judge(session, world.desk(), wrong["record"], tuple(wrong["id"]), "release")

    assert world.write(release) is None
    assert listed(world, reviewer, Filter(state="quarantined")) == []
    assert listed(world, reviewer) == plain(wrong)
    assert sound(world)


def test_what_its_form_finds_wrong_moves_from_held_to_quarantined(world: World, phone: Phone) -> None:
    early = phone.says(writes={"name": "x", "colour": "mauve"}, version="2")
    phone.tells(early)
    reviewer = reader(world, "association_reviewer")
    assert listed(world, reviewer, Filter(held=True)) == plain(early)
    world.publish("visit 2")
    assert listed(world, reviewer, Filter(held=True)) == []
    assert listed(world, reviewer, Filter(state="quarantined")) == plain(early)
    assert sound(world)


def test_a_flag_that_is_raised_later_stands_in_the_list(world: World, phone: Phone) -> None:
    said, other = phone.says(), phone.says()
    phone.tells(said, other)
    reviewer = reader(world, "association_reviewer")
    assert listed(world, reviewer, Filter(flag="filled_too_fast")) == []

    def raise_flag(session: Session) -> None:
        [row] = desk.find(session, world.amal, said["record"])
        flags.raise_flags(session, [(row.row.id, "filled_too_fast", "", world.now_ms)])
        following.touch(session, world.amal, [row.row.id])

    world.write(raise_flag)
    assert listed(world, reviewer, Filter(flag="filled_too_fast")) == plain(said)
    assert sound(world)


TAMPERED: dict[str, str] = {
    "a row says something else": "UPDATE inbox_row SET state = 6 WHERE id > 0",
    "a row is missing": "DELETE FROM inbox_row WHERE id > 0",
    "a mark is missing": "DELETE FROM inbox_mark",
    "a word is missing": "DELETE FROM inbox_text",
    "a tally is wrong": "UPDATE inbox_count SET records = records + 1",
    "what waits for a verdict is missing": "DELETE FROM inbox_row WHERE id < 0",
}


@pytest.mark.parametrize("statement", TAMPERED.values(), ids=TAMPERED.keys())
def test_the_doctor_holds_the_list_against_the_records(world: World, phone: Phone, statement: str) -> None:
    phone.tells(phone.says(), phone.says(writes={"name": "x", "colour": "mauve"}), phone.says(seen=[["far", 1]]))
    settle(world)
    assert sound(world)
    world.write(lambda session: execute(session, statement))
    assert "inbox" in world.read(doctor.examine).faults


def test_a_record_has_its_neighbours_in_the_order_of_the_filter(world: World, phone: Phone) -> None:
    """Next and previous follow the list that somebody came from, also for a record that left it meanwhile."""
    said = []
    for number in range(4):
        said.append(phone.says(writes={"name": f"Amina {number}"}))
        phone.tells(said[-1])
        world.now_ms += 1000
    world.at_desk(desk.review, said[1]["record"], "approved")
    settle(world)
    reviewer, waiting = reader(world, "association_reviewer"), Filter(state="received", ascending=True)

    def beside(session: Session, record: str) -> list[str]:
        [there] = desk.find(session, world.amal, record)
        return [
            row.uuid.hex() if row and row.uuid else "" for row in inbox.neighbours(session, reviewer, waiting, there)
        ]

    names = plain(*said)
    assert world.read(lambda session: beside(session, said[1]["record"])) == [names[0], names[2]]
    assert world.read(lambda session: beside(session, said[0]["record"])) == ["", names[2]]
    assert world.read(lambda session: beside(session, said[3]["record"])) == [names[2], ""]


def test_names_are_found_in_either_script(world: World, phone: Phone) -> None:
    said, other = phone.says(writes={"name": "فاطمة الزهراء"}), phone.says(writes={"name": "Khadija"})
    phone.tells(said, other)
    reviewer = reader(world, "association_reviewer")
    for text in ("fatima", "Fatma zahra", "فاطمه", "الزهراء", "ZAHRA"):
        assert found(world, reviewer, text) == plain(said), text
    assert found(world, reviewer, "fatima khadija") == []
    assert found(world, reviewer, "nobody") == []
    code = said["record"].rpartition("-")[2][:10]
    assert found(world, reviewer, code) == plain(said)


def test_a_corrected_name_is_found_no_longer_by_the_old_one(world: World, phone: Phone) -> None:
    said = phone.says(writes={"name": "Fatima"})
    phone.tells(said)
    reviewer = reader(world, "association_reviewer")
    assert found(world, reviewer, "fatima") == plain(said)
    world.at_desk(desk.correct, said["record"], {"name": "Khadija"})
    assert found(world, reviewer, "fatima") == []
    assert found(world, reviewer, "khadija") == plain(said)


def test_a_name_is_found_in_whatever_script_it_was_written(world: World, phone: Phone) -> None:
    """Arabic, French, Tifinagh and, by alias, the form of the village; her neighbour Rachida stays out."""
    spellings = ("فاطمة", "ⴼⴰⵟⵉⵎⴰ", "Fadma", "Fatima", "Rachida")
    said = [phone.says(writes={"name": name}) for name in spellings]
    phone.tells(*said)
    reviewer = reader(world, "association_reviewer")
    for word in spellings[:4]:
        assert sorted(found(world, reviewer, word)) == sorted(plain(*said[:4])), word
    assert found(world, reviewer, "رشيدة") == plain(said[4])


def test_when_the_rules_of_names_change_the_list_makes_its_words_anew(world: World, phone: Phone) -> None:
    said = phone.says(writes={"name": "Fatima"})
    phone.tells(said)
    settle(world)
    world.write(lambda session: execute(session, "UPDATE inbox_word SET word = 'old'"))
    world.write(lambda session: execute(session, "UPDATE inbox_text SET words = replace(words, 'ftmA', 'old')"))
    reviewer = reader(world, "association_reviewer")
    assert found(world, reviewer, "fatima") == []
    assert following_lag(world) == 0
    world.write(lambda session: execute(session, "UPDATE follower SET version = version - 1"))
    assert following_lag(world) > 0
    assert found(world, reviewer, "fatima") == plain(said)
    assert following_lag(world) == 0
    assert sound(world)


def test_search_tells_nothing_that_is_not_shown(world: World, phone: Phone) -> None:
    """Personal answers are found by those to whom they show at once; a mask, or less, hides them from search too."""
    said = phone.says(writes=registered(world.uuid(), "Fatima") | {"village": "Tassaft"}, of="person")
    phone.tells(said)
    roles = ("association_reviewer", "companion", "coordinator", "programme_me")
    for role in roles:
        who = reader(world, role)
        shown = world.read(lambda session, who=who: shown_fields(session, who, said["record"]))  # type: ignore[misc]
        assert (plain(said)[0] in found(world, who, "fatima")) == ("fullname" in shown), role
        assert (plain(said)[0] in found(world, who, "tassaft")) == ("village" in shown), role


def shown_fields(session: Session, who: Reader, record: str) -> set[str]:
    """The answers of a submission that show to somebody at once."""
    there = reading.find(session, who, record, "submission")
    return {path for told in reading.told(session, who, there, "en") for path in told["fields"]}


def test_words_are_nobody_elses(world: World, phone: Phone) -> None:
    """A ticket is good in the session that searched; for others the rest of the filter holds."""
    said, other = phone.says(writes={"name": "Fatima"}), phone.says(writes={"name": "Khadija"})
    phone.tells(said, other)
    searcher, colleague = reader(world, "association_reviewer"), reader(world, "association_reviewer", "two")
    drawn = world.dice.randbytes(searching.TICKET_BYTES)
    ticket = world.write(lambda session: searching.remember(session, searcher, "fatima", drawn, world.now_ms))
    assert listed(world, searcher, Filter(search=ticket)) == plain(said)
    assert sorted(listed(world, colleague, Filter(search=ticket))) == sorted(plain(said, other))
    assert world.read(lambda session: searching.text(session, colleague, ticket)) == ""


def test_an_answer_that_becomes_restricted_is_forgotten(world: World, phone: Phone) -> None:
    """A later version calls a question P3: no word of earlier answers stays, and nobody finds them meanwhile."""
    said = phone.says(writes=registered(world.uuid(), "Fatima"), of="person")
    phone.tells(said)
    reviewer = reader(world, "association_reviewer")
    assert plain(said)[0] in found(world, reviewer, "fatima")
    words: Callable[[], int] = lambda: world.read(  # noqa: E731
        lambda session: execute(session, "SELECT count(*) FROM inbox_word WHERE word = 'ftmA'").scalar_one()
    )
    assert words() > 0
    world.publish("person 3")
    lanes = world.read(lambda session: inbox_lanes.lanes(session, reviewer, Filter()))
    assert lanes
    assert found(world, reviewer, "fatima") == []
    assert words() == 0
    assert sound(world)
