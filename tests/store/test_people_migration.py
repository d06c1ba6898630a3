"""A server of before people had several roles comes along: everybody keeps her passphrase, her role and her tokens."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, make_url, text
from sqlalchemy.orm import Session

from fieldsync.config import program_folder
from fieldsync.services.senders import digest_of
from fieldsync.store import grants, people, sign_ins
from fieldsync.store.engines import open_engine
from fieldsync.store.migrate import migrate
from tests.databases import KINDS

BEFORE = (
    "INSERT INTO association (id, slug, name, position, forms_position) VALUES (1, 'amal', 'Amal', 0, 0)",
    "INSERT INTO person (id, association_id, email, role, password_hash, created_ms)"
    " VALUES (7, 1, 'Hayat@Example.org', 'coordinator', 'hash', 5),"
    " (9, 1, 'hayat@example.org', 'designer', 'other', 6)",
)


@pytest.fixture(params=KINDS)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of each kind, without any table."""
    if request.param == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path / 'old.db'}")
        yield engine
        engine.dispose()
        return
    server = open_engine(request.getfixturevalue("postgresql_url"))
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP DATABASE IF EXISTS before_people"))
        connection.execute(text("CREATE DATABASE before_people"))
    url = make_url(request.getfixturevalue("postgresql_url")).set(database="before_people")
    engine = open_engine(url.render_as_string(hide_password=False))
    yield engine
    engine.dispose()
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP DATABASE before_people"))
    server.dispose()


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
