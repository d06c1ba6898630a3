"""Splink learns a model from a list without labels, and scores all its pairs, on DuckDB or Spark (docs/linkage.md).

Splink, DuckDB, NumPy and PyArrow are the optional extra `linkage`; nothing here is imported before it is asked for.
"""

import importlib.util
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import msgspec

from fieldsync.core.blocking import PHONE_DIGITS
from fieldsync.core.linkage import PHONE_OF_A_HOUSE, Compared
from fieldsync.core.linkage_features import PERSON
from fieldsync.core.linkage_levels import LEVELS
from fieldsync.core.linkage_model import LEAST, NOT_LEARNED, ComparisonWeights, LevelWeight, Model
from fieldsync.store.linkage_extract import Names, Page, tables
from fieldsync.store.linkage_sql import CODES, DUCKDB, NAME_LEVEL, SPARK, settings_of

logger = logging.getLogger(__name__)

MODULES = {DUCKDB: ("splink", "duckdb", "numpy", "pyarrow"), SPARK: ("splink", "pyspark", "numpy", "pyarrow")}

RANDOM_PAIRS = 400_000
"""Pairs drawn to see how often strangers agree."""

RECALL = 0.6
"""Which part of the true pairs the certain rules are taken to find, for the prior."""

SEED = 1

FETCHED_AT_ONCE = 10_000

MEMORY_MIB = 700
"""What DuckDB keeps within."""

PASSES = {
    PERSON: (
        ("phone", "family_code"),
        ("given_code", "born_first", "born_last"),
        ("given_code", "family_code", "place"),
    ),
    "cooperative": (("name_id",), ("register_number",)),
}
"""What two records share in each pass of the training: a pass learns nothing of that, the others do.

Each pass must hold many pairs that are one, or what it calls a match is anything.
"""

LEARNED = 0.5
"""How far m moves from what it was to what was learned: a list is small, and may be strange."""

MOVES_MOST = 1.5
"""By which factor m moves at most: where kin live together, a pass takes some of them for one person."""

ITERATIONS_MAX = 15

PASS_PAIRS_MAX = 1_000_000
"""Pairs of one pass; of a list that has more, so many are drawn."""

CERTAIN = {
    PERSON: (("national_id",), ("phone", "given_code"), ("given_code", "family_code", "born_first", "born_last")),
    "cooperative": (("register_number",), ("name_id", "place")),
}
"""What makes two records one almost certainly, for the prior."""


class Scored(NamedTuple):
    """A pair, the weight that Splink gives it, how it agrees, and the features of both (linkage_extract.Known)."""

    left_id: int
    right_id: int
    weight: float
    compared: Compared
    digests: tuple[int, int]


def is_available(backend: str = DUCKDB) -> bool:
    """Whether what a backend needs is installed."""
    return all(importlib.util.find_spec(name) is not None for name in MODULES[backend])


@dataclass(frozen=True)
class Bench:
    """A backend with a list on it: what the list holds, Splink's API, and the table `people` as Splink knows it.

    `names`: those of the list, by their numbers.
    """

    backend: str
    kind: str
    api: Any
    session: Any
    people: Any
    names: Names

    def run(self, sql: str) -> None:
        """Make a table."""
        self.session.execute(sql) if self.backend == DUCKDB else self.session.sql(sql)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        found = self.session.execute(sql).fetchall() if self.backend == DUCKDB else self.session.sql(sql).collect()
        return [tuple(row) for row in found]

    def columns(self, sql: str) -> dict[str, Any]:
        """The columns of a query without anything missing (NumPy), on DuckDB."""
        found: dict[str, Any] = self.session.execute(sql).fetchnumpy()
        return found

    def count(self) -> int:
        """How many records the list has."""
        return int(self.rows("SELECT count(*) FROM people")[0][0])

    def register(self, name: str) -> Any:
        """A table as Splink knows it."""
        return self.api.register(name)


@contextmanager
def bench(kind: str, pages: Iterable[Page], backend: str = DUCKDB, memory_mib: int = MEMORY_MIB) -> Iterator[Bench]:
    """A list on a backend, read page by page; DuckDB puts what its memory does not hold into a folder that goes."""
    if backend == SPARK:
        yield _on_spark(kind, pages)
        return
    import duckdb
    from splink import DuckDBAPI

    folder, names = tempfile.mkdtemp(prefix="fieldsync-linkage-"), Names()
    connection: Any = duckdb.connect(
        config={"memory_limit": f"{memory_mib}MiB", "temp_directory": folder, "preserve_insertion_order": "false"}
    )
    try:
        connection.create_function(NAME_LEVEL, names.ranks, ["BIGINT", "BIGINT"], "INTEGER", type="arrow")
        for number, table in enumerate(tables(kind, chain([()], pages), names)):
            _take(connection, table, "INSERT INTO said SELECT" if number else "CREATE TABLE said AS SELECT")
        connection.execute(_PEOPLE[kind].format("TABLE"))
        connection.execute("DROP TABLE said")
        api = DuckDBAPI(connection)
        yield Bench(DUCKDB, kind, api, connection, api.register("people"), names)
    finally:
        connection.close()
        shutil.rmtree(folder, ignore_errors=True)


_PEOPLE = {
    PERSON: (
        "CREATE {} people AS SELECT said.*, coalesce(persons, 0) AS phone_persons FROM said LEFT JOIN"
        f" (SELECT right(phone, {PHONE_DIGITS}) AS borne, CAST(count(*) AS INT) AS persons FROM said GROUP BY 1) AS"
        f" phones ON borne = right(phone, {PHONE_DIGITS})"
    ),
    "cooperative": "CREATE {} people AS SELECT * FROM said",
}
"""The table of a list: what its records say, and how many persons bear each phone."""


def _take(connection: Any, page: Any, sql: str) -> None:
    connection.register("page", page)
    connection.execute(f"{sql} * FROM page")
    connection.unregister("page")


def _on_spark(kind: str, pages: Iterable[Page]) -> Bench:
    import pyarrow
    from pyspark.sql import SparkSession
    from pyspark.sql.types import IntegerType
    from splink import SparkAPI

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # its workers must find our comparison of names
    names = Names()
    said = pyarrow.concat_tables(tables(kind, chain([()], pages), names))
    session = SparkSession.builder.getOrCreate()
    session.udf.register(NAME_LEVEL, names.rank, IntegerType())
    session.createDataFrame(said).createOrReplaceTempView("said")
    session.sql(_PEOPLE[kind].format("OR REPLACE TEMP VIEW"))
    make: Any = SparkAPI
    api = make(spark_session=session, break_lineage_method="persist")
    return Bench(SPARK, kind, api, session, api.register("people"), names)


def shares(on: Bench, rarest: float) -> dict[str, dict[str, float]]:
    """Comparison → code of a name → its share of the records that say one, where it is above the rarest."""
    found: dict[str, dict[str, float]] = {}
    for name, column in CODES.items() if on.kind == PERSON else ():
        sql = (
            f"SELECT code, share FROM (SELECT {column} AS code,"
            " CAST(count(*) AS DOUBLE) / sum(count(*)) OVER () AS share"
            f" FROM people WHERE {column} IS NOT NULL GROUP BY {column}) AS counted WHERE share > {rarest!r}"
            " ORDER BY share DESC, code"
        )
        codes = {str(code): float(share) for code, share in on.rows(sql)}
        found |= {name: codes} if codes else {}
    return found


def train(on: Bench, model: Model) -> Model:
    """A model learned from the list, beginning with another; levels that nobody ever showed keep what they had."""
    from splink import block_on

    linker = _linker(on, model, [block_on(*rule) for rule in PASSES[model.kind]])
    training = linker.training
    certain = [block_on(*rule) for rule in CERTAIN[model.kind] if _count_pairs(on, rule)]
    if certain:
        training.estimate_probability_two_random_records_match(certain, recall=RECALL)
    training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=SEED)
    passes = 0
    for rule in PASSES[model.kind]:
        count = _count_pairs(on, rule)
        if count:
            training.estimate_parameters_using_expectation_maximisation(
                block_on(*rule),
                estimate_without_term_frequencies=True,
                max_pairs=PASS_PAIRS_MAX if count > PASS_PAIRS_MAX else None,
            )
            passes += 1
    told = linker.misc.save_model_to_json()
    learned = _learned(model, told["comparisons"])
    untrained = ((each.name, level.level) for each in learned for level in each.levels if not level.trained)
    never = tuple(f"{name} {level}" for name, level in untrained if level not in NOT_LEARNED)
    if never:
        logger.warning("linkage: %d levels were never seen and keep their weights", len(never))
    return msgspec.structs.replace(
        model,
        prior=min(max(float(told["probability_two_random_records_match"]), LEAST), 0.1),
        comparisons=learned,
        frequencies=shares(on, model.rarest),
        trained_on={"records": on.count(), "passes": passes},
        never_seen=never,
    )


def scores(on: Bench, model: Model, pairs: str, least: float) -> Iterator[Scored]:
    """The pairs in a table (join_key_l, join_key_r, match_key) to which Splink gives a weight from `least` on."""
    from splink import block_on

    linker = _linker(on, model, [block_on(*PASSES[model.kind][0])], explains=True)
    linker.table_management.register_blocked_pairs_for_predict(on.register(pairs))
    found = linker.inference.predict(threshold_match_weight=least)
    sql = _told(model.kind).format(found=found.physical_name)
    levels = _LevelsOf(model.kind)
    for left_id, right_id, weight, left_digest, right_digest, is_anyones, *rest in _streamed(on, sql):
        compared = Compared(levels[tuple(rest[4:])], (rest[0], rest[1]), (rest[2], rest[3]), is_anyones)
        yield Scored(left_id, right_id, weight, compared, (left_digest, right_digest))
    found.drop_table_from_database_and_remove_from_cache()


class _LevelsOf(dict[tuple[int, ...], tuple[str | None, ...]]):
    """The levels that Splink's numbers of levels stand for: -1 where something was not said, 0 for the worst."""

    def __init__(self, kind: str) -> None:
        self._levels = tuple(LEVELS[kind].values())

    def __missing__(self, numbers: tuple[int, ...]) -> tuple[str | None, ...]:
        told = zip(self._levels, numbers, strict=True)
        self[numbers] = found = tuple(levels[~number] if number >= 0 else None for levels, number in told)
        return found


def _told(kind: str) -> str:
    gammas = ", ".join(f"gamma_{name}" for name in LEVELS[kind])
    codes = ["given_code", "family_code"] if kind == PERSON else ["0", "0"]
    both = [f"coalesce({side}.{code}, 0)" if kind == PERSON else code for code in codes for side in "lr"]
    anyones = f"greatest(l.phone_persons, r.phone_persons) > {PHONE_OF_A_HOUSE}" if kind == PERSON else "false"
    return (
        f"SELECT unique_id_l, unique_id_r, match_weight, l.digest, r.digest, {anyones}, {', '.join(both)}, {gammas}"
        " FROM {found} JOIN people l ON l.unique_id = unique_id_l JOIN people r ON r.unique_id = unique_id_r"
        " ORDER BY unique_id_l, unique_id_r"
    )


def _streamed(on: Bench, sql: str) -> Iterator[tuple[Any, ...]]:
    if on.backend == SPARK:
        yield from map(tuple, on.session.sql(sql).toLocalIterator())
        return
    cursor = on.session.cursor().execute(sql)
    while rows := cursor.fetchmany(FETCHED_AT_ONCE):
        yield from rows


def _linker(on: Bench, model: Model, rules: list[Any], explains: bool = False) -> Any:
    """`explains`: its scores tell the levels too."""
    from splink import Linker, SettingsCreator

    logging.getLogger("splink").setLevel(logging.ERROR)
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=settings_of(model, on.backend),
        blocking_rules_to_generate_predictions=rules,
        probability_two_random_records_match=model.prior,
        retain_matching_columns=explains,
        max_iterations=ITERATIONS_MAX,
    )
    return Linker(on.people, settings, log_level=logging.ERROR)


def _count_pairs(on: Bench, rule: Sequence[str]) -> int:
    """How many pairs of records share a rule's columns: Splink refuses a pass without a pair."""
    columns = ", ".join(rule)
    said = " AND ".join(f"{column} IS NOT NULL" for column in rule)
    groups = f"SELECT CAST(count(*) AS DOUBLE) AS n FROM people WHERE {said} GROUP BY {columns}"
    return int(on.rows(f"SELECT coalesce(sum(n * (n - 1) / 2), 0) FROM ({groups}) AS groups")[0][0])


def _learned(model: Model, told: Sequence[Mapping[str, Any]]) -> tuple[ComparisonWeights, ...]:
    by_name = {each["output_column_name"]: each["comparison_levels"] for each in told}
    return tuple(
        msgspec.structs.replace(each, levels=tuple(_level(level, by_name[each.name]) for level in each.levels))
        for each in model.comparisons
    )


def _level(level: LevelWeight, told: Sequence[Mapping[str, Any]]) -> LevelWeight:
    found = next(each for each in told if each["label_for_charts"] == level.level)
    m, u = found.get("m_probability"), found.get("u_probability")
    if not isinstance(m, float) or not isinstance(u, float) or min(m, u) <= LEAST or level.m == m or level.u == u:
        return msgspec.structs.replace(level, trained=False)
    moved = LEARNED * m + (1 - LEARNED) * level.m
    return LevelWeight(level.level, min(max(moved, level.m / MOVES_MOST), level.m * MOVES_MOST), u, trained=True)
