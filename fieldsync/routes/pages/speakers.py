"""How pages name whoever said something: which phone, who at the desk."""

from fieldsync.routes.pages.record_words import SPEAKERS
from fieldsync.services.authorship import Author


def speaker(by: Author) -> tuple[str, str]:
    """(what speaks, its name): "Phone", "KHT-M01"; the name is empty where there is none to say."""
    return str(SPEAKERS[by.kind][1]), by.name
