"""One-time codes of authenticator apps: TOTP (RFC 6238) with SHA-1, six digits and 30 seconds, as every app has it."""

import base64
import hashlib
import hmac
from urllib.parse import quote

STEP_MS = 30_000
DIGITS = 6
SKEW_STEPS = 1
"""A phone's clock may be half a minute off, either way."""

SECRET_BYTES = 20
"""What RFC 4226 recommends, and every app takes."""


def code_at(secret: bytes, step: int) -> str:
    """The code of a time step."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_of(secret: bytes, code: str, now_ms: int, used_step: int) -> int | None:
    """The time step of a code that is good now and later than the last one used; every candidate is compared."""
    given = "".join(code.split()).encode()
    found: int | None = None
    present = now_ms // STEP_MS
    for step in range(max(present - SKEW_STEPS, 0), present + SKEW_STEPS + 1):
        same = hmac.compare_digest(code_at(secret, step).encode(), given)
        if same and step > used_step:
            found = step
    return found


def secret_text(secret: bytes) -> str:
    """A secret as people type it: base32."""
    return base64.b32encode(secret).decode().rstrip("=")


def provisioning_uri(secret: bytes, account: str, issuer: str) -> str:
    """What an authenticator app scans."""
    label = quote(f"{issuer}:{account}", safe="")
    return f"otpauth://totp/{label}?secret={secret_text(secret)}&issuer={quote(issuer, safe='')}"
