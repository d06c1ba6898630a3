"""What a phone makes of a finished form that has a public key: the ODK standard's envelope (core/odk_encryption)."""

import base64
import hashlib
import secrets
from collections.abc import Mapping

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

from fieldsync.core.odk_encryption import BLOCK_BYTES, KEY_BYTES


def new_key() -> bytes:
    """A private key, as PEM without a passphrase."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_key(private_key: bytes) -> str:
    """What a form says of a private key: its public half in base64."""
    der = _public(private_key).public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def sealed(
    private_key: bytes,
    form: str,
    version: str | None,
    instance: str,
    record: bytes,
    files: Mapping[str, bytes] = {},
    mask: hashes.HashAlgorithm | None = None,
) -> tuple[bytes, dict[str, bytes]]:
    """The envelope of a record and its files, and what travels beside it by name; the key's public half is used.

    `mask`: the hash with which OAEP makes its mask, SHA-256 unless told.
    """
    oaep = padding.OAEP(mgf=padding.MGF1(mask or hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
    key, named = secrets.token_bytes(KEY_BYTES), f"uuid:{instance}"
    wrapped = base64.b64encode(_public(private_key).encrypt(key, oaep)).decode()
    seed = bytearray(hashlib.md5(named.encode() + key, usedforsecurity=False).digest())
    travelling, digests = {}, []
    for number, (name, data) in enumerate([*files.items(), ("submission.xml", record)]):
        seed[number % BLOCK_BYTES] = (seed[number % BLOCK_BYTES] + 1) % 256
        count = BLOCK_BYTES - len(data) % BLOCK_BYTES
        writer = Cipher(algorithms.AES(key), CFB(bytes(seed))).encryptor()
        travelling[f"{name}.enc"] = writer.update(data + bytes([count]) * count) + writer.finalize()
        digests.append(f"{name}::{hashlib.md5(data, usedforsecurity=False).hexdigest()}")
    stated = [] if version is None else [version]
    told = "\n".join([form, *stated, wrapped, named, *digests, ""]).encode()
    signature = _public(private_key).encrypt(hashlib.md5(told, usedforsecurity=False).digest(), oaep)
    media = "".join(f"<media><file>{name}.enc</file></media>" for name in files)
    versioned = "" if version is None else f' version="{version}"'
    xml = (
        f'<data xmlns="http://opendatakit.org/submissions" id="{form}"{versioned} encrypted="yes">'
        f"<base64EncryptedKey>{wrapped}</base64EncryptedKey>"
        f'<orx:meta xmlns:orx="http://openrosa.org/xforms"><orx:instanceID>{named}</orx:instanceID></orx:meta>'
        f"{media}<encryptedXmlFile>submission.xml.enc</encryptedXmlFile>"
        f"<base64EncryptedElementSignature>{base64.b64encode(signature).decode()}</base64EncryptedElementSignature>"
        "</data>"
    )
    return xml.encode(), travelling


def _public(private_key: bytes) -> rsa.RSAPublicKey:
    key = serialization.load_pem_private_key(private_key, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key.public_key()
