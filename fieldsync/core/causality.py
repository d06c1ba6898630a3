"""Cause and effect: the past of every operation of a record (docs/protocol.md, section 1)."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import groupby, pairwise
from typing import NamedTuple, TypeAlias

import msgspec

from fieldsync.core.operations import Operation, OperationId, Stamp

Graph: TypeAlias = dict[Hashable, list[Hashable]]
"""Node to the nodes that come before it."""

Rank: TypeAlias = tuple[Stamp, OperationId]
"""What breaks ties, and nothing else: the greater (stamp, id) wins."""

_encoder = msgspec.json.Encoder(order="sorted")


class Node(NamedTuple):
    """What cause and effect need of an operation. `record` tells whose earlier operations count as seen."""

    id: OperationId
    record: str
    seen: Sequence[OperationId]


class History(NamedTuple):
    """Operations in a causal order, and the past of each as a mask: bit i stands for operations[i]."""

    operations: list[Operation]
    pasts: list[int]

    def latest(self, positions: Iterable[int]) -> list[int]:
        """Those of the positions that are in the past of no other of them."""
        among = list(positions)
        covered = 0
        for position in among:
            covered |= self.pasts[position]
        return [position for position in among if not covered >> position & 1]

    def greatest(self, positions: Iterable[int]) -> int:
        """The position with the greatest (stamp, id)."""
        return max(positions, key=self.rank)

    def rank(self, position: int) -> Rank:
        operation = self.operations[position]
        return operation.stamp, operation.id

    def covered(self, positions: Iterable[int]) -> int:
        """All that is in the past of one of the positions."""
        mask = 0
        for position in positions:
            mask |= self.pasts[position]
        return mask


def turn(id: OperationId) -> tuple[int, int]:
    """An author's operations in the order in which it said them."""
    return id[1], id[2] if len(id) == 3 else 0


def history(
    operations: Iterable[Operation],
    passed_on: Mapping[OperationId, Sequence[OperationId]],
    elsewhere: Iterable[Operation] = (),
) -> History:
    """The operations, each once, with their pasts.

    `passed_on`: quarantined operations of the record and what they saw. `elsewhere`: operations of other records
    that this one was merged with. Both only pass their past on.
    """
    folded = _distinct(operations)
    nodes = {id: Node(id, operation.record, operation.seen) for id, operation in folded.items()}
    for operation in elsewhere:
        nodes.setdefault(operation.id, Node(operation.id, operation.record, operation.seen))
    records = {node.record for node in nodes.values()}
    record = records.pop() if len(records) == 1 else ""  # among several, whose a quarantined one is nobody says
    for id, seen in passed_on.items():
        nodes.setdefault(id, Node(id, record, seen))
    before, order = _in_order(nodes, passed_on.keys() - folded.keys())
    return _pasts(folded, before, order)


def _distinct(operations: Iterable[Operation]) -> dict[OperationId, Operation]:
    """By id. Other content under a known id is quarantined before a fold; should it come, the choice is the same."""
    found: dict[OperationId, Operation] = {}
    for operation in operations:
        known = found.setdefault(operation.id, operation)
        if known is not operation and known != operation:
            found[operation.id] = min(known, operation, key=_encoder.encode)
    return found


def _pasts(folded: Mapping[OperationId, Operation], before: Graph, order: Iterable[Hashable]) -> History:
    result = History([], [])
    reached: dict[Hashable, int] = {}  # the node itself, if it is folded, and its past
    for node in order:
        past = 0
        for earlier in before[node]:
            past |= reached[earlier]
        operation = folded.get(node)  # type: ignore[call-overload]
        if operation is None:
            reached[node] = past
            continue
        reached[node] = past | 1 << len(result.operations)
        result.operations.append(operation)
        result.pasts.append(past)
    return result


def _in_order(nodes: Mapping[OperationId, Node], quarantined: Collection[Hashable]) -> tuple[Graph, list[Hashable]]:
    """The graph without cycles, and its nodes in a causal order."""
    said: Graph = {id: [seen for seen in node.seen if seen in nodes and seen != id] for id, node in nodes.items()}
    chains = _chains(nodes)
    graph = _joined(said, chains)
    try:
        return graph, list(TopologicalSorter(graph).static_order())
    except CycleError:
        graph = _without_cycles(said, chains, quarantined)
        return graph, list(TopologicalSorter(graph).static_order())


def _chains(nodes: Mapping[OperationId, Node]) -> list[list[OperationId]]:
    """Each author's operations on each record, first to last."""
    chains: dict[tuple[str, str], list[OperationId]] = defaultdict(list)
    for id, node in nodes.items():
        chains[node.record, id[0]].append(id)
    return [sorted(chain, key=turn) for chain in chains.values()]


def _joined(said: Graph, chains: list[list[OperationId]]) -> Graph:
    graph = {node: list(before) for node, before in said.items()}
    for chain in chains:
        for earlier, later in pairwise(chain):
            graph[later].append(earlier)
    return graph


def _without_cycles(said: Graph, chains: list[list[OperationId]], quarantined: Collection[Hashable]) -> Graph:
    """Hostile `seen` can close a cycle; no operation is in its own past, and none may vanish.

    What a quarantined operation claims to have seen on a cycle counts not. Then operations that claim to have seen each
    other count as concurrent. Then, where an author's unsaid past closes a
    cycle, the author's operations on that cycle do not count as each other's past; they keep what came before them.
    """
    if quarantined:
        label = _components(_joined(said, chains))
        said = {
            node: [one for one in before if node not in quarantined or label[one] != label[node]]
            for node, before in said.items()
        }
    label = _components(said)
    said = {node: [one for one in before if label[one] != label[node]] for node, before in said.items()}
    label = _components(_joined(said, chains))
    graph = {node: list(before) for node, before in said.items()}
    for chain in chains:
        previous: list[Hashable] = []
        for _, members in groupby(chain, key=lambda id: label[id]):
            run = list(members)
            for id in run:
                graph[id] += previous
            block = ("run", run[0])
            graph[block] = [*run, *previous]
            previous = [block]
    return graph


def _components(graph: Graph) -> dict[Hashable, int]:
    """The strongly connected component of every node, as a number (Kosaraju, without recursion)."""
    after: Graph = {node: [] for node in graph}
    for node, before in graph.items():
        for earlier in before:
            after[earlier].append(node)
    label: dict[Hashable, int] = {}
    for number, start in enumerate(reversed(_finished(graph))):
        stack = [start]
        while stack:
            node = stack.pop()
            if node not in label:
                label[node] = number
                stack.extend(after[node])
    return label


def _finished(graph: Graph) -> list[Hashable]:
    """The nodes in the order in which a depth-first walk leaves them."""
    done: list[Hashable] = []
    met: set[Hashable] = set()
    for start in graph:
        if start in met:
            continue
        met.add(start)
        walk = [(start, iter(graph[start]))]
        while walk:
            node, rest = walk[-1]
            following = next((one for one in rest if one not in met), None)
            if following is None:
                done.append(node)
                walk.pop()
            else:
                met.add(following)
                walk.append((following, iter(graph[following])))
    return done


def arrange(operations: Iterable[Operation], known: Collection[OperationId]) -> tuple[list[Operation], list[Operation]]:
    """(applicable in causal order, held). Doubles are left out; otherwise the order given is kept where it can be.

    An operation applies once every id in its `seen` applies or is in `known`. Those that wait for each other stay held.
    """
    waiting: dict[OperationId, Operation] = {}
    for operation in operations:
        waiting.setdefault(operation.id, operation)
    missing = {id: _missing(operation, known) for id, operation in waiting.items()}
    waiters: dict[OperationId, list[OperationId]] = defaultdict(list)
    for id, wanted in missing.items():
        for seen in wanted:
            waiters[seen].append(id)
    applicable: list[Operation] = []
    for id in list(waiting):
        ready = [id] if id in waiting and not missing[id] else []
        while ready:
            applied = ready.pop()
            applicable.append(waiting.pop(applied))
            ready += reversed(_released(applied, waiters, missing))
    return applicable, list(waiting.values())


def _missing(operation: Operation, known: Collection[OperationId]) -> set[OperationId]:
    return {seen for seen in operation.seen if seen not in known}


def _released(
    applied: OperationId,
    waiters: Mapping[OperationId, list[OperationId]],
    missing: Mapping[OperationId, set[OperationId]],
) -> list[OperationId]:
    """Those that waited for this one alone."""
    free = []
    for id in waiters.get(applied, ()):
        missing[id].discard(applied)
        if not missing[id]:
            free.append(id)
    return free
