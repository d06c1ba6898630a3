"""Linkage of somebody's own registry whose truth is known: a CSV file, one record a row, by the shipped model.

The column `person` says whom a row is about; the other columns have the names of parts (docs/linkage.md, "What is
compared"). An empty cell is an answer that was not given; what stands in other columns is not read.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path

from fieldsync.core.linkage import AUTOMATIC, REVIEW, Match, Scorer
from fieldsync.core.linkage_features import PARTS, PERSON, Features, features_of
from fieldsync.services.linkage_lists import shipped_model
from tests.benchmarks.linkage_measure import Pairs, Rate
from tests.benchmarks.linkage_registry import REVIEWED_PER_100, Pair, as_kept, candidates

WHO = "person"
OF_PERSONS = {part: (part,) for part, kinds in PARTS.items() if PERSON in kinds and part != "point"}
SEXES = {"f": "women", "m": "men"}


def lines_of_file(path: Path) -> Iterator[str]:
    """The figures, as text; ValueError that says what is wrong with the file."""
    rows = _read(path)
    model = shipped_model(PERSON)
    features = as_kept([features_of(row, row.get("place") or "", OF_PERSONS, model.year) for row in rows])
    found = _matches(features, Scorer(model))
    yield f"registry {path.stem}: {len(rows):,} records"
    yield from _figures(found, _true_pairs(rows), features)


def _read(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, restval=""))
    except (UnicodeDecodeError, csv.Error):
        raise ValueError(f"{path}: no CSV in UTF-8") from None
    if not rows or WHO not in rows[0]:
        raise ValueError(f"{path}: a table with commas and a column `{WHO}` is needed")
    if not rows[0].keys() & OF_PERSONS.keys():
        raise ValueError(f"{path}: none of the columns is compared: {', '.join(sorted(OF_PERSONS))}")
    for number, row in enumerate(rows, 2):
        if not row[WHO].strip() or None in row:
            raise ValueError(f"{path}, line {number}: {'nobody is named' if None not in row else 'too many cells'}")
    return rows


def _matches(features: list[Features], scorer: Scorer) -> dict[Pair, Match]:
    """Every pair that shares a key."""
    return {(one, other): scorer.score(features[one], features[other]) for one, other in candidates(features)}


def _true_pairs(rows: list[dict[str, str]]) -> set[Pair]:
    of: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        of[row[WHO]].append(number)
    return {pair for numbers in of.values() for pair in combinations(numbers, 2)}


def _figures(found: Mapping[Pair, Match], true: set[Pair], features: list[Features]) -> Iterator[str]:
    size = len(features)
    automatic = {pair for pair, match in found.items() if match.zone == AUTOMATIC}
    waiting = sorted(
        (pair for pair, match in found.items() if match.zone == REVIEW), key=lambda pair: (-found[pair].weight, pair)
    )
    reviewed = set(waiting[: size * REVIEWED_PER_100 // 100])
    yield f"  {len(true):,} true pairs; that share a key: {Rate(len(true & found.keys()), len(true))}"
    wrong = automatic - true
    yield f"  automatic: {Pairs(len(automatic & true), len(wrong), len(true))} (precision ≥ 0.995, recall ≥ 0.35)"
    yield f"  merged wrongly, of pairs of two persons that share a key: {Rate(len(wrong), len(found.keys() - true))}"
    shown = 100 / max(size, 1)
    yield f"  found, review included: {Rate(len((automatic | reviewed) & true), len(true))} (≥ 0.80)"
    yield f"  at {len(reviewed) * shown:.1f} review pairs per 100 records, of {len(waiting) * shown:.1f} that wait"
    for sex, called in SEXES.items():
        of_sex = {pair for pair in true if features[pair[0]].sex == sex}
        yield f"  {called}: found {Rate(len((automatic | reviewed) & of_sex), len(of_sex))}"
    yield from (f"  linked wrongly: rows {one + 2} and {other + 2}" for one, other in sorted(wrong)[:20])
