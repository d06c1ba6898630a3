"""Films, sounds and other files that were kept as they came are looked at again: they may tell a place."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE attachment SET state = 'new' WHERE state = 'ready' AND kept_sha256 = sha256 AND NOT thumbnail")


def downgrade() -> None:
    op.execute("UPDATE attachment SET state = 'ready' WHERE state = 'uncleaned'")
