"""What is counted: the facts that records state, and what they add to the indicators."""

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fieldsync.store.models import Base, BigKey


class StoredBook(Base):
    """An edition of the indicators, targets and funders (JSON). The last one is in force; none is ever removed."""

    __tablename__ = "indicator_book"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    loaded_ms: Mapped[int]
    content: Mapped[bytes]


class StoredFact(Base):
    """What a record states that is counted. `level` is how far the record is judged, `rank` its order among others."""

    __tablename__ = "fact"
    __table_args__ = (
        PrimaryKeyConstraint("record_id", "n"),
        Index("ix_fact_subject", "association_id", "subject"),
        Index("ix_fact_other", "association_id", "other"),
        {"sqlite_with_rowid": False},
    )
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    n: Mapped[int]
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    kind: Mapped[str]
    subject: Mapped[str]
    other: Mapped[str]
    month: Mapped[int]
    level: Mapped[int]
    rank: Mapped[int]
    data: Mapped[bytes]


class SubjectRoot(Base):
    """A subject that is merged into another (`root`), or that is gone; all others are their own."""

    __tablename__ = "subject_root"
    __table_args__ = (
        PrimaryKeyConstraint("association_id", "subject"),
        Index("ix_subject_root_root", "association_id", "root"),
        {"sqlite_with_rowid": False},
    )
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    subject: Mapped[str]
    root: Mapped[str]
    gone: Mapped[bool]


class CountedItem(Base):
    """What one subject adds to one indicator (core.counting.Item)."""

    __tablename__ = "counted_item"
    __table_args__ = (
        PrimaryKeyConstraint("association_id", "subject", "indicator", "part", "key"),
        {"sqlite_with_rowid": False},
    )
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    subject: Mapped[str]
    indicator: Mapped[str]
    part: Mapped[str]
    key: Mapped[str]
    month: Mapped[int]
    level: Mapped[int]
    amount: Mapped[int]
    commune: Mapped[str]
    sex: Mapped[str]
    band: Mapped[str]
    disability: Mapped[str]
    category: Mapped[str]


class FigureCell(Base):
    """What all subjects together add: the sum of the items that are alike in everything but their subject."""

    __tablename__ = "figure_cell"
    __table_args__ = (
        PrimaryKeyConstraint(
            "association_id", "indicator", "part", "month", "level", "commune", "sex", "band", "disability", "category"
        ),
        {"sqlite_with_rowid": False},
    )
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    indicator: Mapped[str]
    part: Mapped[str]
    month: Mapped[int]
    level: Mapped[int]
    commune: Mapped[str]
    sex: Mapped[str]
    band: Mapped[str]
    disability: Mapped[str]
    category: Mapped[str]
    amount: Mapped[int]


class ReportTime(Base):
    """How long a submission took to arrive (`lag_hours`) and to be reviewed (`review_hours`, or not yet)."""

    __tablename__ = "report_time"
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), primary_key=True, autoincrement=False)
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    month: Mapped[int]
    level: Mapped[int]
    lag_hours: Mapped[int]
    review_hours: Mapped[int | None]


class Publication(Base):
    """Figures as they were published (JSON), up to a month. The last one is shown; none is ever changed."""

    __tablename__ = "publication"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    until: Mapped[int]
    made_ms: Mapped[int]
    content: Mapped[bytes]
