"""Who an OpenRosa client speaks for: by the secret in its address, or by name and secret (Digest, Basic)."""

import base64
import binascii
import hmac
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.core import http_digest
from fieldsync.core.keys import derived
from fieldsync.services import auditing
from fieldsync.services.senders import digest_of
from fieldsync.store import authors, devices, openrosa_keys
from fieldsync.store.db import master_key
from fieldsync.store.devices import DeviceRow
from fieldsync.store.openrosa_keys import KeyRow

SECRET_BYTES = 32

NOBODYS = http_digest.basis("nobody", "nothing")
"""An unknown name costs the same."""


@dataclass(frozen=True)
class Signed:
    """What came of a name and a secret: the device, or a challenge that was too old."""

    device: DeviceRow | None = None
    is_stale: bool = False


@dataclass(frozen=True)
class Bringer:
    """Who hands in: a device, by what secret (its digest; None where it was proven otherwise) it says so.

    `new_author` draws the name that the device's OpenRosa author gets if this is its first submission.
    """

    device_id: int
    secret: bytes | None
    new_author: Callable[[], str]


def device_of(session: Session, bringer: Bringer) -> DeviceRow | None:
    """The device, locked; None where the secret is worthless by now, whatever was true when the request came."""
    if bringer.secret is None:
        return devices.find(session, bringer.device_id, lock=True)
    return devices.lock_bearing(session, bringer.device_id, bringer.secret)


def renew(session: Session, by: str, row: DeviceRow, draw: Callable[[int], bytes], now_ms: int) -> str:
    """A new secret for a device's OpenRosa client, told this once; the former one is worthless."""
    secret = base64.urlsafe_b64encode(draw(SECRET_BYTES)).decode().rstrip("=")
    user = authors.of_device(session, row.id)[-1].name
    key = KeyRow(row.id, digest_of(secret), user, http_digest.basis(user, secret))
    openrosa_keys.put(session, key, now_ms)
    auditing.note(session, row.association_id, by, "openrosa_key_made", f"device:{row.id}", now_ms)
    return secret


def by_address(session: Session, secret: str) -> DeviceRow | None:
    """The device whose secret stands in an address: the one for these clients, or its token."""
    return devices.find_by_secret(session, digest_of(secret))


def by_digest(session: Session, user: str, header: str, method: str, path: str, now_ms: int) -> Signed:
    """The device that answers a challenge rightly, for the address that was asked for."""
    answer = http_digest.read(header)
    key = openrosa_keys.by_user(session, user)
    if answer is None:
        return Signed()
    is_right = http_digest.is_right(answer, method, key.basis if key else NOBODYS)
    names_this = answer.user == user and answer.uri.partition("?")[0] == path
    if key is None or not is_right or not names_this:
        return Signed()
    if not http_digest.is_fresh(nonce_key(session), answer.nonce, now_ms):
        return Signed(is_stale=True)
    return Signed(devices.find(session, key.device_id))


def by_basic(session: Session, user: str, header: str) -> Signed:
    """The device whose name and secret these are; only ever asked for over https."""
    try:
        said, _, secret = base64.b64decode(header.partition(" ")[2], validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return Signed()
    key = openrosa_keys.by_user(session, user)
    is_right = hmac.compare_digest(digest_of(secret), key.digest if key else digest_of(NOBODYS))
    return Signed(devices.find(session, key.device_id) if key and is_right and said == user else None)


def nonce_key(session: Session) -> bytes:
    """Under which challenges are made."""
    return derived(master_key(session), "http digest")


def collect_settings(url: str, project: str) -> str:
    """What a QR code says to ODK Collect: its settings as JSON, packed by zlib, in base64.

    Unsaid settings go back to Collect's defaults, by which forms are fetched and sent by hand only. `url`: the whole
    base address, its secret in the path.
    """
    general = {"server_url": url, "form_update_mode": "match_exactly", "autosend": "wifi_and_cellular"}
    content = {"general": general, "admin": {}, "project": {"name": project}}
    return base64.b64encode(zlib.compress(json.dumps(content, ensure_ascii=False).encode())).decode()
