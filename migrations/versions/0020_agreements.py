"""Linkage across associations, lists whose merges need two people, and what a decision was worth."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("pair_decision", sa.Column("weight", sa.Float(), nullable=True))
    op.add_column("pair_decision", sa.Column("automatic", sa.Boolean(), nullable=False, server_default=sa.false()))
    name = "linkage_agreement"
    op.create_table(
        name,
        sa.Column("association_id", BIG, nullable=False),
        sa.Column("partner_id", BIG, nullable=False),
        sa.Column("given_by", sa.String(), nullable=False),
        sa.Column("given_ms", BIG, nullable=False),
        sa.ForeignKeyConstraint(["association_id"], ["association.id"], name=op.f(f"fk_{name}_association_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["association.id"], name=op.f(f"fk_{name}_partner_id")),
        sa.PrimaryKeyConstraint("association_id", "partner_id", name=op.f(f"pk_{name}")),
    )
    _across()
    name = "reviewed_twice"
    op.create_table(
        name,
        sa.Column("association_id", BIG, nullable=False),
        sa.Column("of", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["association_id"], ["association.id"], name=op.f(f"fk_{name}_association_id")),
        sa.PrimaryKeyConstraint("association_id", "of", name=op.f(f"pk_{name}")),
    )
    # Repeated reports that were flagged before there were pairs of them get theirs: the follower begins again.
    op.execute("UPDATE follower SET position = 0 WHERE name = 'linkage'")


def _across() -> None:
    name = "across_pair"
    op.create_table(
        name,
        sa.Column("left_id", BIG, nullable=False),
        sa.Column("right_id", BIG, nullable=False),
        sa.Column("one_id", BIG, nullable=False),
        sa.Column("other_id", BIG, nullable=False),
        sa.Column("of", sa.String(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("comparisons", sa.LargeBinary(), nullable=False),
        sa.Column("bounds", sa.LargeBinary(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("found_ms", BIG, nullable=False),
        sa.ForeignKeyConstraint(["left_id"], ["record.id"], name=op.f(f"fk_{name}_left_id")),
        sa.ForeignKeyConstraint(["right_id"], ["record.id"], name=op.f(f"fk_{name}_right_id")),
        sa.ForeignKeyConstraint(["one_id"], ["association.id"], name=op.f(f"fk_{name}_one_id")),
        sa.ForeignKeyConstraint(["other_id"], ["association.id"], name=op.f(f"fk_{name}_other_id")),
        sa.PrimaryKeyConstraint("left_id", "right_id", name=op.f(f"pk_{name}")),
    )
    op.create_index("ix_across_pair_right", name, ["right_id"])
    op.create_index("ix_across_pair_weight", name, ["one_id", "other_id", "weight"])
    name = "across_decision"
    op.create_table(
        name,
        sa.Column("left_id", BIG, nullable=False),
        sa.Column("right_id", BIG, nullable=False),
        sa.Column("turn", BIG, nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_ms", BIG, nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("levels", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["left_id"], ["record.id"], name=op.f(f"fk_{name}_left_id")),
        sa.ForeignKeyConstraint(["right_id"], ["record.id"], name=op.f(f"fk_{name}_right_id")),
        sa.PrimaryKeyConstraint("left_id", "right_id", "turn", name=op.f(f"pk_{name}")),
    )


def downgrade() -> None:
    for name in ("reviewed_twice", "across_decision", "across_pair", "linkage_agreement"):
        op.drop_table(name)
    op.drop_column("pair_decision", "automatic")
    op.drop_column("pair_decision", "weight")
