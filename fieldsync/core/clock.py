"""The hybrid logical clock: wall time where it can be, never backwards, and after everything it has heard of."""

from fieldsync.core.operations import Stamp

AHEAD_MAX_MS = 24 * 60 * 60 * 1000
"""A stamp further ahead than a day is a wrong clock: kept with its operation, and not followed."""
TIES_MAX = 2**16 - 1
"""The largest tie counter; after it the milliseconds go on by one."""


def tick(last: Stamp, now_ms: int) -> Stamp:
    """The stamp of a new operation: after `last`, and at `now_ms` if that is later."""
    return (now_ms, 0) if now_ms > last[0] else _after(last)


def receive(last: Stamp, other: Stamp, now_ms: int) -> Stamp:
    """The clock after hearing of `other`'s stamp, unless that is more than a day ahead of `now_ms`."""
    return last if is_ahead(other, now_ms) else max(last, other)


def is_ahead(stamp: Stamp, now_ms: int) -> bool:
    """Whether a stamp is so far ahead that it is flagged and moves no clock."""
    return stamp[0] > now_ms + AHEAD_MAX_MS


def _after(stamp: Stamp) -> Stamp:
    return (stamp[0], stamp[1] + 1) if stamp[1] < TIES_MAX else (stamp[0] + 1, 0)
