"""A server whose files lie in a folder of the test's, or in object storage that speaks S3."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from werkzeug.serving import make_server

from fieldsync.config import Settings
from tests.world import World

BUCKET = "fieldsync-files"


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> Iterator[World]:
    """A server on an empty database, whose files lie in a folder."""
    made = World(engine, Settings(data=tmp_path / "data"))
    yield made
    made.database.close()


@pytest.fixture(scope="session")
def object_storage() -> Iterator[str]:
    """The address of object storage of our own that speaks S3, with one bucket."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
