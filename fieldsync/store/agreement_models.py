"""Tables of linkage across associations: who allows whom, pairs of two associations, and what people said of them.

They stand apart from the tables within an association, so that nothing that reads those ever crosses a border.
"""

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fieldsync.store.models import Base


class LinkageAgreement(Base):
    """An association allows that its lists are compared with those of another; both must, else nothing is."""

    __tablename__ = "linkage_agreement"
    __table_args__ = (PrimaryKeyConstraint("association_id", "partner_id"),)
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    partner_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    given_by: Mapped[str]
    given_ms: Mapped[int]


class AcrossPair(Base):
    """Two entities of two associations that may be one; `left_id` is of `one_id`, and `one_id` < `other_id`.

    The other columns are those of `candidate_pair`. Derived: it can be made anew, and goes when an agreement ends.
    """

    __tablename__ = "across_pair"
    __table_args__ = (
        PrimaryKeyConstraint("left_id", "right_id"),
        Index("ix_across_pair_right", "right_id"),
        Index("ix_across_pair_weight", "one_id", "other_id", "weight"),
    )
    left_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    right_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    one_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    other_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    of: Mapped[str]
    weight: Mapped[float]
    comparisons: Mapped[bytes]
    bounds: Mapped[bytes]
    zone: Mapped[str]
    found_ms: Mapped[int]


class AcrossDecision(Base):
    """What somebody said of two entities of two associations; append only: the greatest `turn` holds.

    It merges nothing: it tells how many persons to take off where those of two associations are added up.
    """

    __tablename__ = "across_decision"
    __table_args__ = (PrimaryKeyConstraint("left_id", "right_id", "turn"),)
    left_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    right_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    turn: Mapped[int]
    decision: Mapped[str]
    decided_by: Mapped[str]
    decided_ms: Mapped[int]
    why: Mapped[str]
    levels: Mapped[bytes]


class ReviewedTwice(Base):
    """A list whose merges need two people: the first proposes, a second one confirms."""

    __tablename__ = "reviewed_twice"
    __table_args__ = (PrimaryKeyConstraint("association_id", "of"),)
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    of: Mapped[str]
