"""The words of every problem: code to (HTTP status or None, Arabic, French, English). A code is never used again.

Each text says what is wrong, then what to do where something can be done. `{name}` stands for a member of the
problem's detail. A new problem is one entry in the module of its area.
"""

from fieldsync.core.messages.attachments import ATTACHMENTS
from fieldsync.core.messages.desk import DESK
from fieldsync.core.messages.exports import EXPORTS
from fieldsync.core.messages.indicators import INDICATORS
from fieldsync.core.messages.openrosa import OPENROSA
from fieldsync.core.messages.operating import OPERATING
from fieldsync.core.messages.operations import OPERATIONS
from fieldsync.core.messages.pages import PAGES
from fieldsync.core.messages.pairs import PAIRS
from fieldsync.core.messages.people import PEOPLE
from fieldsync.core.messages.quality import QUALITY
from fieldsync.core.messages.records import RECORDS
from fieldsync.core.messages.requests import REQUESTS

Entry = tuple[int | None, str, str, str]

LANGUAGES = ("ar", "fr", "en")

MESSAGES: dict[str, Entry] = {
    **ATTACHMENTS,
    **REQUESTS,
    **OPERATIONS,
    **RECORDS,
    **OPERATING,
    **OPENROSA,
    **PAGES,
    **PEOPLE,
    **INDICATORS,
    **QUALITY,
    **DESK,
    **EXPORTS,
    **PAIRS,
}
