"""Followers of the change log, and the desk's list of what came in; what is quarantined stands in it at once."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PLAIN = sa.String().with_variant(sa.String(collation="C"), "postgresql")
KINDS = {"int": BIG, "text": sa.String(), "plain": PLAIN, "bytes": sa.LargeBinary()}

TABLES = (
    ("follower", "name:text association_id:int position:int", ["name", "association_id"], True),
    ("touched", "id:int follower:text association_id:int record_id:int", ["id"], True),
    ("inbox_row", "id:int association_id:int kind:plain of:plain uuid:bytes? author_id:int sender_id:int"
     " place:plain state:int gone:int conflicts:int comments:int marks:text arrived_ms:int changed_ms:int",
     ["id"], True),
    ("inbox_mark", "association_id:int mark:plain id:int", ["association_id", "mark", "id"], False),
    ("inbox_count", "association_id:int kind:plain of:plain state:int gone:int records:int",
     ["association_id", "kind", "of", "state", "gone"], True),
    ("inbox_path", "id:int association_id:int kind:text of:text path:text", ["id"], True),
    ("inbox_word", "association_id:int word:plain id:int path_id:int",
     ["association_id", "word", "id", "path_id"], False),
    ("inbox_text", "id:int words:text", ["id"], True),
    ("searched", "ticket:text session:text words:text expires_ms:int", ["ticket"], True),
    ("bulk_deed", "ticket:text person_id:int state:text records:bytes done_ms:int undone_ms:int undone:int"
     " expires_ms:int", ["ticket"], True),
)  # fmt: skip
"""Name, columns (`?` for those that may be empty), primary key, whether SQLite keeps a row id."""

INDEXES = (
    ("ix_touched_follower", "touched", "follower association_id id", False),
    ("ix_inbox_row_arrived", "inbox_row", "association_id arrived_ms id", False),
    ("ix_inbox_row_changed", "inbox_row", "association_id changed_ms id", False),
    ("ix_inbox_row_form", "inbox_row", "association_id kind of arrived_ms id", False),
    ("ix_inbox_row_state", "inbox_row", "association_id state arrived_ms id", False),
    ("ix_inbox_row_place", "inbox_row", "association_id place arrived_ms id", False),
    ("ix_inbox_row_author", "inbox_row", "association_id author_id arrived_ms id", False),
    ("uq_inbox_path", "inbox_path", "association_id kind of path", True),
    ("ix_searched_expires_ms", "searched", "expires_ms", False),
    ("ix_bulk_deed_person", "bulk_deed", "person_id done_ms", False),
)

UNNUMBERED = ("inbox_row", "inbox_text")
"""Tables whose ids come from elsewhere."""

QUARANTINED = (
    "INSERT INTO inbox_row (id, association_id, kind, of, uuid, author_id, sender_id, place, state, gone, conflicts,"
    " comments, marks, arrived_ms, changed_ms) SELECT -q.id, q.association_id, q.kind, q.of, q.record,"
    " coalesce(a.id, 0), q.sender_id, '', 0, 0, 0, 0, '', q.arrived_ms, q.arrived_ms FROM quarantine q"
    " LEFT JOIN author a ON a.name = q.author AND a.association_id = q.association_id WHERE q.status = 'quarantined'"
)

NAMES = (
    "INSERT INTO inbox_count (association_id, kind, of, state, gone, records) SELECT DISTINCT association_id, kind,"
    " of, 0, 0, 0 FROM quarantine WHERE status = 'quarantined'"
)


def upgrade() -> None:
    for name, columns, key, with_rowid in TABLES:
        _make(name, columns, key, with_rowid)
    for name, table, columns, unique in INDEXES:
        op.create_index(name, table, columns.split(), unique=unique)
    op.execute(QUARANTINED)
    op.execute(NAMES)


def downgrade() -> None:
    for name, *_ in reversed(TABLES):
        op.drop_table(name)


def _make(name: str, columns: str, key: list[str], with_rowid: bool) -> None:
    parts: list[sa.schema.SchemaItem] = []
    for told in columns.split():
        column, kind = told.split(":")
        numbered = name not in UNNUMBERED if column == "id" else False
        parts.append(
            sa.Column(
                column,
                KINDS[kind.rstrip("?")],
                nullable=kind.endswith("?"),
                autoincrement="auto" if numbered else False,
            )
        )
    parts.append(sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")))
    op.create_table(name, *parts, sqlite_with_rowid=with_rowid)
