"""Which of the CSV files that a form names are entity lists: the server makes those, nobody uploads them."""

from collections.abc import Collection, Mapping

import msgspec
from sqlalchemy.orm import Session

from fieldsync.config import Settings
from fieldsync.core.forms import Finding, blanks
from fieldsync.core.media import missing_file
from fieldsync.services.conversion import Converted, convert, limits_of
from fieldsync.store import form_versions

_ENDING = ".csv"


def convert_with_lists(
    source: bytes, kind: str, files: Mapping[str, bytes] | None, lists: Collection[str], settings: Settings
) -> Converted:
    """Convert a definition; `lists` are known entity lists, `files` all the files that there are, or None.

    Where the files were given, a CSV that is not among them is taken for an entity list, with a warning: forms may be
    published in any order, and a list may be made by no form at all.
    """
    made = convert(source, kind, files or {}, lists=lists, limits=limits_of(settings))
    missing = _missing_lists(made)
    if files is None or not missing:
        return made
    again = convert(source, kind, files, lists=[*lists, *missing], limits=limits_of(settings))
    assumed = [] if again.form is None else [_assumed(name) for name in missing]
    return msgspec.structs.replace(again, findings=[*again.findings, *assumed])


def known_lists(session: Session, association_id: int) -> list[str]:
    """The entity lists that an association's published forms make."""
    return form_versions.lists(session, association_id)


def _missing_lists(made: Converted) -> list[str]:
    """The CSV files that are missing, if nothing else is wrong."""
    errors = [finding for finding in made.findings if finding.severity == "error"]
    names = [missing_file(finding) or "" for finding in errors]
    only_lists = all(name.endswith(_ENDING) for name in names)
    return [name.removesuffix(_ENDING) for name in names] if only_lists else []


def _assumed(name: str) -> Finding:
    message = "{name}.csv is not among the files and is taken for the entity list {name}."
    advice, detail = "Put it with the other files if it is none.", blanks(name=name)
    return Finding("warning", "entity_list_assumed", message, advice, "survey", detail=detail)
