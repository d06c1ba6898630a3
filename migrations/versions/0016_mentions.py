"""Which submissions name an entity, found by whoever follows the change log once more from its beginning."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "mention",
        sa.Column("association_id", big, nullable=False),
        sa.Column("list", sa.String(), nullable=False),
        sa.Column("uuid", sa.LargeBinary(), nullable=False),
        sa.Column("record_id", big, nullable=False),
        sa.Column("paths", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("association_id", "list", "uuid", "record_id", name=op.f("pk_mention")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_mention_record_id", "mention", ["record_id"])
    op.execute("UPDATE follower SET position = 0 WHERE name = 'quality'")


def downgrade() -> None:
    op.drop_table("mention")
