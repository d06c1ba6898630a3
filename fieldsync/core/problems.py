"""Every problem the program can name: code, HTTP status, and a message in each language of the programme."""

from collections.abc import Mapping

import msgspec

from fieldsync.core.messages import LANGUAGES, MESSAGES

DEFAULT_LANGUAGE = "en"


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something wrong with an operation, a record or a request.

    `path` is a question's path. `detail` fills the message's placeholders; it never holds an answer.
    `said` is the form's own message, language code to text, and stands before the message of the table.
    """

    code: str
    path: str | None = None
    detail: Mapping[str, str] = {}
    said: Mapping[str, str] = {}


class _Blanks(dict[str, str]):
    """Details for a message; one that is missing shows as an ellipsis."""

    def __missing__(self, name: str) -> str:
        return "…"


def render(problem: Problem, language: str) -> str:
    """What a person reads, in `language` ("ar", "fr-MA") or else in English: the form's own message, or the table's.

    A code that this version of the program does not know, as an older database may hold, is its own text.
    """
    spoken = language.lower().replace("_", "-").split("-")[0]
    own = problem.said.get(language) or problem.said.get(spoken) or problem.said.get("")
    if own:
        return own
    if problem.code not in MESSAGES:
        return problem.code
    texts = dict(zip(LANGUAGES, MESSAGES[problem.code][1:], strict=True))
    return texts.get(spoken, texts[DEFAULT_LANGUAGE]).format_map(_Blanks(problem.detail))


def http_status(code: str) -> int | None:
    """The HTTP status of an answer that carries this problem; None where it never is a whole answer."""
    return MESSAGES[code][0]
