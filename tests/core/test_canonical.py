"""The canonical form is RFC 8785's, and sameness sees through order, spaces and empty optional members, no further."""

import json
import struct
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.canonical import canonical, sameness

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("bits", "text"),
    [  # RFC 8785, appendix B
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("44b52d02c7e14af7", "1.0000000000000001e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)
def test_numbers_are_written_as_ecmascript_does(bits: str, text: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical(number) == text.encode()


def test_names_are_sorted_by_utf16_and_only_what_must_be_is_escaped() -> None:
    names = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\u00f6": 7}
    assert canonical(names) == '{"\\r":2,"1":4,"\x80":6,"ö":7,"€":1,"😀":5,"\ufb33":3}'.encode()
    assert canonical("\x0f\n'A\"\\/\u2028") == b'"\\u000f\\n\'A\\"\\\\/\xe2\x80\xa8"'


@given(JSON)
def test_the_canonical_form_says_the_same_and_is_its_own(value: object) -> None:
    text = canonical(value)
    assert canonical(json.loads(text)) == text
    assert canonical(msgspec.json.decode(text)) == text


@pytest.mark.parametrize("value", ["\ud800", float("nan"), float("inf"), {"\udc00": 1}, 10**400, object()])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        canonical(value)


@given(st.dictionaries(st.sampled_from(["id", "seen", "writes", "act", "n\U0001f600", "n\ufb33"]), JSON), st.randoms())
def test_order_spaces_and_escapes_make_no_difference(operation: dict[str, object], luck: Random) -> None:
    members = list(operation.items())
    luck.shuffle(members)
    said, again = json.dumps(operation), json.dumps(dict(members), ensure_ascii=False, indent=1)
    assert sameness(said.encode()) == sameness(again.encode())


def test_empty_optional_members_are_as_absent_but_values_are_not() -> None:
    bare = sameness(b'{"id":["a",1],"writes":{"x":{"set":[]}}}')
    assert sameness(b'{"id":["a",1],"seen":[],"writes":{"x":{"set":[]}},"bases":{},"act":{},"delete":[]}') == bare
    assert sameness(b'{"id":["a",1],"seen":null,"writes":{"x":{"set":[]}}}') != bare
    assert sameness(b'{"id":["a",1],"writes":{"x":{}}}') != bare
    assert sameness(b'{"id":["a",1],"writes":{"x":{"set":[]}},"other":[]}') != bare


@given(st.binary() | st.sampled_from([b'{"x":"\\ud800"}', b'{"x":1e999}', b"[" * 9000, b'{"a":1,"a":1}', b"NaN"]))
def test_whatever_was_kept_has_a_digest(raw: bytes) -> None:
    assert len(sameness(raw)) == 32
    assert sameness(raw) == sameness(bytes(raw))
