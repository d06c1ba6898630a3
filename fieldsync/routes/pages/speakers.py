"""How pages name whoever said something: which phone, who at the desk."""

from fieldsync.routes.pages.speech import _
from fieldsync.services.authorship import DESK, HUB, PHONE, Author


def speaker(by: Author) -> tuple[str, str]:
    """(what speaks, its name): "phone", "KHT-M01"; the name is empty where there is none to say."""
    kinds = {PHONE: _("phone"), HUB: _("hub"), DESK: _("at the desk")}
    return kinds.get(by.kind, "" if by.name else _("server")), by.name
