"""Splink learns a model from a list without labels, and scores all its pairs, on DuckDB or Spark (docs/linkage.md).

Splink, DuckDB, NumPy and PyArrow are the optional extra `linkage`; nothing here is imported before it is asked for.
"""

import importlib.util
import logging
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from fieldsync.core.linkage_features import PERSON, Features
from fieldsync.core.linkage_levels import COMMUNE_PARTS, NAME_RANK, name_level
from fieldsync.core.linkage_model import LEAST, ComparisonWeights, LevelWeight, Model
from fieldsync.store.linkage_sql import DUCKDB, NAME_LEVEL, SPARK, settings_of

logger = logging.getLogger(__name__)

MODULES = {DUCKDB: ("splink", "duckdb", "numpy", "pyarrow"), SPARK: ("splink", "pyspark", "numpy", "pyarrow")}

RANDOM_PAIRS = 400_000
"""Pairs drawn to see how often strangers agree."""

RECALL = 0.6
"""Which part of the true pairs the certain rules are taken to find, for the prior."""

SEED = 1

KEY_BEARERS_MAX = 200
"""A key of more records is split by birth year; what is still larger brings nobody together."""

DIFFERENT_RANK = 4

PASSES = {
    PERSON: (
        ("phone", "family_code"),
        ("given_code", "born_first", "born_last"),
        ("given_code", "family_code", "place"),
    ),
    "cooperative": (("name_code",), ("register_number",)),
}
"""What two records share in each pass of the training: a pass learns nothing of that, the others do.

Each pass must hold many pairs that are one, or what it calls a match is anything.
"""

LEARNED = 0.5
"""How far m moves from what it was to what was learned: a list is small, and may be strange."""

ITERATIONS_MAX = 15

CERTAIN = {
    PERSON: (("national_id",), ("phone", "given_code"), ("given_code", "family_code", "born_first", "born_last")),
    "cooperative": (("register_number",), ("name_code", "place")),
}
"""What makes two records one almost certainly, for the prior."""

COLUMNS = {
    PERSON: {
        **{"given_id": "bigint", "family_id": "bigint", "given_code": "string", "family_code": "string"},
        **{"born_first": "int", "born_last": "int", "birth": "string"},
        **{"phone": "string", "phone_persons": "int", "national_id": "string", "sex": "string"},
    },
    "cooperative": {
        **{"name_id": "bigint", "name_code": "string", "register_number": "string"},
        **{"activity": "array<string>", "members": "array<string>"},
    },
}
PLACES = {
    "place": "string",
    "douar": "string",
    "commune": "string",
    "province": "string",
    "latitude": "double",
    "longitude": "double",
}


class Scored(NamedTuple):
    """A pair and the weight that Splink gives it."""

    left_id: int
    right_id: int
    weight: float


def is_available(backend: str = DUCKDB) -> bool:
    """Whether what a backend needs is installed."""
    return all(importlib.util.find_spec(name) is not None for name in MODULES[backend])


@dataclass
class Extract:
    """The features of a list as columns; names are numbers, so that each pair of names is compared once."""

    kind: str
    columns: dict[str, list[Any]] = field(default_factory=dict)
    names: dict[tuple[str, ...], int] = field(default_factory=dict)
    spellings: list[tuple[str, ...]] = field(default_factory=list)
    records: int = 0

    def __post_init__(self) -> None:
        self.columns = {name: [] for name in ("unique_id", *COLUMNS[self.kind], *PLACES)}

    def add(self, record_id: int, features: Features) -> None:
        """Take one record in."""
        row = {"unique_id": record_id, **self._row(features), **_places(features)}
        for name, values in self.columns.items():
            values.append(row[name])
        self.records += 1

    def count_phones(self) -> None:
        """Note how many records bear each phone; once, after all were added."""
        if self.kind == PERSON:
            count = Counter(self.columns["phone"])
            self.columns["phone_persons"] = [count[phone] if phone else 0 for phone in self.columns["phone"]]

    def shares(self, rarest: float) -> dict[str, dict[str, float]]:
        """Comparison → code of a name → its share of the records that say one, where it is above the rarest."""
        found: dict[str, dict[str, float]] = {}
        for name, column in (("given_name", "given_code"), ("family_name", "family_code")):
            count = Counter(code for code in self.columns.get(column, ()) if code is not None)
            most = count.total()
            shares = {code: times / most for code, times in count.most_common() if times / most > rarest}
            found |= {name: shares} if shares else {}
        return found

    def _row(self, features: Features) -> dict[str, Any]:
        if self.kind != PERSON:
            name = self._number(features.names)
            return {
                "name_id": name,
                "name_code": None if name is None else str(name),
                "register_number": features.register_number or None,
                "activity": list(features.activity) or None,
                "members": list(features.members) or None,
            }
        day = features.birth_date
        first, last = features.born or (None, None)
        return {
            "given_id": self._number(features.given),
            "family_id": self._number(features.family),
            "given_code": str(features.given_code) if features.given_code else None,
            "family_code": str(features.family_code) if features.family_code else None,
            "born_first": first,
            "born_last": last,
            "birth": day.isoformat().replace("-", "") if day else None,
            "phone": features.phone or None,
            "phone_persons": features.phone_persons,
            "national_id": features.national_id or None,
            "sex": features.sex or None,
        }

    def _number(self, spellings: tuple[str, ...]) -> int | None:
        if not spellings:
            return None
        number = self.names.setdefault(spellings, len(self.spellings))
        if number == len(self.spellings):
            self.spellings.append(spellings)
        return number


def _places(features: Features) -> dict[str, Any]:
    parts = features.place.split(".") if features.place else []
    point = features.point or (None, None)
    return {
        "place": features.place or None,
        "douar": features.place if parts and not 1 < len(parts) <= COMMUNE_PARTS else None,
        "commune": ".".join(parts[:COMMUNE_PARTS]) if len(parts) >= COMMUNE_PARTS else None,
        "province": ".".join(parts[:2]) if len(parts) >= 2 else None,
        "latitude": point[0],
        "longitude": point[1],
    }


class Names:
    """Compares names by number, each pair once."""

    def __init__(self, spellings: Sequence[tuple[str, ...]]) -> None:
        self._spellings = spellings
        self._known: dict[tuple[int, int], int] = {}

    def rank(self, left: int | None, right: int | None) -> int:
        """The rank of the level of two names; that of different ones where one is missing."""
        if left is None or right is None:
            return DIFFERENT_RANK
        pair = (left, right) if left <= right else (right, left)
        found = self._known.get(pair)
        if found is None:
            level = name_level(self._spellings[pair[0]], self._spellings[pair[1]])
            found = self._known[pair] = NAME_RANK[level or "different"]
        return found

    def ranks(self, left: Any, right: Any) -> Any:
        """The same for columns (PyArrow)."""
        import pyarrow

        pairs = zip(left.to_pylist(), right.to_pylist(), strict=True)
        return pyarrow.array([self.rank(one, other) for one, other in pairs], pyarrow.int32())


@dataclass(frozen=True)
class Bench:
    """A backend with a list on it: Splink's API, the list's table, and how tables are made and read."""

    backend: str
    api: Any
    session: Any
    people: Any

    def run(self, sql: str) -> None:
        """Make a table."""
        self.session.execute(sql) if self.backend == DUCKDB else self.session.sql(sql)

    def register(self, name: str) -> Any:
        """A table as Splink knows it."""
        return self.api.register(name)


@contextmanager
def bench(extract: Extract, backend: str = DUCKDB, memory_mib: int = 700) -> Iterator[Bench]:
    """A list on a backend; DuckDB keeps within the memory and puts the rest into a folder that goes with it."""
    names = Names(extract.spellings)
    if backend == SPARK:
        yield _on_spark(extract, names)
        return
    import duckdb
    import pyarrow
    from splink import DuckDBAPI

    folder = tempfile.mkdtemp(prefix="fieldsync-linkage-")
    connection: Any = duckdb.connect(
        config={"memory_limit": f"{memory_mib}MiB", "temp_directory": folder, "preserve_insertion_order": "false"}
    )
    try:
        connection.create_function(
            NAME_LEVEL, names.ranks, ["BIGINT", "BIGINT"], "INTEGER", type="arrow", null_handling="special"
        )
        table = pyarrow.table({name: _typed(name, extract, values) for name, values in extract.columns.items()})
        connection.register("extract", table)
        connection.execute("CREATE TABLE people AS SELECT * FROM extract")
        connection.unregister("extract")
        api = DuckDBAPI(connection)
        yield Bench(DUCKDB, api, connection, api.register("people"))
    finally:
        connection.close()
        shutil.rmtree(folder, ignore_errors=True)


def _typed(name: str, extract: Extract, values: list[Any]) -> Any:
    import pyarrow

    kinds = {
        "bigint": pyarrow.int64(),
        "int": pyarrow.int32(),
        "double": pyarrow.float64(),
        "array<string>": pyarrow.list_(pyarrow.string()),
    }
    kind = {"unique_id": "bigint", **COLUMNS[extract.kind], **PLACES}[name]
    return pyarrow.array(values, kinds.get(kind, pyarrow.string()))


def _on_spark(extract: Extract, names: Names) -> Bench:
    from pyspark.sql import SparkSession
    from pyspark.sql.types import IntegerType
    from splink import SparkAPI

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # its workers must find our comparison of names
    session = SparkSession.builder.getOrCreate()
    session.udf.register(NAME_LEVEL, names.rank, IntegerType())
    kinds = {"unique_id": "bigint", **COLUMNS[extract.kind], **PLACES}
    schema = ", ".join(f"{name} {kinds[name]}" for name in extract.columns)
    rows = list(zip(*extract.columns.values(), strict=True))
    session.createDataFrame(rows, schema).createOrReplaceTempView("people")
    make: Any = SparkAPI
    api = make(spark_session=session, break_lineage_method="persist")
    return Bench(SPARK, api, session, api.register("people"))


def train(on: Bench, model: Model, extract: Extract) -> Model:
    """A model learned from the list, beginning with another; levels that nobody ever showed keep what they had."""
    from splink import block_on

    linker = _linker(on, model, [block_on(*rule) for rule in PASSES[model.kind]])
    training = linker.training
    certain = [block_on(*rule) for rule in CERTAIN[model.kind] if _brings_pairs(on, rule)]
    if certain:
        training.estimate_probability_two_random_records_match(certain, recall=RECALL)
    training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=SEED)
    passes = 0
    for rule in PASSES[model.kind]:
        if _brings_pairs(on, rule):
            training.estimate_parameters_using_expectation_maximisation(
                block_on(*rule), estimate_without_term_frequencies=True
            )
            passes += 1
    told = linker.misc.save_model_to_json()
    learned = _learned(model, told["comparisons"])
    never = tuple(f"{each.name} {level.level}" for each in learned for level in each.levels if not level.trained)
    if never:
        logger.warning("linkage: %d levels were never seen and keep their weights", len(never))
    return msgspec.structs.replace(
        model,
        prior=min(max(float(told["probability_two_random_records_match"]), LEAST), 0.1),
        comparisons=learned,
        frequencies=extract.shares(model.rarest),
        trained_on={"records": extract.records, "passes": passes},
        never_seen=never,
    )


def scores(on: Bench, model: Model, pairs: str, least: float) -> Iterator[Scored]:
    """Splink's weights of the pairs in a table (join_key_l, join_key_r, match_key), from `least` on."""
    from splink import block_on

    linker = _linker(on, model, [block_on(*PASSES[model.kind][0])])
    linker.table_management.register_blocked_pairs_for_predict(on.register(pairs))
    found = linker.inference.predict(threshold_match_weight=least)
    sql = f"SELECT unique_id_l, unique_id_r, match_weight FROM {found.physical_name}"
    if on.backend == SPARK:
        yield from (Scored(*row) for row in on.session.sql(sql).toLocalIterator())
        return
    cursor = on.session.execute(sql)
    while rows := cursor.fetchmany(10_000):
        yield from (Scored(*row) for row in rows)


def pair_up(on: Bench, kind: str, keys: Iterable[Sequence[tuple[int, int]]]) -> str:
    """Make a table of all pairs of records that share a key, from pages of (key, record id), on DuckDB; its name."""
    import pyarrow

    on.run("CREATE TABLE keys (key BIGINT, record_id BIGINT)")
    for page in keys:
        table = pyarrow.table({"key": [row[0] for row in page], "record_id": [row[1] for row in page]})
        on.session.register("page", table)
        on.run("INSERT INTO keys SELECT page.key, page.record_id FROM page JOIN people ON unique_id = record_id")
        on.session.unregister("page")
    year = "year(DATE '0001-01-01' + (born_first - 1))" if kind == PERSON else "CAST(NULL AS BIGINT)"
    on.run(
        "CREATE TABLE blocks AS SELECT key, CAST(NULL AS BIGINT) AS part, record_id FROM keys WHERE key IN"
        f" (SELECT key FROM keys GROUP BY key HAVING count(*) <= {KEY_BEARERS_MAX})"
        f" UNION ALL SELECT key, {year}, record_id FROM keys JOIN people ON unique_id = record_id WHERE key IN"
        f" (SELECT key FROM keys GROUP BY key HAVING count(*) > {KEY_BEARERS_MAX})"
    )
    on.run(
        "CREATE TABLE pairs AS SELECT DISTINCT a.record_id AS join_key_l, b.record_id AS join_key_r, '0' AS match_key"
        " FROM blocks a JOIN blocks b ON a.key = b.key AND a.part IS NOT DISTINCT FROM b.part"
        " AND a.record_id < b.record_id WHERE (a.key, coalesce(a.part, 0)) IN (SELECT (key, coalesce(part, 0))"
        f" FROM blocks GROUP BY key, part HAVING count(*) BETWEEN 2 AND {KEY_BEARERS_MAX})"
    )
    return "pairs"


def _linker(on: Bench, model: Model, rules: list[Any]) -> Any:
    from splink import Linker, SettingsCreator

    logging.getLogger("splink").setLevel(logging.ERROR)
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=settings_of(model, on.backend),
        blocking_rules_to_generate_predictions=rules,
        probability_two_random_records_match=model.prior,
        retain_matching_columns=False,
        max_iterations=ITERATIONS_MAX,
    )
    return Linker(on.people, settings, log_level=logging.ERROR)


def _brings_pairs(on: Bench, rule: Sequence[str]) -> bool:
    """Whether any two records share a rule's columns: Splink refuses a pass without a pair."""
    columns = ", ".join(rule)
    said = " AND ".join(f"{column} IS NOT NULL" for column in rule)
    sql = f"SELECT 1 FROM people WHERE {said} GROUP BY {columns} HAVING count(*) > 1 LIMIT 1"
    found = on.session.execute(sql).fetchall() if on.backend == DUCKDB else on.session.sql(sql).collect()
    return bool(found)


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
    return LevelWeight(level.level, LEARNED * m + (1 - LEARNED) * level.m, u, trained=True)
