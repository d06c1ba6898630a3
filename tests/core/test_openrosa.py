"""Laws of edits: what is written over a version gives the next one; a late version changes nothing that is shown."""

import uuid
from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.merge import RecordState, fold
from fieldsync.core.openrosa import (
    Sheet,
    applied,
    changes,
    instance_name,
    occurrence_names,
    read_sheet,
    record_of,
    restored,
)
from fieldsync.core.openrosa_alignment import aligned
from fieldsync.core.operations import Operation, OperationId
from fieldsync.core.problems import Problem

IDS = [str(uuid.UUID(int=number)) for number in range(1, 5)]
RECORD = str(uuid.UUID(int=99))
VALUES = st.sampled_from(["a", "b", 1, True, {"set": ["a"]}])
CHILD = st.dictionaries(st.sampled_from(["name", "age"]), VALUES, max_size=2)
GROUPS = st.dictionaries(
    st.sampled_from(IDS), st.tuples(CHILD, st.dictionaries(st.sampled_from(IDS), CHILD)), max_size=3
)
PLAIN = st.dictionaries(st.sampled_from(["name", "visit/date", "meta/instanceID"]), VALUES)


def _fields(plain: Mapping[str, Any], groups: Mapping[str, Any]) -> dict[str, Any]:
    fields = dict(plain)
    for place, (one, (answers, toys)) in enumerate(groups.items(), 1):
        fields |= {f"members[{one}]": place, **{f"members[{one}]/{name}": value for name, value in answers.items()}}
        for inner, (two, more) in enumerate(toys.items(), 1):
            prefix = f"members[{one}]/toys[{two}]"
            fields |= {prefix: inner, **{f"{prefix}/{name}": value for name, value in more.items()}}
    return fields


SHEETS = st.builds(_fields, PLAIN, GROUPS)


@given(SHEETS, SHEETS)
def test_what_an_edit_writes_leads_from_one_version_to_the_next(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert applied(before, changes(before, after)) == after
    assert changes(after, after) == {}


@given(SHEETS, SHEETS)
def test_a_late_version_is_written_and_put_back(shown: dict[str, Any], late: dict[str, Any]) -> None:
    written = applied(shown, late)
    assert applied(written, restored(_showing(shown), _showing(written), late)) == shown


def _showing(fields: dict[str, Any]) -> RecordState:
    return RecordState(((IDS[0], 1),), fields, ((1, 0), (IDS[0], 1)), {})


PLAIN_ANSWERS = st.dictionaries(st.sampled_from("abc"), st.sampled_from([1, 2, 3, "x", None]))


@given(PLAIN_ANSWERS, PLAIN_ANSWERS, PLAIN_ANSWERS, st.sampled_from(IDS[:3]))
def test_what_two_early_edits_changed_is_there_after_the_late_version_and_nothing_of_that(
    one: dict[str, Any], other: dict[str, Any], late: dict[str, Any], late_by: str
) -> None:
    """`late_by`: who handed in the first edit, or the second, or somebody else."""
    edits = [_said(IDS[0], 1, one), _said(IDS[1], 1, other)]
    before = fold(edits)
    original = _said(late_by, 2, late)
    back = restored(before, fold([*edits, original]), late)
    after = fold([*edits, original, _said(late_by, 3, back, (original.id,))])
    for path in "abc":
        earlier, now = _values(before, path), _values(after, path)
        assert {value for value in earlier if value != repr(late.get(path))} <= now or path not in late
        assert now <= earlier


def _said(author: str, counter: int, writes: dict[str, Any], seen: tuple[OperationId, ...] = ()) -> Operation:
    return Operation((author, counter), RECORD, "submission", "visit", "1", (counter, 0), seen, writes)


def _values(state: RecordState, path: str) -> set[str]:
    shown = [state.fields.get(path), *(each.value for each in state.conflicts.get(path, ()))]
    return {repr(value) for value in shown}


@given(SHEETS, st.permutations(IDS))
def test_occurrences_with_new_names_and_the_same_answers_get_their_old_names(
    before: dict[str, Any], names: list[str]
) -> None:
    new = {old: str(uuid.UUID(int=90 + IDS.index(name))) for old, name in zip(IDS, names, strict=True)}
    after = {_renamed(path, new): value for path, value in before.items()}
    found = aligned(after, before, set(new.values()))
    assert _contents(found) == _contents(before)
    if not any("toys" in path for path in before):
        assert {path for path in found} == {path for path in before}


@given(SHEETS, SHEETS)
def test_alignment_loses_no_answer(before: dict[str, Any], after: dict[str, Any]) -> None:
    new = {old: str(uuid.UUID(int=90 + place)) for place, old in enumerate(IDS)}
    after = {_renamed(path, new): value for path, value in after.items()}
    found = aligned(after, before, set(new.values()))
    assert _contents(found) == _contents(after)
    assert len(found) == len(after)


def _renamed(path: str, new: Mapping[str, str]) -> str:
    for old, name in new.items():
        path = path.replace(f"[{old}]", f"[{name}]")
    return path


def _contents(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    stripped = ((path, repr(value)) for path, value in fields.items())
    return sorted((_renamed(path, {one: "" for one in _ids(path)}), value) for path, value in stripped)


def _ids(path: str) -> list[str]:
    return [part.split("]")[0] for part in path.split("[")[1:]]


def test_the_same_record_is_the_same_however_its_xml_is_spelled() -> None:
    one = read_sheet(
        b'<data id="visit" version="1"><a x="1" y="2"/><meta><instanceID>uuid:A</instanceID></meta></data>'
    )
    two = read_sheet(
        b"<?xml version='1.0' encoding='UTF-8'?><!-- c --><data version='1' id='visit'><a y='2' x='1'></a>"
        b"<meta><instanceID>uuid:A</instanceID></meta></data>"
    )
    other = read_sheet(b'<data id="visit" version="1"><a x="1" y="3"/></data>')
    assert isinstance(one, Sheet) and isinstance(two, Sheet) and isinstance(other, Sheet)
    assert one.digest == two.digest != other.digest
    assert other.instance == f"sha256:{other.digest.hex()}"


def test_a_record_that_has_no_canonical_form_is_known_by_its_bytes() -> None:
    xml = b'<data xmlns:p="relative" id="visit"><p:name>Amina</p:name></data>'
    first, again, other = read_sheet(xml), read_sheet(xml), read_sheet(xml.replace(b"Amina", b"Aicha"))
    assert isinstance(first, Sheet) and isinstance(again, Sheet) and isinstance(other, Sheet)
    assert first.digest == again.digest != other.digest


def test_names_of_records_and_occurrences_depend_on_nothing_but_the_submission() -> None:
    assert instance_name(f"uuid:{IDS[0].upper()}") == IDS[0] == record_of("amal", "visit", IDS[0])
    assert len(instance_name("x" * 10_000)) < 100
    assert record_of("amal", "visit", "7") == record_of("amal", "visit", "7")
    assert len({record_of(*each) for each in (("a", "f", "7"), ("b", "f", "7"), ("a", "g", "7"), ("a", "f", "8"))}) == 4
    names = [occurrence_names(IDS[0], b"digest") for _ in range(2)]
    assert [names[0](), names[0]()] == [names[1](), names[1]()]


def test_what_is_no_submission_is_named() -> None:
    assert read_sheet(b"<data") == Problem("not_xml")
    assert read_sheet(b"<!DOCTYPE d><data id='a'/>") == Problem("xml_forbidden")
    assert read_sheet(b"<data/>") == Problem("not_a_submission")
