"""Calls of each caller, counted in this process in steps, for a bounded number of callers."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

CALLS = "fieldsync-calls"

CALLERS_MAX = 10_000
"""Callers remembered; the one not heard of for the longest time is forgotten first."""

STEP = 50
"""Calls that are written down together, since each writing costs a commit."""


@dataclass
class _Caller:
    pending: int = 0
    held_until_ms: int = 0


class Calls:
    """How many calls of a caller are not written down yet, and who must wait."""

    def __init__(self) -> None:
        self._callers: OrderedDict[str, _Caller] = OrderedDict()
        self._guard = threading.Lock()

    def due(self, caller: str, now_ms: int) -> int:
        """Count one call; how many are to be written down now, 0 for none yet."""
        with self._guard:
            known = self._callers.setdefault(caller, _Caller())
            self._callers.move_to_end(caller)
            while len(self._callers) > CALLERS_MAX:
                self._callers.popitem(last=False)
            if known.held_until_ms > now_ms:
                return 0
            known.pending += 1
            if known.pending < STEP:
                return 0
            known.pending = 0
            return STEP

    def hold(self, caller: str, until_ms: int) -> None:
        """Let a caller wait."""
        with self._guard:
            self._callers.setdefault(caller, _Caller()).held_until_ms = until_ms

    def wait_ms(self, caller: str, now_ms: int) -> int:
        """How long a caller must wait; 0 or less for not at all."""
        with self._guard:
            known = self._callers.get(caller)
        return known.held_until_ms - now_ms if known else 0
