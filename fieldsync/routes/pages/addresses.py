"""What addresses of pages name: a UUID in its canonical spelling, or nothing that is there; and its record."""

import re
from typing import Any

from fieldsync.core.access import READ_RECORDS
from fieldsync.core.answer_paths import UUID
from fieldsync.core.problems import Problem
from fieldsync.routes.errors import Refused
from fieldsync.services import reading
from fieldsync.services.desk import Found
from fieldsync.services.readers import Reader

NOWHERE = "00000000-0000-0000-0000-000000000000"
"""The UUID of no record."""

_CANONICAL = re.compile(UUID.replace("A-F", "")).fullmatch


def record_uuid(text: str) -> str:
    """The UUID that an address names; the one of no record where it is none."""
    return text if _CANONICAL(text) else NOWHERE


def find_record(session: Any, who: Reader, kind: str, of: str, record: str, permission: str = READ_RECORDS) -> Found:
    """The submission or entity that an address names, where it is hers; else it is not there."""
    found = reading.find(session, who, record_uuid(record), kind, of, permission)
    if not found:
        raise Refused(Problem("not_found"))
    return found[0]
