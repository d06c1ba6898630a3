"""How views put text into words: English in the source, found by `make words`, in the reader's language on the page."""

from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_babel import ngettext as babel_ngettext

Words = Any
"""A text whose language is found when it is shown (flask_babel.LazyString)."""


def _(text: str, **blanks: object) -> str:
    """A text in the reader's language."""
    return str(gettext(text, **blanks))


def _l(text: str) -> Words:
    """A text of a table, put into the reader's language when it is shown."""
    return lazy_gettext(text)


def ngettext(one: str, many: str, count: int, **blanks: object) -> str:
    """A text with a number in it, as the reader's language counts; `%(num)s` is the number."""
    return str(babel_ngettext(one, many, count, **blanks))
