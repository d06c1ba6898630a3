"""Tables beside the fold: what the quality rules look at, what is usual, points and outlines for the map,
which submissions name an entity."""

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fieldsync.store.models import Base


class Observation(Base):
    """What the quality rules look at in a submission: derived from it, made anew when it changes.

    `answers`: digests of its answers, 4 bytes each; `numbers`: plain numeric answers by path (MessagePack).
    """

    __tablename__ = "observation"
    __table_args__ = (
        Index("ix_observation_author", "collection_id", "author_id", "record_id"),
        Index("ix_observation_arrived", "collection_id", "arrived_ms", "author_id", "place"),
        Index(
            "ix_observation_spot",
            "collection_id",
            "author_id",
            "spot",
            sqlite_where=text("spot IS NOT NULL"),
            postgresql_where=text("spot IS NOT NULL"),
        ),
    )
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), primary_key=True, autoincrement=False)
    collection_id: Mapped[int]
    author_id: Mapped[int]
    place: Mapped[str]
    arrived_ms: Mapped[int]
    begun_ms: Mapped[int | None]
    seconds: Mapped[int | None]
    clock_ms: Mapped[int]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    spot: Mapped[int | None]
    tells_times: Mapped[bool]
    answers: Mapped[bytes]
    numbers: Mapped[bytes]


class QualityNorm(Base):
    """What is usual, as of last night: `about` is `seconds`, `number:PATH`, or, with collection 0, `place:CODE`.

    A norm has a count, a median and a median absolute deviation; a place's are its latitude and longitude.
    """

    __tablename__ = "quality_norm"
    __table_args__ = (PrimaryKeyConstraint("association_id", "collection_id", "about"),)
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    collection_id: Mapped[int]
    about: Mapped[str]
    count: Mapped[int]
    middle: Mapped[float]
    spread: Mapped[float]


class QualityChoice(Base):
    """The thresholds that an association chose (JSON), and when its last nightly run ended."""

    __tablename__ = "quality_choice"
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"), primary_key=True, autoincrement=False)
    chosen: Mapped[bytes]
    judged_ms: Mapped[int] = mapped_column(default=0)


class Outline(Base):
    """The outline of a place, as an operator imported it: rings of (longitude, latitude), JSON."""

    __tablename__ = "outline"
    place: Mapped[str] = mapped_column(primary_key=True)
    west: Mapped[float]
    south: Mapped[float]
    east: Mapped[float]
    north: Mapped[float]
    rings: Mapped[bytes]


class RecordPoint(Base):
    """Where a record lies, for the map. `cell` is the point's place in Morton's order (core.geometry.cell)."""

    __tablename__ = "record_point"
    __table_args__ = (
        Index("ix_record_point_cell", "collection_id", "cell"),
        Index("ix_record_point_place", "collection_id", "place"),
    )
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), primary_key=True, autoincrement=False)
    collection_id: Mapped[int]
    author_id: Mapped[int]
    place: Mapped[str]
    personal: Mapped[bool]
    cell: Mapped[int]
    latitude: Mapped[float]
    longitude: Mapped[float]


class Mention(Base):
    """That a submission's answers choose an entity from a list, so that the entity's page leads back to it.

    `paths`: the questions that name it, with blanks between.
    """

    __tablename__ = "mention"
    __table_args__ = (
        PrimaryKeyConstraint("association_id", "list", "uuid", "record_id"),
        Index("ix_mention_record_id", "record_id"),
        {"sqlite_with_rowid": False},
    )
    association_id: Mapped[int]
    list: Mapped[str]
    uuid: Mapped[bytes]
    record_id: Mapped[int]
    paths: Mapped[str]


class PointCount(Base):
    """How many points of a collection and place lie in a cell of a level, and the sums of their coordinates.

    A map of a million points adds up these, and never looks at the points themselves.
    """

    __tablename__ = "point_count"
    __table_args__ = (PrimaryKeyConstraint("collection_id", "level", "cell", "place", "personal"),)
    collection_id: Mapped[int]
    level: Mapped[int]
    cell: Mapped[int]
    place: Mapped[str]
    personal: Mapped[bool]
    points: Mapped[int]
    latitudes: Mapped[float]
    longitudes: Mapped[float]
