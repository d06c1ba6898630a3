"""People: who they are, what they may, how they prove it; and the audit log."""

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fieldsync.store.models import Base, BigKey, few


class Person(Base):
    """Somebody who signs in; `status` is invited, active or disabled.

    `association_id` is where she belongs, if anywhere. The hash is there once she has chosen a passphrase;
    `reset_asked_ms` is 0, or when she asked for a new one.
    """

    __tablename__ = "person"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    uuid: Mapped[str] = mapped_column(unique=True)
    association_id: Mapped[int | None] = mapped_column(ForeignKey("association.id"), index=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    status: Mapped[str]
    password_hash: Mapped[str | None]
    created_ms: Mapped[int]
    signed_in_ms: Mapped[int] = mapped_column(default=0)
    reset_asked_ms: Mapped[int] = mapped_column(default=0)


class RoleGrant(Base):
    """A role that a person holds: in an association or everywhere, in some places or with one team.

    `places` are codes with spaces between. `status` is active, proposed (a second person must confirm it) or withdrawn.
    `granted_by` is nobody where the operator did it.
    """

    __tablename__ = "role_grant"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    uuid: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[str]
    association_id: Mapped[int | None] = mapped_column(ForeignKey("association.id"), index=True)
    places: Mapped[str]
    team: Mapped[str]
    status: Mapped[str]
    waiver: Mapped[str]
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    granted_ms: Mapped[int]
    ended_ms: Mapped[int | None]


class PersonSession(Base):
    """A person who is signed in somewhere, by the digest of her token.

    `kind` is full, or half while the second factor is owed. `association_id` is where she works now.
    """

    __tablename__ = "person_session"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    uuid: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    digest: Mapped[bytes] = mapped_column(unique=True)
    kind: Mapped[str]
    association_id: Mapped[int | None] = mapped_column(ForeignKey("association.id"))
    agent: Mapped[str]
    made_ms: Mapped[int]
    seen_ms: Mapped[int]
    authenticated_ms: Mapped[int]
    expires_ms: Mapped[int] = mapped_column(index=True)


class ApiToken(Base):
    """A token of a person's script, by its digest: what it may at most do, in one association."""

    __tablename__ = "api_token"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    uuid: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    digest: Mapped[bytes] = mapped_column(unique=True)
    name: Mapped[str]
    permissions: Mapped[str]
    association_id: Mapped[int | None] = mapped_column(ForeignKey("association.id"))
    made_ms: Mapped[int]
    used_ms: Mapped[int]
    expires_ms: Mapped[int] = mapped_column(index=True)


class SecretLink(Base):
    """An invitation or a reset, by the digest of what its link carries: good once, and not for long."""

    __tablename__ = "secret_link"
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    purpose: Mapped[str]
    made_ms: Mapped[int]
    expires_ms: Mapped[int]
    used_ms: Mapped[int | None]


class SecondFactor(Base):
    """A person's authenticator app. Its secret is made of the nonce and of a key outside the database."""

    __tablename__ = "second_factor"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    nonce: Mapped[bytes]
    made_ms: Mapped[int]
    confirmed_ms: Mapped[int | None]
    used_step: Mapped[int]


class RecoveryCode(Base):
    """A code for somebody who lost her phone, by its digest; good once."""

    __tablename__ = "recovery_code"
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    used_ms: Mapped[int | None]


class RateCount(Base):
    """How often somebody tried something within the present window; shared by all processes."""

    __tablename__ = "rate_count"
    bucket: Mapped[bytes] = mapped_column(primary_key=True)
    started_ms: Mapped[int]
    count: Mapped[int]


class AuditRow(Base):
    """An event of the audit log: who did what to what, as ids; its MAC covers it and the row before.

    `chain` is an association's row id, or 0; `number` is dense within it.
    """

    __tablename__ = "audit_row"
    __table_args__ = (
        Index("uq_audit_row_number", "chain", "number", unique=True),
        few("ix_audit_row_action", "action NOT IN ('sync', 'submission')", "action", "id"),
        Index("ix_audit_row_actor", "actor", "id"),
        few("ix_audit_row_about", "about <> ''", "about", "id"),
        Index("ix_audit_row_at", "at_ms"),
    )
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    chain: Mapped[int]
    number: Mapped[int]
    at_ms: Mapped[int]
    actor: Mapped[str]
    action: Mapped[str]
    about: Mapped[str]
    outcome: Mapped[str]
    detail: Mapped[str]
    mac: Mapped[bytes]


class AuditAnchor(Base):
    """Where a chain of the audit log stood at the end of a day."""

    __tablename__ = "audit_anchor"
    __table_args__ = (PrimaryKeyConstraint("day", "chain"),)
    day: Mapped[str]
    chain: Mapped[int]
    number: Mapped[int]
    mac: Mapped[bytes]
