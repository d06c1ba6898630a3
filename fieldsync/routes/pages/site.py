"""All pages, put together for the application."""

from flask import Flask

from fieldsync.routes import errors
from fieldsync.routes.pages import (
    account,
    audit,
    devices,
    enrolment,
    exports,
    factors,
    faults,
    form_uploads,
    forms,
    frame,
    grants,
    home,
    inbox,
    inbox_bulk,
    language,
    links,
    own_tokens,
    people,
    quarantine,
    roles,
    sign_in,
    submission,
)
from fieldsync.routes.pages.shell import blueprint

VIEWS = (
    account,
    audit,
    devices,
    enrolment,
    exports,
    factors,
    form_uploads,
    forms,
    grants,
    home,
    inbox,
    inbox_bulk,
    links,
    own_tokens,
    people,
    quarantine,
    roles,
    sign_in,
    submission,
)
"""The modules whose views the blueprint has, by being imported."""


def register(app: Flask) -> None:
    """Add the pages, their words and their way to refuse."""
    language.register(app)
    app.register_blueprint(blueprint)
    app.context_processor(frame.values)
    errors.tell_people(app, faults.wants_page, faults.fault)
