"""Exports that people asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

NUMBERS = ("asked_ms", "beat_ms", "ended_ms", "expires_ms", "percent", "records", "bytes")
TEXTS = ("state", "reason", "reason_text", "worker", "file", "file_name", "problem")


def upgrade() -> None:
    op.create_table(
        "export",
        sa.Column("id", BIG, nullable=False),
        sa.Column("uuid", sa.String(), nullable=False),
        sa.Column("association_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("options", sa.LargeBinary(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in TEXTS),
        *(sa.Column(name, BIG, nullable=False) for name in NUMBERS),
        sa.ForeignKeyConstraint(["association_id"], ["association.id"], name=op.f("fk_export_association_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_export_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export")),
        sa.UniqueConstraint("uuid", name=op.f("uq_export_uuid")),
    )
    with op.batch_alter_table("export", schema=None) as batch_op:
        batch_op.create_index("ix_export_owner", ["person_id", "association_id", "id"], unique=False)
        batch_op.create_index("ix_export_state", ["state", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("export")
