"""A verdict tells why, who and when; what is quarantined is found by its reason."""

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ROWS = 500


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("quarantine", sa.Column("code", sa.String(), nullable=False, server_default=""))
    op.create_index("ix_quarantine_status", "quarantine", ["association_id", "status", "id"])
    op.create_index("ix_quarantine_reason", "quarantine", ["association_id", "status", "code", "id"])
    for name in ("note", "said_by"):
        op.add_column("verdict", sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.add_column("verdict", sa.Column("said_ms", big, nullable=False, server_default="0"))
    _name_reasons(op.get_bind())


def _name_reasons(connection: sa.Connection) -> None:
    after = 0
    while True:
        rows = connection.execute(
            sa.text("SELECT id, problems FROM quarantine WHERE id > :after ORDER BY id LIMIT :rows"),
            {"after": after, "rows": ROWS},
        ).all()
        if not rows:
            return
        after = rows[-1].id
        codes = [(row.id, [each["code"] for each in msgspec.json.decode(bytes(row.problems))]) for row in rows]
        named = [{"id": row_id, "code": found[0]} for row_id, found in codes if found]
        if named:
            connection.execute(sa.text("UPDATE quarantine SET code = :code WHERE id = :id"), named)


def downgrade() -> None:
    with op.batch_alter_table("verdict", schema=None) as batch_op:
        for name in ("said_ms", "said_by", "note"):
            batch_op.drop_column(name)
    for name in ("ix_quarantine_reason", "ix_quarantine_status"):
        op.drop_index(name, "quarantine")
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.drop_column("code")
