"""What a phone hears of possible duplicates: "perhaps the same as …", of records that it may read both."""

from collections.abc import Callable, Collection, Sequence

from sqlalchemy.orm import Session

from fieldsync.core.problems import Problem
from fieldsync.core.short_codes import short_code
from fieldsync.services import held_apart
from fieldsync.services.linkage import is_compared, levels_of
from fieldsync.services.showing import told
from fieldsync.store import associations, changes, linkage, pairs, records
from fieldsync.store.changes import NewChange
from fieldsync.store.linkage import PairRow
from fieldsync.store.pairs import DecisionRow
from fieldsync.store.records import RecordRow

POSSIBLY_SAME = "possibly_same"

OPEN = ("unsure", "open", "proposed")
"""What was said of a pair that may still be one."""

TOLD_MAX = 3
"""Others that one record names, the likeliest first."""

RECORDS_MAX = 1000
"""Records of one step whose phones are told at their next sync."""

Hints = dict[int, list[dict[str, object]]]


def hints(
    session: Session,
    association_id: int,
    rows: Sequence[RecordRow],
    may_read: Callable[[RecordRow], bool],
    language: str,
) -> Hints:
    """Problems by row id, for entities of `rows` that the reader sees, each with the other's UUID (`about`).

    A pair that was decided is not told, unless something is compared otherwise since.
    """
    entities = {each.id for each in associations.collections(session, association_id) if each.kind == "entity"}
    ids = {row.id for row in rows if row.collection_id in entities and is_compared(row)}
    found_pairs = linkage.pairs_of(session, ids) if ids else {}
    decided = pairs.latest(session, found_pairs) if found_pairs else {}
    open_pairs = [row for pair, row in found_pairs.items() if _is_open(row, decided.get(pair))]
    others = records.by_ids(session, {each for row in open_pairs for each in (row.left_id, row.right_id)})
    undecided = {pair: levels_of(row) for pair, row in found_pairs.items() if pair not in decided}
    answered = held_apart.answered(session, others, undecided)
    open_pairs = [row for row in open_pairs if (row.left_id, row.right_id) not in answered]
    found: Hints = {}
    for pair in sorted(open_pairs, key=lambda pair: (-pair.weight, pair.left_id, pair.right_id)):
        for own, other in ((pair.left_id, pair.right_id), (pair.right_id, pair.left_id)):
            row = others.get(other)
            if own in ids and row is not None and is_compared(row) and may_read(row):
                found.setdefault(own, []).append(_told(records.uuid_text(row.uuid), language))
    return {row_id: problems[:TOLD_MAX] for row_id, problems in found.items()}


def _is_open(pair: PairRow, last: DecisionRow | None) -> bool:
    """Whether a pair may still be one: nothing holds of it, or it is back by new evidence (services/linkage.put)."""
    return last is None or last.decision in OPEN or pair.found_ms > last.decided_ms


def _told(uuid: str, language: str) -> dict[str, object]:
    """The text has the short code that pages show; a phone that has the other record names it as it does everywhere."""
    [problem] = told([Problem(POSSIBLY_SAME, detail={"record": short_code(uuid)})], language)
    return {**problem, "about": uuid}


def tell_phones(session: Session, association_id: int, record_ids: Collection[int], now_ms: int) -> None:
    """Let phones that may read these records hear at their next sync of pairs that came or went."""
    rows = records.by_ids(session, sorted(record_ids)[:RECORDS_MAX])
    news = [NewChange(each, None, 0, rows[each].place) for each in sorted(rows)]
    if news:
        positions = associations.draw_positions(session, association_id, len(news))
        changes.append(session, association_id, positions, news, now_ms)
