"""The key that is kept outside the database: in a file of the data folder, or given by a setting."""

import os
from collections.abc import Callable
from pathlib import Path

from fieldsync.core.keys import KEY_BYTES

FILE = "secret.key"
FILE_BYTES_MAX = 200


class KeyWrong(OSError):
    """The key's file or setting does not hold a key."""


def given(text: str) -> bytes:
    """The key of a setting; empty where there is none."""
    return _read(text, "secret_key") if text else b""


def of_folder(folder: Path, draw: Callable[[int], bytes]) -> bytes:
    """The key of a data folder, made the first time; only the service's user may read it."""
    path = folder / FILE
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        with path.open() as file:
            return _read(file.read(FILE_BYTES_MAX), str(path))
    key = draw(KEY_BYTES)
    with os.fdopen(handle, "w") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return key


def _read(text: str, where: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyWrong(0, f"no key of {KEY_BYTES * 2} hexadecimal digits", where)
    return key
