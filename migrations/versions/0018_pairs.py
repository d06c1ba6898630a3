"""Deciding on pairs: decisions, clusters, what linkage may do by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    name = "pair_decision"
    op.create_table(
        name,
        sa.Column("left_id", BIG, nullable=False),
        sa.Column("right_id", BIG, nullable=False),
        sa.Column("turn", BIG, nullable=False),
        sa.Column("association_id", BIG, nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_ms", BIG, nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("levels", sa.LargeBinary(), nullable=False),
        sa.Column("operations", sa.LargeBinary(), nullable=False),
        sa.Column("sampled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["association_id"], ["association.id"], name=op.f(f"fk_{name}_association_id")),
        sa.ForeignKeyConstraint(["left_id"], ["record.id"], name=op.f(f"fk_{name}_left_id")),
        sa.ForeignKeyConstraint(["right_id"], ["record.id"], name=op.f(f"fk_{name}_right_id")),
        sa.PrimaryKeyConstraint("left_id", "right_id", "turn", name=op.f(f"pk_{name}")),
    )
    op.create_index("ix_pair_decision_right", name, ["right_id"])
    op.create_index("ix_pair_decision_decided", name, ["association_id", "decided_ms"])
    name = "cluster_member"
    op.create_table(
        name,
        sa.Column("record_id", BIG, nullable=False),
        sa.Column("cluster_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f(f"fk_{name}_record_id")),
        sa.PrimaryKeyConstraint("record_id", name=op.f(f"pk_{name}")),
    )
    op.create_index("ix_cluster_member_cluster", name, ["cluster_id"])
    name = "linkage_setting"
    op.create_table(
        name,
        sa.Column("association_id", BIG, nullable=False),
        sa.Column("automatic_weight", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["association_id"], ["association.id"], name=op.f(f"fk_{name}_association_id")),
        sa.PrimaryKeyConstraint("association_id", name=op.f(f"pk_{name}")),
    )


def downgrade() -> None:
    for name in ("linkage_setting", "cluster_member", "pair_decision"):
        op.drop_table(name)
