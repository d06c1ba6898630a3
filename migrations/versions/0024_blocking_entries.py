"""A blocking key and the record that bears it are one number: half the index, and what reads it in order stays as fast.

The key keeps its upper 36 bits, as core.blocking makes it now; nothing needs to be compared anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
RECORDS = 2**28


def upgrade() -> None:
    name = "blocking_entry"
    entry = sa.Column("entry", BIG, nullable=False, autoincrement=False)
    op.create_table(name, entry, sa.PrimaryKeyConstraint("entry", name=op.f(f"pk_{name}")))
    op.execute(
        f"INSERT INTO {name} (entry)"
        f" SELECT DISTINCT (key & -{RECORDS}) | record_id AS entry FROM blocking_key ORDER BY entry"
    )
    op.drop_table("blocking_key")


def downgrade() -> None:
    name = "blocking_key"
    op.create_table(
        name,
        sa.Column("key", BIG, nullable=False),
        sa.Column("record_id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("key", "record_id", name=op.f(f"pk_{name}")),
        sqlite_with_rowid=False,
    )
    op.execute(
        f"INSERT INTO {name} (key, record_id)"
        f" SELECT entry & -{RECORDS}, entry & {RECORDS - 1} FROM blocking_entry ORDER BY entry"
    )
    op.drop_table("blocking_entry")
