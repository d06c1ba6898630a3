"""Occurrences of repeats: made by a key, removed by null, kept by answers unseen (docs/protocol.md, section 11)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from fieldsync.core.causality import History
from fieldsync.core.registers import Shown, distinct, same


def around(path: str) -> list[str]:
    """The occurrences that a path lies in, outermost first; an occurrence does not lie in itself."""
    found = []
    end = path.find("]/")
    while end >= 0:
        found.append(path[: end + 1])
        end = path.find("]/", end + 1)
    return found


def is_occurrence(path: str) -> bool:
    """Whether this is an occurrence's own path, which holds its order key."""
    return path.endswith("]")


class Removals:
    """The removals of occurrences that stand, and what they took.

    A removal stands unless an operation with it in its past gave the occurrence an order key or an answer again. One
    that stands takes what its author had seen: everything under the occurrence in its past, or in itself.
    """

    def __init__(self, writers: Mapping[str, Sequence[int]], history: History) -> None:
        self._history = history
        self._standing: dict[str, list[int]] = {}
        self._took: dict[str, int] = {}
        self._all: dict[str, list[int]] = {}
        revived = _revived(writers, history)
        for path, positions in writers.items():
            if not is_occurrence(path):
                continue
            removals = [one for one in positions if history.operations[one].writes[path] is None]
            if removals:
                self._all[path] = removals
            standing = [one for one in removals if not revived[path] >> one & 1]
            if standing:
                self._standing[path] = standing
                self._took[path] = history.covered(standing) | sum(1 << one for one in standing)

    def taken(self, path: str) -> int:
        """A mask of the operations whose writes of `path` were taken with an occurrence around it."""
        mask = 0
        for occurrence in around(path):
            mask |= self._took.get(occurrence, 0)
        return mask

    def of_any_around(self, path: str) -> list[int]:
        """All removals of an occurrence around the path, standing or not."""
        return [one for occurrence in around(path) for one in self._all.get(occurrence, ())]

    def standing(self, path: str) -> list[int]:
        """The removals of this very occurrence that stand and were not taken with an occurrence around it."""
        taken = self.taken(path)
        return [one for one in self._standing.get(path, ()) if not taken >> one & 1]


def _revived(writers: Mapping[str, Sequence[int]], history: History) -> dict[str, int]:
    """By occurrence: a mask of all that is in the past of an operation that wrote a key or an answer to it."""
    revived: dict[str, int] = defaultdict(int)
    for path, positions in writers.items():
        occurrences = around(path) + ([path] if is_occurrence(path) else [])
        if occurrences:
            covered = history.covered(one for one in positions if history.operations[one].writes[path] is not None)
            for occurrence in occurrences:
                revived[occurrence] |= covered
    return revived


def shown_key(path: str, writers: Sequence[int], removals: Removals, history: History, kept: bool) -> Shown | None:
    """What an occurrence's own path shows; None where nothing of it is left.

    `kept`: an answer under it is shown. Then it shows its last order key again, so that nobody takes it for removed.
    """
    keys = [one for one in writers if history.operations[one].writes[path] is not None]
    taken = removals.taken(path)
    current = distinct(path, (one for one in history.latest(writers) if one in keys and not taken >> one & 1), history)
    if removals.standing(path) and not kept:
        return Shown(None, tuple(current))
    left = keys if kept else [one for one in keys if not taken >> one & 1]
    if not left:
        return None
    shown = history.operations[history.greatest(history.latest(left))].writes[path]
    return Shown(shown, tuple(key for key in current if not same(key.value, shown)))
