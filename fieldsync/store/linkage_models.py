"""Tables of record linkage: what is compared, keys that bring records together, models, and pairs to look at.

They are derived, and can be dropped and made anew (`fieldsync linkage rebuild`); linkage never edits a record.
"""

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fieldsync.store.models import Base, BigKey


class LinkageFeature(Base):
    """What linkage compares of a record (core.linkage_features.Features as JSON), by the algorithm that made it."""

    __tablename__ = "linkage_feature"
    __table_args__ = (
        PrimaryKeyConstraint("collection_id", "algorithm", "record_id"),
        {"sqlite_with_rowid": False},
    )
    collection_id: Mapped[int]
    algorithm: Mapped[int]
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    body: Mapped[bytes]


class BlockingEntry(Base):
    """A record bears a key: the keyed digest of something that it shares with whom it is compared to.

    Both are one number: the key above, the record's id in the lower core.blocking.RECORD_BITS. The digest covers
    association and list; where two are alike by chance, features of another list are not read all the same.
    """

    __tablename__ = "blocking_entry"
    entry: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)


class LinkageModel(Base):
    """A trained model of an association's list (core.linkage_model.Model as JSON); its version is `id`.

    At most one is active; without one the model that comes with the program scores, as version 0.
    """

    __tablename__ = "linkage_model"
    __table_args__ = (Index("ix_linkage_model_of", "association_id", "of", "active"),)
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    of: Mapped[str]
    active: Mapped[bool]
    made_ms: Mapped[int]
    body: Mapped[bytes]


class CandidatePair(Base):
    """Two records that may be one: entities of a list, or submissions of a form that may be one report.

    `left_id` < `right_id`, `zone` is automatic or review. `comparisons` (JSON): [[name, level, weight], …], which add
    up to `weight`; `bounds` (JSON): why it is not automatic. `model_version` 0 is the model of the program.
    """

    __tablename__ = "candidate_pair"
    __table_args__ = (
        PrimaryKeyConstraint("left_id", "right_id"),
        Index("ix_candidate_pair_right", "right_id"),
        Index("ix_candidate_pair_weight", "association_id", "kind", "of", "zone", "weight"),
    )
    left_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    right_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    kind: Mapped[str]
    of: Mapped[str]
    model_version: Mapped[int]
    weight: Mapped[float]
    comparisons: Mapped[bytes]
    bounds: Mapped[bytes]
    zone: Mapped[str]
    found_ms: Mapped[int]
