"""How an OpenRosa client proves whose device it is: a secret in its address, or a name that it signs for."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import unquote

from flask import Flask, current_app, g, request

from fieldsync.core import http_digest
from fieldsync.routes.context import context, present_request
from fieldsync.services import openrosa_keys
from fieldsync.services.openrosa_keys import Signed
from fieldsync.services.senders import Sender, digest_of, load_sender
from fieldsync.store.devices import DeviceRow

ADDRESSES = "fieldsync-openrosa-addresses"

ADDRESSES_MAX = 10_000
"""Addresses remembered; the one not heard of for the longest time is forgotten first."""

SIGNED = "/v1/device/"
"""Below it the address names a device, and the client proves by Digest, or over https by Basic, that it is that one."""


class Addresses:
    """Whose the secrets in addresses were when they were last looked up, by their digests.

    A phone that hands in record after record is not looked up before each: the transaction that stores a record looks
    the secret up anyway, and nothing comes of one that is worthless by then.
    """

    def __init__(self) -> None:
        self._devices: OrderedDict[bytes, DeviceRow] = OrderedDict()
        self._guard = threading.Lock()

    def find(self, secret: bytes) -> DeviceRow | None:
        """The device as it was then."""
        with self._guard:
            known = self._devices.get(secret)
            if known is not None:
                self._devices.move_to_end(secret)
        return known

    def remember(self, secret: bytes, device: DeviceRow) -> None:
        """Note whose a secret is now."""
        with self._guard:
            self._devices[secret] = device
            while len(self._devices) > ADDRESSES_MAX:
                self._devices.popitem(last=False)

    def forget(self, secret: bytes) -> None:
        """A secret is worthless, or another device's."""
        with self._guard:
            self._devices.pop(secret, None)


def register(app: Flask) -> None:
    """Nothing is remembered yet."""
    app.extensions[ADDRESSES] = Addresses()


def addresses() -> Addresses:
    """What this process remembers."""
    found: Addresses = current_app._get_current_object().extensions[ADDRESSES]  # type: ignore[attr-defined]
    return found


def hands_in_by(key: str) -> bytes | None:
    """The digest of the secret in the address to which a record is sent; None where the client signs instead.

    Also of who only asks how much she may send: that says nothing of anybody.
    """
    asked = present_request()
    is_by_secret = asked.method in ("HEAD", "POST") and not asked.path.startswith(SIGNED)
    return digest_of(key) if is_by_secret else None


def remembered(secret: bytes | None) -> Sender | None:
    """Who hands in under this secret, so far as that is remembered; it must be looked up where the record is stored."""
    device = addresses().find(secret) if secret is not None else None
    return Sender(device, {}, ()) if device is not None else None


def forget(key: str) -> None:
    """What an address says is no longer true."""
    addresses().forget(digest_of(key))


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
