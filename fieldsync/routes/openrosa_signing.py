"""How an OpenRosa client proves whose device it is: a secret in its address, or a name that it signs for."""

from collections.abc import Callable
from urllib.parse import unquote

from flask import g, request

from fieldsync.core import http_digest
from fieldsync.routes.context import context
from fieldsync.services import openrosa_keys
from fieldsync.services.openrosa_keys import Signed
from fieldsync.services.senders import Sender, load_sender

SIGNED = "/v1/device/"
"""Below it the address names a device, and the client proves by Digest, or over https by Basic, that it is that one."""


def sender_of(key: str, refuse: Callable[[], None], brings_only: bool) -> Sender:
    """The device that an OpenRosa client speaks for; `refuse` ends the request.

    Who `brings_only` is not read further: what may come down to it stays unasked.
    """
    here, header = context(), request.headers.get("Authorization", "")
    with here.database.read() as session:
        if not request.path.startswith(SIGNED):
            found = Signed(openrosa_keys.by_address(session, key))
        elif header[:6].lower() == "basic " and is_https():
            found = openrosa_keys.by_basic(session, key, header)
        else:
            found = openrosa_keys.by_digest(session, key, header, request.method, _path(), here.now_ms())
        if found.device is None and request.path.startswith(SIGNED):
            g.challenge = http_digest.challenge(openrosa_keys.nonce_key(session), here.now_ms(), found.is_stale)
        if found.device is not None:
            return Sender(found.device, {}, ()) if brings_only else load_sender(session, found.device)
    refuse()
    raise AssertionError("whoever is refused goes no further")


def challenges() -> list[str]:
    """What a refused client may answer."""
    if "challenge" not in g:
        return []
    return [str(g.challenge), *([f'Basic realm="{http_digest.REALM}"'] if is_https() else [])]


def is_https() -> bool:
    """Whether a name and secret may travel as they are."""
    return request.is_secure or context().settings.public_url.startswith("https://")


def _path() -> str:
    """The path as the client wrote it, which it signs."""
    raw = str(request.environ.get("REQUEST_URI") or request.environ.get("RAW_URI") or "")
    path = raw.partition("?")[0]
    return path if unquote(path) == request.path else request.path
