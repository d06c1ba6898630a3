"""Entities follow from submissions the same way on every machine: order, repetition and later news change nothing."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.causality import history
from fieldsync.core.derivation import declaration_problems, derive
from fieldsync.core.forms import EntityDeclaration, Form, Question
from fieldsync.core.merge import fold
from fieldsync.core.operations import Operation
from fieldsync.core.parsing import parse_operation
from tests.core.histories import AMINA, AUTHORS, BRAHIM, RECORD, heads

FIRST = "0190a000-0000-7000-8000-0000000000e1"
SECOND = "0190a000-0000-7000-8000-0000000000e2"
GROUPS = EntityDeclaration("groups", "meta/entity", properties={"village": "village"})
PEOPLE = EntityDeclaration(
    "people", "members/meta/entity", "members", ("members",), properties={"name": "members/name"}
)
QUESTIONS = (Question("village", "text", save_to="village"),)


def form(version: str, *declarations: EntityDeclaration) -> Form:
    return Form("visit", version, "Visit", "data", ("fr",), "fr", QUESTIONS, entities=declarations)


FORMS: dict[str | None, Form] = {"1": form("1", GROUPS, PEOPLE), "2": form("2", GROUPS), "3": form("3")}
IDS = st.sampled_from([FIRST, f"uuid:{SECOND.upper()}", "7", None])
FLAGS = st.sampled_from(["1", "0", "true", True, None])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "village": st.sampled_from(["Asni", "Imlil", None]),
    "meta/entity/@id": IDS,
    "meta/entity/@create": FLAGS,
    "meta/entity/@update": FLAGS,
    "meta/entity/label": st.sampled_from(["a", "b"]),
    AMINA: st.sampled_from(["2", None]),
    f"{AMINA}/name": st.sampled_from(["Amina", "Amna"]),
    f"{AMINA}/meta/entity/@id": IDS,
    f"{AMINA}/meta/entity/@create": FLAGS,
    BRAHIM: st.sampled_from(["1", None]),
    f"{BRAHIM}/name": st.sampled_from(["Brahim"]),
    f"{BRAHIM}/meta/entity/@id": IDS,
    f"{BRAHIM}/meta/entity/@update": FLAGS,
}


@st.composite
def submissions(draw: st.DrawFn) -> list[Operation]:
    """One submission and its edits, by companions who each know some of them."""
    said: list[Operation] = []
    for _ in range(draw(st.integers(1, 6))):
        author = draw(st.sampled_from(AUTHORS))
        known = said if draw(st.booleans()) else said[: draw(st.integers(0, len(said)))]
        paths = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=9, unique=True))
        said.append(
            Operation(
                (author, 1 + sum(one.id[0] == author for one in said)),
                RECORD,
                "submission",
                "visit",
                draw(st.sampled_from(["1", "1", "1", "2", "3"])),
                (draw(st.integers(0, 5)), 0),
                heads(known, RECORD),
                {path: draw(VALUES[path]) for path in paths},
                {FIRST: (("desk", 4),)} if draw(st.booleans()) else {},
                delete=draw(st.integers(0, 9)) == 0,
            )
        )
    return said


def all_derived(said: list[Operation]) -> list[Operation]:
    """What every operation derives from its past."""
    past = history(said, {})
    derived = []
    for operation, mask in zip(past.operations, past.pasts, strict=True):
        before = [one for at, one in enumerate(past.operations) if mask >> at & 1]
        derived += derive(operation, before, FORMS)
    return sorted(derived, key=lambda one: one.id)


@given(submissions(), st.data())
def test_derivation_depends_on_the_past_alone(said: list[Operation], data: st.DataObject) -> None:
    assert all_derived(data.draw(st.permutations(said))) == all_derived(said)
    early = {one.id: one for one in all_derived(said[:-1])}
    late = {one.id: one for one in all_derived(said)}
    assert all(late[id] == one for id, one in early.items())


@given(submissions())
def test_derived_operations_are_right_and_each_has_its_own_id(said: list[Operation]) -> None:
    derived = all_derived(said)
    assert len({one.id for one in derived}) == len(derived)
    for one in derived:
        assert parse_operation(msgspec.json.encode(one)) == one


@given(submissions())
def test_an_entity_shows_what_a_companion_alone_said_last(said: list[Operation]) -> None:
    alone = [
        Operation(
            ("amina", at), RECORD, "submission", "visit", "1", (at, 0), (("amina", at - 1),) * (at > 1), one.writes
        )
        for at, one in enumerate(said, 1)
    ]
    derived = all_derived(alone)
    fields = fold(alone).fields
    said_last = entities(fields)
    for of, uuid in {(one.of, one.record) for one in derived}:
        state = fold([one for one in derived if (one.of, one.record) == (of, uuid)])
        told = {name: value for name, value in state.fields.items() if value is not None}
        wanted = [properties for at, properties in said_last if at == (of, uuid)]
        assert not state.conflicts
        if not wanted:
            assert told == {}
        for name in told:
            assert any(told[name] == properties.get(name) for properties in wanted) or len(wanted) > 1


def entities(fields: dict[str, Any]) -> list[tuple[tuple[str, str], dict[str, Any]]]:
    """What the answers say of entities, read plainly."""
    found = []
    for list_name, node, question, of in (
        ("groups", "meta/entity", "village", "village"),
        ("people", f"{AMINA}/meta/entity", f"{AMINA}/name", "name"),
        ("people", f"{BRAHIM}/meta/entity", f"{BRAHIM}/name", "name"),
    ):
        uuid = str(fields.get(f"{node}/@id") or "").lower().removeprefix("uuid:")
        flags = [fields.get(f"{node}/@create"), fields.get(f"{node}/@update")]
        if uuid in (FIRST, SECOND) and any(flag in ("1", "true") or flag is True for flag in flags):
            found.append(((list_name, uuid), {of: fields.get(question), "label": fields.get(f"{node}/label")}))
    return found


def test_a_new_form_version_writes_the_properties_that_it_adds() -> None:
    poor = form("1", EntityDeclaration("groups", "meta/entity"))
    answers = {"village": "Asni", "meta/entity/@id": FIRST, "meta/entity/@create": "1", "meta/entity/label": "Argan"}
    first = Operation(("amina", 1), RECORD, "submission", "visit", "1", (1, 0), (), answers)
    edit = Operation(("amina", 2), RECORD, "submission", "visit", "2", (2, 0), (first.id,), {"remark": "new form"})
    forms: dict[str | None, Form] = {"1": poor, "2": FORMS["2"]}
    assert derive(first, [], forms)[0].writes == {"label": "Argan"}
    assert derive(edit, [first], forms)[0].writes == {"village": "Asni"}


def test_who_designs_a_form_that_makes_no_entity_is_told_where() -> None:
    answers = {"meta/entity/@id": "seven", "meta/entity/@create": "1", f"{AMINA}/meta/entity/@id": FIRST}
    answers |= {AMINA: "1", f"{AMINA}/meta/entity/@create": "1"}
    problems = declaration_problems(answers, FORMS["1"])
    assert [(one.code, one.path, one.detail) for one in problems] == [
        ("bad_entity", "meta/entity/@id", {"list": "groups"}),
        ("bad_entity", f"{AMINA}/meta/entity/label", {"list": "people"}),
    ]
