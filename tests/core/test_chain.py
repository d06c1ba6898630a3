"""The audit log's chain: whatever is done to it without the key shows."""

import hmac
from dataclasses import dataclass

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.chain import Fault, Head, Row, faults, mac_of

KEY = b"k" * 32


def chain(count: int) -> list[Row]:
    """A chain of some rows."""
    rows: list[Row] = []
    before = b""
    for number in range(1, count + 1):
        row = Row(1, number, 1000 + number, "person:1", "sign_in", "", "ok", "")
        before = mac_of(KEY, before, row)
        rows.append(msgspec.structs.replace(row, mac=before))
    return rows


@given(st.binary(max_size=200), st.binary(max_size=32), st.text())
def test_a_mac_is_hmac_sha_256_as_the_standard_library_makes_it(key: bytes, before: bytes, detail: str) -> None:
    row = Row(1, 7, 1000, "person:1", "sign_in", "", "ok", detail)
    said = msgspec.json.encode([1, 7, 1000, "person:1", "sign_in", "", "ok", detail])
    message = bytes([len(before)]) + before + said
    assert mac_of(key, before, row) == mac_of(key, before, row) == hmac.digest(key, message, "sha256")


def heads(rows: list[Row]) -> list[Head]:
    """An anchor at the end."""
    return [Head(1, rows[-1].number, rows[-1].mac.hex())]


def test_a_whole_chain_has_no_faults() -> None:
    rows = chain(20)
    assert list(faults(KEY, rows, heads(rows))) == []
    assert list(faults(KEY, [], [])) == []


@dataclass
class Tampered:
    rows: list[Row]
    number: int


@st.composite
def tampered(draw: st.DrawFn) -> Tampered:
    """A chain in which somebody without the key did one thing."""
    rows = chain(draw(st.integers(2, 12)))
    place = draw(st.integers(0, len(rows) - 1))
    how = draw(st.sampled_from(["change", "remove", "swap", "cut", "add"]))
    if how == "change":
        name = draw(st.sampled_from(["at_ms", "actor", "action", "about", "outcome", "detail", "mac"]))
        other = {"at_ms": 1, "mac": b"\0" * 32}.get(name, "else")
        rows[place] = msgspec.structs.replace(rows[place], **{name: other})
    elif how == "remove":
        rows.pop(place)
    elif how == "swap":
        other_place = (place + 1) % len(rows)
        rows[place], rows[other_place] = rows[other_place], rows[place]
    elif how == "cut":
        rows = rows[:place]
    else:
        rows.append(Row(1, len(rows) + 1, 5, "person:9", "sign_in", "", "ok", "", b"\1" * 32))
    return Tampered(rows, place + 1)


@given(tampered())
def test_changed_removed_reordered_cut_off_or_forged_shows(found: Tampered) -> None:
    whole = chain(12)
    length = max([found.number, *(row.number for row in found.rows)])
    anchors = [Head(1, row.number, row.mac.hex()) for row in whole[:length]]
    assert list(faults(KEY, found.rows, anchors))


def test_a_fault_says_where_and_what() -> None:
    rows = chain(5)
    changed = [*rows[:2], msgspec.structs.replace(rows[2], actor="person:2"), *rows[3:]]
    assert list(faults(KEY, changed)) == [Fault(1, 3, "changed")]
    assert list(faults(KEY, [*rows[:2], *rows[3:]])) == [Fault(1, 3, "missing")]
    assert list(faults(KEY, rows[:3], heads(rows))) == [Fault(1, 5, "shortened")]


def test_a_chain_forged_anew_with_another_key_is_changed_from_its_first_row() -> None:
    assert next(faults(b"other" * 8, chain(3))) == Fault(1, 1, "changed")


def test_a_row_of_another_history_under_the_same_key_does_not_fit() -> None:
    """A database that was put back went on once more: its rows carry good MACs, after other rows."""
    before = mac_of(KEY, b"", Row(1, 1, 7, "person:2", "sign_in", "", "ok", ""))
    row = Row(1, 2, 1002, "person:3", "sign_out", "", "ok", "")
    grafted = msgspec.structs.replace(row, mac=mac_of(KEY, before, row))
    rows = chain(3)
    assert list(faults(KEY, [rows[0], grafted])) == [Fault(1, 2, "changed")]
    assert list(faults(KEY, [rows[0], grafted, rows[2]])) == [Fault(1, 2, "changed"), Fault(1, 3, "changed")]


def test_what_is_cut_off_at_the_end_shows_only_against_an_anchor() -> None:
    assert list(faults(KEY, chain(5)[:3])) == []
