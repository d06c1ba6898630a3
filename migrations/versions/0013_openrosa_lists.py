"""Entity lists for OpenRosa clients, and secrets for those clients alone."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    name = "entity_list_change"
    op.create_table(
        name,
        sa.Column("association_id", big, nullable=False),
        sa.Column("list", sa.String(), nullable=False),
        sa.Column("changed", big, nullable=False),
        sa.ForeignKeyConstraint(["association_id"], ["association.id"], name=op.f(f"fk_{name}_association_id")),
        sa.PrimaryKeyConstraint("association_id", "list", name=op.f(f"pk_{name}")),
    )
    name = "openrosa_key"
    op.create_table(
        name,
        sa.Column("device_id", big, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("made_ms", big, nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f(f"fk_{name}_device_id")),
        sa.PrimaryKeyConstraint("device_id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("digest", name=op.f(f"uq_{name}_digest")),
        sa.UniqueConstraint("user", name=op.f(f"uq_{name}_user")),
    )


def downgrade() -> None:
    op.drop_table("openrosa_key")
    op.drop_table("entity_list_change")
