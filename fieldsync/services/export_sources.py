"""What there is to export for somebody: forms and lists, and the plan of one export."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.core import access, export_answers, export_plan
from fieldsync.core.access import EXPORT_RECORDS
from fieldsync.core.export_answers import Told, Version
from fieldsync.core.export_cells import Alias
from fieldsync.core.export_options import Options
from fieldsync.core.export_plan import Plan, own_column
from fieldsync.core.keys import derived
from fieldsync.core.problems import Problem
from fieldsync.core.pseudonyms import aliases_under
from fieldsync.core.roles import HIDDEN
from fieldsync.services.published import published
from fieldsync.services.readers import Reader
from fieldsync.services.withholding import Withholding
from fieldsync.store import form_versions
from fieldsync.store.db import master_key

OWN_COLUMNS = (
    *(("record", "text"), ("state", "text"), ("version", "text"), ("received_at", "moment")),
    *(("changed_at", "moment"), ("sent_by", "text")),
)


@dataclass(frozen=True)
class Source:
    """A form or list that may be exported; `title` is a form's."""

    kind: str
    of: str
    title: str


def offered(session: Session, reader: Reader) -> list[Source]:
    """The forms, newest title each, and the lists of which the reader may take records out, by name."""
    known = titles(session, reader.association_id)
    sources = [Source("submission", form, title) for form, title in sorted(known.items())]
    sources += [Source("entity", name, name) for name in form_versions.lists(session, reader.association_id)]
    return [
        each for each in sources
        if reader.opens(each.kind, each.of, EXPORT_RECORDS)
        and not _is_restricted(session, reader.association_id, each.kind, each.of)
    ]  # fmt: skip


def titles(session: Session, association_id: int) -> dict[str, str]:
    """Form to the title of its newest version."""
    return {row.form: row.title for row in form_versions.versions(session, association_id)}


def refusal(session: Session, reader: Reader | None, association_id: int, options: Options) -> Problem | None:
    """Why this may not be exported, or None; nobody's (None) is the operator's."""
    if reader is not None and not reader.opens(options.kind, options.of, EXPORT_RECORDS):
        return Problem("not_found")
    if not _is_there(session, association_id, options):
        return Problem("not_found")
    return Problem("export_restricted") if _is_restricted(session, association_id, options.kind, options.of) else None


def plan_of(
    session: Session, association_id: int, options: Options, draw: Callable[[int], bytes], mark: str = ""
) -> Plan:
    """The plan of an export, from all published versions of its form, or all forms that write to its list."""
    alias = _alias(session, association_id, options, draw)
    own = [own_column(name, kind, options.language) for name, kind in OWN_COLUMNS]
    return export_plan.make(_told(session, association_id, options), options, own, alias, mark)


def sight_of(reader: Reader | None, options: Options) -> Callable[[str, int], bool | None]:
    """(place, who began it) of a record to: None, she may not export it; whether its personal answers stay hidden."""
    known: dict[tuple[str, int], bool | None] = {}

    def look(place: str, created_by: int) -> bool | None:
        if reader is None:
            return False
        key = (place, created_by)
        if key not in known:
            if len(known) > SIGHTS_MAX:
                known.clear()
            scope = reader.scope(options.kind, options.of, place, created_by)
            may = access.may(reader.grants, EXPORT_RECORDS, scope)
            known[key] = access.personal(reader.grants, scope) == HIDDEN if may else None
        return known[key]

    return look


SIGHTS_MAX = 20_000
"""Places and authors remembered at the same time; a programme has some thousands."""


def _is_there(session: Session, association_id: int, options: Options) -> bool:
    if options.kind == "entity":
        return options.of in form_versions.lists(session, association_id)
    return bool(form_versions.versions(session, association_id, options.of))


def _is_restricted(session: Session, association_id: int, kind: str, of: str) -> bool:
    """Whether a form or list holds restricted answers (P3), or labels that copy them."""
    return bool(Withholding(session, association_id).paths(kind, of).restricted)


def _told(session: Session, association_id: int, options: Options) -> Told:
    if options.kind == "submission":
        return export_answers.of_form(_versions(session, association_id, options.of), options.language)
    classes = Withholding(session, association_id).classes("entity", options.of)
    return export_answers.of_list(options.of, classes, _versions(session, association_id, None), options.language)


def _versions(session: Session, association_id: int, form: str | None) -> list[Version]:
    found = []
    for row in form_versions.versions(session, association_id, form):
        version = published(session, association_id, row.form, row.version)
        assert version is not None
        found.append((version.form, version.compiled.lists))
    return found


def _alias(session: Session, association_id: int, options: Options, draw: Callable[[int], bytes]) -> Alias:
    if options.ids == "record":
        return lambda text: text
    stable = derived(master_key(session), f"export ids {association_id}")
    return aliases_under(draw(32) if options.ids == "export" else stable)
