"""Pairs that somebody decided in one step know it, so that one step takes them back."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

INDEX, TABLE = "ix_pair_decision_together", "pair_decision"


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("together", sa.String(), nullable=False, server_default=""))
    several = sa.text("together <> ''")
    op.create_index(INDEX, TABLE, ["association_id", "together"], sqlite_where=several, postgresql_where=several)


def downgrade() -> None:
    op.drop_index(INDEX, TABLE)
    op.drop_column(TABLE, "together")
