"""The follower that keeps flags, points and mentions up to date, from the change log and never inside the request."""

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from fieldsync.services import following, mentions, points, quality
from fieldsync.services.following import Follower
from fieldsync.services.taken import take_up

QUALITY = "quality"
"""The name under which it follows."""


def late(session: Session, association_ids: Iterable[int]) -> list[int]:
    """Those of some associations of which something is left to look at."""
    return [each for each in association_ids if following.is_behind(session, QUALITY, each)]


def step(session: Session, association_id: int, limit: int, now_ms: int) -> bool:
    """Look at the next changes of an association, at most `limit`; whether anything is left."""

    def look(session: Session, owner: int, record_ids: Sequence[int]) -> None:
        taken = take_up(session, owner, record_ids)
        changed = quality.observe(session, owner, taken, now_ms)
        points.locate(session, owner, taken)
        mentions.keep(session, owner, taken)
        following.touch(session, owner, changed)

    following.follow(session, Follower(QUALITY, look), association_id, limit)
    return following.is_behind(session, QUALITY, association_id)
