"""HTTP Digest with MD5 and qop=auth (RFC 7616), for OpenRosa clients that know nothing else; values in, values out."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

REALM = "fieldsync"

NONCE_MS = 10 * 60 * 1000
"""How long a challenge is good for."""

HEADER_LENGTH_MAX = 4096

_PAIR = re.compile(r'([a-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))', re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """What a client answers to a challenge."""

    user: str
    nonce: str
    uri: str
    nc: str
    cnonce: str
    qop: str
    response: str


def basis(user: str, secret: str) -> str:
    """What is stored of a secret, to compare answers with (HA1)."""
    return _md5(f"{user}:{REALM}:{secret}")


def challenge(key: bytes, now_ms: int, stale: bool = False) -> str:
    """The challenge of this moment."""
    return f'Digest realm="{REALM}", qop="auth", algorithm=MD5, nonce="{_nonce(key, now_ms)}"' + ", stale=true" * stale


def read(header: str) -> Answer | None:
    """An `Authorization` header of this scheme; None for anything else."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "digest" or len(header) > HEADER_LENGTH_MAX:
        return None
    said = {name.lower(): quoted or plain for name, quoted, plain in _PAIR.findall(rest)}
    return _answer(said) if said.get("realm") == REALM else None


def _answer(said: Mapping[str, str]) -> Answer:
    names = ("username", "nonce", "uri", "nc", "cnonce", "qop", "response")
    return Answer(*(said.get(name, "") for name in names))


def is_fresh(key: bytes, nonce: str, now_ms: int) -> bool:
    """Whether a challenge is ours and not too old."""
    made = nonce.partition("-")[0]
    if not re.fullmatch("[0-9a-f]{1,13}", made):
        return False
    at = int(made, 16)
    return hmac.compare_digest(nonce, _nonce(key, at)) and 0 <= now_ms - at < NONCE_MS


def is_right(answer: Answer, method: str, stored: str) -> bool:
    """Whether whoever answered knows the secret behind a stored basis."""
    asked = _md5(f"{method}:{answer.uri}")
    wanted = _md5(":".join((stored, answer.nonce, answer.nc, answer.cnonce, "auth", asked)))
    return answer.qop == "auth" and hmac.compare_digest(wanted.encode(), answer.response.lower().encode())


def _nonce(key: bytes, at_ms: int) -> str:
    made = f"{at_ms:x}"
    return f"{made}-{hmac.new(key, b'digest nonce ' + made.encode(), hashlib.sha256).hexdigest()[:32]}"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
