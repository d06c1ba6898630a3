"""What a request needs of its surroundings: settings, the database, the clock and the dice, handed over by the app."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Request, current_app, request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

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
    found: Context = current_app._get_current_object().extensions[EXTENSION]  # type: ignore[attr-defined]
    return found


def present_request() -> Request:
    """The request itself: each look at it through Flask's `request` costs as much as a short function."""
    found: Request = request._get_current_object()  # type: ignore[attr-defined]
    return found


def reader_language() -> str:
    """The language in which the sender wants messages: ar, fr or en."""
    return language_wanted(present_request().environ.get("HTTP_ACCEPT_LANGUAGE"))


def language_wanted(header: str | None) -> str:
    """The language of ours that an `Accept-Language` wants most: `ar-MA, fr;q=0.5` is Arabic."""
    if header is None:
        return DEFAULT_LANGUAGE
    accepted = parse_accept_header(header, LanguageAccept)
    wanted = (tag.replace("_", "-").split("-")[0].lower() for tag in accepted.values())
    return next((language for language in wanted if language in LANGUAGES), DEFAULT_LANGUAGE)
