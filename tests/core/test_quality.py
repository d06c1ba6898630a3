"""The quality rules, one by one: what a companion did, and what the rule says of it."""

import math
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core import geometry
from fieldsync.core.forms import Form, Question
from fieldsync.core.messages import MESSAGES
from fieldsync.core.observing import Facts, observed, observer_of, point_of
from fieldsync.core.quality import (
    RULES,
    Flagged,
    Middle,
    Norm,
    Usual,
    are_alike,
    judged,
    limits_of,
    norm_of,
)
from fieldsync.core.sampling import Sample
from fieldsync.core.validation import PROGRAMME_ZONE

LIMITS = limits_of({})
ASNI = "07.041.07.03"
HERE = (31.25, -7.98)
MINUTE_MS = 60_000

SECONDS = Norm(200, math.log(600), 0.3)
"""Ten minutes, give or take a third."""


NOTHING_USUAL = Usual()


def codes(facts: Facts, usual: Usual = NOTHING_USUAL) -> list[str]:
    return [found.code for found in judged(facts, usual, LIMITS)]


def local_ms(*at: int) -> int:
    return int(datetime(*at, tzinfo=PROGRAMME_ZONE).timestamp() * 1000)  # type: ignore[arg-type, misc]


def test_a_form_of_ten_minutes_that_took_twenty_seconds() -> None:
    [found] = judged(Facts(seconds=20, tells_times=True), Usual(SECONDS), LIMITS)
    assert found == Flagged("filled_too_fast", {"seconds": "20", "usual": "600"}, "20")
    assert codes(Facts(seconds=400), Usual(SECONDS)) == []


def test_nobody_is_too_fast_while_little_is_known() -> None:
    assert codes(Facts(seconds=1), Usual(SECONDS._replace(values=19))) == []
    assert codes(Facts(seconds=1), Usual()) == []


def test_the_numbers_of_personal_times_are_not_told() -> None:
    [found] = judged(Facts(seconds=20, tells_times=False), Usual(SECONDS), LIMITS)
    assert found.numbers == {}


@pytest.mark.parametrize(("hour", "flagged"), [(21, False), (22, True), (23, True), (3, True), (5, False), (12, False)])
def test_a_companion_who_fills_in_at_night(hour: int, flagged: bool) -> None:
    assert codes(Facts(begun_ms=local_ms(2026, 11, 28, hour, 30))) == ["filled_at_night"] * flagged


def test_the_night_follows_moroccan_time_through_ramadan() -> None:
    """In Ramadan the clocks of Morocco stand an hour back: 21:30 UTC is 21:30 there, else 22:30."""
    in_ramadan = int(datetime.fromisoformat("2026-03-01T21:30:00+00:00").timestamp() * 1000)
    in_autumn = int(datetime.fromisoformat("2026-11-28T21:30:00+00:00").timestamp() * 1000)
    assert codes(Facts(begun_ms=in_ramadan)) == []
    assert codes(Facts(begun_ms=in_autumn)) == ["filled_at_night"]


def test_a_phone_whose_clock_is_wrong_is_told_so_and_not_that_it_worked_at_night() -> None:
    facts = Facts(begun_ms=local_ms(2026, 11, 28, 2), clock_ms=-9 * 60 * MINUTE_MS)
    assert codes(facts) == ["clock_far_off"]
    assert codes(Facts(clock_ms=59 * MINUTE_MS)) == []


def test_a_point_far_from_where_forms_of_the_place_are_filled() -> None:
    usual = Usual(places={ASNI: Middle(40, *HERE)})
    near, far = (Facts(place=ASNI, latitude=HERE[0] + shift, longitude=HERE[1]) for shift in (0.05, 0.5))
    assert codes(near, usual) == []
    assert codes(far, usual) == ["far_from_place"]
    assert codes(far, Usual(places={ASNI: Middle(4, *HERE)})) == []


def test_an_outline_says_better_where_a_commune_ends() -> None:
    west, south, east, north = -8.1, 31.2, -7.9, 31.3
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    usual = Usual(places={ASNI: Middle(40, *HERE)}, outlines={ASNI: [ring]})
    inside, beside, far = (Facts(place=ASNI, latitude=31.25, longitude=at) for at in (-7.95, -7.89, -7.8))
    assert (codes(inside, usual), codes(beside, usual), codes(far, usual)) == ([], [], ["far_from_place"])


def test_the_middle_of_a_province_says_nothing() -> None:
    usual = Usual(places={"07.041": Middle(40, *HERE)})
    assert codes(Facts(place="07.041", latitude=32.0, longitude=-7.0), usual) == []


def test_the_same_answers_again_and_again() -> None:
    answers = tuple(range(10))
    assert codes(Facts(answers=answers, alike=3)) == ["same_answers"]
    assert codes(Facts(answers=answers, alike=2)) == []
    assert codes(Facts(answers=answers[:7], alike=9)) == []


def test_a_number_with_three_zeros_too_many() -> None:
    usual = Usual(numbers={"sales": Norm(50, 400, 100), "women": Norm(50, 12, 0)})
    [found] = judged(Facts(numbers={"sales": 400_000, "women": 13}), usual, LIMITS)
    assert found == Flagged("far_from_usual", {"value": "400000", "usual": "400"}, "400000", "sales")


def test_a_whole_week_filled_in_at_one_table() -> None:
    assert codes(Facts(latitude=31.0, longitude=-8.0, near=10)) == ["many_at_one_point"]
    assert codes(Facts(latitude=31.0, longitude=-8.0, near=9)) == []
    assert codes(Facts(near=99)) == []


def test_an_association_chooses_its_thresholds_within_bounds_and_may_switch_a_rule_off() -> None:
    held = limits_of({"filled_at_night": {"from_hour": 20}, "clock_far_off": {"off": 1}, "same_answers": {"count": 0}})
    assert held["filled_at_night"] == {"from_hour": 20, "to_hour": 5, "clock_minutes": 60}
    assert "clock_far_off" not in held
    assert held["same_answers"]["count"] == 1
    assert judged(Facts(clock_ms=99 * 60 * MINUTE_MS), Usual(), held) == []


def test_every_rule_has_words_in_every_language_and_defaults_within_its_bounds() -> None:
    for code, (_, thresholds) in RULES.items():
        assert {code, f"{code}_numbers"} <= MESSAGES.keys()
        assert all(each.least <= each.default <= each.most for each in thresholds)


POINTS = st.tuples(st.floats(-85, 85), st.floats(-180, 180))


@given(
    st.builds(
        Facts,
        place=st.sampled_from(["", ASNI, "douar-0001"]),
        begun_ms=st.none() | st.integers(0, 2**41),
        seconds=st.none() | st.integers(0, 10**6),
        clock_ms=st.integers(-(10**9), 10**9),
        latitude=st.floats(-90, 90),
        longitude=st.floats(-180, 180),
        numbers=st.dictionaries(st.sampled_from(["a", "b"]), st.floats(-1e9, 1e9)),
        answers=st.lists(st.integers(0, 2**32 - 1), max_size=20).map(tuple),
        alike=st.integers(0, 50),
        near=st.integers(0, 50),
    )
)
def test_rules_are_repeatable_and_tell_nothing_without_permission(facts: Facts) -> None:
    usual = Usual(SECONDS, {"a": Norm(99, 5, 1)}, {ASNI: Middle(9, *HERE)})
    found = judged(facts, usual, LIMITS)
    assert found == judged(facts, usual, LIMITS)
    assert len({(each.code, each.other) for each in found}) == len(found)
    told = {value for each in found for value in each.numbers.values()}
    assert not {f"{facts.latitude:.4f}", f"{facts.longitude:.4f}"} & told


@given(st.sets(st.integers(0, 60), min_size=1), st.sets(st.integers(0, 60), min_size=1), st.integers(50, 100))
def test_likeness_is_mutual_and_whole_for_the_same(one: set[int], other: set[int], percent: int) -> None:
    assert are_alike(frozenset(one), frozenset(other), percent) == are_alike(frozenset(other), frozenset(one), percent)
    assert are_alike(frozenset(one), frozenset(one), 100)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_a_norm_is_the_median_and_half_lie_within_its_spread(values: list[float]) -> None:
    norm = norm_of(values)
    within = [value for value in values if abs(value - norm.middle) <= norm.spread + 1e-6]
    assert len(within) * 2 >= len(values)
    assert norm == norm_of(list(reversed(values)))


@given(st.lists(st.integers(0, 10**6), unique=True, min_size=1, max_size=200), st.randoms())
def test_a_sample_does_not_depend_on_the_order(keys: list[int], dice: object) -> None:
    shuffled = list(keys)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = Sample(20), Sample(20)
    for key in keys:
        one.add(key, float(key))
    for key in shuffled:
        other.add(key, float(key))
    assert sorted(one.values) == sorted(other.values)
    assert (one.seen, len(one.values)) == (len(keys), min(20, len(keys)))


@given(POINTS, st.floats(0, 0.0001), st.floats(0, 0.0001))
def test_points_a_few_metres_apart_lie_in_the_same_spot_or_one_beside_it(
    point: tuple[float, float], north: float, east: float
) -> None:
    latitude, longitude = point
    here = geometry.spot(latitude, longitude)
    if round(latitude) == round(latitude + north):
        around = geometry.spots_around(here)
        assert any(first <= geometry.spot(latitude + north, longitude + east) <= last for first, last in around)


@given(POINTS, st.integers(1, geometry.CELL_BITS))
def test_a_cell_after_n_halvings_is_a_prefix_of_the_smallest(point: tuple[float, float], level: int) -> None:
    """So a box is one range of numbers, and points that lie together have numbers that do."""
    halvings = 1 << level
    east, north = (point[1] + 180) / 360 * halvings, (point[0] + 90) / 180 * halvings
    parent = geometry.cell(*point) >> 2 * (geometry.CELL_BITS - level)
    assert geometry.corner(parent, level) == (min(int(east), halvings - 1), min(int(north), halvings - 1))


def form(*questions: Question) -> Form:
    return Form("f", "1", "F", "data", ("en",), "en", questions)


def test_a_form_with_restricted_questions_is_not_looked_at() -> None:
    plain = Question("start", "dateTime", sensitivity="P1")
    assert observer_of(form(plain)) is not None
    assert observer_of(form(plain, Question("gbv", "text", sensitivity="P3"))) is None


def test_what_is_seen_in_a_submission() -> None:
    observer = observer_of(
        form(
            Question("start", "dateTime", sensitivity="P1"),
            Question("end", "dateTime", sensitivity="P1"),
            Question("where", "geopoint", sensitivity="P2"),
            Question("women", "integer", sensitivity="P1"),
            Question("age", "integer", sensitivity="P2"),
            Question("total", "integer", sensitivity="P1", calculate="1"),
        )
    )
    assert observer is not None
    fields = {
        "start": "2026-11-28T09:30:00.000+01:00",
        "end": "2026-11-28T09:40:30.000+01:00",
        "where": {"lat": "31.25", "lon": "-7.98"},
        "women": 12,
        "age": 34,
    }
    facts = observed(observer, fields, ASNI, 0)
    assert (facts.seconds, facts.latitude, facts.numbers) == (630, 31.25, {"women": 12.0})
    assert len(facts.answers) == 2
    assert facts.tells_times


@pytest.mark.parametrize("value", [None, "31 -8", {"lat": "0", "lon": "0"}, {"lat": "x", "lon": "1"}, {"lat": "99"}])
def test_what_is_no_point(value: object) -> None:
    assert point_of(value) is None
