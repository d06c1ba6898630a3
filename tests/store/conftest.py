"""Databases as an older program left them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, text

from fieldsync.store.engines import open_engine
from tests.databases import KINDS


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
