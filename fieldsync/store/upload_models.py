"""Form definitions that somebody looks at before she publishes them."""

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fieldsync.store.models import Base, BigKey


class FormUpload(Base):
    """A definition that was uploaded and is not published: its owner looks at it for a while, nobody else does.

    `definition` is what it became (services/form_uploads.Kept as MessagePack), with its findings; `size` counts all
    its bytes.
    """

    __tablename__ = "form_upload"
    __table_args__ = (Index("ix_form_upload_person", "person_id", "id"),)
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    uuid: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    file_name: Mapped[str]
    made_ms: Mapped[int]
    expires_ms: Mapped[int] = mapped_column(index=True)
    size: Mapped[int]
    definition: Mapped[bytes]


class FormUploadFile(Base):
    """A media file or CSV attachment that came with an upload."""

    __tablename__ = "form_upload_file"
    __table_args__ = (PrimaryKeyConstraint("form_upload_id", "name"),)
    form_upload_id: Mapped[int] = mapped_column(ForeignKey("form_upload.id", ondelete="CASCADE"))
    name: Mapped[str]
    data: Mapped[bytes]
