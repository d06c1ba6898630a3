"""What OpenRosa clients sent, so that a resend is known and an edit finds what it replaces."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from fieldsync.store.models import Base, BigKey


class OpenRosaSubmission(Base):
    """A submission by OpenRosa, one for each (form, instance id, content), and the operation that it became.

    `digest` is that of the XML. `revoked_device` is 0, or the revoked device that sent it. `deprecated` is the
    instance that it replaces, "" for none; `base_id` the submission that its writes are told against. `status` is
    what became of the operation at first. `xml` is there only while the form version is not.
    """

    __tablename__ = "openrosa_submission"
    __table_args__ = (
        Index("uq_openrosa_submission", "association_id", "form", "instance", "digest", "revoked_device", unique=True),
        Index("ix_openrosa_submission_deprecated", "association_id", "form", "deprecated"),
        Index("ix_openrosa_submission_waits", "association_id", "form", "waits_version"),
    )
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    form: Mapped[str]
    instance: Mapped[str]
    digest: Mapped[bytes]
    revoked_device: Mapped[int] = mapped_column(default=0)
    deprecated: Mapped[str]
    record: Mapped[bytes]
    base_id: Mapped[int | None] = mapped_column(ForeignKey("openrosa_submission.id"))
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    counter: Mapped[int]
    status: Mapped[str]
    waits_version: Mapped[str | None]
    xml: Mapped[bytes | None]
