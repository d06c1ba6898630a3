"""How much a device sends at once, and how long it waits after a failure. Pure: time and dice come in."""

import random
from email.utils import parsedate_to_datetime

BATCH_START = 25
"""Operations in the first batch; batches of 25 to 100 are the knee between round trips and repeated bytes."""

BATCH_MAX = 100
"""Operations in a batch at most: beyond it a cut costs more than the round trips save."""

WAIT_FIRST_MS = 2_000
"""The wait after one failure; each further one doubles it."""

WAIT_MAX_MS = 15 * 60_000
"""The longest wait that the device gives itself: a companion passes through coverage for minutes, not hours."""

WAIT_ASKED_MAX_MS = 60 * 60_000
"""The longest wait that a server's Retry-After can impose; a wrong header must not silence a phone for days."""

DOUBLINGS_MAX = 12


def grown(batch: int) -> int:
    """The batch after a success."""
    return min(BATCH_MAX, max(1, batch) * 2)


def halved(sent: int) -> int:
    """The batch after a failure of one that held `sent` operations."""
    return max(1, sent // 2)


def wait_ms(failures: int, dice: random.Random) -> int:
    """Milliseconds to wait after so many failures in a row: exponential, the upper half of it by chance."""
    full = min(WAIT_MAX_MS, WAIT_FIRST_MS << min(max(0, failures - 1), DOUBLINGS_MAX))
    return full // 2 + dice.randrange(full // 2 + 1)


def asked_wait_ms(retry_after: str | None, now_ms: int, dice: random.Random) -> int:
    """Milliseconds of a Retry-After header (seconds or an HTTP date) with up to a quarter more, 0 if unreadable."""
    asked = min(WAIT_ASKED_MAX_MS, max(0, _header_ms(retry_after or "", now_ms)))
    return asked + dice.randrange(asked // 4 + 1)


def _header_ms(text: str, now_ms: int) -> int:
    text = text.strip()
    if text.isascii() and text.isdigit():
        return int(text[:9]) * 1000
    try:
        return int(parsedate_to_datetime(text).timestamp() * 1000) - now_ms
    except (ValueError, TypeError, OverflowError):
        return 0


def is_due(next_attempt_ms: int, now_ms: int) -> bool:
    """Whether the wait is over. A wait longer than any we set means that the clock went back: it is over too."""
    ahead = next_attempt_ms - now_ms
    return ahead <= 0 or ahead > WAIT_ASKED_MAX_MS * 2
