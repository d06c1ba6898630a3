"""Family links as evidence: whom records name as their relatives, with the survivor of a merge for who was merged."""

from collections.abc import Collection, Iterable, Mapping

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.blocking import relative_block
from fieldsync.core.linkage_features import RELATIVE, Features, algorithm
from fieldsync.services import following
from fieldsync.services.linkage_lists import LinkedList
from fieldsync.store import associations, linkage, records
from fieldsync.store.records import RecordRow

NAMING_MAX = 5000
"""Records that are compared anew because somebody whom they name was merged: a household has some ten."""

_features = msgspec.json.Decoder(Features)


def settled(
    session: Session, of_list: LinkedList, rows: Mapping[int, RecordRow], found: Mapping[int, Features]
) -> dict[int, Features]:
    """Features with the survivors of whom they name, and with who each record is; unchanged where nobody names any."""
    if RELATIVE not in of_list.parts:
        return dict(found)
    named = {uuid for each in found.values() for uuid in each.named}
    survivor = survivors(session, of_list.collection.association_id, named)
    return {
        record_id: msgspec.structs.replace(
            features,
            relatives=_with_survivors(features.relatives, survivor),
            merged_relatives=tuple(sorted(each for each in features.named if survivor[each] != each)),
            itself=records.uuid_text(rows[record_id].uuid),
        )
        for record_id, features in found.items()
    }


def _with_survivors(relatives: Iterable[str], survivor: Mapping[str, str]) -> tuple[str, ...]:
    told = (each.partition(" ") for each in relatives)
    return tuple(sorted({f"{name} {survivor[uuid]}" for name, _, uuid in told}))


def apart(features: Features) -> Features:
    """Features to be compared with those of another association: its entities are others, so relatives say nothing."""
    return msgspec.structs.replace(features, relatives=(), merged_relatives=(), itself="")


def survivors(session: Session, association_id: int, uuids: Collection[str]) -> dict[str, str]:
    """Through whom entities of an association show: themselves, unless they are merged into another."""
    collections = {each.id for each in associations.collections(session, association_id) if each.kind == "entity"}
    rows = records.by_uuids(session, {records.uuid_bytes(each) for each in uuids})
    into = {row.uuid: row.merged_into for row in rows if row.merged_into and row.collection_id in collections}
    over = records.by_ids(session, into.values())
    merged = {records.uuid_text(uuid): records.uuid_text(over[each].uuid) for uuid, each in into.items()}
    return {each: merged.get(each, each) for each in uuids}


def compare_who_names(
    session: Session, association_id: int, lists: Iterable[LinkedList], rows: Iterable[RecordRow]
) -> None:
    """Let who names somebody of these be compared anew, where she was merged since or stands alone again."""
    naming = [each for each in lists if RELATIVE in each.parts]
    uuids = [records.uuid_text(row.uuid) for row in rows] if naming else []
    survivor = survivors(session, association_id, uuids) if naming else {}
    for of_list in naming:
        keys = {of_list.space.key(relative_block(uuid)): uuid for uuid in uuids}
        bearers = linkage.bearers(session, keys.keys(), NAMING_MAX)
        ids = {each for found in bearers.values() for each in found}
        named = {
            record_id: _features.decode(body).named
            for record_id, body in linkage.features(session, of_list.collection.id, algorithm(), ids).items()
        }
        stale = {
            record_id
            for key, found in bearers.items()
            for record_id in found
            if record_id in named and survivor[keys[key]] not in named[record_id]
        }
        following.compare_some_again(session, association_id, stale)
