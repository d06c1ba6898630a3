"""Tables of what is wrong in itself: kept raw, counted, judged."""

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fieldsync.store.models import Base, BigKey


class Quarantined(Base):
    """An operation that is wrong in itself, kept raw; it never occupies its id.

    `status` is quarantined, released or rejected; `code` names the first of its problems.
    """

    __tablename__ = "quarantine"
    __table_args__ = (
        Index("uq_quarantine_said", "sender_id", "author", "counter", "n", "digest", unique=True),
        Index("ix_quarantine_author", "association_id", "author", "counter"),
        Index("ix_quarantine_record", "association_id", "record"),
        Index("ix_quarantine_status", "association_id", "status", "id"),
        Index("ix_quarantine_reason", "association_id", "status", "code", "id"),
    )
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    sender_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    author: Mapped[str]
    counter: Mapped[int]
    n: Mapped[int]
    digest: Mapped[bytes]
    counts: Mapped[bool]
    kind: Mapped[str]
    of: Mapped[str]
    record: Mapped[bytes | None]
    status: Mapped[str]
    problems: Mapped[bytes]
    body: Mapped[bytes]
    arrived_ms: Mapped[int]
    code: Mapped[str] = mapped_column(server_default="")


class Fault(Base):
    """How often an operation alone made the server fail; the fifth time quarantines it."""

    __tablename__ = "fault"
    __table_args__ = (PrimaryKeyConstraint("sender_id", "author", "counter", "n", "digest"),)
    sender_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    author: Mapped[str]
    counter: Mapped[int]
    n: Mapped[int]
    digest: Mapped[bytes]
    times: Mapped[int]


class Verdict(Base):
    """What a coordinator decided of what is quarantined or held, why (`note`), as whom and when; it may come before."""

    __tablename__ = "verdict"
    __table_args__ = (PrimaryKeyConstraint("association_id", "digest", "author", "counter", "n", "sender"),)
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    sender: Mapped[str]
    author: Mapped[str]
    counter: Mapped[int]
    n: Mapped[int]
    digest: Mapped[str]
    decision: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="")
    said_by: Mapped[str] = mapped_column(server_default="")
    said_ms: Mapped[int] = mapped_column(server_default="0")
