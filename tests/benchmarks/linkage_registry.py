"""Linkage of a generated registry (tests/linkage_registry) by the shipped model and by one trained on the registry.

Thresholds and weights were set on the registry of one seed (SET_ON) and are reported on that of another.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from msgspec.structs import replace

from fieldsync.core.blocking import BEARERS_MAX, Space, values
from fieldsync.core.clusters import Facts, Link, clustered
from fieldsync.core.linkage import AUTOMATIC, HOUSEHOLD, NONE, REVIEW, TWINS, Match, Scorer, probability
from fieldsync.core.linkage_features import PERSON, RELATIVE, Features, features_of
from fieldsync.core.linkage_model import Model
from fieldsync.services.linkage_lists import shipped_model
from fieldsync.store.linkage_extract import Known
from fieldsync.store.linkage_splink import bench, train
from tests.benchmarks.linkage_measure import BCubed, Pairs, Rate, b_cubed
from tests.linkage_registry import elsewhere, valleys
from tests.linkage_registry.links import uuid_of, with_mothers
from tests.linkage_registry.people import TODAY, look_alike
from tests.linkage_registry.registry import PROPERTIES, Record, Registry, registry

SEED = 20261128
SET_ON = 1
REVIEWED_PER_100 = 20
BANDS = (0.0, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0)
CURVE = (-5, -4, -3, -2, -1, 0, 2, 4, 6, 8, 10, 12, 16, 20)
PARTS = {name: (name,) for name in PROPERTIES} | {RELATIVE: ("mother",)}
KIN = ("twins", "siblings", "mother_and_child", "cousins")
PRECISION_LEAST = 0.999
ONE_IN_TWENTY = 0.05
"""A reviewer who says "same" less often is asked in vain."""

Pair = tuple[int, int]


@dataclass(frozen=True)
class Linked:
    """A registry and what linkage makes of it.

    `blocked`: true pairs that share a key. `kin`: how many candidate pairs are two persons, by what they are to each
    other. `matches`: of every candidate pair that may be worth a look.
    """

    registry: Registry
    features: list[Features]
    model: Model
    true: frozenset[Pair]
    blocked: set[Pair]
    kin: Counter[str]
    matches: dict[Pair, Match]

    @property
    def candidates(self) -> int:
        """Pairs that share a key."""
        return len(self.blocked) + self.kin.total()

    def of_zone(self, zone: str) -> set[Pair]:
        """Pairs of a zone."""
        return {pair for pair, match in self.matches.items() if match.zone == zone}

    def reviewed(self) -> set[Pair]:
        """The pairs for review that people are asked about, the best first, as many as they can be asked."""
        most = len(self.registry.records) * REVIEWED_PER_100 // 100
        return set(sorted(self.of_zone(REVIEW), key=lambda pair: (-self.matches[pair].weight, pair))[:most])

    def unbounded(self, least: float) -> set[Pair]:
        """Pairs of some weight that no bound keeps from being automatic."""
        return {
            pair
            for pair, match in self.matches.items()
            if match.weight >= least and not set(match.bounds) - {HOUSEHOLD}
        }

    def shown(self, least: float) -> set[Pair]:
        """Pairs of some weight, and twins, whom somebody always looks at."""
        return {pair for pair, match in self.matches.items() if match.weight >= least or TWINS in match.bounds}


def linked(
    size: int, seed: int = SEED, model: Model | None = None, make: Callable[[int, int], Registry] = registry
) -> Linked:
    """Make a registry and link it."""
    made = make(size, seed)
    features = features_of_registry(made)
    scorer = Scorer(model or shipped_model(PERSON))
    true = frozenset(made.true_pairs())
    blocked: set[Pair] = set()
    kin: Counter[str] = Counter()
    matches: dict[Pair, Match] = {}
    for pair in candidates(features):
        if pair in true:
            blocked.add(pair)
        else:
            kin[_kind(made, pair)] += 1
        match = scorer.score(features[pair[0]], features[pair[1]])
        if match.zone != NONE or match.weight >= CURVE[0]:
            matches[pair] = match
    return Linked(made, features, scorer.model, true, blocked, kin, matches)


def features_of_registry(made: Registry) -> list[Features]:
    """What is compared of each record, as the follower would keep it."""
    return as_kept([_features_of(each) for each in made.records])


def _features_of(record: Record) -> Features:
    known = features_of(record.fields, record.fields["place"], PARTS, TODAY.year)
    return replace(known, itself=uuid_of(record.number))


def as_kept(found: list[Features]) -> list[Features]:
    """The features with how many bear each phone, and under what names are counted."""
    space = Space(b"bench", 1, "participants")
    bearers = Counter(each.phone for each in found)
    return [
        replace(
            each,
            phone_persons=bearers[each.phone] if each.phone else 0,
            given_code=space.name_code(each.given),
            family_code=space.name_code(each.family),
        )
        for each in found
    ]


def trained_on(made: Registry) -> Model:
    """What a night would learn from a registry, without its truth."""
    known = [Known(record.number, each) for record, each in zip(made.records, features_of_registry(made), strict=True)]
    with bench(PERSON, [known]) as on:
        return train(on, shipped_model(PERSON))


def candidates(features: list[Features]) -> Iterator[Pair]:
    """Pairs that share a key which the online look-up would use, each once, the smaller number first."""
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
    set_on = linked(size, SET_ON)
    upper, lower = thresholds(set_on)
    yield f"registry: thresholds by {size:,} records of seed {SET_ON}: precise from {upper}, worth a look from {lower};"
    yield f"  shipped: automatic from {set_on.model.automatic}, review from {set_on.model.review}"
    yield from _figures(linked(size), "shipped model")
    yield from _figures(linked(size, make=_with_mothers), "shipped model, where companions name mothers")
    for make in (elsewhere.registry, valleys.valley, valleys.town):
        yield from _figures(linked(size // 2, make=make), f"shipped model, a {make.__name__} made up otherwise")
    yield from _figures(linked(size, model=trained_on(registry(size, SEED))), "model trained on it at night")


def thresholds(found: Linked) -> tuple[float, float]:
    """The lowest weights at which automatic pairs are precise enough, and at which a reviewer is not asked in vain."""
    halves = [weight / 2 for weight in range(2 * CURVE[0], 2 * CURVE[-1])]
    upper = next(
        weight for weight in halves if _pairs(found, found.unbounded(weight)).precision.value >= PRECISION_LEAST
    )
    lower = halves[0]
    for weight in reversed(halves):
        band = [pair for pair, match in found.matches.items() if weight <= match.weight < weight + 1]
        if len(found.true.intersection(band)) < ONE_IN_TWENTY * len(band):
            lower = weight + 1
            break
    return upper, lower


def _with_mothers(size: int, seed: int) -> Registry:
    return with_mothers(registry(size, seed), seed)


def _figures(found: Linked, model: str) -> Iterator[str]:
    size = len(found.registry.records)
    automatic, reviewed = found.of_zone(AUTOMATIC), found.reviewed()
    yield f"registry of {size:,} records, {len(found.true):,} true pairs, seed {SEED}, {model}"
    yield f"  blocking recall {Rate(len(found.blocked), len(found.true))}"
    yield f"  {found.candidates / size:.1f} candidates a record"
    yield f"  automatic: {_pairs(found, automatic)} (precision ≥ 0.995, goal 0.999; recall ≥ 0.35, goal 0.50)"
    everything = _pairs(found, automatic | reviewed)
    yield f"  found, review included: recall {everything.recall} (≥ 0.80, goal 0.90)"
    yield f"  that is {100 * len(reviewed) / size:.1f} review pairs per 100 records"
    yield f"  without a limit {100 * len(found.of_zone(REVIEW)) / size:.1f} review pairs per 100 records"
    wrong = Counter(_kind(found.registry, pair) for pair in automatic - found.true)
    asked = Counter(_kind(found.registry, pair) for pair in reviewed - found.true)
    yield from (
        f"  {kind}: merged {Rate(wrong[kind], found.kin[kind])}, asked in vain {asked[kind]}"
        for kind in (*KIN, "namesakes", "strangers")
    )
    kin = sum(wrong[kind] for kind in KIN), sum(found.kin[kind] for kind in KIN)
    yield f"  look-alike kin merged {Rate(*kin)} (at most 0.001, goal none)"
    yield from _clusters(found, automatic)
    yield from _curve(found)
    yield from _calibration(found)
    yield from _splits(found, automatic, automatic | reviewed)


def _pairs(found: Linked, said: set[Pair]) -> Pairs:
    hits = len(said & found.true)
    return Pairs(hits, len(said) - hits, len(found.true))


def _kind(made: Registry, pair: Pair) -> str:
    one, other = (made.records[each].person for each in pair)
    return look_alike(one, other)


def _clusters(found: Linked, automatic: set[Pair]) -> Iterator[str]:
    """Clusters of the automatic pairs, as the program makes them."""
    facts = {number: Facts(each.national_id, each.sex) for number, each in enumerate(found.features)}
    weights = {pair: match.weight for pair, match in found.matches.items()}
    links = [Link(*pair, weights[pair]) for pair in automatic]
    made = clustered(links, facts=facts, scored=weights, lower=found.model.review)
    said = {(one, other) for each in made.clusters for at, one in enumerate(each) for other in each[at + 1 :]}
    cubed: BCubed = b_cubed(made.clusters, {each.number: each.person.number for each in found.registry.records})
    largest = max(map(len, made.clusters), default=1)
    yield f"  clusters: pairwise {_pairs(found, said)}"
    yield f"  clusters: B-cubed precision {cubed.precision:.4f}, recall {cubed.recall:.4f}, F1 {cubed.f1:.4f}"
    yield f"  clusters: largest {largest}, links refused {len(made.refused)}, cut {len(made.cut)}"


def _curve(found: Linked) -> Iterator[str]:
    """What either threshold would give."""
    for weight in CURVE:
        automatic, shown = found.unbounded(weight), found.shown(weight)
        asked = shown - found.of_zone(AUTOMATIC)
        alone, helped = _pairs(found, automatic), _pairs(found, shown | found.of_zone(AUTOMATIC))
        yield (
            f"  from weight {weight}: automatic precision {alone.precision.value:.4f}, recall {alone.recall.value:.3f};"
            f" found {helped.recall.value:.3f} at {100 * len(asked) / len(found.registry.records):.1f} review pairs"
        )


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
        yield f"  {name}: automatic {alone}, review included {helped}"


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
