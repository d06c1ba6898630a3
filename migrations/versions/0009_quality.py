"""What the quality rules look at, what is usual, points and outlines for the map; flags can be dismissed."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

TABLES = (
    ("observation", "record_id:int collection_id:int author_id:int place:text arrived_ms:int begun_ms:int? seconds:int?"
     " clock_ms:int latitude:real? longitude:real? spot:int? tells_times:bool answers:bytes numbers:bytes",
     ["record_id"]),
    ("quality_norm", "association_id:int collection_id:int about:text count:int middle:real spread:real",
     ["association_id", "collection_id", "about"]),
    ("quality_choice", "association_id:int chosen:bytes judged_ms:int", ["association_id"]),
    ("outline", "place:text west:real south:real east:real north:real rings:bytes", ["place"]),
    ("record_point", "record_id:int collection_id:int author_id:int place:text personal:bool cell:int latitude:real"
     " longitude:real", ["record_id"]),
    ("point_count", "collection_id:int level:int cell:int place:text personal:bool points:int latitudes:real"
     " longitudes:real",
     ["collection_id", "level", "cell", "place", "personal"]),
)  # fmt: skip
"""Name, columns (`?` for those that may be empty), primary key."""

KINDS = {"int": BIG, "text": sa.String(), "bytes": sa.LargeBinary(), "real": sa.Float(), "bool": sa.Boolean()}
KNOWN = {"record_id": "record", "association_id": "association"}

INDEXES = (
    ("ix_observation_author", "observation", ["collection_id", "author_id", "record_id"]),
    ("ix_observation_arrived", "observation", ["collection_id", "arrived_ms", "author_id", "place"]),
    ("ix_record_point_cell", "record_point", ["collection_id", "cell"]),
    ("ix_record_point_place", "record_point", ["collection_id", "place"]),
    ("ix_flag_code", "flag", ["code", "record_id"]),
)


def upgrade() -> None:
    for name, columns, key in TABLES:
        _make(name, columns, key)
    op.add_column("flag", sa.Column("numbers", sa.LargeBinary(), nullable=True))
    op.add_column("flag", sa.Column("dismissed_ms", BIG, nullable=True))
    for column in ("evidence", "dismissed_by", "dismissed_why"):
        op.add_column("flag", sa.Column(column, sa.String(), nullable=False, server_default=""))
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)
    has_spot = sa.text("spot IS NOT NULL")
    op.create_index(
        "ix_observation_spot", "observation", ["collection_id", "author_id", "spot"],
        sqlite_where=has_spot, postgresql_where=has_spot,
    )  # fmt: skip


def _make(name: str, columns: str, key: list[str]) -> None:
    told = [column.split(":") for column in columns.split()]
    parts: list[sa.schema.SchemaItem] = [
        sa.Column(column, KINDS[kind.rstrip("?")], nullable=kind.endswith("?"), autoincrement=False)
        for column, kind in told
    ]
    parts.append(sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")))
    for column, _ in told:
        if column in KNOWN:
            foreign = [f"{KNOWN[column]}.id"]
            parts.append(sa.ForeignKeyConstraint([column], foreign, name=op.f(f"fk_{name}_{column}")))
    op.create_table(name, *parts)


def downgrade() -> None:
    for name, table, _ in INDEXES:
        op.drop_index(name, table)
    for name, _, _ in reversed(TABLES):
        op.drop_table(name)
    with op.batch_alter_table("flag") as batch_op:
        for column in ("numbers", "dismissed_ms", "evidence", "dismissed_by", "dismissed_why"):
            batch_op.drop_column(column)
