"""Every route says who may call it. The hook is one attribute: a view function's `fieldsync_access`."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from fieldsync.app import create_app
from fieldsync.config import Settings

# A route that nobody has to sign in for is listed here, one by one, with the reason.
PUBLIC = {
    "/health": "tells only that the server is up",
    "/api/openapi.json": "describes the API, holds no data",
    "/api/v1/attachments": "tells what the server speaks",
    "/api/v1/enrol": "the code is the credential",
    "/api/v1/sessions": "the passphrase is the credential",
    "/api/v1/sessions/second-factor": "the ticket and the code are the credential",
    "/api/v1/links": "what the link carries is the credential",
    "/api/v1/links/accept": "what the link carries is the credential",
    "/api/v1/resets": "tells nothing, whoever asks",
    "/": "leads to the sign-in page whoever is not signed in",
    "/sign-in": "the passphrase is the credential",
    "/sign-in/second-step": "the ticket and the code are the credential",
    "/welcome": "what the link carries is the credential",
    "/welcome/link": "takes what the link carries",
    "/forgotten": "tells nothing, whoever asks",
    "/enrol": "says what to do with a code that a camera opened here",
    "/static/<edition>/<path:filename>": "the program's own files",
}


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """The application with a data folder of its own."""
    return create_app(Settings(data=tmp_path))


def views(app: Flask) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Every (rule, method, function) of the URL map; a class of methods counts method by method."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        view_class = getattr(view, "view_class", None)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule.rule, method, getattr(view_class, method.lower()) if view_class else view


def test_every_route_declares_who_may_call_it(app: Flask) -> None:
    silent = [
        f"{method} {rule}"
        for rule, method, view in views(app)
        if rule not in PUBLIC and not isinstance(getattr(view, "fieldsync_access", None), str)
    ]
    assert silent == []


def test_only_the_listed_routes_are_public(app: Flask) -> None:
    public = {rule for rule, _, view in views(app) if getattr(view, "fieldsync_access", None) == "public"}
    assert public <= set(PUBLIC)
