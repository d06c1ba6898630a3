"""Encrypted submissions of the ODK standard (ODK XForms specification, "Encryption"): the envelope, and its opening.

One AES-256 key a submission, wrapped by RSA (OAEP, SHA-256) for whoever holds the private key; each file in AES-CFB
with PKCS #7 padding, the media first and the record last.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping

import msgspec
from lxml import etree

from fieldsync.core.problems import Problem
from fieldsync.core.xform_xml import Element, attribute, child, children, parse_xform

KEY_BYTES = 32
BLOCK_BYTES = 16
FILES_MAX = 1000

PATH = "encrypted"
"""Where a record keeps its envelope."""


class Envelope(msgspec.Struct, frozen=True):
    """What a phone says of an encrypted submission. `key` is in base64; `instance` is the id as it stands there.

    `media` and `record` name the files, in the order in which they were encrypted.
    """

    key: str
    instance: str
    record: str
    media: tuple[str, ...] = ()
    signature: str = ""

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that belongs to it."""
        return (*self.media, self.record)


def envelope_of(root: Element) -> Envelope | Problem | None:
    """The envelope that a submission is; None where it is an open one."""
    if (attribute(root, "encrypted") or "").lower() != "yes":
        return None
    key, record = _text(child(root, "base64EncryptedKey")), _text(child(root, "encryptedXmlFile"))
    meta = child(root, "meta")
    instance = _text(child(meta, "instanceID")) if meta is not None else ""
    media = [_text(child(each, "file")) for each in children(root, "media")]
    if not key or not record or not instance or not all(media) or len(media) > FILES_MAX:
        return Problem("envelope_wrong")
    signature = _text(child(root, "base64EncryptedElementSignature"))
    return Envelope(key, instance, record, tuple(media), signature)


def read_envelope(xml: bytes) -> Envelope | Problem:
    """The envelope in these bytes."""
    root = parse_xform(xml)
    found = envelope_of(root) if isinstance(root, etree._Element) else None
    return Problem("envelope_wrong") if found is None else found


def is_public_key(encoded: str) -> bool:
    """Whether text in base64 is an RSA public key."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    try:
        key = serialization.load_der_public_key(base64.b64decode(encoded, validate=True))
    except (ValueError, binascii.Error):
        return False
    return isinstance(key, rsa.RSAPublicKey)


def opened(
    envelope: Envelope, files: Mapping[str, bytes], private_key: bytes, passphrase: bytes | None = None
) -> dict[str, bytes] | Problem:
    """The files in clear, by their names without `.enc`; a problem where the key is another or a file was changed.

    `private_key` is PEM. Files that are not here are left out: what is here opens all the same.
    """
    key = _unwrapped(envelope.key, private_key, passphrase)
    if isinstance(key, Problem):
        return key
    seed = bytearray(hashlib.md5(envelope.instance.encode() + key, usedforsecurity=False).digest())
    clear = {}
    for number, name in enumerate(envelope.files):
        seed[number % BLOCK_BYTES] = (seed[number % BLOCK_BYTES] + 1) % 256
        if name in files:
            found = _decrypted(files[name], key, bytes(seed))
            if found is None:
                return Problem("envelope_closed")
            clear[name.removesuffix(".enc")] = found
    record = clear.get(envelope.record.removesuffix(".enc"))
    is_sound = record is None or isinstance(parse_xform(record), etree._Element)  # the cipher itself notices no change
    return clear if is_sound else Problem("envelope_closed")


def _unwrapped(wrapped: str, private_key: bytes, passphrase: bytes | None) -> bytes | Problem:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    try:
        key = serialization.load_pem_private_key(private_key, passphrase)
    except (ValueError, TypeError):
        return Problem("private_key_unreadable")
    if not isinstance(key, rsa.RSAPrivateKey):
        return Problem("private_key_unreadable")
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
    try:
        found = key.decrypt(base64.b64decode(wrapped, validate=True), oaep)
    except (ValueError, binascii.Error):
        return Problem("envelope_closed")
    return found if len(found) == KEY_BYTES else Problem("envelope_closed")


def _decrypted(data: bytes, key: bytes, seed: bytes) -> bytes | None:
    from cryptography.hazmat.decrepit.ciphers.modes import CFB
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

    opener = Cipher(algorithms.AES(key), CFB(seed)).decryptor()
    padded = opener.update(data) + opener.finalize()
    count = padded[-1] if padded else 0
    if not 1 <= count <= BLOCK_BYTES or padded[-count:] != bytes([count]) * count:
        return None
    return padded[:-count]


def _text(element: Element | None) -> str:
    return (element.text or "").strip() if element is not None else ""
