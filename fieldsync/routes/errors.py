"""Refusals as RFC 9457 problem documents: one shape for every error of the API."""

import errno
import logging
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from fieldsync.core.problems import Problem, http_status, render
from fieldsync.routes import openrosa_signing, openrosa_xml
from fieldsync.routes.bodies import json_response
from fieldsync.routes.context import context, reader_language
from fieldsync.store.db import Busy
from fieldsync.store.file_store import StorageFails

logger = logging.getLogger(__name__)

REFERENCE_BYTES = 4
"""By which a person's report finds the line in the log."""

RETRY_AFTER_SECONDS = 5
"""What a busy server asks for; clients add jitter."""

PAGES = "fieldsync-pages"

Pages = tuple[Callable[[], bool], Callable[[Problem, int], Response]]
"""(whether the present request wants a page, a refusal as a page)."""

_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 400: "wrong_shape", 422: "wrong_shape"}


class Refused(Exception):
    """A request that is refused as a whole, with the problem to tell.

    `members` are further members of the document. `retry_after`: seconds to wait, where that is known.
    """

    def __init__(
        self,
        problem: Problem,
        status: int | None = None,
        members: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(problem.code)
        self.problem = problem
        self.status = status
        self.members = members or {}
        self.retry_after = retry_after


def problem_response(
    problem: Problem,
    status: int | None = None,
    members: Mapping[str, Any] | None = None,
    retry_after: int | None = None,
) -> Response:
    """The problem document, for OpenRosa clients in their XML; it never quotes the request."""
    status = status or http_status(problem.code) or 400
    pages: Pages | None = current_app.extensions.get(PAGES)
    if openrosa_xml.is_spoken_here():
        response = openrosa_xml.said(problem, status)
    elif pages is not None and pages[0]():
        response = pages[1](problem, status)
    else:
        response = _document(problem, status, members)
    if status == 401:
        for challenge in openrosa_signing.challenges() or ['Bearer realm="fieldsync"']:
            response.headers.add("WWW-Authenticate", challenge)
    if status in (429, 503):
        response.headers["Retry-After"] = str(retry_after or RETRY_AFTER_SECONDS)
    return response


def _document(problem: Problem, status: int, members: Mapping[str, Any] | None) -> Response:
    language = reader_language()
    content = {
        "type": f"urn:fieldsync:problem:{problem.code}",
        "title": render(problem, language),
        "status": status,
        "code": problem.code,
        **({"limits": problem.detail["limit"]} if problem.detail.get("limit") else {}),
        **(members or {}),
    }
    response = json_response(content, status)
    response.mimetype = "application/problem+json"
    response.headers["Content-Language"] = language
    return response


def register(app: Flask) -> None:
    """Render every refusal and every fault in the one shape."""
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(Busy, _busy)
    app.register_error_handler(OSError, _full_or_fault)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _fault)


def tell_people(app: Flask, wants_page: Callable[[], bool], fault: Callable[[Problem, int], Response]) -> None:
    """Let refusals be pages where people read them."""
    app.extensions[PAGES] = (wants_page, fault)


def _refused(error: Exception) -> Response:
    assert isinstance(error, Refused)
    return problem_response(error.problem, error.status, error.members, error.retry_after)


def _busy(_error: Exception) -> Response:
    return problem_response(Problem("busy"))


def _full_or_fault(error: Exception) -> Response:
    """Where a file can be kept nowhere at present, clients come again later; everything else is a fault."""
    if isinstance(error, StorageFails):
        logger.error("object storage fails in %s: %s: %s", request.endpoint, error.filename, error.strerror)
        return problem_response(Problem("busy"))
    if not isinstance(error, OSError) or error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return _fault(error)
    logger.error("no room on the disk: %s", request.endpoint)
    return problem_response(Problem("busy"))


def _http(error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.code or 500
    if status < 400:
        return error.get_response()  # type: ignore[return-value]
    code = _CODES.get(status, "internal" if status >= 500 else "wrong_shape")
    allowed = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    detail = {"where": "request", "allowed": allowed}
    if status == 413:
        detail["limit"] = f"{(current_app.config['MAX_CONTENT_LENGTH'] or 0) // 1024} KiB"
    response = problem_response(Problem(code, detail=detail), status)
    if allowed:
        response.headers["Allow"] = allowed
    return response


def _fault(error: Exception) -> Response:
    """A fault of ours: its kind goes to the log, never its words, which may quote an answer."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "?"
    reference = context().draw(REFERENCE_BYTES).hex()
    logger.error("fault %s: %s at %s in %s", reference, type(error).__name__, where, request.endpoint)
    return problem_response(Problem("internal", detail={"reference": reference}))
