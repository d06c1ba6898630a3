"""Files of records: which are here, and which are on their way."""

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fieldsync.store.models import Base


class Attachment(Base):
    """A file that an association has, by the digest of the bytes that the phone sent (SHA-256, hexadecimal).

    `awaited` is true until an operation names the file. `state` is `new`, `ready` (it may be read), `unreadable` (it
    looks like a picture and is none) or `uncleaned` (a recording that may tell a place: for whoever reads personal
    answers). `kept_sha256` is the digest of the bytes that are kept: another one where places and times were taken
    out. `thumbnail`: whether there is a small picture of it. The bytes lie in the file store, not in the database.
    """

    __tablename__ = "attachment"
    __table_args__ = (
        PrimaryKeyConstraint("association_id", "sha256"),
        Index("ix_attachment_device", "device_id", "awaited"),
        Index("ix_attachment_awaited", "awaited", "arrived_ms"),
        Index("ix_attachment_state", "state", "awaited"),
    )
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    sha256: Mapped[str]
    size: Mapped[int]
    kept_sha256: Mapped[str]
    kept_size: Mapped[int]
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    awaited: Mapped[bool]
    arrived_ms: Mapped[int]
    state: Mapped[str]
    thumbnail: Mapped[bool]


class AsSent(Base):
    """A file that a form wants as it was sent, with all that a camera wrote into it; it may come later."""

    __tablename__ = "as_sent"
    __table_args__ = (PrimaryKeyConstraint("association_id", "sha256"),)
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    sha256: Mapped[str]


class Upload(Base):
    """A file on its way by tus; what has come of it lies beside the database, under the upload's UUID."""

    __tablename__ = "upload"
    __table_args__ = (Index("ix_upload_device", "device_id"), Index("ix_upload_made", "made_ms"))
    uuid: Mapped[str] = mapped_column(primary_key=True)
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    sha256: Mapped[str]
    size: Mapped[int]
    name: Mapped[str]
    record: Mapped[str | None]
    made_ms: Mapped[int]
