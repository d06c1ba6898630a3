"""The pairs of a list that are worth a score: they share a key, and their facts may bring them to review.

A million persons share keys in forty million ways; hardly one in a hundred is worth more than a glance. NumPy and
PyArrow are of the optional extra `linkage`; nothing here is imported before it is asked for.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fieldsync.core.blocking import RECORD_BITS
from fieldsync.core.linkage_features import PERSON
from fieldsync.core.linkage_model import Model
from fieldsync.store.linkage import RECORD_MASK
from fieldsync.store.linkage_bound import Bound, Pairs, columns_of
from fieldsync.store.linkage_splink import Bench

KEY_BEARERS_MAX = 200
"""A key of more records is split by birth year; what is still larger brings nobody together."""

PAIRS_AT_ONCE = 200_000
"""Pairs, some of them more than once, that are looked at in one go: their columns stay in the processor's cache."""

KEPT_MAX = 4_000_000
"""Pairs that may be kept more than once, each under another key."""

SCORED_AT_ONCE = 1_000_000
"""Pairs that are scored in one go: what memory is needed depends on them."""

Entries = Iterable[Sequence[int]]
"""Pages of keys with the records that bear them, in order (store.linkage.entries)."""


def pair_up(on: Bench, model: Model, entries: Entries) -> Iterator[str]:
    """Tables of the pairs of records that share a key and may not be beyond review, one after the other, on DuckDB.

    A table is gone once the next is asked for.
    """
    import numpy
    import pyarrow

    near, ids = _near(on, model, entries)
    for number, start in enumerate(range(0, len(near), SCORED_AT_ONCE)):
        part = near[start : start + SCORED_AT_ONCE]
        left, right = ids[part >> numpy.uint64(32)], ids[part & numpy.uint64(0xFFFFFFFF)]
        on.session.register("near", pyarrow.table({"join_key_l": left, "join_key_r": right}))
        on.run(f"CREATE TABLE pairs_{number} AS SELECT *, '0' AS match_key FROM near")
        on.session.unregister("near")
        yield f"pairs_{number}"
        on.run(f"DROP TABLE pairs_{number}")


def _near(on: Bench, model: Model, entries: Entries) -> tuple[Any, Any]:
    """(the rows of both records of each pair in one number, in order; the record id of each row)."""
    import numpy

    if on.kind == PERSON:
        columns = on.columns(columns_of(model))
        bound: Bound | None = Bound(columns, model, on.names)
    else:
        columns, bound = on.columns("SELECT unique_id, 0 AS born_first FROM people ORDER BY unique_id"), None
    ids, found, many = columns["unique_id"], list[Any](), 0
    for left, right in _beside(_blocks(entries, ids, columns["born_first"])):
        kept = bound.may_match((left, right)) if bound else slice(None)
        one, other = left[kept].astype(numpy.uint64), right[kept].astype(numpy.uint64)
        found.append(numpy.minimum(one, other) << numpy.uint64(32) | numpy.maximum(one, other))
        many += len(one)
        if many > KEPT_MAX:
            found = [numpy.unique(numpy.concatenate(found))]
            many = len(found[0])
    return numpy.unique(numpy.concatenate(found or [numpy.zeros(0, numpy.uint64)])), ids


def _blocks(entries: Entries, ids: Any, born: Any) -> Iterator[tuple[Any, Any]]:
    """(rows of records, how many of them share each key): what many share is split by the year of birth."""
    import numpy

    for page in _by_whole_keys(entries):
        records = page & RECORD_MASK
        rows = numpy.searchsorted(ids, records)
        is_known = ids[numpy.minimum(rows, len(ids) - 1)] == records
        rows = rows[is_known]
        _, key, counts = numpy.unique(page[is_known] >> RECORD_BITS, return_inverse=True, return_counts=True)
        is_crowded = counts[key] > KEY_BEARERS_MAX
        yield rows[~is_crowded], counts[counts <= KEY_BEARERS_MAX]
        if is_crowded.any():
            key, rows = key[is_crowded], rows[is_crowded]
            years = _years(born[rows])
            order = numpy.lexsort((rows, years, key))
            _, counts = numpy.unique(numpy.stack((key, years))[:, order], axis=1, return_counts=True)
            yield rows[order], counts


def _by_whole_keys(entries: Entries) -> Iterator[Any]:
    """Pages that end where a key does."""
    import numpy

    rest = numpy.zeros(0, numpy.int64)
    for page in entries:
        every = numpy.concatenate((rest, numpy.array(page, numpy.int64)))
        end = numpy.searchsorted(every, every[-1] & ~RECORD_MASK)
        yield every[:end]
        rest = every[end:]
    yield rest


def _years(born: Any) -> Any:
    """The years of days since the year 1."""
    import numpy

    return (numpy.datetime64("0001-01-01") + (born - 1).astype("timedelta64[D]")).astype("datetime64[Y]").astype(int)


def _beside(blocks: Iterable[tuple[Any, Any]]) -> Iterator[Pairs]:
    """The pairs of rows in blocks, some at a time."""
    import numpy

    for rows, counts in blocks:
        starts = numpy.cumsum(counts) - counts
        for count in numpy.unique(counts[(counts > 1) & (counts <= KEY_BEARERS_MAX)]).tolist():
            left, right = numpy.triu_indices(count, 1)
            of_count = starts[counts == count]
            at_once = max(PAIRS_AT_ONCE // len(left), 1)
            for first in range(0, len(of_count), at_once):
                each = rows[of_count[first : first + at_once, None] + numpy.arange(count)]
                yield each[:, left].ravel(), each[:, right].ravel()
