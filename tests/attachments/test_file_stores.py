"""The same promises of a folder and of object storage."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fieldsync.store.file_store import PIECE_BYTES, FileStore, StorageFails, digest_of_file, key_of, open_store
from tests.attachments.conftest import Place

Make = Callable[[str], Path]


@pytest.fixture
def store(place: Place, tmp_path: Path) -> FileStore:
    """An empty place for files."""
    return open_store(place[0], tmp_path, place[1])


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


def test_what_was_cut_off_in_the_store_is_put_there_again(store: FileStore, make: Make) -> None:
    key = key_of(7, digest_of_file(make("a photo")))
    store.put(key, make("a ph"))
    store.put(key, make("a photo"))
    assert b"".join(store.read(key) or ()) == b"a photo"


def test_a_store_names_what_lies_there_for_an_association(store: FileStore, make: Make) -> None:
    keys = {key_of(7, digest_of_file(make(text))) for text in ("one", "another")} | {"7/thumbnails/x"}
    for key in keys:
        store.put(key, make("bytes"))
    store.put(key_of(70, digest_of_file(make("one"))), make("one"))
    found = list(store.names(7))
    assert {(each.key, each.size) for each in found} == {(key, 5) for key in keys}
    assert all(each.changed_ms > 1_600_000_000_000 for each in found)
    assert list(store.names(8)) == []


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


def test_object_storage_that_does_not_answer_as_it_should_is_told_from_a_file_that_is_not_there(
    object_storage: str, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "test")
    nobody = open_store("s3://some/kept", tmp_path, "http://127.0.0.1:1")
    for ask in (nobody.size, nobody.read, nobody.remove, lambda key: nobody.put(key, make("a photo"))):
        with pytest.raises(StorageFails, match=r"127\.0\.0\.1:1"):
            ask("7/aa/x")
    with pytest.raises(StorageFails):
        list(nobody.names(7))
    without_bucket = open_store("s3://never-made/kept", tmp_path, object_storage)
    assert without_bucket.size("7/aa/x") is None
    with pytest.raises(StorageFails, match="404"):
        without_bucket.put("7/aa/x", make("a photo"))


def test_a_film_is_read_in_pieces_that_make_it_whole(store: FileStore, make: Make) -> None:
    text = "0123456789abcdef" * (PIECE_BYTES // 8) + "end"
    store.put("7/aa/film", make(text))
    assert b"".join(store.read("7/aa/film") or ()) == text.encode()
