"""What a page says in a language, looked up where the page looks it up."""

from fieldsync.routes.pages.language import catalogue


def said(language: str, text: str) -> str:
    """A text of the pages in a language."""
    return str(catalogue(language).ugettext(text))
