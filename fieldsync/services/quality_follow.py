"""The follower that keeps flags, points and mentions up to date, from the change log and never inside the request."""

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from fieldsync.services import following, mentions, points, quality
from fieldsync.services.following import Follower

QUALITY = "quality"
"""The name under which it follows."""


def late(session: Session, association_ids: Iterable[int]) -> list[int]:
    """Those of some associations of which something is left to look at."""
    return [each for each in association_ids if following.is_behind(session, QUALITY, each)]


def step(session: Session, association_id: int, limit: int, now_ms: int) -> bool:
    """Look at the next changes of an association, at most `limit`; whether anything is left."""

    def take(taken: Session, owner: int, record_ids: Sequence[int]) -> None:
        changed = quality.observe(taken, owner, record_ids, now_ms)
        points.locate(taken, owner, record_ids)
        mentions.keep(taken, owner, record_ids)
        following.touch(taken, owner, changed)

    following.follow(session, Follower(QUALITY, take), association_id, limit)
    return following.is_behind(session, QUALITY, association_id)
