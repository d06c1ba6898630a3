"""Form definitions that somebody looks at before she publishes them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "form_upload",
        sa.Column("id", big, primary_key=True),
        sa.Column("uuid", sa.String(), nullable=False),
        sa.Column("person_id", big, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("association_id", big, sa.ForeignKey("association.id"), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("made_ms", big, nullable=False),
        sa.Column("expires_ms", big, nullable=False),
        sa.Column("size", big, nullable=False),
        sa.Column("definition", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("uuid"),
    )
    op.create_index("ix_form_upload_person", "form_upload", ["person_id", "id"])
    op.create_index("ix_form_upload_expires_ms", "form_upload", ["expires_ms"])
    op.create_table(
        "form_upload_file",
        sa.Column("form_upload_id", big, sa.ForeignKey("form_upload.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("form_upload_id", "name"),
    )


def downgrade() -> None:
    op.drop_table("form_upload_file")
    op.drop_table("form_upload")
