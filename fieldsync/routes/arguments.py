"""Query parameters and JSON bodies, checked by schema; what does not fit is refused without being quoted."""

from typing import Any, NoReturn

import msgspec
from flask import Request
from flask_smorest import Blueprint
from marshmallow import RAISE
from webargs.flaskparser import FlaskParser

from fieldsync.core.problems import Problem
from fieldsync.routes.bodies import read_body
from fieldsync.routes.errors import Refused

JSON_BODY_BYTES_MAX = 256 * 1024
"""The largest body of an act: a correction with some hundred answers."""


class Arguments(FlaskParser):
    """Reads JSON strictly (no NaN, no lone surrogates), unpacked as far as the limit, and refuses as problems."""

    DEFAULT_VALIDATION_STATUS = 400
    DEFAULT_UNKNOWN_BY_LOCATION = {"json": RAISE, "query": RAISE}

    def load_json(self, req: Request, schema: Any) -> Any:
        """The body as JSON; none at all where nothing of it is required."""
        if not req.content_length and "Transfer-Encoding" not in req.headers and not _requires(schema):
            return {}
        if not req.is_json:
            raise Refused(Problem("unsupported_type", detail={"allowed": "application/json"}))
        body = read_body(JSON_BODY_BYTES_MAX, JSON_BODY_BYTES_MAX)
        if isinstance(body, Problem):
            raise Refused(body)
        try:
            return msgspec.json.decode(body)
        except (ValueError, RecursionError):
            raise Refused(Problem("not_json")) from None

    def handle_error(self, error: Any, req: Request, schema: Any, **_: Any) -> NoReturn:
        """Refuse; the names of known members say where, never what was sent."""
        raise Refused(Problem("wrong_shape", detail={"where": _where(error.messages, schema)}))


class ApiBlueprint(Blueprint):  # type: ignore[misc]
    """A blueprint whose arguments are read strictly."""

    ARGUMENTS_PARSER = Arguments()


def _requires(schema: Any) -> bool:
    return any(each.required for each in schema.fields.values())


def _where(messages: Any, schema: Any) -> str:
    """The known members among those that do not fit."""
    if not isinstance(messages, dict):
        return "request"
    names = [name for found in messages.values() if isinstance(found, dict) for name in found if name in schema.fields]
    return ", ".join(sorted(names)) or "/".join(str(location) for location in messages)
