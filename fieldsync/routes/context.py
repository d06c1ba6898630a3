"""What a request needs of its surroundings: settings, the database, the clock and the dice, handed over by the app."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app, request

from fieldsync.config import Settings
from fieldsync.core.messages import LANGUAGES
from fieldsync.services.uploads import Files
from fieldsync.store.db import Database

EXTENSION = "fieldsync"
DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True)
class Context:
    """`now_ms`: milliseconds since 1970. `draw`: that many random bytes."""

    settings: Settings
    database: Database
    now_ms: Callable[[], int]
    draw: Callable[[int], bytes]
    files: Files


def context() -> Context:
    """The surroundings of the present request."""
    found: Context = current_app.extensions[EXTENSION]
    return found


def reader_language() -> str:
    """The language in which the sender wants messages: ar, fr or en. `ar-MA, fr;q=0.5` is Arabic."""
    if "HTTP_ACCEPT_LANGUAGE" not in request.environ:
        return DEFAULT_LANGUAGE
    wanted = (tag.replace("_", "-").split("-")[0].lower() for tag in request.accept_languages.values())
    return next((language for language in wanted if language in LANGUAGES), DEFAULT_LANGUAGE)
