"""How often somebody may try: counted in this process, within a moving window, for a bounded number of callers."""

import threading
from collections import OrderedDict, deque

CALLERS_MAX = 10_000
"""Callers remembered; the one not heard of for the longest time is forgotten first."""


class Rate:
    """At most `tries` within `window_ms` for each caller."""

    def __init__(self, tries: int, window_ms: int) -> None:
        self._tries = tries
        self._window_ms = window_ms
        self._callers: OrderedDict[bytes, deque[int]] = OrderedDict()
        self._guard = threading.Lock()

    def wait_seconds(self, caller: bytes, now_ms: int) -> int:
        """Count one try and return 0, or how long to wait."""
        with self._guard:
            times = self._callers.setdefault(caller, deque())
            self._callers.move_to_end(caller)
            while len(self._callers) > CALLERS_MAX:
                self._callers.popitem(last=False)
            while times and not 0 <= now_ms - times[0] < self._window_ms:
                times.popleft()
            if len(times) >= self._tries:
                return (times[0] + self._window_ms - now_ms) // 1000 + 1
            times.append(now_ms)
            return 0

    def forgive(self, caller: bytes) -> None:
        """Forget a caller's tries: one of them was right."""
        with self._guard:
            self._callers.pop(caller, None)
