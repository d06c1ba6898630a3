"""The OpenAPI document: how refusals, security and plain answers are described, one way everywhere."""

import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Flask, Response
from flask_smorest import Api, Blueprint

from fieldsync.routes.schemas import ProblemSchema

View = TypeVar("View", bound=Callable[..., Any])

REFUSALS = (400, 401, 403, 404, 409, 410, 413, 415, 422, 426, 429, 503)

BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "A device's token (enrolment), or a person's (`POST /api/v1/sessions`).",
}

API_DESCRIPTION = (
    "Devices and hubs speak `POST /api/v1/sync`; people and scripts read, review and publish by the rest. "
    "Every refusal is an RFC 9457 problem document with a stable `code`. What belongs to another association, or is "
    "outside what a device may read, is answered like what does not exist."
)


class DescribedApi(Api):  # type: ignore[misc]
    """Every operation names its refusals itself; there is no default answer.

    The document is put together when it is first asked for: a server starts without.
    """

    DEFAULT_ERROR_RESPONSE_NAME = None
    ERROR_SCHEMA = ProblemSchema

    def __init__(self, app: Flask, blueprints: tuple[Blueprint, ...]) -> None:
        super().__init__(app)
        self._describing = threading.Lock()
        self._undescribed = blueprints
        for blueprint in blueprints:
            app.extensions["flask-smorest"]["blp_name_to_api"][blueprint.name] = self
            app.register_blueprint(blueprint)

    def _openapi_json(self) -> Response:
        with self._describing:
            if self._undescribed:
                _describe_shared(self)
            for blueprint in self._undescribed:
                blueprint.register_views_in_doc(self, self._app, self.spec, name=blueprint.name, parameters=None)
                self.spec.tag({"name": blueprint.name, "description": blueprint.description})
            self._undescribed = ()
        answer: Response = super()._openapi_json()
        return answer


def _describe_shared(api: DescribedApi) -> None:
    """What all operations share: the way to sign in and the shape of refusals."""
    api.spec.components.security_scheme("bearer", BEARER)
    for status in REFUSALS:
        phrase = HTTPStatus(status).phrase
        content = {"application/problem+json": {"schema": ProblemSchema}}
        api.spec.components.response(_name(status), {"description": phrase, "content": content})


def refuses(*statuses: int) -> Callable[[View], View]:
    """Describe with which statuses an operation is refused."""
    described: Callable[[View], View] = Blueprint.doc(responses={status: _name(status) for status in statuses})
    return described


def answers_bytes(*content_types: str) -> Callable[[View], View]:
    """Describe an answer of bytes: a file."""
    content = {each: {"schema": {"type": "string", "format": "binary"}} for each in content_types}
    not_modified = {"description": "The caller has it already (If-None-Match)"}
    described: Callable[[View], View] = Blueprint.doc(
        responses={200: {"description": "The file", "content": content}, 304: not_modified}
    )
    return described


def takes(*, required: bool = True, **schemas: Any) -> Callable[[View], View]:
    """Describe a request body that the view reads by itself: content type (with _ for /) to schema."""
    content = {name.replace("_", "/", 1).replace("_", "-"): {"schema": schema} for name, schema in schemas.items()}
    described: Callable[[View], View] = Blueprint.doc(requestBody={"required": required, "content": content})
    return described


def _name(status: int) -> str:
    return f"refused_{status}"
