"""Places for files: a folder, and object storage of our own that speaks S3."""

import os
import threading
from collections.abc import Iterator

import pytest
import requests
from werkzeug.serving import make_server

Place = tuple[str, str]
"""The settings `attachments` and `attachments_endpoint`."""


@pytest.fixture(scope="session")
def object_storage() -> Iterator[str]:
    """The address of object storage of our own that speaks S3, without a bucket."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Place:
    """An empty place for files: a folder in the data folder, or a bucket of its own."""
    if request.param == "folder":
        return "", ""
    endpoint: str = request.getfixturevalue("object_storage")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    bucket = f"fieldsync-files-{os.urandom(4).hex()}"
    assert requests.put(f"{endpoint}/{bucket}", timeout=10).status_code == 200
    return f"s3://{bucket}/kept", endpoint
