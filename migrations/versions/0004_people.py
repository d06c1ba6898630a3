"""People with roles as grants, sessions, tokens, links, second factors; rates; the audit log."""

import time
import uuid

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

SCRIPT_PERMISSIONS = {
    "coordinator": "act_on_records read_forms read_history read_records see_devices",
    "association_reviewer": "act_on_records read_forms read_history read_records",
    "designer": "publish_forms read_forms",
    "viewer": "read_forms",
}
"""What the tokens that people had may go on doing."""

TABLES = (
    ("audit_anchor", "day:text chain:int number:int mac:bytes", ["day", "chain"]),
    ("audit_row", "id:int chain:int number:int at_ms:int actor:text action:text about:text outcome:text detail:text"
     " mac:bytes", ["id"]),
    ("rate_count", "bucket:bytes started_ms:int count:int", ["bucket"]),
    ("role_grant", "id:int uuid:text person_id:int role:text association_id:int? places:text team:text status:text"
     " waiver:text granted_by:int? confirmed_by:int? granted_ms:int ended_ms:int?", ["id"]),
    ("person_session", "id:int uuid:text person_id:int digest:bytes kind:text association_id:int? agent:text"
     " made_ms:int seen_ms:int authenticated_ms:int expires_ms:int", ["id"]),
    ("api_token", "id:int uuid:text person_id:int digest:bytes name:text permissions:text association_id:int?"
     " made_ms:int used_ms:int expires_ms:int", ["id"]),
    ("secret_link", "digest:bytes person_id:int purpose:text made_ms:int expires_ms:int used_ms:int?", ["digest"]),
    ("second_factor", "person_id:int nonce:bytes made_ms:int confirmed_ms:int? used_step:int", ["person_id"]),
    ("recovery_code", "digest:bytes person_id:int used_ms:int?", ["digest"]),
)  # fmt: skip
"""Name, columns (`?` for those that may be empty), primary key."""

PEOPLE = {"person_id", "granted_by", "confirmed_by"}
UNIQUE = {"uuid", "digest"}
INDEXED = (
    ("role_grant", "person_id"),
    ("role_grant", "association_id"),
    ("person_session", "person_id"),
    ("person_session", "expires_ms"),
    ("api_token", "person_id"),
    ("api_token", "expires_ms"),
    ("secret_link", "person_id"),
    ("recovery_code", "person_id"),
)


def upgrade() -> None:
    connection = op.get_bind()
    people = connection.execute(
        sa.text("SELECT id, association_id, email, role, password_hash, created_ms FROM person ORDER BY id")
    ).all()
    tokens = connection.execute(
        sa.text(
            "SELECT t.digest, t.person_id, t.expires_ms, p.association_id, p.role FROM person_token t"
            " JOIN person p ON p.id = t.person_id"
        )
    ).all()
    op.drop_table("person_token")
    op.drop_table("person")
    _make_person()
    for name, columns, key in TABLES:
        _make(name, columns, key)
    for name, column in INDEXED:
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])
    op.create_index("uq_audit_row_number", "audit_row", ["chain", "number"], unique=True)
    op.create_index("ix_audit_row_action", "audit_row", ["chain", "action", "number"])
    op.create_index("ix_audit_row_actor", "audit_row", ["chain", "actor", "number"])
    _widen()
    _fill(connection, people, tokens)


def _make_person() -> None:
    op.create_table(
        "person",
        sa.Column("id", BIG, nullable=False),
        sa.Column("uuid", sa.String(), nullable=False),
        sa.Column("association_id", BIG, nullable=True),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("created_ms", BIG, nullable=False),
        sa.Column("signed_in_ms", BIG, nullable=False),
        sa.Column("reset_asked_ms", BIG, nullable=False),
        sa.ForeignKeyConstraint(["association_id"], ["association.id"], name=op.f("fk_person_association_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("uuid", name=op.f("uq_person_uuid")),
        sa.UniqueConstraint("email", name=op.f("uq_person_email")),
    )
    op.create_index(op.f("ix_person_association_id"), "person", ["association_id"])


def _make(name: str, columns: str, key: list[str]) -> None:
    kinds = {"int": BIG, "text": sa.String(), "bytes": sa.LargeBinary()}
    told = [column.split(":") for column in columns.split()]
    names = [column for column, _ in told]
    parts: list[sa.schema.SchemaItem] = [
        sa.Column(column, kinds[kind.rstrip("?")], nullable=kind.endswith("?")) for column, kind in told
    ]
    parts.append(sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")))
    for column in names:
        if column in PEOPLE:
            parts.append(sa.ForeignKeyConstraint([column], ["person.id"], name=op.f(f"fk_{name}_{column}")))
        if column == "association_id":
            parts.append(sa.ForeignKeyConstraint([column], ["association.id"], name=op.f(f"fk_{name}_{column}")))
        if column in UNIQUE and column not in key:
            parts.append(sa.UniqueConstraint(column, name=op.f(f"uq_{name}_{column}")))
    op.create_table(name, *parts)


def _widen() -> None:
    op.add_column("server", sa.Column("roles", sa.LargeBinary(), nullable=True))
    for table in ("device", "enrolment_code"):
        op.add_column(table, sa.Column("role", sa.String(), nullable=False, server_default="companion"))
        op.add_column(table, sa.Column("team", sa.String(), nullable=False, server_default=""))
        op.add_column(table, sa.Column("holder_id", BIG, nullable=True))
    op.add_column("enrolment_code", sa.Column("device_id", BIG, nullable=True))
    op.add_column("enrolment_code", sa.Column("uuid", sa.String(), nullable=True))
    op.create_index("uq_enrolment_code_uuid", "enrolment_code", ["uuid"], unique=True)


def _fill(connection: sa.Connection, people: object, tokens: object) -> None:
    """Everybody keeps her passphrase, her role and her tokens."""
    taken = {row.email for row in people}  # type: ignore[attr-defined]
    for row in people:  # type: ignore[attr-defined]
        canonical = row.email.strip().lower()
        email = row.email if canonical in taken else canonical  # who had it in that form keeps it
        taken.add(email)
        connection.execute(
            sa.text(
                "INSERT INTO person (id, uuid, association_id, email, name, status, password_hash, created_ms,"
                " signed_in_ms, reset_asked_ms) VALUES (:id, :uuid, :owner, :email, '', 'active', :hash, :at, 0, 0)"
            ),
            {"id": row.id, "uuid": str(uuid.uuid4()), "owner": row.association_id, "email": email,
             "hash": row.password_hash, "at": row.created_ms},
        )  # fmt: skip
        connection.execute(
            sa.text(
                "INSERT INTO role_grant (uuid, person_id, role, association_id, places, team, status, waiver,"
                " granted_by, confirmed_by, granted_ms, ended_ms)"
                " VALUES (:uuid, :person, :role, :owner, '', '', 'active', '', NULL, NULL, :at, NULL)"
            ),
            {"uuid": str(uuid.uuid4()), "person": row.id, "role": row.role, "owner": row.association_id,
             "at": row.created_ms},
        )  # fmt: skip
    now_ms = time.time_ns() // 1_000_000
    for row in tokens:  # type: ignore[attr-defined]
        connection.execute(
            sa.text(
                "INSERT INTO api_token (uuid, person_id, digest, name, permissions, association_id, made_ms, used_ms,"
                " expires_ms) VALUES (:uuid, :person, :digest, 'script', :may, :owner, :at, 0, :until)"
            ),
            {"uuid": str(uuid.uuid4()), "person": row.person_id, "digest": bytes(row.digest),
             "owner": row.association_id,
             "may": SCRIPT_PERMISSIONS.get(row.role, "read_forms"), "at": now_ms, "until": row.expires_ms},
        )  # fmt: skip
    if connection.dialect.name == "postgresql":
        connection.execute(
            sa.text("SELECT setval(pg_get_serial_sequence('person', 'id'), coalesce(max(id), 1), max(id) IS NOT NULL)"
                    " FROM person")
        )  # fmt: skip


def downgrade() -> None:
    """A server that has people with several roles cannot go back to one each."""
    raise NotImplementedError
