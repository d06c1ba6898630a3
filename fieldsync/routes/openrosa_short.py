"""The short way in for a submission that is a record without files, from a phone that was heard before: most are.

Flask's part of a request costs a tenth of what such a submission takes in all. What is not plainly of this kind, and
whatever does not end well, goes the ordinary way with the same bytes: who hands in twice has handed in once.
"""

import io
import re
from typing import Any

from flask import Response

from fieldsync.core.lone_part import lone_part
from fieldsync.core.openrosa import read_sheet
from fieldsync.core.problems import Problem
from fieldsync.routes import openrosa_xml
from fieldsync.routes.context import Context, language_wanted
from fieldsync.routes.errors import RETRY_AFTER_SECONDS
from fieldsync.routes.openrosa_parts import IN_MEMORY_BYTES, RECORD
from fieldsync.routes.openrosa_signing import Addresses
from fieldsync.services import openrosa
from fieldsync.services.openrosa_keys import Bringer
from fieldsync.services.senders import digest_of
from fieldsync.store.db import Busy

_ADDRESS = re.compile(re.escape(openrosa_xml.PREFIX) + r"([A-Za-z0-9_-]+)/submission").fullmatch
_SIZE = re.compile("[0-9]{1,9}").fullmatch


def taken_in(here: Context, heard: Addresses, environ: dict[str, Any]) -> Response | None:
    """The answer to a submission that was taken in, as the ordinary way gives it; None where it has to go there."""
    found = _ADDRESS(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "POST" else None
    if found is None or "HTTP_CONTENT_ENCODING" in environ:
        return None
    secret = digest_of(found[1])
    device = heard.find(secret)
    xml = _record(here, environ) if device is not None else None
    sheet = read_sheet(xml) if xml is not None else None
    if device is None or sheet is None or isinstance(sheet, Problem) or sheet.envelope is not None:
        return None
    bringer = Bringer(device.id, secret, lambda: here.draw(16).hex())
    language, accepted = language_wanted(environ.get("HTTP_ACCEPT_LANGUAGE")), here.settings.openrosa_bytes_max
    try:
        status = openrosa.receive_once(here.database, bringer, sheet, [], here.now_ms())
    except Busy:
        return _busy(language, accepted)  # the database was waited for as long as it may be
    except Exception:
        return None  # it is tried again, and told there
    return None if status == openrosa.UNKNOWN else openrosa_xml.received(status, language, accepted)


def _busy(language: str, accepted: int) -> Response:
    response = openrosa_xml.said_in(language, Problem("busy"), 503, accepted)
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _record(here: Context, environ: dict[str, Any]) -> bytes | None:
    """The only part of the body; what is read of the body stays readable."""
    announced = environ.get("CONTENT_LENGTH", "")
    size = int(announced) if _SIZE(announced) else 0
    if not 0 < size < min(IN_MEMORY_BYTES, here.settings.openrosa_bytes_max):
        return None
    body = environ["wsgi.input"].read(size)
    environ["wsgi.input"] = io.BytesIO(body)
    alone = lone_part(environ.get("CONTENT_TYPE", ""), body, RECORD) if len(body) == size else None
    return alone if alone is not None and len(alone) <= here.settings.request_unpacked_bytes_max else None
