"""What follows the change log: followers, and the desk's list of what came in, which one of them keeps."""

from sqlalchemy import Index, PrimaryKeyConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from fieldsync.store.models import Base, BigKey

Plain = String().with_variant(String(collation="C"), "postgresql")
"""Text that is compared byte by byte on both databases: ranges of codes and keys of pages rest on it."""


class Follower(Base):
    """How far somebody has followed the change log of an association, and by which version of what she goes by."""

    __tablename__ = "follower"
    __table_args__ = (PrimaryKeyConstraint("name", "association_id"),)
    name: Mapped[str]
    association_id: Mapped[int]
    position: Mapped[int]
    version: Mapped[int] = mapped_column(server_default="0")


class Touched(Base):
    """A record that changed for a follower without a row in the change log, such as by a flag."""

    __tablename__ = "touched"
    __table_args__ = (Index("ix_touched_follower", "follower", "association_id", "id"),)
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    follower: Mapped[str]
    association_id: Mapped[int]
    record_id: Mapped[int]


class InboxRow(Base):
    """A line of the desk's list: a record under its own row id, or a quarantined operation under minus its row id.

    `state` is a position in core.inbox.STATES, `gone` one in core.inbox.GONE. `author_id` is who began the record (0:
    an author that is not known), `sender_id` the device that sent what is quarantined. `marks` are words with blanks
    between: conflict, held, incomplete, codes of flags.
    """

    __tablename__ = "inbox_row"
    __table_args__ = (
        Index("ix_inbox_row_arrived", "association_id", "arrived_ms", "id"),
        Index("ix_inbox_row_changed", "association_id", "changed_ms", "id"),
        Index("ix_inbox_row_form", "association_id", "kind", "of", "arrived_ms", "id"),
        Index("ix_inbox_row_state", "association_id", "state", "arrived_ms", "id"),
        Index("ix_inbox_row_place", "association_id", "place", "arrived_ms", "id"),
        Index("ix_inbox_row_author", "association_id", "author_id", "arrived_ms", "id"),
    )
    id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    association_id: Mapped[int]
    kind: Mapped[str] = mapped_column(Plain)
    of: Mapped[str] = mapped_column(Plain)
    uuid: Mapped[bytes | None]
    author_id: Mapped[int]
    sender_id: Mapped[int]
    place: Mapped[str] = mapped_column(Plain)
    state: Mapped[int]
    gone: Mapped[int]
    conflicts: Mapped[int]
    comments: Mapped[int]
    marks: Mapped[str]
    arrived_ms: Mapped[int]
    changed_ms: Mapped[int]


class InboxMark(Base):
    """The rows of the list that bear a mark, mark by mark."""

    __tablename__ = "inbox_mark"
    __table_args__ = (PrimaryKeyConstraint("association_id", "mark", "id"), {"sqlite_with_rowid": False})
    association_id: Mapped[int]
    mark: Mapped[str] = mapped_column(Plain)
    id: Mapped[int]


class InboxCount(Base):
    """How many records a form or entity list has in each state; of what is quarantined it holds the names only."""

    __tablename__ = "inbox_count"
    __table_args__ = (PrimaryKeyConstraint("association_id", "kind", "of", "state", "gone"),)
    association_id: Mapped[int]
    kind: Mapped[str] = mapped_column(Plain)
    of: Mapped[str] = mapped_column(Plain)
    state: Mapped[int]
    gone: Mapped[int]
    records: Mapped[int]


class InboxPath(Base):
    """A question, or an entity property, whose answers can be searched: a number for `inbox_word`."""

    __tablename__ = "inbox_path"
    __table_args__ = (Index("uq_inbox_path", "association_id", "kind", "of", "path", unique=True),)
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    association_id: Mapped[int]
    kind: Mapped[str]
    of: Mapped[str]
    path: Mapped[str]


class InboxWord(Base):
    """Under which searched words (core.names) a row of the list is found, and by which question."""

    __tablename__ = "inbox_word"
    __table_args__ = (PrimaryKeyConstraint("association_id", "word", "id", "path_id"), {"sqlite_with_rowid": False})
    association_id: Mapped[int]
    word: Mapped[str] = mapped_column(Plain)
    id: Mapped[int]
    path_id: Mapped[int]


class InboxText(Base):
    """The searched words of one row, as `path number:word` with blanks between, so that they can be taken back."""

    __tablename__ = "inbox_text"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    words: Mapped[str]


class Searched(Base):
    """Words that somebody searches for, kept for a while and for her session alone: no address and no log has them."""

    __tablename__ = "searched"
    __table_args__ = (Index("ix_searched_expires_ms", "expires_ms"),)
    ticket: Mapped[str] = mapped_column(primary_key=True)
    session: Mapped[str]
    words: Mapped[str]
    expires_ms: Mapped[int]


class BulkDeed(Base):
    """A state given to several records at once, so that it can be taken back; `records` is JSON."""

    __tablename__ = "bulk_deed"
    __table_args__ = (Index("ix_bulk_deed_person", "person_id", "done_ms"),)
    ticket: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int]
    state: Mapped[str]
    records: Mapped[bytes]
    done_ms: Mapped[int]
    undone_ms: Mapped[int] = mapped_column(default=0)
    undone: Mapped[int] = mapped_column(default=0)
    expires_ms: Mapped[int]
