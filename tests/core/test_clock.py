"""A phone's clock may be wrong by years; stamps still go forwards, and nobody follows a clock that is a day ahead."""

from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.clock import AHEAD_MAX_MS, TIES_MAX, is_ahead, receive, tick
from fieldsync.core.operations import Stamp

TIMES = st.integers(0, 2**48)
STAMPS = st.tuples(TIMES, st.integers(0, TIES_MAX))


@given(STAMPS, TIMES)
def test_each_stamp_is_greater_than_the_last(last: Stamp, now: int) -> None:
    stamp = tick(last, now)
    assert stamp > last
    assert stamp[0] >= now
    assert stamp[1] <= TIES_MAX


@given(STAMPS, STAMPS, TIMES)
def test_what_was_heard_lies_in_the_past_unless_it_is_a_day_ahead(last: Stamp, other: Stamp, now: int) -> None:
    after = tick(receive(last, other, now), now)
    assert after > last
    assert after > other or other[0] > now + AHEAD_MAX_MS


def test_a_clock_of_next_year_moves_nobody() -> None:
    next_year = (1_800_000_000_000, 0)
    assert is_ahead(next_year, 1_768_000_000_000)
    assert receive((5, 1), next_year, 1_768_000_000_000) == (5, 1)


def test_a_clock_set_back_goes_on_counting_and_then_takes_the_next_millisecond() -> None:
    assert tick((100, 4), 7) == (100, 5)
    assert tick((100, TIES_MAX), 7) == (101, 0)
