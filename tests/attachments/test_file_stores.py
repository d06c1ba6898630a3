"""The same promises of a folder and of object storage."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from fieldsync.store.file_store import FileStore, digest_of_file, key_of, open_store
from tests.attachments.conftest import BUCKET

Make = Callable[[str], Path]


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileStore:
    """An empty place for files."""
    if request.param == "folder":
        return open_store("", tmp_path)
    endpoint: str = request.getfixturevalue("object_storage")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    bucket = f"{BUCKET}-{os.urandom(4).hex()}"
    assert requests.put(f"{endpoint}/{bucket}", timeout=10).status_code == 200
    return open_store(f"s3://{bucket}/kept", tmp_path, endpoint)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a file to be stored."""

    def written(content: str) -> Path:
        path = tmp_path / "coming"
        path.write_text(content)
        return path

    return written


def test_what_was_put_is_there_until_it_is_removed(store: FileStore, make: Make) -> None:
    key = key_of(7, digest_of_file(make("a photo")))
    assert (store.size(key), store.read(key)) == (None, None)
    store.put(key, make("a photo"))
    assert store.size(key) == 7
    assert b"".join(store.read(key) or ()) == b"a photo"
    store.remove(key)
    store.remove(key)
    assert store.read(key) is None


def test_putting_the_same_twice_changes_nothing(store: FileStore, make: Make) -> None:
    key = key_of(7, digest_of_file(make("a photo")))
    store.put(key, make("a photo"))
    store.put(key, make("a photo"))
    assert b"".join(store.read(key) or ()) == b"a photo"


def test_a_large_file_is_read_in_pieces(store: FileStore, make: Make) -> None:
    large = "صورة" * 400_000
    key = key_of(8, digest_of_file(make(large)))
    store.put(key, make(large))
    pieces = list(store.read(key) or ())
    assert len(pieces) > 1
    assert b"".join(pieces) == large.encode()


def test_associations_share_no_bytes(store: FileStore, make: Make) -> None:
    digest = digest_of_file(make("a photo"))
    store.put(key_of(7, digest), make("a photo"))
    assert store.read(key_of(8, digest)) is None


def test_a_folder_is_the_owners_alone(tmp_path: Path, make: Make) -> None:
    store = open_store("", tmp_path / "data")
    key = key_of(7, digest_of_file(make("a photo")))
    store.put(key, make("a photo"))
    folder = (tmp_path / "data" / "attachments" / key).parent
    assert folder.stat().st_mode & 0o077 == 0
