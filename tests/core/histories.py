"""Generated histories of one record: companions who write, meet and lie, and the past as the definition says it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from hypothesis import strategies as st

from fieldsync.core.operations import Operation, OperationId

RECORD = "0190a000-0000-7000-8000-000000000001"
OTHER = "0190a000-0000-7000-8000-000000000002"
AMINA = "members[0190a000-0000-7000-8000-0000000000a1]"
BRAHIM = "members[0190a000-0000-7000-8000-0000000000a2]"
CHILD = AMINA + "/children[0190a000-0000-7000-8000-0000000000c1]"
PROTECTIVE = {"consent": ("no", "later"), "members/risk": ("high",)}

TEXTS = st.sampled_from(["x", "y", None])
CHOICES: st.SearchStrategy[Any] = st.sampled_from(
    [{"set": []}, {"set": ["a"]}, {"set": ["b", "a"]}, {"set": ["c"]}, None]
)
KEYS = st.sampled_from(["1", "2", None])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "name": TEXTS,
    "consent": st.sampled_from(["yes", "no", "later", True, 1, None]),
    "needs": CHOICES,
    "changed_type": st.one_of(TEXTS, CHOICES),
    AMINA: KEYS,
    f"{AMINA}/name": TEXTS,
    f"{AMINA}/risk": st.sampled_from(["low", "high", None]),
    f"{AMINA}/needs": CHOICES,
    CHILD: KEYS,
    f"{CHILD}/name": TEXTS,
    BRAHIM: KEYS,
    f"{BRAHIM}/name": TEXTS,
}
ACTS = st.sampled_from(
    [{"review": "approved"}, {"review": "rejected", "note": "why"}, {"comment": "hm"}, {"verdict": "reject"}]
)
AUTHORS = ("amina", "brahim", "chama")


@st.composite
def writes(draw: st.DrawFn) -> dict[str, Any]:
    paths = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=4, unique=True))
    return {path: draw(VALUES[path]) for path in paths}


@st.composite
def histories(
    draw: st.DrawFn, hostile: bool = False, records: Sequence[str] = (RECORD,), size: int = 9
) -> list[Operation]:
    """What companions say, each knowing what it heard of; hostile ones name operations at random, even future ones."""
    known: dict[str, list[Operation]] = {author: [] for author in AUTHORS}
    said: list[Operation] = []
    for _ in range(draw(st.integers(1, size))):
        author = draw(st.sampled_from(AUTHORS))
        known[author] += draw(st.sampled_from([[], said, known[AUTHORS[0]]]))
        record = draw(st.sampled_from(records))
        seen = heads(known[author], None if draw(st.booleans()) else record)
        if hostile and draw(st.booleans()):
            ids = [(other, counter) for other in AUTHORS for counter in range(1, 5)]
            seen = tuple(draw(st.lists(st.sampled_from(ids), max_size=3)))
        counter = 1 + sum(one.id[0] == author for one in said)
        said.append(draw(operations((author, counter), record, seen)))
        known[author].append(said[-1])
    return said


@st.composite
def operations(draw: st.DrawFn, id: OperationId, record: str, seen: tuple[OperationId, ...]) -> Operation:
    """One operation; its stamp may be far off."""
    what = draw(st.sampled_from(["write", "write", "write", "write", "delete", "both", "act"]))
    return Operation(
        id,
        record,
        "entity" if record == OTHER else "submission",
        "f",
        draw(st.sampled_from(["1", "2", None])),
        (draw(st.integers(0, 3)), draw(st.integers(0, 1))),
        seen,
        draw(writes()) if what in ("write", "both") else {},
        delete=what in ("delete", "both"),
        act=draw(ACTS) if what == "act" else None,
    )


def heads(known: Sequence[Operation], record: str | None) -> tuple[OperationId, ...]:
    """The heads as an author works them out: those of the record, or of all."""
    among = [one for one in known if record is None or one.record == record]
    before = past_by_definition(among)
    covered = set().union(*before.values()) if before else set()
    return tuple(sorted({one.id for one in among} - covered))


def past_by_definition(
    operations: Sequence[Operation], passed_on: Mapping[OperationId, Sequence[OperationId]] | None = None
) -> dict[OperationId, set[OperationId]]:
    """What `seen` names, and their pasts, and the author's earlier operations on the record; slow and plain."""
    nodes = {one.id: (one.record, one.seen) for one in operations}
    record = next(iter(nodes.values()))[0] if nodes else ""
    nodes |= {id: (record, tuple(seen)) for id, seen in (passed_on or {}).items() if id not in nodes}
    said = {(id, seen) for id, (_, all_seen) in nodes.items() for seen in all_seen if seen in nodes and seen != id}
    unsaid = {
        (later, earlier)
        for later, earlier in product(nodes, nodes)
        if later[0] == earlier[0] and nodes[later][0] == nodes[earlier][0] and later[1:] > earlier[1:]
    }
    quarantined = nodes.keys() - {one.id for one in operations}
    reached = closure(said | unsaid, nodes)
    said = {(later, earlier) for later, earlier in said if later not in quarantined or later not in reached[earlier]}
    reached = closure(said, nodes)
    said = {(later, earlier) for later, earlier in said if later not in reached[earlier]}
    reached = closure(said | unsaid, nodes)
    kept = {(later, earlier) for later, earlier in unsaid if later not in reached[earlier]}
    return closure(said | kept, nodes)


def closure(edges: set[tuple[Any, Any]], nodes: Iterable[Any]) -> dict[Any, set[Any]]:
    """Everything that can be reached from each node."""
    reached: dict[Any, set[Any]] = {node: {earlier for later, earlier in edges if later == node} for node in nodes}
    grown = True
    while grown:
        grown = False
        for node, known in reached.items():
            more = known.union(*(reached[one] for one in known))
            grown, reached[node] = grown or len(more) > len(known), more
    return reached
