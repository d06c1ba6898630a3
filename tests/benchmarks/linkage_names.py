"""The comparison of names on groups of spellings (tests/vectors/names): by script, and the hard pairs."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from fieldsync.core.names import Level, block_keys, compare
from tests.benchmarks.linkage_measure import Pairs, Rate
from tests.linkage_registry.spellings import script_of

FOLDER = Path(__file__).parent.parent / "vectors" / "names"
SETS = {
    "first": "≥ 0.94, goal 0.97",
    "development": "tuned on",
    "held_out": "≥ 0.92, goal 0.95",
    "wide": "tuned on",
    "wide_held_out": "≥ 0.92, goal 0.95",
    "mixed": "tuned on",
    "mixed_held_out": "≥ 0.92, goal 0.95",
}


@dataclass
class NamesFound:
    """What the comparison makes of a set."""

    pairs: Pairs = field(default_factory=Pairs)
    blocked: int = 0
    by_scripts: dict[str, Pairs] = field(default_factory=lambda: defaultdict(Pairs))
    called_same: list[tuple[str, str]] = field(default_factory=list)
    negatives: int = 0

    @property
    def across(self) -> Rate:
        crossing = [pairs for scripts, pairs in self.by_scripts.items() if len(set(scripts.split(" and "))) > 1]
        return Rate(sum(each.found for each in crossing), sum(each.true for each in crossing))


def measured(name: str) -> NamesFound:
    """What the comparison makes of one of the SETS."""
    return measured_file(FOLDER / f"{name}.json")


def measured_file(path: Path) -> NamesFound:
    """Two spellings of one group are a true pair, of two groups a false one; what shares no key is never the same."""
    data = _read(path)
    groups = [(form, number) for number, group in enumerate(data["groups"]) for form in group["script_forms"]]
    forms = [(form, group, script_of(form), block_keys(form)) for form, group in groups]
    found = NamesFound()
    for (one, of_one, script, keys), (other, of_other, other_script, other_keys) in combinations(forms, 2):
        is_true, is_blocked = of_one == of_other, not keys.isdisjoint(other_keys)
        if not is_true and not is_blocked:
            continue
        is_same = said_same(one, other)
        found.blocked += is_true and is_blocked
        for pairs in (found.pairs, found.by_scripts[" and ".join(sorted((script, other_script)))]):
            pairs.true += is_true
            pairs.found += is_true and is_same
            pairs.false += is_same and not is_true
    hard: Sequence[Any] = data.get("negatives", ())
    found.negatives = len(hard)
    found.called_same = [(one, other) for one, other in hard if said_same(one, other)]
    return found


def _read(path: Path) -> dict[str, Any]:
    """Groups and negatives as they are; ValueError that names what is missing."""
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError:
        raise ValueError(f"{path}: no JSON in UTF-8") from None
    groups, hard = (data.get("groups"), data.get("negatives", [])) if isinstance(data, dict) else (None, [])
    if not isinstance(groups, list) or not groups:
        raise ValueError(f'{path}: {{"groups": [{{"script_forms": ["…", …]}}, …]}} is needed')
    for number, each in enumerate(groups, 1):
        if not isinstance(each, dict) or not _are_texts(each.get("script_forms")):
            raise ValueError(f"{path}: group {number} has no list of spellings, `script_forms`")
    for number, each in enumerate(hard if isinstance(hard, list) else [hard], 1):
        if not _are_texts(each) or len(each) != 2:
            raise ValueError(f"{path}: negative {number} is no list of two names")
    return {"groups": groups, "negatives": hard}


def _are_texts(found: Any) -> bool:
    return isinstance(found, list) and bool(found) and all(isinstance(each, str) for each in found)


def said_same(one: str, other: str) -> bool:
    """Whether the comparison takes two spellings for one name."""
    return compare(one, other) in (Level.EXACT, Level.SAME)


def lines() -> Iterator[str]:
    """The figures, as text."""
    for name, target in SETS.items():
        yield from lines_of(name, target, measured(name))


def lines_of_file(path: Path) -> Iterator[str]:
    """The figures of somebody's own groups, and which hard pairs were called the same."""
    found = measured_file(path)
    yield from lines_of(path.stem, "≥ 0.92, goal 0.95", found)
    yield from (f"    {one} / {other}" for one, other in found.called_same)


def lines_of(name: str, target: str, found: NamesFound) -> Iterator[str]:
    """The figures of one set."""
    yield f"names, {name} groups: {found.pairs} (F1 {target})"
    yield f"  recall across scripts {found.across}; block recall {Rate(found.blocked, found.pairs.true)}"
    yield from (f"  {scripts}: {pairs}" for scripts, pairs in sorted(found.by_scripts.items()) if pairs.true)
    if found.negatives:
        rate = Rate(len(found.called_same), found.negatives)
        yield f"  hard pairs called the same: {rate} (at most 0.08, goal 0.04)"
