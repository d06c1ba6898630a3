"""Linkage of a generated registry (tests/linkage_registry) by the shipped model: found, missed, merged wrongly."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from msgspec.structs import replace

from fieldsync.core.blocking import BEARERS_MAX, values
from fieldsync.core.linkage import AUTOMATIC, NONE, REVIEW, Match, Scorer, probability
from fieldsync.core.linkage_features import PERSON, Features, features_of
from fieldsync.services.linkage_lists import shipped_model
from tests.benchmarks.linkage_measure import Pairs, Rate
from tests.linkage_registry.people import TODAY, look_alike
from tests.linkage_registry.registry import PROPERTIES, Record, Registry, registry

SEED = 20261128
REVIEWED_PER_100 = 20
BANDS = (0.0, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0)
PARTS = {name: (name,) for name in PROPERTIES}
KIN = ("twins", "siblings", "mother_and_child", "cousins")

Pair = tuple[int, int]


@dataclass(frozen=True)
class Linked:
    """A registry and what linkage makes of it. `matches`: of every candidate pair that is not beyond review."""

    registry: Registry
    true: frozenset[Pair]
    candidates: int
    blocked: int
    matches: dict[Pair, Match]

    def of_zone(self, zone: str) -> set[Pair]:
        """Pairs of a zone."""
        return {pair for pair, match in self.matches.items() if match.zone == zone}

    def reviewed(self) -> set[Pair]:
        """The pairs for review that people are asked about, the best first, as many as they can be asked."""
        most = len(self.registry.records) * REVIEWED_PER_100 // 100
        return set(sorted(self.of_zone(REVIEW), key=lambda pair: (-self.matches[pair].weight, pair))[:most])


def linked(size: int, seed: int = SEED) -> Linked:
    """Make a registry and link it."""
    made = registry(size, seed)
    features = _features(made)
    scorer = Scorer(shipped_model(PERSON))
    true = frozenset(made.true_pairs())
    candidates = blocked = 0
    matches: dict[Pair, Match] = {}
    for pair in _candidates(features):
        candidates += 1
        blocked += pair in true
        match = scorer.score(features[pair[0]], features[pair[1]])
        if match.zone != NONE:
            matches[pair] = match
    return Linked(made, true, candidates, blocked, matches)


def _features(made: Registry) -> list[Features]:
    found = [features_of(each.fields, each.fields["place"], PARTS, TODAY.year) for each in made.records]
    bearers = Counter(each.phone for each in found)
    return [_with_bearers(each, bearers[each.phone]) for each in found]


def _with_bearers(features: Features, persons: int) -> Features:
    return replace(features, phone_persons=persons) if features.phone else features


def _candidates(features: list[Features]) -> Iterator[Pair]:
    keys = [frozenset(values(each)) for each in features]
    bearers = Counter(key for each in keys for key in each)
    before: dict[str, list[int]] = defaultdict(list)
    for number, each in enumerate(keys):
        usable = [key for key in each if 1 < bearers[key] <= BEARERS_MAX]
        yield from ((other, number) for other in sorted({other for key in usable for other in before[key]}))
        for key in usable:
            before[key].append(number)


# ---- what is told ----------------------------------------------------------------------------------------------


def lines(size: int) -> Iterator[str]:
    """The figures, as text."""
    found = linked(size)
    automatic, reviewed = found.of_zone(AUTOMATIC), found.reviewed()
    pairs = _pairs(found, automatic)
    yield f"registry of {size:,} records by the shipped model, {len(found.true):,} true pairs, seed {SEED}"
    yield f"  blocking recall {Rate(found.blocked, len(found.true))}, {found.candidates / size:.1f} candidates a record"
    yield f"  automatic: {pairs} (precision ≥ 0.995, goal 0.999; recall ≥ 0.35, goal 0.50)"
    everything = _pairs(found, automatic | reviewed)
    yield f"  found, review included: recall {everything.recall} (≥ 0.80, goal 0.90)"
    yield f"  that is {100 * len(reviewed) / size:.1f} review pairs per 100 records"
    yield f"  without a limit {100 * len(found.of_zone(REVIEW)) / size:.1f} review pairs per 100 records"
    kin = Counter(_kind(found, pair) for pair in automatic - found.true)
    yield "  merged wrongly: " + (", ".join(f"{kind} {count}" for kind, count in kin.most_common()) or "none")
    asked = Counter(_kind(found, pair) for pair in reviewed - found.true)
    yield "  asked in vain: " + ", ".join(f"{kind} {count}" for kind, count in asked.most_common())
    yield from _calibration(found)
    yield from _splits(found, automatic, automatic | reviewed)


def _pairs(found: Linked, said: set[Pair]) -> Pairs:
    hits = len(said & found.true)
    return Pairs(hits, len(said) - hits, len(found.true))


def _kind(found: Linked, pair: Pair) -> str:
    one, other = (found.registry.records[each].person for each in pair)
    return look_alike(one, other)


def _calibration(found: Linked) -> Iterator[str]:
    """Of the pairs to which the model gives a probability, how many are one person."""
    for low, high in pairwise(BANDS):
        band = [pair for pair, match in found.matches.items() if low <= probability(match.weight) < high]
        if band:
            mean = sum(probability(found.matches[pair].weight) for pair in band) / len(band)
            yield f"  calibration {low} to {high}: said {mean:.4f}, true {Rate(len(found.true & set(band)), len(band))}"


def _splits(found: Linked, automatic: set[Pair], said: set[Pair]) -> Iterator[str]:
    groups: dict[str, set[Pair]] = defaultdict(set)
    for pair in found.true:
        for name in _traits(*(found.registry.records[each] for each in pair)):
            groups[name].add(pair)
    for name, pairs in sorted(groups.items()):
        alone, helped = (Rate(len(pairs & each), len(pairs)) for each in (automatic, said))
        yield f"  {name}: automatic {alone.value:.3f}, review included {helped}"


def _traits(one: Record, other: Record) -> Iterator[str]:
    yield "scripts " + " and ".join(sorted((one.script, other.script)))
    yield "sex " + one.person.sex
    yield from (f"missing {name}" for name in PROPERTIES if name not in one.fields or name not in other.fields)
    if "age" in one.fields and "age" in other.fields:
        yield "age only"
    if one.wrong_commune or other.wrong_commune:
        yield "wrong commune"
    if one.moved or other.moved:
        yield "married and moved"
