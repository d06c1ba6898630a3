"""Record linkage: what is compared, blocking keys, models, candidate pairs; parts of entity properties."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _features()
    _models()
    _pairs()
    op.add_column("entity_property", sa.Column("part", sa.String(), nullable=False, server_default=""))


def _features() -> None:
    name = "linkage_feature"
    op.create_table(
        name,
        sa.Column("collection_id", BIG, nullable=False),
        sa.Column("algorithm", BIG, nullable=False),
        sa.Column("record_id", BIG, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f(f"fk_{name}_record_id")),
        sa.PrimaryKeyConstraint("collection_id", "algorithm", "record_id", name=op.f(f"pk_{name}")),
        sqlite_with_rowid=False,
    )
    name = "blocking_key"
    op.create_table(
        name,
        sa.Column("key", BIG, nullable=False),
        sa.Column("record_id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("key", "record_id", name=op.f(f"pk_{name}")),
        sqlite_with_rowid=False,
    )


def _models() -> None:
    name = "linkage_model"
    op.create_table(
        name,
        sa.Column("id", BIG, nullable=False),
        sa.Column("association_id", BIG, nullable=False),
        sa.Column("of", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("made_ms", BIG, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["association_id"], ["association.id"], name=op.f(f"fk_{name}_association_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index("ix_linkage_model_of", name, ["association_id", "of", "active"])


def _pairs() -> None:
    name = "candidate_pair"
    op.create_table(
        name,
        sa.Column("left_id", BIG, nullable=False),
        sa.Column("right_id", BIG, nullable=False),
        sa.Column("association_id", BIG, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("of", sa.String(), nullable=False),
        sa.Column("model_version", BIG, nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("comparisons", sa.LargeBinary(), nullable=False),
        sa.Column("bounds", sa.LargeBinary(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("found_ms", BIG, nullable=False),
        sa.ForeignKeyConstraint(["association_id"], ["association.id"], name=op.f(f"fk_{name}_association_id")),
        sa.ForeignKeyConstraint(["left_id"], ["record.id"], name=op.f(f"fk_{name}_left_id")),
        sa.ForeignKeyConstraint(["right_id"], ["record.id"], name=op.f(f"fk_{name}_right_id")),
        sa.PrimaryKeyConstraint("left_id", "right_id", name=op.f(f"pk_{name}")),
    )
    op.create_index("ix_candidate_pair_right", name, ["right_id"])
    op.create_index("ix_candidate_pair_weight", name, ["association_id", "kind", "of", "zone", "weight"])


def downgrade() -> None:
    with op.batch_alter_table("entity_property") as batch_op:
        batch_op.drop_column("part")
    for name in ("candidate_pair", "linkage_model", "blocking_key", "linkage_feature"):
        op.drop_table(name)
