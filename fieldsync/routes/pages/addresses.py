"""What addresses of pages name: a UUID in its canonical spelling, or nothing that is there."""

import re

from fieldsync.core.answer_paths import UUID

NOWHERE = "00000000-0000-0000-0000-000000000000"
"""The UUID of no record."""

_CANONICAL = re.compile(UUID.replace("A-F", "")).fullmatch


def record_uuid(text: str) -> str:
    """The UUID that an address names; the one of no record where it is none."""
    return text if _CANONICAL(text) else NOWHERE
