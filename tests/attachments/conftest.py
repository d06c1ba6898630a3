"""Object storage of our own that speaks S3."""

import threading
from collections.abc import Iterator

import pytest
from werkzeug.serving import make_server

BUCKET = "fieldsync-files"


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
