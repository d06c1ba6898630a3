"""Whatever a phone sends is read as an operation, or refused with its id where one can be found; never a crash."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.batches import Void
from fieldsync.core.operations import Operation
from fieldsync.core.parsing import Batch, Refusal, parse_operation, split_batch
from fieldsync.core.problems import Problem
from tests.core.histories import AMINA, RECORD, histories

SCALARS = [None, True, 1, 1.5, 1.0, -1, 2**53, float("nan"), float("inf"), "", "x", "a\0", "\ud800", RECORD]
LISTS = [[], [1], ["a", 1], [["a", 1]], [[[]]]]
OBJECTS = [{}, {"set": ["x"]}, {"set": [1]}, {"lat": "1", "lon": "2"}, {"review": "approved"}]
ODD: Any = st.sampled_from([*SCALARS, *LISTS, *OBJECTS])
MEMBERS = ["id", "record", "kind", "of", "version", "stamp", "seen", "writes", "bases", "delete", "act", "other"]


def right(**members: Any) -> dict[str, Any]:
    said = {"id": ["amina", 2], "record": RECORD, "kind": "submission", "of": "visit", "version": "1", "stamp": [10, 0]}
    return {**said, "seen": [["amina", 1]], "writes": {"name": "Fatima", AMINA: "a", f"{AMINA}/at": "10:30"}, **members}


def careful(said: dict[str, Any]) -> Operation | Refusal:
    """The same operation with a further member, which only the careful reader takes."""
    return parse_operation(json.dumps({**said, "more": 1}).encode())


@given(st.dictionaries(st.sampled_from(MEMBERS), ODD, max_size=3))
def test_the_quick_reader_accepts_nothing_that_the_careful_one_refuses_and_reads_the_same(odd: dict[str, Any]) -> None:
    said = right(**odd)
    for text in (json.dumps(said), json.dumps(said, indent=2, separators=(" ,", " : "))):
        assert parse_operation(text.encode()) == careful(said)


@given(st.dictionaries(st.sampled_from(["a", "a/b", "a//", "", AMINA, f"{AMINA}/x", "a/@id", "x\ud800"]), ODD))
def test_paths_and_values_are_judged_the_same_by_both(writes: dict[str, Any]) -> None:
    assert parse_operation(json.dumps(right(writes=writes)).encode()) == careful(right(writes=writes))


@given(histories())
def test_what_the_program_writes_it_reads_back(said: list[Operation]) -> None:
    for operation in said:
        if operation.act is None or "verdict" not in operation.act:
            assert parse_operation(msgspec.json.encode(operation)) == operation


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\ au0dn1e.9-', max_size=60).map(str.encode))
def test_no_bytes_crash_a_reader(raw: bytes) -> None:
    assert isinstance(parse_operation(raw), Operation | Refusal)
    assert isinstance(split_batch(raw), Batch | Problem)
    body = b'{"protocol":1,"now":1,"operations":[%s]}' % raw
    assert isinstance(split_batch(body), Batch | Problem)


@pytest.mark.parametrize(
    "inside", [b"[" * 30_000 + b"]" * 30_000, b'"' + b"y" * 70_000 + b'"', b"NaN", b"1e999", b'"\xff"']
)
def test_the_id_is_found_whatever_stands_beside_it(inside: bytes) -> None:
    for raw in (b'{"id":["amina",7],"x":%s}', b'{"x":%s , "id" : ["amina", 7]}'):
        read = parse_operation(raw % inside)
        assert isinstance(read, Refusal)
        assert read.id == ("amina", 7)


def batch(*operations: bytes, **members: Any) -> bytes:
    head = json.dumps({"protocol": 1, "now": 5, "epoch": None, "cursor": None, **members})[:-1]
    return head.encode() + b', "operations": [' + b" , ".join(operations) + b"]}"


def test_one_odd_operation_leaves_its_neighbours_as_they_came() -> None:
    good = json.dumps(right()).encode()
    odd = [
        b'{"id":["z",1],"x":"\\ud800"}',
        b'{"id":["z",2],"x":%s}' % (b"[" * 9000 + b"]" * 9000),
        b'"text"',
        b'{"x":NaN}',
    ]
    read = split_batch(batch(good, *odd, good, limit=50))
    assert isinstance(read, Batch)
    assert read.operations == (good, *odd, good)
    assert read.limit == 50
    assert split_batch(batch(good, good)).operations == (good, good)  # type: ignore[union-attr]


def test_what_is_left_out_has_its_default() -> None:
    read = split_batch(b'{"protocol":1,"now":5,"operations":[]}')
    assert read == Batch(5, ())
    assert isinstance(read, Batch)
    assert (read.limit, read.pull, read.cursor, read.epoch, read.void) == (200, "records", None, None, ())


def test_what_a_phone_reports_and_gives_up_is_read() -> None:
    report = {"unsent": 3, "oldest_ms": 9, "app": "1.2", "storage_free": 5, "later": 1}
    read = split_batch(
        batch(void=[[4, "file lost"], [5, "too_large", "amina"]], report=report, pull="none", later=[1.5])
    )
    assert isinstance(read, Batch)
    assert read.void == (Void(4, "file lost"), Void(5, "too_large", "amina"))
    assert read.report is not None
    assert read.report.unsent == 3


@pytest.mark.parametrize(
    ("body", "code", "where"),
    [
        (b"", "not_json", None),
        (b"\xff", "not_json", None),
        (b'{"protocol":1,"now":1,"operations":[],}', "not_json", None),
        (b'{"protocol":1,"now":1,"operations":[1,,2]}', "wrong_shape", "operations"),
        (b'{"protocol":1,"now":1,"operations":[]', "not_json", None),
        (b'{"protocol":1,"now":1,"operations":[]} x', "not_json", None),
        (b"{}", "wrong_shape", "operations"),
        (b'{"protocol":1,"now":1,"operations":{}}', "wrong_shape", "operations"),
        (b'{"now":1,"operations":[]}', "wrong_shape", "protocol"),
        (b'{"protocol":"1","now":1,"operations":[]}', "wrong_shape", "protocol"),
        (b'{"protocol":true,"now":1,"operations":[]}', "wrong_shape", "protocol"),
        (b'{"protocol":2,"later":1}', "protocol_not_spoken", None),
        (b'{"protocol":1,"operations":[]}', "wrong_shape", "now"),
        (b'{"protocol":1,"now":true,"operations":[]}', "wrong_shape", "now"),
        (batch(limit=0), "wrong_shape", "limit"),
        (batch(limit=1001), "wrong_shape", "limit"),
        (batch(pull="all"), "wrong_shape", "pull"),
        (batch(cursor=5), "wrong_shape", "cursor"),
        (batch(epoch="\ud800"), "wrong_shape", "epoch"),
        (batch(void=[[0, "x"]]), "wrong_shape", "void"),
        (batch(report=5), "wrong_shape", "report"),
        (batch(*[b"1"] * 1001), "too_large", None),
    ],
)
def test_a_request_of_another_shape_is_refused_whole(body: bytes, code: str, where: str | None) -> None:
    read = split_batch(body)
    assert isinstance(read, Problem)
    assert (read.code, read.detail.get("where")) == (code, where)
