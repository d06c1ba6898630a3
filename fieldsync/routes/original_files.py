"""The XML of submissions, handed out: for pages and the API alike."""

from flask import Response

from fieldsync.core.problems import Problem
from fieldsync.routes.errors import Refused

POLICY = "default-src 'none'; sandbox"
"""What somebody sent runs nothing and loads nothing, wherever it is opened."""


def handed_out(xml: bytes | Problem, digest: str) -> Response:
    """The XML as an answer, or the refusal: always to be saved, never shown in place."""
    if isinstance(xml, Problem):
        raise Refused(xml)
    response = Response(xml, mimetype="application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{digest[:12]}.xml"'
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "no-store"
    return response
