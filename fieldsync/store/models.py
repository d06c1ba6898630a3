"""The data model: every table, in the order in which a batch touches them (docs/data-model.md draws it)."""

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, MetaData, PrimaryKeyConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

BigKey = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only for INTEGER keys


class Base(DeclarativeBase):
    """All tables share one metadata with predictable constraint names, which Alembic needs on SQLite."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {bytes: LargeBinary, int: BigInteger().with_variant(Integer, "sqlite")}


def few(name: str, where: str, *columns: str) -> Index:
    """An index of the few rows for which something holds; the many others cost nothing."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class Server(Base):
    """One row: which incarnation of the server this is, the secret that signs its cursors, the roles (JSON)."""

    __tablename__ = "server"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    epoch: Mapped[str]
    secret: Mapped[bytes]
    created_ms: Mapped[int]
    roles: Mapped[bytes | None]


class Association(Base):
    """A partner organisation: the scope that owns records, people and devices.

    `position` is the dense counter of its change log; `forms_position` grows when its forms change.
    """

    __tablename__ = "association"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    forms_position: Mapped[int] = mapped_column(default=0)


class Device(Base):
    """A phone or a hub. `report` is what it last said of itself (JSON).

    `role` says which form families come down to it, `holder_id` the person who carries it, if she signs in.
    """

    __tablename__ = "device"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    kind: Mapped[str]
    name: Mapped[str]
    status: Mapped[str]
    token_digest: Mapped[bytes] = mapped_column(unique=True)
    key: Mapped[str | None]
    wipe: Mapped[bool] = mapped_column(default=False)
    enrolled_ms: Mapped[int]
    last_sync_ms: Mapped[int] = mapped_column(default=0)
    clock_error_ms: Mapped[int] = mapped_column(default=0)
    report: Mapped[bytes | None]
    role: Mapped[str] = mapped_column(default="companion")
    team: Mapped[str] = mapped_column(default="")
    holder_id: Mapped[int | None]


class DeviceView(Base):
    """What of its association a device may read: kind `all`, `place` (a code and all below it) or `own`."""

    __tablename__ = "device_view"
    __table_args__ = (PrimaryKeyConstraint("device_id", "kind", "place"),)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    kind: Mapped[str]
    place: Mapped[str] = mapped_column(default="")


class EnrolmentCode(Base):
    """A one-time, short-lived code that turns a phone into a device; `device_id` is which one it became."""

    __tablename__ = "enrolment_code"
    __table_args__ = (Index("uq_enrolment_code_uuid", "uuid", unique=True),)
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    kind: Mapped[str]
    name: Mapped[str]
    views: Mapped[str]
    expires_ms: Mapped[int]
    used_ms: Mapped[int | None]
    uuid: Mapped[str | None]
    role: Mapped[str] = mapped_column(default="companion")
    team: Mapped[str] = mapped_column(default="")
    holder_id: Mapped[int | None]
    device_id: Mapped[int | None]


class Author(Base):
    """Who says operations: a device's author, a person at the desk, the server itself.

    `known_through`: the highest counter known. `durable_through`: the counter below which nothing is missing.
    `backed_up_through`: the same in the last verified backup. `enrolled` is false for an author that a hub
    relayed before its enrolment came.
    """

    __tablename__ = "author"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    kind: Mapped[str]
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"), index=True)
    hub_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"), index=True)
    enrolled: Mapped[bool] = mapped_column(default=True)
    known_through: Mapped[int] = mapped_column(default=0)
    durable_through: Mapped[int] = mapped_column(default=0)
    backed_up_through: Mapped[int] = mapped_column(default=0)


class Receipt(Base):
    """One batch as it was received: when by our clock, when by the sender's, how much."""

    __tablename__ = "receipt"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"))
    received_ms: Mapped[int]
    sent_ms: Mapped[int | None]
    operations: Mapped[int]


class DeviceDay(Base):
    """A day (since 1970, UTC) on which a device was heard of."""

    __tablename__ = "device_day"
    __table_args__ = (PrimaryKeyConstraint("device_id", "day"), {"sqlite_with_rowid": False})
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    day: Mapped[int]


class Collection(Base):
    """The records of one association, kind and form or entity list."""

    __tablename__ = "collection"
    __table_args__ = (Index("uq_collection_name", "association_id", "kind", "of", unique=True),)
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    kind: Mapped[str]
    of: Mapped[str]


class Record(Base):
    """A submission or an entity: the stored fold of its operations.

    `state` is the fold (core.merge.RecordState as JSON), `problems` the rules it breaks (JSON list).
    """

    __tablename__ = "record"
    __table_args__ = (
        Index("uq_record_uuid", "uuid", "collection_id", unique=True),
        Index("ix_record_collection", "collection_id", "id"),
        Index(
            "ix_record_conflict",
            "collection_id",
            "id",
            sqlite_where=text("conflicts > 0"),
            postgresql_where=text("conflicts > 0"),
        ),
    )
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"))
    uuid: Mapped[bytes]
    created_by: Mapped[int] = mapped_column(ForeignKey("author.id"))
    place: Mapped[str]
    review: Mapped[str]
    deleted: Mapped[bool]
    conflicts: Mapped[int]
    merged: Mapped[bool]
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("record.id"))
    incomplete: Mapped[bool]
    arrived_ms: Mapped[int]
    changed_ms: Mapped[int]
    state: Mapped[bytes]
    problems: Mapped[bytes | None]


class StoredOperation(Base):
    """An operation, byte for byte as it was said. `n` is 0 unless derived; `status` is applied or held."""

    __tablename__ = "operation"
    __table_args__ = (
        Index("uq_operation_author", "author_id", "counter", "n", unique=True),
        Index("ix_operation_record", "record_id", "id"),
    )
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    counter: Mapped[int]
    n: Mapped[int]
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    receipt_id: Mapped[int | None] = mapped_column(ForeignKey("receipt.id"))
    status: Mapped[str]
    body: Mapped[bytes]


class Waiting(Base):
    """What a held operation waits for: kind `seen` (an operation's id), `form` (a version) or `author`."""

    __tablename__ = "waiting"
    __table_args__ = (
        PrimaryKeyConstraint("association_id", "kind", "what", "operation_id"),
        Index("ix_waiting_operation", "operation_id"),
    )
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    kind: Mapped[str]
    what: Mapped[str]
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id"))


class Void(Base):
    """A counter that its device had to set aside or gave up, so that nothing waits for it."""

    __tablename__ = "void"
    __table_args__ = (PrimaryKeyConstraint("author_id", "counter"),)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    counter: Mapped[int]
    reason: Mapped[str]


class MissingFile(Base):
    """A file that an operation names and that is not here yet."""

    __tablename__ = "missing_file"
    __table_args__ = (
        PrimaryKeyConstraint("author_id", "counter", "sha256"),
        Index("ix_missing_file_sha256", "sha256"),
    )
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    counter: Mapped[int]
    sha256: Mapped[str]
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), index=True)


class Merge(Base):
    """A merge or un-merge operation, one row for each record that it speaks of."""

    __tablename__ = "merge"
    __table_args__ = (PrimaryKeyConstraint("record_id", "operation_id"), Index("ix_merge_operation", "operation_id"))
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id"))


class ReportKey(Base):
    """Digests of whole contents, by which one device sent the same again; the first record to bear one keeps it.

    `space` is minus the author's id.
    """

    __tablename__ = "report_key"
    __table_args__ = (PrimaryKeyConstraint("space", "digest"), {"sqlite_with_rowid": False})
    space: Mapped[int]
    digest: Mapped[int]
    record_id: Mapped[int]


class DeclaredKey(Base):
    """Digests of the answers to a form's key questions: all submissions that bear one may be one report.

    An entity among the answers stands for the record into which it is merged.
    """

    __tablename__ = "declared_key"
    __table_args__ = (
        PrimaryKeyConstraint("collection_id", "digest", "record_id"),
        Index("ix_declared_key_record_id", "record_id"),
        {"sqlite_with_rowid": False},
    )
    collection_id: Mapped[int]
    digest: Mapped[int]
    record_id: Mapped[int]


class Flag(Base):
    """Something to look at, outside the fold: possible duplicates, a clock far ahead, what a quality rule found.

    `numbers` (JSON) may be told with the reason. `evidence`: what was seen; while it stays the same, a flag that
    somebody dismissed stays dismissed.
    """

    __tablename__ = "flag"
    __table_args__ = (
        PrimaryKeyConstraint("record_id", "code", "other"),
        Index("ix_flag_code", "code", "record_id"),
    )
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    code: Mapped[str]
    other: Mapped[str] = mapped_column(default="")
    raised_ms: Mapped[int]
    numbers: Mapped[bytes | None]
    evidence: Mapped[str] = mapped_column(server_default="")
    dismissed_ms: Mapped[int | None]
    dismissed_by: Mapped[str] = mapped_column(server_default="")
    dismissed_why: Mapped[str] = mapped_column(server_default="")


class ChangeLog(Base):
    """The dense log of an association. `said_by` is the author of a plain submission operation, else 0.

    `place` is where the record was then, so that who could read it there learns that it went away. `logged_ms` (server
    time) tells one history from another: a database put back from a copy grows other rows at the same positions.
    """

    __tablename__ = "change_log"
    __table_args__ = (PrimaryKeyConstraint("association_id", "position"), {"sqlite_with_rowid": False})
    association_id: Mapped[int]
    position: Mapped[int]
    record_id: Mapped[int]
    operation_id: Mapped[int | None]
    said_by: Mapped[int]
    place: Mapped[str]
    logged_ms: Mapped[int] = mapped_column(server_default="0")


class FormVersion(Base):
    """A published form version; it never changes. `state` is open or retired."""

    __tablename__ = "form_version"
    __table_args__ = (Index("uq_form_version", "association_id", "form", "version", unique=True),)
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    form: Mapped[str]
    version: Mapped[str]
    title: Mapped[str]
    hash: Mapped[str]
    state: Mapped[str]
    published_ms: Mapped[int]
    xform: Mapped[bytes]
    xlsx: Mapped[bytes | None]
    source: Mapped[bytes]
    source_kind: Mapped[str]
    findings: Mapped[bytes]


class FormFile(Base):
    """A media file or CSV attachment of a form version."""

    __tablename__ = "form_file"
    __table_args__ = (PrimaryKeyConstraint("form_version_id", "name"),)
    form_version_id: Mapped[int] = mapped_column(ForeignKey("form_version.id"))
    name: Mapped[str]
    sha256: Mapped[str]
    data: Mapped[bytes]


class EntityProperty(Base):
    """What the published forms say of an entity property: class, protective order, whether it is the place.

    `part`: which part it plays when two entities are compared (core.linkage_features.PARTS), or "".
    """

    __tablename__ = "entity_property"
    __table_args__ = (PrimaryKeyConstraint("association_id", "list", "name"),)
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    list: Mapped[str]
    name: Mapped[str]
    sensitivity: Mapped[str]
    protective: Mapped[str]
    place: Mapped[bool]
    part: Mapped[str] = mapped_column(server_default="")
