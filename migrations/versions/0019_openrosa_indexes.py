"""Indexes of OpenRosa submissions hold only the rows that are looked for by them."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLE = "openrosa_submission"
INDEXES = {
    "deprecated": (["association_id", "form", "deprecated"], "deprecated <> ''"),
    "base_id": (["base_id"], "base_id IS NOT NULL"),
    "waits": (["association_id", "form", "waits_version"], "waits_version IS NOT NULL"),
}


def upgrade() -> None:
    for name, (columns, where) in INDEXES.items():
        op.drop_index(f"ix_{TABLE}_{name}", TABLE)
        few = sa.text(where)
        op.create_index(f"ix_{TABLE}_{name}", TABLE, columns, sqlite_where=few, postgresql_where=few)


def downgrade() -> None:
    for name, (columns, _where) in INDEXES.items():
        op.drop_index(f"ix_{TABLE}_{name}", TABLE)
        op.create_index(f"ix_{TABLE}_{name}", TABLE, columns)
