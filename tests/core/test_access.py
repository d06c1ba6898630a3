"""The table that decides: (permission, scope) → yes or no; and sealed numbers."""

from functools import cache
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core import access
from fieldsync.core.access import DEVICE_KINDS, Grant, Scope, may, permissions_of, personal, restricted
from fieldsync.core.opaque import open_number, seal_number
from fieldsync.core.roles import Held, Role, RoleBook, excluded, needs_second_person, read_book

HERE, THERE = 1, 2
ASNI, ANOUGAL = "07.041.07.03", "07.041.05.05"
RESTRICTED_FAMILIES = ("F1", "F2", "F3", "F3_feedback")


@cache
def book() -> RoleBook:
    """The programme's role book."""
    file = Path(__file__).parents[2] / "forms" / "programme.yaml"
    found = read_book(yaml.safe_load(file.read_text("utf-8")), access.PERMISSIONS)
    assert isinstance(found, RoleBook), found
    return found


def role(code: str) -> Role:
    found = book().role(code)
    assert found is not None
    return found


def test_the_roles_of_the_programme_are_there() -> None:
    assert {each.code for each in book().roles} >= {
        "listening_worker", "listening_supervisor", "feedback_collector", "companion", "association_reviewer",
        "designer", "coordinator", "grants_officer", "scorer", "programme_me", "funder_viewer",
        "data_protection", "instance_admin",
    }  # fmt: skip


def test_designers_edit_forms_and_see_no_records() -> None:
    assert role("designer").permissions == {access.READ_FORMS, access.PUBLISH_FORMS}


def test_nobody_but_designers_publishes_and_no_device_acts() -> None:
    assert [each.code for each in book().roles if access.PUBLISH_FORMS in each.permissions] == ["designer"]
    assert not any(access.ACT_ON_RECORDS in permissions for permissions in DEVICE_KINDS.values())
    assert access.permissions_of_device("fridge") == frozenset()


@pytest.mark.parametrize("family", RESTRICTED_FAMILIES)
def test_only_those_whom_the_programme_names_reach_what_survivors_said(family: str) -> None:
    reaching = {each.code for each in book().roles if each.opens(family)}
    wanted = {"feedback_collector"} if family == "F3_feedback" else {"listening_worker", "listening_supervisor"}
    assert reaching == wanted
    assert {each.code for each in book().roles if each.restricted} == {"listening_worker", "listening_supervisor"}


def test_who_looks_after_the_server_reads_nothing_about_people_and_can_hand_nothing_out_alone() -> None:
    admin = role("instance_admin")
    assert not admin.permissions & access.DATA_PERMISSIONS
    assert (admin.depth, admin.restricted, admin.second_factor) == (0, False, True)
    for code in admin.gives:
        given = role(code)
        assert needs_second_person([admin], given) == (given.depth > 0 or access.CONFIRM_GRANTS in given.permissions)


def test_nobody_alone_makes_a_second_person_or_hands_out_a_deeper_look() -> None:
    coordinator = role("coordinator")
    assert needs_second_person([coordinator], role("listening_worker"))
    assert needs_second_person([coordinator], coordinator)
    assert not needs_second_person([coordinator], role("association_reviewer"))


@pytest.mark.parametrize(
    ("scope", "may_read"),
    [
        (Scope(HERE, "F4", ASNI), True),
        (Scope(HERE, "F4", f"{ASNI}.1"), True),
        (Scope(HERE, "F4", ANOUGAL), False),
        (Scope(HERE, "F2", ASNI), False),
        (Scope(THERE, "F4", ASNI), False),
    ],
)
def test_a_companion_reads_her_families_in_her_places(scope: Scope, may_read: bool) -> None:
    held = [Grant(role("companion"), HERE, (ASNI,))]
    assert may(held, access.READ_RECORDS, scope) is may_read
    assert not may(held, access.ACT_ON_RECORDS, scope)


def test_a_listening_worker_reads_what_she_said_herself() -> None:
    held = [Grant(role("listening_worker"), HERE)]
    own, other = Scope(HERE, "F2", own=True), Scope(HERE, "F2")
    assert (may(held, access.READ_RECORDS, own), may(held, access.READ_RECORDS, other)) == (True, False)
    assert (restricted(held, own), restricted(held, other)) == (True, False)


def test_a_supervisor_reads_her_team() -> None:
    held = [Grant(role("listening_supervisor"), HERE, team="centre-1")]
    assert may(held, access.READ_RECORDS, Scope(HERE, "F2", team="centre-1"))
    assert not may(held, access.READ_RECORDS, Scope(HERE, "F2", team="centre-2"))


def test_personal_answers_show_as_the_clearest_role_that_reaches_them_says() -> None:
    coordinator, reviewer = Grant(role("coordinator"), HERE), Grant(role("association_reviewer"), HERE, (ASNI,))
    assert personal([coordinator], Scope(HERE, "F4", ANOUGAL)) == "masked"
    assert personal([coordinator, reviewer], Scope(HERE, "F4", ANOUGAL)) == "masked"
    assert personal([coordinator, reviewer], Scope(HERE, "F4", ASNI)) == "clear"
    assert personal([Grant(role("programme_me"), None)], Scope(THERE, "F4")) == "hidden"


CODES = st.sampled_from([each.code for each in book().roles])
GRANTS = st.builds(
    lambda code, owner, places, team: Grant(role(code), owner, places, team),
    CODES,
    st.sampled_from([None, HERE, THERE]),
    st.sampled_from([(), (ASNI,), ("07.041",)]),
    st.sampled_from(["", "centre-1"]),
)
SCOPES = st.builds(
    Scope, st.sampled_from([HERE, THERE]), st.sampled_from(["F1", "F2", "F3", "F4", "F8", "other"]),
    st.sampled_from(["", ASNI, ANOUGAL]), st.sampled_from(["", "centre-1"]), st.booleans(),
)  # fmt: skip


@given(st.lists(GRANTS, max_size=4), GRANTS, SCOPES, st.sampled_from(sorted(access.PERMISSIONS)))
def test_a_further_grant_takes_nothing_away_and_gives_only_what_it_holds(
    held: list[Grant], further: Grant, scope: Scope, permission: str
) -> None:
    assert may([*held, further], permission, scope) == (
        may(held, permission, scope) or may([further], permission, scope)
    )
    if may([further], permission, scope):
        assert permission in permissions_of([further], scope.association_id)


@given(st.lists(GRANTS, max_size=4), SCOPES)
def test_nothing_shows_of_what_may_not_be_read(held: list[Grant], scope: Scope) -> None:
    if not may(held, access.READ_RECORDS, scope):
        assert (personal(held, scope), restricted(held, scope)) == ("hidden", False)


def test_roles_that_exclude_each_other_do_so_in_one_association() -> None:
    coordinator = Held("coordinator", HERE)
    found = excluded(book(), HERE, [coordinator], Held("listening_worker", HERE))
    assert found is not None
    assert found.waiver
    assert excluded(book(), HERE, [coordinator], Held("listening_worker", THERE)) is None


def test_nobody_scores_where_she_belongs_or_works() -> None:
    assert excluded(book(), HERE, [], Held("scorer", HERE)) is not None
    assert excluded(book(), THERE, [Held("viewer", HERE)], Held("scorer", HERE)) is not None
    assert excluded(book(), THERE, [Held("scorer", HERE)], Held("coordinator", HERE)) is not None
    assert excluded(book(), THERE, [], Held("scorer", HERE)) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"roles": [{"code": "a", "ar": "", "fr": "", "en": "", "reach": "village"}]},
        {"roles": [{"code": "a", "ar": "", "fr": "", "en": "", "reach": "server", "permissions": ["fly"]}]},
        {"roles": [{"code": "a", "ar": "", "fr": "", "en": "", "reach": "server", "families": ["F99"]}]},
        {"roles": [{"code": "a", "reach": "server"}]},
        {"roles": "all"},
    ],
)
def test_a_role_book_with_mistakes_is_refused_in_words(wrong: dict[str, object]) -> None:
    assert isinstance(read_book(wrong, access.PERMISSIONS), str)


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
