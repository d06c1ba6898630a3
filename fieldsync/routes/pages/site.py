"""All pages, put together for the application."""

from flask import Flask

from fieldsync.routes import errors
from fieldsync.routes.pages import (
    account,
    across,
    audit,
    clusters,
    collect,
    conflicts,
    correcting,
    deletion,
    devices,
    duplicates,
    enrolment,
    entity,
    exports,
    factors,
    faults,
    form_trial,
    form_uploads,
    forms,
    frame,
    grants,
    held,
    home,
    inbox,
    inbox_bulk,
    indicators,
    language,
    linkage_settings,
    links,
    map,
    own_tokens,
    people,
    quality,
    quarantine,
    quarantined,
    record_files,
    roles,
    sign_in,
    submission,
)
from fieldsync.routes.pages.shell import blueprint

VIEWS = (
    account,
    across,
    audit,
    clusters,
    collect,
    conflicts,
    correcting,
    deletion,
    devices,
    duplicates,
    enrolment,
    entity,
    exports,
    factors,
    form_trial,
    form_uploads,
    forms,
    grants,
    held,
    home,
    inbox,
    inbox_bulk,
    indicators,
    linkage_settings,
    links,
    map,
    own_tokens,
    people,
    quality,
    quarantine,
    record_files,
    quarantined,
    roles,
    sign_in,
    submission,
)
"""The modules whose views the blueprint has, by being imported."""


def register(app: Flask) -> None:
    """Add the pages, their words and their way to refuse."""
    language.register(app)
    app.register_blueprint(blueprint)
    indicators.register_filters(app)
    app.context_processor(frame.values)
    errors.tell_people(app, faults.wants_page, faults.fault)
