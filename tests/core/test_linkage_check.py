"""A trained model is held against what people decided, and refused where it is worse by more than chance."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.linkage import Scorer
from fieldsync.core.linkage_check import Agreement, Judged, agreement
from fieldsync.core.linkage_features import PERSON
from fieldsync.core.linkage_model import LevelWeight, Model
from fieldsync.services.linkage_lists import shipped_model

SHIPPED = shipped_model(PERSON)
ONE: Judged = ([("given_name", "same"), ("family_name", "same"), ("phone", "same")], True)
SISTERS: Judged = ([("given_name", "different"), ("family_name", "same"), ("phone", "same"), ("birth", "far")], False)


def turned() -> Model:
    """A model to which agreement speaks against."""
    comparisons = tuple(
        msgspec.structs.replace(each, levels=tuple(LevelWeight(one.level, one.u, one.m) for one in each.levels))
        for each in SHIPPED.comparisons
    )
    return msgspec.structs.replace(SHIPPED, comparisons=comparisons)


def test_a_model_that_says_what_people_said_is_taken() -> None:
    found = agreement(Scorer(SHIPPED), Scorer(SHIPPED), [ONE, SISTERS] * 10)
    assert found == (20, 20, 0, 0) and not found.contradicts


def test_a_model_that_contradicts_people_is_refused_unless_they_said_too_little() -> None:
    worse = Scorer(turned())
    assert agreement(worse, Scorer(SHIPPED), [ONE] * 5).contradicts
    assert not agreement(worse, Scorer(SHIPPED), [ONE] * 4).contradicts, "that might be chance"
    assert not agreement(Scorer(SHIPPED), worse, [ONE] * 5).contradicts, "the one in force was the worse one"
    assert not agreement(worse, Scorer(SHIPPED), []).contradicts


def test_levels_of_older_rules_weigh_nothing() -> None:
    known = [("given_name", "same"), ("phone", "same")]
    scorer = Scorer(SHIPPED)
    assert scorer.weight_of([*known, ("birth", "of another age")]) == scorer.weight_of(known)


def test_many_decisions_are_no_trouble() -> None:
    assert Agreement(9000, 4000, 3000, 4000).contradicts and not Agreement(9000, 4000, 4000, 3000).contradicts


@given(st.integers(0, 40), st.integers(0, 40))
def test_only_who_loses_more_than_she_gains_contradicts(gained: int, lost: int) -> None:
    found = Agreement(100, 50, gained, lost)
    assert not found.contradicts or lost > gained
    assert not found.contradicts or Agreement(100, 50, gained, lost + 1).contradicts
