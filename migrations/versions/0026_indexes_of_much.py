"""What each batch writes: the days of a device apart from its receipts, and no index of events that each batch adds."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

DAY_MS = 86_400_000
SELDOM = sa.text("action NOT IN ('sync', 'submission')")


def upgrade() -> None:
    whole = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "device_day",
        sa.Column("device_id", whole, nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_day_device_id")),
        sa.PrimaryKeyConstraint("device_id", "day", name=op.f("pk_device_day")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO device_day (device_id, day)"
        f" SELECT DISTINCT device_id, received_ms / {DAY_MS} FROM receipt WHERE device_id IS NOT NULL"
    )
    op.drop_index("ix_receipt_device", "receipt")
    op.drop_index("ix_audit_row_action", "audit_row")
    op.create_index("ix_audit_row_action", "audit_row", ["action", "id"], sqlite_where=SELDOM, postgresql_where=SELDOM)


def downgrade() -> None:
    op.drop_index("ix_audit_row_action", "audit_row")
    op.create_index("ix_audit_row_action", "audit_row", ["action", "id"])
    op.create_index("ix_receipt_device", "receipt", ["device_id", "received_ms"])
    op.drop_table("device_day")
