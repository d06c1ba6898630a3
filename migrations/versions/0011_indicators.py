"""Indicators: their editions, the facts that are counted, what they add up to."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

TABLES = (
    ("fact", "record_id:record n association_id:association kind: subject: other: month:int level:int rank:int"
     " data:bytes", ("record_id", "n")),
    ("subject_root", "association_id:association subject: root: gone:bool", ("association_id", "subject")),
    ("counted_item", "association_id:association subject: indicator: part: key: month:int level:int amount:int"
     " commune: sex: band: disability: category:", ("association_id", "subject", "indicator", "part", "key")),
    ("figure_cell", "association_id:association indicator: part: month:int level:int commune: sex: band: disability:"
     " category: amount:int",
     ("association_id", "indicator", "part", "month", "level", "commune", "sex", "band", "disability", "category")),
)  # fmt: skip
"""Name, columns, primary key; on SQLite the rows lie in the order of that key."""

INDEXES = (
    ("ix_receipt_device", "receipt", ["device_id", "received_ms"]),
    ("ix_fact_subject", "fact", ["association_id", "subject"]),
    ("ix_fact_other", "fact", ["association_id", "other"]),
    ("ix_subject_root_root", "subject_root", ["association_id", "root"]),
)


def upgrade() -> None:
    op.create_table(
        "indicator_book",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("loaded_ms", BIG, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "publication",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("until", BIG, nullable=False),
        sa.Column("made_ms", BIG, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
    for name, columns, key in TABLES:
        made = [_column(name, each) for each in columns.split()]
        op.create_table(name, *made, sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"), sqlite_with_rowid=False)
    op.create_table(
        "report_time",
        sa.Column("record_id", BIG, sa.ForeignKey("record.id"), primary_key=True, autoincrement=False),
        sa.Column("association_id", BIG, sa.ForeignKey("association.id"), nullable=False),
        *(sa.Column(each, BIG, nullable=False) for each in ("month", "level", "lag_hours")),
        sa.Column("review_hours", BIG, nullable=True),
    )
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)


def _column(table: str, spelled: str) -> "sa.Column[object]":
    """`name:kind`; without a kind after the colon text, with the name of a table its key."""
    name, _, kind = spelled.partition(":")
    if kind in ("record", "association"):
        return sa.Column(name, BIG, sa.ForeignKey(f"{kind}.id"), nullable=False)
    kinds = {"int": BIG, "bytes": sa.LargeBinary(), "bool": sa.Boolean(), "": sa.String() if ":" in spelled else BIG}
    return sa.Column(name, kinds[kind], nullable=False)


def downgrade() -> None:
    op.drop_index("ix_receipt_device", "receipt")
    for name in ("report_time", *(table[0] for table in reversed(TABLES)), "publication", "indicator_book"):
        op.drop_table(name)
