"""The device's hybrid logical clock (docs/protocol.md, section 1). Pure."""

from fieldsync.core.operations import Stamp

AHEAD_MAX_MS = 24 * 60 * 60_000
"""A stamp further ahead than this does not move the receiver's clock."""

MS_MAX = (1 << 48) - 1
"""The last millisecond that a stamp or a UUIDv7 can hold."""


def tick(last: Stamp, now_ms: int) -> Stamp:
    """The next stamp: the present time, or just after the last stamp where the time stands still or went back."""
    now_ms = min(max(now_ms, 0), MS_MAX)
    return (now_ms, 0) if now_ms > last[0] else (last[0], last[1] + 1)


def receive(last: Stamp, heard: Stamp, now_ms: int) -> Stamp:
    """The clock after hearing somebody else's stamp: never behind it, unless it is too far ahead to be believed."""
    return last if heard[0] > now_ms + AHEAD_MAX_MS else max(last, heard)
