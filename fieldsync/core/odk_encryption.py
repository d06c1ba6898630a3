"""Encrypted submissions of the ODK standard (ODK XForms specification, "Encryption"): the envelope, and its opening.

One AES-256 key a submission, wrapped by RSA (OAEP, SHA-256) for whoever holds the private key; each file in AES-CFB
with PKCS #7 padding, the media first and the record last.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
from lxml import etree

from fieldsync.core.problems import Problem
from fieldsync.core.xform_xml import Element, attribute, child, children, parse_xform

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

KEY_BYTES = 32
BLOCK_BYTES = 16
FILES_MAX = 1000

PATH = "encrypted"
"""Where a record keeps its envelope."""


class Envelope(msgspec.Struct, frozen=True):
    """What a phone says of an encrypted submission. `key` is in base64; `instance` is the id as it stands there.

    `media` and `record` name the files, in the order in which they were encrypted. `form`, `version`: of which form.
    """

    key: str
    instance: str
    record: str
    media: tuple[str, ...] = ()
    signature: str = ""
    form: str = ""
    version: str | None = None

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
    form, version = attribute(root, "id") or "", attribute(root, "version")
    return Envelope(key, instance, record, tuple(media), signature, form, version)


def read_envelope(xml: bytes) -> Envelope | Problem:
    """The envelope in these bytes."""
    root = parse_xform(xml)
    if not isinstance(root, etree._Element):
        return Problem("envelope_wrong")
    return envelope_of(root) or Problem("not_sealed")


class Opened(msgspec.Struct, frozen=True):
    """What an envelope held: files in clear by their names without `.enc`, and the names of files that are not here.

    `fits`: whether the signature is that of these files; None where that cannot be told, for want of either.
    """

    files: Mapping[str, bytes]
    missing: tuple[str, ...]
    fits: bool | None


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
) -> Opened | Problem:
    """The files in clear; a problem where the key is another, the record is not here or a file was changed.

    `private_key` is PEM. Media that are not here are left out: what is here opens all the same.
    """
    if envelope.record not in files:
        return Problem("sealed_record_missing", detail={"file": envelope.record})
    owner = _private(private_key, passphrase)
    if isinstance(owner, Problem):
        return owner
    key = _unwrapped(envelope.key, owner)
    if key is None or len(key) != KEY_BYTES:
        return Problem("envelope_closed")
    clear = _in_clear(envelope, files, key)
    if isinstance(clear, Problem):
        return clear
    missing = tuple(name for name in envelope.files if name not in files)
    fits = _fits(envelope, clear, _unwrapped(envelope.signature, owner)) if envelope.signature and not missing else None
    return Opened(clear, missing, fits)


def clear_name(name: str) -> str:
    """How a file is called when it is opened."""
    return name.removesuffix(".enc")


def _in_clear(envelope: Envelope, files: Mapping[str, bytes], key: bytes) -> dict[str, bytes] | Problem:
    seed = bytearray(hashlib.md5(envelope.instance.encode() + key, usedforsecurity=False).digest())
    clear = {}
    for number, name in enumerate(envelope.files):
        seed[number % BLOCK_BYTES] = (seed[number % BLOCK_BYTES] + 1) % 256
        found = _decrypted(files[name], key, bytes(seed)) if name in files else b""
        is_sound = name != envelope.record or isinstance(parse_xform(found or b""), etree._Element)
        if found is None or not is_sound:  # the cipher itself notices no change, only what stands at the end
            return Problem("sealed_file_changed", detail={"file": name})
        if name in files:
            clear[clear_name(name)] = found
    return clear


def _fits(envelope: Envelope, clear: Mapping[str, bytes], signed: bytes | None) -> bool:
    """Whether what was signed is the MD5 of the form, its version, the key, the id, and each file's name and MD5."""
    names = map(clear_name, envelope.files)
    digests = [f"{name}::{hashlib.md5(clear[name], usedforsecurity=False).hexdigest()}" for name in names]
    version = [envelope.version] if envelope.version is not None else []
    told = "\n".join([envelope.form, *version, envelope.key, envelope.instance, *digests, ""])
    return signed == hashlib.md5(told.encode(), usedforsecurity=False).digest()


def _private(private_key: bytes, passphrase: bytes | None) -> "rsa.RSAPrivateKey | Problem":
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    try:
        key = serialization.load_pem_private_key(private_key, passphrase)
    except (ValueError, TypeError):
        return Problem("private_key_unreadable")
    return key if isinstance(key, rsa.RSAPrivateKey) else Problem("private_key_unreadable")


def _unwrapped(wrapped: str, owner: "rsa.RSAPrivateKey") -> bytes | None:
    """What was encrypted for a key's owner; None where it was not.

    "OAEPWithSHA256AndMGF1Padding" leaves the hash of the mask to whoever encrypts: Bouncy Castle takes SHA-256, Enketo
    and other providers of Java SHA-1.
    """
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    for mask in (hashes.SHA256(), hashes.SHA1()):
        oaep = padding.OAEP(mgf=padding.MGF1(mask), algorithm=hashes.SHA256(), label=None)
        try:
            return owner.decrypt(base64.b64decode("".join(wrapped.split()), validate=True), oaep)
        except (ValueError, binascii.Error):
            continue
    return None


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
