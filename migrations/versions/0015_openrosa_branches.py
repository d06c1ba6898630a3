"""Updates of entities that OpenRosa clients made offline one after the other."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    name = "openrosa_branch"
    op.create_table(
        name,
        sa.Column("submission_id", big, nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("association_id", big, nullable=False),
        sa.Column("list", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("trunk", sa.String(), nullable=False),
        sa.Column("base", big, nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.Column("waits", sa.Boolean(), nullable=False),
        sa.Column("since_ms", big, nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["openrosa_submission.id"], name=op.f(f"fk_{name}_submission_id")),
        sa.ForeignKeyConstraint(["association_id"], ["association.id"], name=op.f(f"fk_{name}_association_id")),
        sa.PrimaryKeyConstraint("submission_id", "path", name=op.f(f"pk_{name}")),
    )
    op.create_index(f"ix_{name}_entity", name, ["association_id", "entity", "branch", "base"])
    op.create_index(f"ix_{name}_waits", name, ["waits", "since_ms"])


def downgrade() -> None:
    op.drop_table("openrosa_branch")
