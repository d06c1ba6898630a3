"""What linkage keeps held against the records that it is made of (part of `fieldsync doctor`)."""

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.linkage_features import algorithm
from fieldsync.core.linkage_levels import LEVELS
from fieldsync.services import following, linkage
from fieldsync.services.doctor_report import Report
from fieldsync.services.following import LINKAGE
from fieldsync.services.linkage_lists import LinkedList, linked_lists
from fieldsync.store import agreements, records
from fieldsync.store import linkage as stored
from fieldsync.store.associations import AssociationRow
from fieldsync.store.records import RecordRow

PAGE_ROWS = 500
"""Rows in hand at a time."""

PAIRS_MAX = 20
"""Pairs that are told."""

LEVELS_KNOWN = {level for kind in LEVELS.values() for levels in kind.values() for level in levels}
"""All that a pair may say of how two agree."""


def examine(session: Session, owner: AssociationRow, report: Report) -> None:
    """Check features and keys, where the follower has taken all that changed, and pairs in any case."""
    for left, right in stored.loose_pairs(session, owner.id, PAIRS_MAX):
        report.tell("linkage", f"records {left} and {right}", "are a pair across a border")
    compared = linked_lists(session, owner.id).values()
    _across(session, owner, {each.collection.of for each in compared}, report)
    if following.is_behind(session, LINKAGE, owner.id):
        return
    for of_list in compared:
        after = 0
        while rows := records.of_collection(session, of_list.collection.id, after, PAGE_ROWS):
            after = rows[-1].id
            _page(session, of_list, rows, report)


def _across(session: Session, owner: AssociationRow, lists: Collection[str], report: Report) -> None:
    """Pairs with other associations, of which this is the first: both allow it, and a pair tells how two agree only."""
    for left, right in agreements.strange_pairs(session, owner.id, PAIRS_MAX):
        report.tell("linkage", f"records {left} and {right}", "are compared across a border that one side keeps shut")
    after = 0, 0
    while rows := agreements.page(session, owner.id, after, PAGE_ROWS):
        after = rows[-1].pair
        report.checked["across"] += len(rows)
        for row in rows:
            where = f"records {row.left_id} and {row.right_id}"
            if row.of not in lists:
                report.tell("linkage", where, "are compared across a border, and their list is compared with nothing")
            if not {level for _, level in row.levels} <= LEVELS_KNOWN:
                report.tell("linkage", where, "tell over a border more than how they agree")


def _page(session: Session, of_list: LinkedList, rows: Sequence[RecordRow], report: Report) -> None:
    report.checked["linkage"] += len(rows)
    made = linkage.features_by_record(session, of_list, rows)
    kept = stored.features(session, of_list.collection.id, algorithm(), [row.id for row in rows])
    for row in rows:
        features = made.get(row.id)
        if kept.get(row.id) != (None if features is None else msgspec.json.encode(features)):
            report.tell("linkage", f"record {row.id}", "is compared by other features than it has")
    keys = {(key, record_id) for record_id, features in made.items() for key in of_list.space.keys(features)}
    if stored.keys_of_records(session, keys) != len(keys):
        report.tell("linkage", f"records {rows[0].id} to {rows[-1].id}", "bear other blocking keys than they must")
