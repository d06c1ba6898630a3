"""The first page: says what runs here, in three languages, and nothing about anybody's data."""

from pathlib import Path

from flask import Response, render_template, request, send_from_directory

from fieldsync import __version__
from fieldsync.config import program_folder
from fieldsync.core.messages import LANGUAGES
from fieldsync.routes.access import access
from fieldsync.routes.arguments import ApiBlueprint
from fieldsync.routes.context import reader_language
from fieldsync.routes.description import refuses
from fieldsync.routes.home_texts import NAMES, TEXTS

WEB: Path = program_folder("web")
STATIC_SECONDS = 3600
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

blueprint = ApiBlueprint(
    "home", __name__, template_folder=str(WEB / "templates"), description="The first page and its files"
)


@blueprint.get("/")
@access("public")
@blueprint.doc(responses={200: {"description": "The page", "content": {"text/html": {"schema": {"type": "string"}}}}})
def home() -> Response:
    """A plain page for whoever opens the server's address; `?lang=` chooses its language."""
    asked = request.args.get("lang", "")
    language = asked if asked in LANGUAGES else reader_language()
    page = render_template("home.html", texts=TEXTS[language], language=language, names=NAMES, version=__version__)
    response = Response(page, mimetype="text/html")
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get("/static/<path:filename>")
@access("public")
@blueprint.doc(responses={200: {"description": "The file", "content": {"*/*": {"schema": {"type": "string"}}}}})
@refuses(404)
def static_file(filename: str) -> Response:
    """The program's own files: styles, nothing else yet."""
    return send_from_directory(WEB / "static", filename, max_age=STATIC_SECONDS)
