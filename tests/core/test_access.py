"""Roles and what they may do; restricted answers are nobody's to read."""

from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core import access
from fieldsync.core.access import DEVICE_KINDS, PERSON_ROLES, said_without_restricted, without_restricted
from fieldsync.core.opaque import open_number, seal_number

UUID = "0190a1b2-0000-7000-8000-000000000001"


def test_designers_edit_forms_and_see_no_records() -> None:
    assert access.permissions_of_role("designer") == {access.READ_FORMS, access.PUBLISH_FORMS}


def test_nobody_but_designers_publishes_and_no_device_acts() -> None:
    assert [role for role, may in PERSON_ROLES.items() if access.PUBLISH_FORMS in may] == ["designer"]
    assert not any(access.ACT_ON_RECORDS in may for may in DEVICE_KINDS.values())


def test_an_unknown_role_may_do_nothing() -> None:
    assert access.permissions_of_role("instance_admin") == frozenset()
    assert access.permissions_of_device("fridge") == frozenset()


def test_restricted_answers_are_left_out_of_a_record_and_named() -> None:
    record = {
        "record": UUID,
        "fields": {"code": "A", "story": "x", f"calls[{UUID}]/number": "y"},
        "conflicts": {"story": [{"value": "z"}], "code": [{"value": "B"}]},
    }
    shown = without_restricted(record, frozenset({"story", "calls/number"}))
    assert shown["fields"] == {"code": "A"}
    assert shown["conflicts"] == {"code": [{"value": "B"}]}
    assert shown["withheld"] == [f"calls[{UUID}]/number", "story"]


def test_what_cannot_be_told_apart_from_a_restricted_answer_is_withheld_too() -> None:
    known, restricted = frozenset({"code", "story"}), frozenset({"story"})
    shown = said_without_restricted({"writes": {"code": "A", "story": "x", "stroy": "x"}}, known, restricted)
    assert shown == {"writes": {"code": "A"}, "withheld": ["story", "stroy"]}
    assert said_without_restricted({"raw": "x"}, known, restricted) == {"withheld": ["raw"]}
    assert said_without_restricted({"raw": "x"}, known, frozenset()) == {"raw": "x", "withheld": []}


@given(st.integers(0, 2**63 - 1), st.binary(min_size=16, max_size=32))
def test_a_sealed_number_is_read_by_its_server_for_its_purpose_only(number: int, secret: bytes) -> None:
    text = seal_number(number, "page 1", secret)
    assert open_number(text, "page 1", secret) == number
    assert open_number(text, "page 2", secret) is None
    assert open_number(text, "page 1", secret + b"x") is None


@given(st.text(max_size=40))
def test_a_made_up_text_is_no_number(text: str) -> None:
    assert open_number(text, "page 1", b"secret") is None


def test_neighbouring_numbers_do_not_look_alike() -> None:
    sealed = [seal_number(number, "page 1", b"secret") for number in range(500)]
    assert len({text[-6:] for text in sealed}) == 500
    assert len({len(text) for text in sealed}) == 1
