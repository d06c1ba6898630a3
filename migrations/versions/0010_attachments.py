"""Files of records: which are here, and which are on their way."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "attachment",
        sa.Column("association_id", big, nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", big, nullable=False),
        sa.Column("kept_sha256", sa.String(), nullable=False),
        sa.Column("kept_size", big, nullable=False),
        sa.Column("device_id", big, nullable=False),
        sa.Column("awaited", sa.Boolean(), nullable=False),
        sa.Column("arrived_ms", big, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("thumbnail", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["association_id"], ["association.id"], name=op.f("fk_attachment_association_id")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_attachment_device_id")),
        sa.PrimaryKeyConstraint("association_id", "sha256", name=op.f("pk_attachment")),
    )
    op.create_index("ix_attachment_device", "attachment", ["device_id", "awaited"])
    op.create_index("ix_attachment_awaited", "attachment", ["awaited", "arrived_ms"])
    op.create_index("ix_attachment_state", "attachment", ["state", "awaited"])
    op.create_table(
        "as_sent",
        sa.Column("association_id", big, nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["association_id"], ["association.id"], name=op.f("fk_as_sent_association_id")),
        sa.PrimaryKeyConstraint("association_id", "sha256", name=op.f("pk_as_sent")),
    )
    op.create_table(
        "upload",
        sa.Column("uuid", sa.String(), nullable=False),
        sa.Column("association_id", big, nullable=False),
        sa.Column("device_id", big, nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", big, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("record", sa.String(), nullable=True),
        sa.Column("made_ms", big, nullable=False),
        sa.ForeignKeyConstraint(["association_id"], ["association.id"], name=op.f("fk_upload_association_id")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_upload_device_id")),
        sa.PrimaryKeyConstraint("uuid", name=op.f("pk_upload")),
    )
    op.create_index("ix_upload_device", "upload", ["device_id"])
    op.create_index("ix_upload_made", "upload", ["made_ms"])
    op.create_index("ix_missing_file_sha256", "missing_file", ["sha256"])
    op.create_table(
        "openrosa_file",
        sa.Column("association_id", big, nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", big, nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["association_id"], ["association.id"], name=op.f("fk_openrosa_file_association_id")),
        sa.PrimaryKeyConstraint("association_id", "form", "instance", "name", name=op.f("pk_openrosa_file")),
    )
    name = "openrosa_missing"
    op.create_table(
        name,
        sa.Column("submission_id", big, nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("record_id", big, nullable=False),
        sa.Column("came", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f(f"fk_{name}_record_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["openrosa_submission.id"], name=op.f(f"fk_{name}_submission_id")),
        sa.PrimaryKeyConstraint("submission_id", "path", name=op.f(f"pk_{name}")),
    )
    op.create_index(f"ix_{name}_record_id", name, ["record_id"])
    op.create_index("ix_openrosa_submission_base_id", "openrosa_submission", ["base_id"])


def downgrade() -> None:
    op.drop_index("ix_openrosa_submission_base_id", "openrosa_submission")
    op.drop_table("openrosa_missing")
    op.drop_table("openrosa_file")
    op.drop_index("ix_missing_file_sha256", "missing_file")
    op.drop_table("upload")
    op.drop_table("as_sent")
    op.drop_table("attachment")
