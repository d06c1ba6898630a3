"""Submissions by OpenRosa: what was sent, and what it became."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    name = "openrosa_submission"
    op.create_table(
        name,
        sa.Column("id", big, nullable=False),
        sa.Column("association_id", big, nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("revoked_device", big, nullable=False),
        sa.Column("deprecated", sa.String(), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("base_id", big, nullable=True),
        sa.Column("device_id", big, nullable=False),
        sa.Column("author_id", big, nullable=False),
        sa.Column("counter", big, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("waits_version", sa.String(), nullable=True),
        sa.Column("xml", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["association_id"], ["association.id"], name=op.f(f"fk_{name}_association_id")),
        sa.ForeignKeyConstraint(["author_id"], ["author.id"], name=op.f(f"fk_{name}_author_id")),
        sa.ForeignKeyConstraint(["base_id"], ["openrosa_submission.id"], name=op.f(f"fk_{name}_base_id")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f(f"fk_{name}_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    with op.batch_alter_table(name, schema=None) as batch_op:
        batch_op.create_index(f"ix_{name}_deprecated", ["association_id", "form", "deprecated"], unique=False)
        batch_op.create_index(f"ix_{name}_waits", ["association_id", "form", "waits_version"], unique=False)
        batch_op.create_index(
            f"uq_{name}", ["association_id", "form", "instance", "digest", "revoked_device"], unique=True
        )


def downgrade() -> None:
    op.drop_table("openrosa_submission")
