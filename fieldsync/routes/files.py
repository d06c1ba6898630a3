"""Files that come with a form, by name."""

from collections.abc import Iterable

from werkzeug.datastructures import FileStorage

from fieldsync.core.problems import Problem
from fieldsync.routes.errors import Refused

FILES_MAX = 200
"""Media files that come with one definition."""


def read_files(files: Iterable[FileStorage]) -> dict[str, bytes]:
    """Uploaded files by name; too many are refused."""
    given = [file for file in files if file.filename]
    if len(given) > FILES_MAX:
        raise Refused(Problem("too_large", detail={"limit": f"{FILES_MAX} files"}))
    return {plain_name(file): file.read() for file in given}


def plain_name(file: FileStorage) -> str:
    """The last part of an uploaded file's name: folders mean nothing here."""
    return (file.filename or "").replace("\\", "/").rsplit("/", 1)[-1]
