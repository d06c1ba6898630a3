"""Seeded bugs of files: what is promised of bytes that lie in no table."""

import os
from pathlib import Path
from typing import Any
from unittest import mock

from fieldsync.services import openrosa_files, uploads
from fieldsync.store import attachments, file_store, partial_files
from fieldsync.store.file_store import FolderStore
from tests.simulation.mutations import around, instead, seeded


@seeded("a file is told as kept before it is flushed", "a file that is here survives a power cut", collects=True)
def _() -> list[Any]:
    return [instead(file_store, "flush", lambda path: None)]


@seeded("bytes on their way are not flushed", "an offset that was told survives a power cut", collects=True)
def _() -> list[Any]:
    def append(real: Any, *given: Any) -> Any:
        with mock.patch.object(os, "fsync"):
            return real(*given)

    return [around(partial_files, "append", append)]


@seeded("the name of an upload is not flushed", "an upload that was begun survives a power cut", collects=True)
def _() -> list[Any]:
    return [instead(partial_files, "flush", lambda path: None), instead(partial_files, "make_sure", _unsure)]


@seeded("a whole file is told without being kept", "what is whole at a HEAD is here", collects=True)
def _() -> list[Any]:
    def come(_database: Any, files: Any, row: Any, _now_ms: int) -> int | None:
        with _database.read() as session:
            found: int | None = row.size if uploads.is_here(session, files, row) else files.partial.offset(row.uuid)
        return found

    return [instead(uploads, "come_so_far", come)]


@seeded("a file is given up though a record names it", "only what nobody names expires", collects=True)
def _() -> list[Any]:
    return [instead(attachments, "here", lambda session, owner, digests: set())]


@seeded("orphans stay for ever", "what nobody names expires", collects=True)
def _() -> list[Any]:
    return [instead(uploads, "_give_up_orphans", lambda database, settings, files, now_ms: 0)]


@seeded("files that come after their record are not said", "a record shows a late photo", collects=True)
def _() -> list[Any]:
    return [instead(openrosa_files, "what_came", lambda session, row: {})]


@seeded("a file is written over by the next of its name", "a file is what it was", collects=True)
def _() -> list[Any]:
    def put(real: Any, store: Any, key: str, source: Path) -> None:
        real(store, key, source)
        (store.folder / key).write_bytes(b"x" * (store.size(key) or 0))

    return [around(FolderStore, "put", put)]


def _unsure(folder: Path, _base: Path, _sure: set[Path]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
