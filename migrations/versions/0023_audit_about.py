"""The audit log's index by what a row is about holds only rows that are about something."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

INDEX, TABLE, COLUMNS = "ix_audit_row_about", "audit_row", ["about", "id"]


def upgrade() -> None:
    some = sa.text("about <> ''")
    op.drop_index(INDEX, TABLE)
    op.create_index(INDEX, TABLE, COLUMNS, sqlite_where=some, postgresql_where=some)


def downgrade() -> None:
    op.drop_index(INDEX, TABLE)
    op.create_index(INDEX, TABLE, COLUMNS)
