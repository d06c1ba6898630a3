"""A server of before people had several roles comes along: everybody keeps her passphrase, her role and her tokens."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from fieldsync.config import program_folder
from fieldsync.services.senders import digest_of
from fieldsync.store import grants, people, sign_ins
from fieldsync.store.migrate import migrate

BEFORE = (
    "INSERT INTO association (id, slug, name, position, forms_position) VALUES (1, 'amal', 'Amal', 0, 0)",
    "INSERT INTO person (id, association_id, email, role, password_hash, created_ms)"
    " VALUES (7, 1, 'Hayat@Example.org', 'coordinator', 'hash', 5),"
    " (9, 1, 'hayat@example.org', 'designer', 'other', 6)",
)


def test_people_come_along(old: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(program_folder("migrations")))
    with old.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for statement in BEFORE:
            connection.execute(text(statement))
        connection.execute(
            text("INSERT INTO person_token (digest, person_id, expires_ms) VALUES (:digest, 7, 900)"),
            {"digest": digest_of("script")},
        )
    assert migrate(old, program_folder("migrations"))
    with Session(old) as session:
        designer = people.find(session, "hayat@example.org")
        assert designer is not None
        found = sign_ins.find_token(session, digest_of("script"), 100)
        assert found is not None
        token, coordinator = found
        assert (designer.id, designer.password_hash) == (9, "other")
        assert (coordinator.id, coordinator.email) == (7, "Hayat@Example.org")  # the other had the plain form first
        assert "read_records" in token.permissions.split()
        assert [row.role for row in grants.of_person(session, 7)] == ["coordinator"]
        assert [row.role for row in grants.of_person(session, 9)] == ["designer"]
        new = people.add(session, "018f4e1c-7d3a-7c1e-9b1a-3f0d2c1b0a99", 1, "new@example.org", "", None, 1)
        assert new.id > 9
