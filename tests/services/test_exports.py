"""A coordinator takes records out: what she gets, what she does not, and what is written down."""

import re
import secrets
from pathlib import Path
from typing import Any

import pytest

from fieldsync.core.export_options import Options
from fieldsync.core.problems import Problem
from fieldsync.services import desk, exporting, exports, inbox_projection
from fieldsync.store import audit, grants
from fieldsync.store import exports as stored
from tests.exported import EVERYTHING, SURVEY, Desk, desk_of, publish, read_csv, read_xlsx, ready
from tests.world import Phone, World

ANSWERS = {"name": "Amina", "age": 34, "colour": "red", "likes": {"set": ["green", "red"]}, "village": "07.041.05.01"}

SECRET = SURVEY.replace("| P2 ", "| P3 ", 1).replace("| survey | Survey |", "| secret | Secret |")


@pytest.fixture
def at_desk(world: World, tmp_path: Path) -> Desk:
    return desk_of(world, tmp_path / "exports")


def approved(world: World, said: dict[str, Any], phone: Phone) -> str:
    """A submission that was looked at."""
    assert phone.statuses(said) == ["applied"]
    world.at_desk(desk.review, said["record"], "approved", "")
    return str(said["record"])


def visited(phone: Phone, world: World, **answers: object) -> str:
    return approved(world, phone.says(writes={**ANSWERS, **answers}), phone)


def noted(world: World, action: str) -> list[tuple[str, str, str]]:
    """(who, about, detail) of what the audit log says."""
    rows = world.read(lambda session: list(audit.rows(session, world.amal)))
    return [(row.actor, row.about, row.detail) for row in rows if row.action == action]


def test_the_first_choice_tells_nothing_of_people(world: World, at_desk: Desk) -> None:
    phone = world.phone()
    record = visited(phone, world)
    row, content = at_desk.made()
    [told] = read_csv(content)["records"]
    assert told["state"] == "approved"
    assert (told["age"], told["colour"], told["likes"]) == ("34", "red", "green red")
    assert not {"name", "village", "photo"} & told.keys()
    assert "Amina" not in content.decode() and record not in content.decode() and phone.author not in content.decode()
    assert re.fullmatch(r"amal-visit-\d{4}-\d\d-\d\d-[0-9a-f]{8}\.csv", row.file_name)
    assert (at_desk.folder / row.file).stat().st_mode & 0o777 == 0o600
    assert len(row.file) > 40
    [(actor, about, detail)] = noted(world, "exported")
    assert about == f"export:{row.uuid}" and actor.startswith("person:")
    assert detail == f"{row.uuid[:8].upper()} submission visit csv: 1 records, P1"


def test_only_approved_records_leave_unless_others_are_asked_for(world: World, at_desk: Desk) -> None:
    phone = world.phone()
    visited(phone, world)
    phone.tells(phone.says(writes={"name": "Not yet looked at"}))
    world.at_desk(desk.delete, visited(phone, world, name="Deleted"))
    held = phone.says(writes={"name": "Held"}, seen=[["far-away", 1]])
    assert phone.statuses(held) == ["held"]
    assert [row["state"] for row in at_desk.rows()] == ["approved"]
    assert sorted(row["state"] for row in at_desk.rows(**EVERYTHING)) == ["approved", "received"]


def test_days_are_those_of_the_programmes_clock(world: World, at_desk: Desk) -> None:
    phone = world.phone()
    visited(phone, world)  # 2026-09-21 in Casablanca
    assert len(at_desk.rows(since="2026-09-21", until="2026-09-21")) == 1
    assert at_desk.rows(since="2026-09-22") == []
    assert at_desk.rows(until="2026-09-20") == []


def test_personal_answers_wait_for_a_reason_and_bear_a_mark(world: World, at_desk: Desk) -> None:
    visited(world.phone(), world)
    row = at_desk.asks(Options("submission", "visit", personal=True))
    assert row.state == stored.ASKED
    assert world.write(lambda session: stored.take_up(session, "w", world.now_ms)) is None
    for reason, text in (
        ("", "a good reason it is"),
        ("other", "short"),
        ("why not", "a good reason it is"),
        ("other", "x" * 301),
    ):
        refused = world.write(lambda session, why=(reason, text): exports.give_reason(session, row, *why))  # type: ignore[misc]
        assert isinstance(refused, Problem) and refused.code == "export_reason_needed"
    done, content = at_desk.made(personal=True)
    [told] = read_csv(content)["records"]
    assert told["name"] == "Amina"
    assert told["watermark"].startswith(f"{done.uuid[:8].upper()} · {at_desk.reader.person.email} · 2026-")  # type: ignore[union-attr]
    detail = noted(world, "exported")[-1][2]
    assert detail.endswith(": 1 records, P1 P2; other: for the yearly report")
    assert "Amina" not in detail


def test_exact_places_and_the_records_own_ids_owe_a_reason_too(world: World, at_desk: Desk) -> None:
    assert at_desk.asks(Options("submission", "visit", points="exact")).state == stored.ASKED
    assert at_desk.asks(Options("submission", "visit", ids="record")).state == stored.ASKED
    record = visited(world.phone(), world)
    assert [row["record"] for row in at_desk.rows(ids="record")] == [record]


def test_what_is_restricted_never_leaves(world: World, at_desk: Desk) -> None:
    publish(world, ready(SECRET, p3_allowed=True))
    reader = at_desk.reader
    asked = world.write(
        lambda session: exports.ask(session, reader, Options("submission", "secret"), secrets.token_bytes, world.now_ms)
    )
    assert isinstance(asked, Problem) and asked.code == "export_restricted"
    problem = world.write(
        lambda session: exports.ask(session, reader, Options("entity", "people"), secrets.token_bytes, world.now_ms)
    )
    assert isinstance(problem, Problem), "the list keeps a label made of a restricted answer"


def test_aliases_join_forms_and_lists_of_one_association_and_nothing_of_another_receiver(
    world: World, at_desk: Desk
) -> None:
    phone, who = world.phone(), world.uuid()
    entity = {"meta/entity/@id": who, "meta/entity/@create": "1", "meta/entity/label": "Tuda"}
    said = phone.says(writes={"person": who, "fullname": "Tuda", "village": "x", **entity}, of="person")
    approved(world, said, phone)
    [form] = at_desk.rows(of="person", free_text=True)
    [entity] = at_desk.rows(kind="entity", of="people", **EVERYTHING)
    assert form["meta/entity/@id"] == entity["record"] == form["person"]
    assert who not in (form["person"], entity["record"])
    first, second = (at_desk.rows(of="person", ids="export")[0]["record"] for _ in range(2))
    assert len({form["record"], first, second}) == 3


def test_places_are_left_out_or_rounded(world: World, at_desk: Desk) -> None:
    publish(world, ready(SURVEY))
    phone = world.phone()
    point = {"lat": "31.2345", "lon": "-8.7654", "alt": "1200", "accuracy": "5"}
    approved(world, phone.says(of="survey", writes={"point": point, "age": 3}), phone)
    assert not [name for row in at_desk.rows(of="survey", layout="flat") for name in row if name.startswith("point")]
    [rounded] = at_desk.rows(of="survey", layout="flat", points="rounded")
    assert (rounded["point/latitude"], rounded["point/longitude"]) == ("31.2", "-8.8")
    assert "point/altitude" not in rounded
    [exact] = at_desk.rows(of="survey", layout="flat", points="exact")
    assert "name" not in exact
    assert (exact["point/latitude"], exact["point/accuracy"]) == ("31.2345", "5")


def test_repeats_are_tables_of_their_own_or_stand_in_the_row(world: World, at_desk: Desk) -> None:
    publish(world, ready(SURVEY))
    phone = world.phone()
    first, second, toy = world.uuid(), world.uuid(), world.uuid()
    kids = {
        f"kids[{first}]": 2, f"kids[{first}]/years": 9, f"kids[{first}]/called": "Ilyas",
        f"kids[{second}]": 1, f"kids[{second}]/years": 4,
        f"kids[{first}]/toys[{toy}]": 1, f"kids[{first}]/toys[{toy}]/toy": "red",
    }  # fmt: skip
    approved(world, phone.says(of="survey", writes={"age": 40, **kids}), phone)
    tables = read_csv(at_desk.made(of="survey")[1])
    [record] = tables["records"]
    assert [(row["position"], row["kids/years"]) for row in tables["kids"]] == [("1", "4"), ("2", "9")]
    assert {row["record"] for row in (*tables["kids"], *tables["kids-toys"])} == {record["record"]}
    [toy_row] = tables["kids-toys"]
    assert toy_row["inside"] == tables["kids"][1]["occurrence"] and toy_row["kids/toys/toy"] == "red"
    assert "kids/called" not in tables["kids"][0]
    sheets = read_xlsx(at_desk.made(of="survey", format="xlsx", labels=True, language="ar")[1])
    assert list(sheets) == ["السجلات", "الأطفال", "اللعب"]
    assert sheets["اللعب"][0]["لونها"] == "أحمر"
    [flat] = at_desk.rows(of="survey", layout="flat")
    assert (flat["kids/count"], flat["kids/1/years"], flat["kids/2/years"], flat["kids/3/years"]) == ("2", "4", "9", "")


def test_choices_by_label_joined_and_split(world: World, at_desk: Desk) -> None:
    publish(world, ready(SURVEY))
    phone = world.phone()
    approved(world, phone.says(of="survey", writes={"colour": "green", "likes": {"set": ["red", "green"]}}), phone)
    [row] = at_desk.rows(of="survey", layout="flat", labels=True, language="fr", split=True)
    assert row["Couleur"] == "'-Vert"
    assert sorted(row["Aime"].split("; ")) == ["'-Vert", "Rouge"]
    assert (row["Aime: Rouge"], row["Aime: -Vert"]) == ("1", "1")
    assert row["État de revue"] == "Approuvé"


def test_a_coordinator_of_some_places_takes_out_those(world: World, tmp_path: Path) -> None:
    phone = world.phone()
    visited(phone, world, village="07.041.05.01.x", age=1)
    visited(phone, world, village="07.161.01", age=2)
    narrow = desk_of(world, tmp_path / "exports", places=("07.041",))
    assert [row["age"] for row in narrow.rows()] == ["1"]


def test_a_file_shows_what_the_list_showed(world: World, at_desk: Desk) -> None:
    phone, another = world.phone(), world.phone()
    visited(phone, world, village="07.041.05.01", age=1)
    visited(phone, world, village="07.161.01", age=2)
    visited(another, world, village="07.041.05.01", age=3)
    for _ in range(3):
        world.write(lambda session: inbox_projection.step(session, world.amal, 100))
    assert [row["age"] for row in at_desk.rows(narrowed={"place": "07.041"})] == ["1", "3"]
    assert [row["age"] for row in at_desk.rows(narrowed={"place": "07.041", "device": another.author})] == ["3"]
    assert at_desk.rows(narrowed={"conflict": "1"}) == []


def test_whoever_lost_her_role_meanwhile_gets_nothing(world: World, at_desk: Desk) -> None:
    visited(world.phone(), world)
    row = at_desk.asks(Options("submission", "visit"))
    person = at_desk.caller.person
    assert person is not None
    for held in world.read(lambda session: grants.of_person(session, person.id)):
        world.write(lambda session, held=held: grants.withdraw(session, held.id, world.now_ms))  # type: ignore[misc]
    taken = world.write(lambda session: stored.take_up(session, "w" * 48, world.now_ms))
    assert taken is not None
    exporting.make(at_desk.around, taken)
    ended = at_desk.now(row)
    assert (ended.state, ended.problem) == (stored.FAILED, "forbidden")
    assert not at_desk.folder.exists()


def test_another_person_never_sees_it(world: World, at_desk: Desk, tmp_path: Path) -> None:
    row = at_desk.asks(Options("submission", "visit"))
    colleague = desk_of(world, tmp_path).reader
    assert world.read(lambda session: exports.find(session, colleague, row.uuid)) is None
    assert world.read(lambda session: exports.page(session, colleague, 0, 10, "en")).items == []


def test_nobody_fills_the_disk_alone(world: World, at_desk: Desk) -> None:
    for _ in range(exports.OF_PERSON_MAX):
        at_desk.asks(Options("submission", "visit"))
    reader = at_desk.reader
    options = Options("submission", "visit")
    refused = world.write(lambda session: exports.ask(session, reader, options, secrets.token_bytes, world.now_ms))
    assert isinstance(refused, Problem) and refused.code == "exports_too_many"


def test_an_export_shows_one_moment(world: World, at_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What arrives and changes while a file is made is not in it."""
    phone = world.phone()
    records = [visited(phone, world, age=age) for age in range(4)]
    monkeypatch.setattr("fieldsync.services.export_rows.PAGE_ROWS", 2)
    read, pages = stored.source_page, list[int]()

    def reading(*given: Any) -> Any:
        page = read(*given)
        pages.append(len(page))
        if len(pages) == 1:
            visited(phone, world, age=99)
            world.at_desk(desk.correct, records[3], {"age": 77})
        return page

    monkeypatch.setattr(stored, "source_page", reading)
    assert [row["age"] for row in at_desk.rows()] == ["0", "1", "2", "3"]
    assert pages == [2, 2, 0]
    assert world.fields(records[3])["age"] == 77
