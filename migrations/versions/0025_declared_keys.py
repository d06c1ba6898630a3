"""The keys of reports: who bears one is kept of all bearers, and the content that came again apart from it."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

BACK = (
    "INSERT INTO report_key (space, digest, record_id)"
    " SELECT collection_id, digest, min(record_id) FROM declared_key GROUP BY collection_id, digest"
)


def upgrade() -> None:
    whole = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "declared_key",
        sa.Column("collection_id", whole, nullable=False),
        sa.Column("digest", whole, nullable=False),
        sa.Column("record_id", whole, nullable=False),
        sa.PrimaryKeyConstraint("collection_id", "digest", "record_id", name=op.f("pk_declared_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_declared_key_record_id"), "declared_key", ["record_id"])
    op.execute("INSERT INTO declared_key SELECT space, digest, record_id FROM report_key WHERE space > 0")
    op.execute("DELETE FROM report_key WHERE space > 0")


def downgrade() -> None:
    op.execute(BACK)
    op.drop_index(op.f("ix_declared_key_record_id"), "declared_key")
    op.drop_table("declared_key")
