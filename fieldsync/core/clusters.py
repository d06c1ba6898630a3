"""Clusters: which records are one, from links that may be wrong; chains are cut rather than believed (docs/linkage.md).

A function of the set of links: their order changes nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

DENSE_FROM = 5
"""A cluster of this many records or more must be dense: half of its pairs scored, none of them below the threshold."""

AUTOMATIC_MAX = 12
"""A larger cluster is never made automatically: only what people decided joins its records."""

Pair = tuple[int, int]
"""Two record numbers, the smaller first."""


class Link(NamedTuple):
    """Two records that are held to be one, `left` < `right`. `decided`: a person said so; such a link is never cut."""

    left: int
    right: int
    weight: float
    decided: bool = False

    @property
    def pair(self) -> Pair:
        return self.left, self.right


class Facts(NamedTuple):
    """What no two members of a cluster differ in, where both say it."""

    national_id: str = ""
    sex: str = ""


class Clustering(NamedTuple):
    """`clusters`: of two records or more, each sorted, by their first. `refused`, `cut`: links that join nothing."""

    clusters: tuple[tuple[int, ...], ...]
    refused: tuple[Link, ...] = ()
    cut: tuple[Link, ...] = ()


def clustered(
    links: Iterable[Link],
    apart: Collection[Pair] = frozenset(),
    facts: Mapping[int, Facts] | None = None,
    scored: Mapping[Pair, float] | None = None,
    lower: float = 0.0,
) -> Clustering:
    """Clusters from links. `apart`: pairs that are never one; `scored`: the weight of every pair that has one.

    Decisions join first, then automatic links by falling weight; a union that puts together what is apart, or two
    national ids or sexes, is refused.
    """
    ordered = sorted(set(links), key=lambda each: (not each.decided, -each.weight, each.pair))
    weights = {each.pair: each.weight for each in ordered} | dict(scored or {})
    joined, refused = _joined(ordered, apart, facts or {})
    kept: list[tuple[int, ...]] = []
    cut: list[Link] = []
    for members, inside in joined:
        parts = _resisting_chains(members, inside, weights, lower)
        kept += [part for part in parts if len(part) > 1]
        place = {member: number for number, part in enumerate(parts) for member in part}
        cut += [each for each in inside if place[each.left] != place[each.right]]
    return Clustering(tuple(sorted(kept)), tuple(sorted(refused)), tuple(sorted(cut)))


def named_after_oldest(clusters: Iterable[Sequence[int]], born: Mapping[int, tuple[int, int]]) -> dict[int, int]:
    """Member → its cluster's id: its oldest member, by when it was born, so that growing and splitting keep it."""
    return {
        member: min(members, key=lambda each: (born.get(each, (0, 0)), each))
        for members in clusters
        for member in members
    }


def components(members: Iterable[int], links: Iterable[Link]) -> list[tuple[int, ...]]:
    """The parts that links draw together, each sorted; a member that none touches is a part of its own."""
    around: dict[int, set[int]] = {member: set() for member in members}
    for link in links:
        around[link.left].add(link.right)
        around[link.right].add(link.left)
    found: list[tuple[int, ...]] = []
    met: set[int] = set()
    for start in sorted(members):
        if start not in met:
            group, front = {start}, [start]
            while front:
                new = around[front.pop()] - group
                group |= new
                front += new
            met |= group
            found.append(tuple(sorted(group)))
    return found


def _joined(
    links: Sequence[Link], apart: Collection[Pair], facts: Mapping[int, Facts]
) -> tuple[list[tuple[tuple[int, ...], list[Link]]], list[Link]]:
    """Groups with the links inside them, and the links that were refused."""
    group_of: dict[int, set[int]] = {}
    used: list[Link] = []
    refused: list[Link] = []
    for link in links:
        one = group_of.setdefault(link.left, {link.left})
        other = group_of.setdefault(link.right, {link.right})
        if one is not other:
            if _contradicts(one, other, apart, facts):
                refused.append(link)
                continue
            one |= other
            group_of.update(dict.fromkeys(other, one))
        used.append(link)
    inside: dict[tuple[int, ...], list[Link]] = defaultdict(list)
    for link in used:
        inside[tuple(sorted(group_of[link.left]))].append(link)
    return sorted(inside.items()), refused


def _contradicts(
    one: Collection[int], other: Collection[int], apart: Collection[Pair], facts: Mapping[int, Facts]
) -> bool:
    if any((min(left, right), max(left, right)) in apart for left in one for right in other):
        return True
    for fact in zip(*(facts.get(member, Facts()) for member in (*one, *other)), strict=True):
        if len({said for said in fact if said}) > 1:
            return True
    return False


def _resisting_chains(
    members: tuple[int, ...], links: Sequence[Link], weights: Mapping[Pair, float], lower: float
) -> list[tuple[int, ...]]:
    """The parts of a group that hold together: dense ones, and those that people joined."""
    if len(members) > AUTOMATIC_MAX:
        links = [each for each in links if each.decided]
        return components(members, links)
    if len(members) < DENSE_FROM or _is_dense(members, weights, lower):
        return [members]
    side = _weakest_cut(members, links)
    if side is None:
        return [members]
    parts: list[tuple[int, ...]] = []
    for part in (side, set(members) - side):
        inside = [each for each in links if each.left in part and each.right in part]
        for component in components(tuple(sorted(part)), inside):
            within = [each for each in inside if each.left in component]
            parts += _resisting_chains(component, within, weights, lower)
    return sorted(parts)


def _is_dense(members: Sequence[int], weights: Mapping[Pair, float], lower: float) -> bool:
    pairs = list(combinations(sorted(members), 2))
    known = [weights[pair] for pair in pairs if pair in weights]
    return 2 * len(known) >= len(pairs) and min(known) >= lower


def _weakest_cut(members: Sequence[int], links: Iterable[Link]) -> set[int] | None:
    """One side of the minimum cut (Stoer and Wagner, 1997); None where only decisions could be cut.

    What people decided is drawn together first. An automatic link weighs at least a little, so that ties are cut too.
    """
    nodes = {
        member: frozenset(part) for part in components(members, (e for e in links if e.decided)) for member in part
    }
    flow: dict[frozenset[int], dict[frozenset[int], float]] = {node: defaultdict(float) for node in nodes.values()}
    for link in links:
        left, right = nodes[link.left], nodes[link.right]
        if left != right:
            flow[left][right] += max(link.weight, 0.001)
            flow[right][left] += max(link.weight, 0.001)
    best: tuple[float, list[int]] | None = None
    while len(flow) > 1:
        last, before, weight = _phase(flow)
        side = min(sorted(last), sorted(set(members) - last))
        best = min(best, (weight, side)) if best else (weight, side)
        _contract(flow, before, last)
    return set(best[1]) if best else None


def _phase(
    flow: Mapping[frozenset[int], Mapping[frozenset[int], float]],
) -> tuple[frozenset[int], frozenset[int], float]:
    """(the node added last, the one before it, the weight of the cut around the last)."""
    start = min(flow, key=sorted)
    order = [start]
    pull = {node: flow[start].get(node, 0.0) for node in flow if node != start}
    weight = 0.0
    while pull:
        chosen = min(pull, key=lambda node: (-pull[node], sorted(node)))
        weight = pull.pop(chosen)
        order.append(chosen)
        for node in pull:
            pull[node] += flow[chosen].get(node, 0.0)
    return order[-1], order[-2], weight


def _contract(
    flow: dict[frozenset[int], dict[frozenset[int], float]], one: frozenset[int], other: frozenset[int]
) -> None:
    around = {node: flow[one].get(node, 0.0) + flow[other].get(node, 0.0) for node in flow if node not in (one, other)}
    del flow[one], flow[other]
    drawn = one | other
    for node, weight in around.items():
        flow[node].pop(one, None)
        flow[node].pop(other, None)
        if weight:
            flow[node][drawn] = weight
    flow[drawn] = defaultdict(float, {node: weight for node, weight in around.items() if weight})
