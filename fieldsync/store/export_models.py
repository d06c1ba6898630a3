"""Exports that people asked for: what, by whom, how far it is, and where its file lies."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from fieldsync.store.models import Base, BigKey


class Export(Base):
    """An export; `state` is asked (a reason is owed), waiting, running, ready, failed, cancelled or expired.

    `options` is JSON (core.export_options). `worker` and `beat_ms` say who makes it and when it last gave a sign.
    `file` is the file's name in the folder of exports, `file_name` the name under which it is handed out.
    """

    __tablename__ = "export"
    __table_args__ = (
        Index("ix_export_owner", "person_id", "association_id", "id"),
        Index("ix_export_state", "state", "id"),
    )
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    uuid: Mapped[str] = mapped_column(unique=True)
    association_id: Mapped[int] = mapped_column(ForeignKey("association.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    options: Mapped[bytes]
    state: Mapped[str]
    reason: Mapped[str]
    reason_text: Mapped[str]
    asked_ms: Mapped[int]
    worker: Mapped[str]
    beat_ms: Mapped[int]
    ended_ms: Mapped[int]
    expires_ms: Mapped[int]
    percent: Mapped[int]
    records: Mapped[int]
    bytes: Mapped[int]
    file: Mapped[str]
    file_name: Mapped[str]
    problem: Mapped[str]
