"""The OpenAPI document: how refusals, security and plain answers are described, one way everywhere."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

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
    """Every operation names its refusals itself; there is no default answer."""

    DEFAULT_ERROR_RESPONSE_NAME = None
    ERROR_SCHEMA = ProblemSchema


def describe(api: DescribedApi) -> None:
    """What all operations share: the way to sign in and the shape of refusals. Call it before adding blueprints."""
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
