"""What a passphrase must be: long, and not what everybody tries first."""

from fieldsync.core.problems import Problem

LENGTH_MIN = 12
LENGTH_MAX = 200
DISTINCT_MIN = 5
"""`aaaaaaaaaaaa` is long and no secret."""

COMMON = (
    "password", "passphrase", "motdepasse", "motdepass", "azerty", "qwerty", "123456", "abcdef", "fieldsync", "bonjour",
    "marrakech", "welcome", "letmein", "iloveyou", "admin", "كلمةالسر", "مرحبا",
)  # fmt: skip
"""Words that make up most of what is guessed first; what is left beside them must be long enough by itself."""


def wrong_with(passphrase: str, email: str) -> Problem | None:
    """Why a passphrase is not taken, or None."""
    if not LENGTH_MIN <= len(passphrase) <= LENGTH_MAX:
        return Problem("passphrase_length", detail={"least": str(LENGTH_MIN), "most": str(LENGTH_MAX)})
    rest = "".join(passphrase.lower().split())
    for word in (*COMMON, *(part for part in email.lower().replace("@", ".").split(".") if len(part) > 3)):
        rest = rest.replace(word, "")
    if len(rest) < LENGTH_MIN // 2 or len(set(passphrase)) < DISTINCT_MIN:
        return Problem("passphrase_common")
    return None
