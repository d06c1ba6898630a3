"""The application over a test's own surroundings. It is built once a process: that costs more than most tests do."""

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from flask import Flask
from sqlalchemy import create_engine

from fieldsync.app import create_app
from fieldsync.config import Settings
from fieldsync.routes.calls import CALLS, Calls
from fieldsync.routes.context import EXTENSION, Context
from fieldsync.routes.openrosa_signing import ADDRESSES, Addresses
from fieldsync.services.uploads import open_files
from fieldsync.store.db import Database


@lru_cache(maxsize=4)
def _built(settings: Settings) -> Flask:
    """What addresses, views and templates are shared by all; of its own it has no surroundings to speak of."""
    app = create_app(settings, Database(create_engine("sqlite://"), inline=True), lambda: 0, bytes)
    assert app.jinja_env is not None  # made here, not by each copy
    return app


def application(
    settings: Settings, database: Database, clock: Callable[[], int], draw: Callable[[int], bytes]
) -> Flask:
    """As `create_app`: what an application keeps beside its addresses and views is each one's own."""
    assert not settings.proxies, "what stands before the application is built with it"
    built = _built(replace(settings, data=Settings.data))
    app = copy.copy(built)
    app.config = copy.copy(built.config)
    surroundings = Context(settings, database, clock, draw, open_files(settings))
    app.extensions = {**built.extensions, EXTENSION: surroundings, CALLS: Calls(), ADDRESSES: Addresses()}
    return app
