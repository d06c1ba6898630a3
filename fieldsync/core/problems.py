"""Every problem the program can name: code, HTTP status, and a message in each language of the programme."""

from collections.abc import Mapping

import msgspec


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something wrong with an operation, a record or a request.

    `path` is a question's path. `detail` fills the message's placeholders; it never holds an answer.
    `said` is the form's own message, language code to text, and stands before the message of the table.
    """

    code: str
    path: str | None = None
    detail: Mapping[str, str] = {}
    said: Mapping[str, str] = {}
