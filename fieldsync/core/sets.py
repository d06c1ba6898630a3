"""Select-multiples: observed-remove sets (docs/protocol.md, section 11)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from fieldsync.core.causality import History
from fieldsync.core.operations import Value


def is_set(value: Value) -> bool:
    """{"set": [choice, …]}."""
    return type(value) is dict and "set" in value


def shown_set(choices: Iterable[str]) -> Value:
    """The form in which a set is shown: sorted by code point; the empty set is null."""
    ticked = sorted(set(choices))
    return {"set": ticked} if ticked else None


def normal_form(value: Value) -> Value:
    """The value as it shows: a set in its one form, anything else as it is."""
    return shown_set(value["set"]) if is_set(value) else value


def merged_set(path: str, writers: Sequence[int], taken: int, removals: Sequence[int], history: History) -> Value:
    """The set that the writes of `path` (positions in causal order) add up to.

    `taken`: a mask of operations whose answers a removal of the occurrence around took. A choice outlives that
    where an operation that is not taken wrote it too. `removals`: all removals of an occurrence around, standing or
    not; who writes after one ticks anew what it had taken.
    """
    ticks = _Ticks(history, removals)
    for position in writers:
        ticks.write(position, _choices(history.operations[position].writes[path]))
    everything = (1 << len(history.operations)) - 1
    ticked = ticks.shown(everything)
    if taken:
        ticked = {choice for choice in ticked if ticks.is_supported(choice, taken)}
    return shown_set(ticked)


def _choices(value: Value) -> set[str]:
    return set() if value is None else set(value["set"])


class _Ticks:
    """Who ticked and who unticked each choice. An operation says what differs from the set that its past shows."""

    def __init__(self, history: History, removals: Sequence[int]) -> None:
        self._history = history
        self._removals = removals
        self._wrote: dict[str, int] = defaultdict(int)
        self._ticked: dict[str, int] = defaultdict(int)
        self._unticked: dict[str, list[int]] = defaultdict(list)

    def write(self, position: int, value: set[str]) -> None:
        past = self._history.pasts[position]
        before = self.shown(past)
        taken = self._history.covered(one for one in self._removals if past >> one & 1)
        for choice in value:
            self._wrote[choice] |= 1 << position
            if not self._outlive(choice, self._ticked[choice] & past & ~taken, past):
                self._ticked[choice] |= 1 << position
        for choice in before - value:
            self._unticked[choice].append(position)

    def shown(self, past: int) -> set[str]:
        """The choices ticked by an operation of `past` and not unticked by one of `past` that had seen the tick."""
        return {choice for choice, ticks in self._ticked.items() if self._outlive(choice, ticks & past, past)}

    def is_supported(self, choice: str, taken: int) -> bool:
        """Whether an operation outside `taken` wrote the choice that nobody who unticked it had seen."""
        return self._outlive(choice, self._wrote[choice] & ~taken, (1 << len(self._history.operations)) - 1)

    def _outlive(self, choice: str, ticks: int, past: int) -> bool:
        """Whether one of the ticks is unseen by all who unticked the choice after it."""
        for position in reversed(self._unticked.get(choice, ())):
            if not ticks or ticks >> position:
                break
            if past >> position & 1:
                ticks &= ~self._history.pasts[position]
        return bool(ticks)
