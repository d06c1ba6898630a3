"""What OpenRosa clients sent, so that a resend is known and an edit finds what it replaces."""

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fieldsync.store.models import Base, BigKey, few


class OpenRosaSubmission(Base):
    """A submission by OpenRosa, one for each (form, instance id, content), and the operation that it became.

    `digest` is that of the XML. `revoked_device` is 0, or the revoked device that sent it. `deprecated` is the
    instance that it replaces, "" for none; `base_id` the submission that its writes are told against. `status` is
    what became of the operation at first. `xml` is the submission as it came.
    """

    __tablename__ = "openrosa_submission"
    __table_args__ = (
        Index("uq_openrosa_submission", "association_id", "form", "instance", "digest", "revoked_device", unique=True),
        few("ix_openrosa_submission_deprecated", "deprecated <> ''", "association_id", "form", "deprecated"),
        few("ix_openrosa_submission_base_id", "base_id IS NOT NULL", "base_id"),
        few("ix_openrosa_submission_waits", "waits_version IS NOT NULL", "association_id", "form", "waits_version"),
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


class OpenRosaFile(Base):
    """A file that came with an instance, under the name by which its submission names it."""

    __tablename__ = "openrosa_file"
    __table_args__ = (PrimaryKeyConstraint("association_id", "form", "instance", "name"),)
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    form: Mapped[str]
    instance: Mapped[str]
    name: Mapped[str]
    sha256: Mapped[str]
    size: Mapped[int]
    media_type: Mapped[str]


class OpenRosaMissing(Base):
    """An answer of a submission whose file was not here when it was taken in; `came`: it is here now."""

    __tablename__ = "openrosa_missing"
    __table_args__ = (PrimaryKeyConstraint("submission_id", "path"),)
    submission_id: Mapped[int] = mapped_column(ForeignKey("openrosa_submission.id"))
    path: Mapped[str]
    name: Mapped[str]
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), index=True)
    came: Mapped[bool]


class EntityListChange(Base):
    """By which position of the log an entity list changed last, so that phones learn whether they have the newest."""

    __tablename__ = "entity_list_change"
    __table_args__ = (PrimaryKeyConstraint("association_id", "list"),)
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    list: Mapped[str]
    changed: Mapped[int]


class OpenRosaKey(Base):
    """A secret of a device for OpenRosa clients alone, given out anew whenever one is wanted.

    `digest` is its SHA-256; `basis` what HTTP Digest compares: MD5 of "author:realm:secret" (RFC 7616, HA1). The
    secret is 256 random bits, so neither lets anybody guess it.
    """

    __tablename__ = "openrosa_key"
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(unique=True)
    user: Mapped[str] = mapped_column(unique=True)
    basis: Mapped[str]
    made_ms: Mapped[int]


class OpenRosaBranch(Base):
    """An update of an entity in a run of offline work (`branch`): the step after version `base` of its phone.

    `path` is that of the declaration, `said` its `@update` as it came; while it `waits` for the step before it, the
    record says all but that. `trunk`: the server's version before the run, "" for none.
    """

    __tablename__ = "openrosa_branch"
    __table_args__ = (
        PrimaryKeyConstraint("submission_id", "path"),
        Index("ix_openrosa_branch_entity", "association_id", "entity", "branch", "base"),
        Index("ix_openrosa_branch_waits", "waits", "since_ms"),
    )
    submission_id: Mapped[int] = mapped_column(ForeignKey("openrosa_submission.id"))
    path: Mapped[str]
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    list: Mapped[str]
    entity: Mapped[str]
    branch: Mapped[str]
    trunk: Mapped[str]
    base: Mapped[int] = mapped_column(BigKey)
    said: Mapped[str]
    waits: Mapped[bool]
    since_ms: Mapped[int]
