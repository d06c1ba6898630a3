"""Tables of deciding: what people said of pairs, which records are one cluster, and what may be merged by itself."""

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from fieldsync.store.models import Base


class PairDecision(Base):
    """What somebody said of two records, `left_id` < `right_id`; append only: the greatest `turn` holds.

    `decision` is same, different, unsure, proposed (the same, says the first of two), or open (taken back). `levels`
    (JSON): [[name, level], …] as they were compared then; `weight`, and whether it was `automatic` then. `operations`
    (JSON): what was said with it, such as the merge. `sampled`: to be looked at again. `together`: the step in which
    several pairs were decided at once, to be taken back at once; empty where it was this pair alone.
    """

    __tablename__ = "pair_decision"
    __table_args__ = (
        PrimaryKeyConstraint("left_id", "right_id", "turn"),
        Index("ix_pair_decision_right", "right_id"),
        Index("ix_pair_decision_decided", "association_id", "decided_ms"),
        Index(
            "ix_pair_decision_together",
            "association_id",
            "together",
            sqlite_where=text("together <> ''"),
            postgresql_where=text("together <> ''"),
        ),
    )
    left_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    right_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    turn: Mapped[int]
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    decision: Mapped[str]
    decided_by: Mapped[str]
    decided_ms: Mapped[int]
    why: Mapped[str]
    levels: Mapped[bytes]
    operations: Mapped[bytes]
    sampled: Mapped[bool]
    weight: Mapped[float | None]
    automatic: Mapped[bool] = mapped_column(server_default=false())
    together: Mapped[str] = mapped_column(server_default="")


class ClusterMember(Base):
    """A record of a cluster of two or more; `cluster_id` is its oldest member. Derived: it can be made anew."""

    __tablename__ = "cluster_member"
    __table_args__ = (Index("ix_cluster_member_cluster", "cluster_id"),)
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), primary_key=True, autoincrement=False)
    cluster_id: Mapped[int]


class LinkageSetting(Base):
    """What an association lets linkage do by itself: merge from `automatic_weight` on, where that is given."""

    __tablename__ = "linkage_setting"
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"), primary_key=True, autoincrement=False)
    automatic_weight: Mapped[float | None]
