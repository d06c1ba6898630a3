"""The pairs of a list that are worth a score, on DuckDB: they share a key, and their facts may bring them to review.

A million persons share keys in thirty million ways; hardly one in a hundred is worth more than a glance.
"""

from collections.abc import Iterable, Iterator, Sequence

from fieldsync.core.linkage import least_of
from fieldsync.core.linkage_features import PERSON
from fieldsync.core.linkage_model import Model
from fieldsync.store.linkage_extract import BESIDE_NAMES
from fieldsync.store.linkage_splink import Bench
from fieldsync.store.linkage_sql import CODES, may_match, most_by_names

KEY_BEARERS_MAX = 200
"""A key of more records is split by birth year; what is still larger brings nobody together."""

PAIRS_AT_ONCE = 6_000_000
"""Pairs, some of them more than once, that are looked at in one go."""

SCORED_AT_ONCE = 1_000_000
"""Pairs that are scored in one go: what memory is needed depends on them."""


def pair_up(on: Bench, model: Model, keys: Iterable[Sequence[tuple[int, str]]]) -> Iterator[str]:
    """Tables of the pairs of records that share a key and may not be beyond review, one after the other, on DuckDB.

    `keys`: pages of (key, the records that bear it as `1,2,3`). A table is gone once the next is asked for.
    """
    _take_keys(on, keys)
    on.run(f"CREATE TABLE blocks AS {_BLOCKS.format(year=_YEAR if on.kind == PERSON else 'NULL')}")
    on.run("DROP TABLE keys")
    on.run(f"CREATE TABLE reach AS {most_by_names(model) if on.kind == PERSON else 'SELECT * FROM people'}")
    on.run("CREATE TABLE near (join_key_l BIGINT, join_key_r BIGINT)")
    many = on.rows("SELECT coalesce(sum(len(bearers) * (len(bearers) - 1) // 2), 0) FROM blocks")[0][0]
    parts = int(many) // PAIRS_AT_ONCE + 1
    for part in range(parts):
        _join(on, model, f"block % {parts} = {part}")
    on.run("DROP TABLE blocks")
    on.run("DROP TABLE reach")
    parts = int(on.rows("SELECT count(*) FROM near")[0][0]) // SCORED_AT_ONCE + 1
    for part in range(parts):
        on.run(
            f"CREATE TABLE pairs_{part} AS SELECT DISTINCT join_key_l, join_key_r, '0' AS match_key FROM near"
            f" WHERE join_key_l % {parts} = {part}"
        )
        yield f"pairs_{part}"
        on.run(f"DROP TABLE pairs_{part}")
    on.run("DROP TABLE near")


def _take_keys(on: Bench, keys: Iterable[Sequence[tuple[int, str]]]) -> None:
    import pyarrow

    on.run("CREATE TABLE keys (key BIGINT, bearers BIGINT[])")
    for page in keys:
        table = pyarrow.table({"key": [row[0] for row in page], "bearers": [row[1] for row in page]})
        on.session.register("page", table)
        on.run(
            "INSERT INTO keys SELECT key, listed FROM (SELECT key, CAST(string_split(bearers, ',') AS BIGINT[]) AS"
            " listed FROM page) WHERE listed[1] IN (SELECT unique_id FROM people)"
        )
        on.session.unregister("page")


def _join(on: Bench, model: Model, blocks: str) -> None:
    """Put the pairs of some blocks that may not be beyond review to the others, some of them twice."""
    likely, columns = "true", list[str]()
    if on.kind == PERSON:
        likely = may_match(model, least_of(model))
        columns = [*BESIDE_NAMES, "phone_persons", *(f"{name}_most" for name in CODES)]
        columns += [f"{name}_{what}" for name in ("given", "family") for what in ("id", "mask")]
    on.run(
        f"CREATE TABLE borne AS SELECT {', '.join(['block', 'unique_id', *columns])} FROM (SELECT block,"
        f" unnest(bearers) AS record_id FROM blocks WHERE {blocks}) AS each JOIN reach ON unique_id = record_id"
    )
    both = ", ".join(f"{side}.{name} AS {name}_{side}" for name in ("unique_id", *columns) for side in "lr")
    on.run(
        f"INSERT INTO near SELECT unique_id_l, unique_id_r FROM (SELECT {both} FROM borne l JOIN borne r"
        f" ON l.block = r.block AND l.unique_id < r.unique_id) AS beside WHERE {likely}"
    )
    on.run("DROP TABLE borne")


_YEAR = "year(DATE '0001-01-01' + (born_first - 1))"

_BLOCKS = (
    f"SELECT row_number() OVER () AS block, bearers FROM (SELECT bearers FROM keys WHERE len(bearers) <="
    f" {KEY_BEARERS_MAX} UNION ALL SELECT list(record_id) AS bearers FROM (SELECT key, unnest(bearers) AS record_id"
    f" FROM keys WHERE len(bearers) > {KEY_BEARERS_MAX}) AS crowded JOIN people ON unique_id = record_id"
    " GROUP BY key, {year}"
    f" HAVING count(*) BETWEEN 2 AND {KEY_BEARERS_MAX}) AS every"
)
