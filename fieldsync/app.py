"""The one place that knows all parts: `create_app(settings)`."""

import os
import secrets
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from fieldsync import __version__
from fieldsync.config import Settings, load, program_folder
from fieldsync.core.problems import render
from fieldsync.routes import (
    access,
    account,
    acts,
    attachments,
    audit,
    devices,
    duplicate_clusters,
    duplicates,
    duplicates_across,
    errors,
    exports,
    forms,
    health,
    indicators,
    openrosa,
    openrosa_short,
    openrosa_signing,
    people,
    publish,
    quarantine,
    records,
    sessions,
    sync,
)
from fieldsync.routes.context import EXTENSION, Context
from fieldsync.routes.description import API_DESCRIPTION, DescribedApi
from fieldsync.routes.pages import site
from fieldsync.services import indicator_book, own_names, role_book, uploads
from fieldsync.store import figures, outside_key, server
from fieldsync.store.db import Database
from fieldsync.store.engines import SqliteOptions, engine_options, prepare_sqlite
from fieldsync.store.migrate import migrate
from fieldsync.store.models import Base

BLUEPRINTS = tuple(
    part.blueprint
    for part in (
        *(health, sync, forms, publish, records, acts, quarantine, exports, devices, sessions, account, people),
        *(audit, indicators, duplicates, duplicate_clusters, duplicates_across),
    )
)

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
}
"""In every answer that does not say them otherwise."""

HSTS = "max-age=31536000; includeSubDomains"
"""Said where the server's address is https: for a year, nobody reaches it otherwise."""


def now_ms() -> int:
    """Milliseconds since 1970 by this machine's clock."""
    return time.time_ns() // 1_000_000


def open_database(settings: Settings) -> Database:
    """The database of these settings, brought to the present schema and set up where it is new."""
    if not settings.database_url or not settings.secret_key:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = outside_key.given(settings.secret_key) or outside_key.of_folder(settings.data, secrets.token_bytes)
    holder = Flask("fieldsync.database")
    url = settings.sqlalchemy_url
    holder.config["SQLALCHEMY_DATABASE_URI"] = url
    holder.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(url, settings.lock_timeout_seconds)
    with holder.app_context():
        engine = SQLAlchemy(holder, metadata=Base.metadata).engine
    if engine.dialect.name == "sqlite":
        busy_timeout_ms = int(settings.sqlite_busy_timeout_seconds * 1000)
        prepare_sqlite(
            engine, SqliteOptions(busy_timeout_ms=busy_timeout_ms, checkpoint_pages=settings.sqlite_checkpoint_pages)
        )
    migrate(engine, program_folder("migrations"))
    return set_up(engine, settings, now_ms, secrets.token_bytes, key=key)


def set_up(
    engine: Engine,
    settings: Settings,
    clock: Callable[[], int],
    draw: Callable[[int], bytes],
    inline: bool = False,
    key: bytes = b"",
) -> Database:
    """A database over an engine whose schema is there; the first time it gets what a server stands on.

    That is an epoch, a secret, the roles and the indicators of the programme.
    """
    key = key or outside_key.given(settings.secret_key)
    database = Database(engine, settings.batches_per_commit, inline, settings.sqlite_cache_mib * 1024, key)
    with database.read() as session:
        known = server.identity(session)
        has_roles, has_indicators = server.has_roles(session), figures.read_book(session) is not None
    if known is None:
        epoch, secret, at = draw(8).hex(), draw(32), clock()
        database.write(lambda session: server.set_up(session, epoch, secret, at))
    if not has_roles:
        programme = program_folder("forms") / "programme.yaml"
        database.write(lambda session: role_book.load_programme(session, programme))
    if not has_indicators:
        counted, at = program_folder("forms") / "indicators.yaml", clock()
        database.write(lambda session: indicator_book.load_programme(session, counted, at))
    return database


class _Application(Flask):
    """Flask, whose views are plain functions here, and whose answers are `secured`: (name in small letters, header)."""

    def __init__(self, is_https: bool) -> None:
        super().__init__("fieldsync", static_folder=None)
        wanted = SECURITY_HEADERS | ({"Strict-Transport-Security": HSTS} if is_https else {})
        self.secured = [(name.lower(), (name, value)) for name, value in wanted.items()]

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """A view as it is: Flask would look five times in each request whether it is a coroutine."""
        return func

    def wsgi_app(self, environ: Any, start_response: Any) -> Any:
        """The answer, with those security headers that it does not say itself."""

        def start(status: str, headers: list[tuple[str, str]], fault: Any = None) -> Any:
            said = {name.lower() for name, _ in headers}
            return start_response(status, headers + [each for name, each in self.secured if name not in said], fault)

        kept = self.extensions
        taken_in = openrosa_short.taken_in(kept[EXTENSION], kept[openrosa_signing.ADDRESSES], environ)
        return super().wsgi_app(environ, start) if taken_in is None else taken_in(environ, start)


def create_app(
    settings: Settings,
    database: Database | None = None,
    clock: Callable[[], int] = now_ms,
    draw: Callable[[int], bytes] = secrets.token_bytes,
) -> Flask:
    """The application. Tests and the simulator hand it a database, a clock and dice of their own."""
    app = _Application(settings.public_url.startswith("https://"))
    app.url_map.merge_slashes = False  # an address that names nothing is a 404, not a redirect
    app.config.update(
        API_TITLE="fieldsync",
        API_VERSION=__version__,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={"info": {"description": API_DESCRIPTION, "license": {"name": "Apache-2.0"}}},
        MAX_CONTENT_LENGTH=settings.request_packed_bytes_max * 16,
    )
    database = database or open_database(settings)
    app.extensions[EXTENSION] = Context(settings, database, clock, draw, uploads.open_files(settings))
    DescribedApi(app, BLUEPRINTS)
    for own in (openrosa, attachments):  # standards of their own describe them, not OpenAPI
        app.register_blueprint(own.blueprint)
    app.register_blueprint(openrosa.blueprint, name="openrosa_signed", url_prefix=f"{openrosa_signing.SIGNED}<key>")
    errors.register(app)
    access.register(app)
    openrosa_signing.register(app)
    site.register(app)
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies)  # type: ignore[method-assign]
    return app


def wsgi() -> Flask:
    """The application for a WSGI server, `gunicorn 'fieldsync.app:wsgi()'`; settings by environment and file."""
    settings = own_names.with_names(load(os.environ))
    if isinstance(settings, list):
        raise SystemExit("\n".join(render(problem, "en") for problem in settings))
    return create_app(settings)
