"""Following the change log: work that comes after a record was stored, and never inside the request that stored it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.core import linkage_features, names
from fieldsync.store import associations, changes, followers

TOUCHED_MAX = 500
"""Records out of the log's order that one step takes."""

INBOX, LINKAGE, ACROSS, REPORTS = "inbox", "linkage", "across", "reports"
FOLLOWERS = (INBOX,)
"""Those who must hear of what changes beside the log (`touch`)."""

WORDS_RULES = 2
"""Which rules say under what words a record is found (services/searchable), beside those of names."""


def _words_version() -> int:
    return 1000 * names.algorithm() + WORDS_RULES


VERSIONS: Mapping[str, Callable[[], int]] = {
    INBOX: _words_version,
    LINKAGE: linkage_features.algorithm,
    ACROSS: linkage_features.algorithm,
}
"""What a follower goes by beside the records: where that is another version, she begins again."""


@dataclass(frozen=True)
class Follower:
    """Somebody who follows: under which name, and what is done with (association id, row ids of changed records)."""

    name: str
    take: Callable[[Session, int, Sequence[int]], None]


def follow(session: Session, follower: Follower, association_id: int, limit: int) -> int:
    """Take the next changes, at most `limit` of them; return how many positions of the log remain.

    A record may be taken twice, never not at all: what a follower makes of it must depend on its present state alone.
    Where another transaction goes on from the same position, nothing is done.
    """
    version = _version(follower.name)
    start = followers.take_position(session, follower.name, association_id, version)
    through, _ = associations.positions(session, association_id)
    if start is None:
        return behind(session, follower.name, association_id)
    rows = changes.after(session, association_id, start, through, limit)
    again = followers.touched(session, follower.name, association_id, min(limit, TOUCHED_MAX))
    wanted = sorted({row.record_id for row in rows} | {record_id for _, record_id in again})
    if wanted:
        follower.take(session, association_id, wanted)
    followers.forget_touched(session, [number for number, _ in again])
    end = rows[-1].position if rows else through
    if end != start:
        followers.move(session, follower.name, association_id, end, version)
    return through - end


def behind(session: Session, name: str, association_id: int) -> int:
    """How many positions of the log a follower has not taken yet."""
    through, _ = associations.positions(session, association_id)
    return through - followers.position(session, name, association_id, _version(name))


def is_behind(session: Session, name: str, association_id: int) -> bool:
    """Whether a follower has anything left to do."""
    return behind(session, name, association_id) > 0 or bool(followers.touched(session, name, association_id, 1))


def touch(session: Session, association_id: int, record_ids: Collection[int]) -> None:
    """Let the followers look again at records that change without an operation, such as by a flag."""
    followers.touch(session, FOLLOWERS, association_id, record_ids)


def touch_all(session: Session, association_id: int, kind: str, of: str) -> None:
    """Let the followers look again at every record of a form or list."""
    followers.touch_all(session, FOLLOWERS, association_id, kind, of)


def compare_some_again(session: Session, association_id: int, record_ids: Collection[int]) -> None:
    """Let linkage look again at some entities: whom they name is another."""
    followers.touch(session, (LINKAGE,), association_id, record_ids)


def compare_again(session: Session, association_id: int, of: str) -> None:
    """Let linkage look again at every entity of a list: it is compared by other properties."""
    followers.touch_all(session, (LINKAGE, ACROSS), association_id, "entity", of)


def pair_again(session: Session, association_id: int, record_ids: Collection[int]) -> None:
    """Let the pairs of reports follow a decision on some of them."""
    followers.touch(session, (REPORTS,), association_id, record_ids)


def begin_again(session: Session) -> None:
    """Let the followers look again at everything: what they go by is another."""
    followers.begin_again(session, FOLLOWERS)


def _version(name: str) -> int:
    made_by = VERSIONS.get(name)
    return made_by() if made_by else 0
