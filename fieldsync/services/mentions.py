"""Which submissions name an entity without writing it, kept by who follows the change log: the way back from her page.

A training names those who took part: they are chosen from a list, and nothing of them changes by it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from sqlalchemy.orm import Session

from fieldsync.core.declarations import chosen_entities
from fieldsync.services import provenance
from fieldsync.services.desk import Found
from fieldsync.services.published import Published, published
from fieldsync.services.readers import Reader
from fieldsync.services.taken import Taken
from fieldsync.services.withholding import Withholding, hidden_from
from fieldsync.store import mentions, records
from fieldsync.store.mentions import MentionRow

NAMED_MAX = 500
"""Entities of one submission that are kept: a training has some tens of participants."""

SCANNED_MAX = 300
"""Submissions that one page looks through for those that its reader may read."""

ROWS = 20
"""Submissions of a page."""

LAST = 2**62
"""Comes after every row id."""


@dataclass(frozen=True)
class Spoken:
    """A submission that speaks of an entity; `wrote`: it said something of her, and did not only name her."""

    found: Found
    wrote: bool


@dataclass(frozen=True)
class Page:
    """Submissions, the last that came first; `before_id` is where the next page begins, None at the end."""

    items: Sequence[Spoken]
    before_id: int | None


def keep(session: Session, association_id: int, taken: Sequence[Taken]) -> None:
    """Keep what records that came or changed name; doing it again changes nothing."""
    before, after = mentions.of_records(session, [each.row.id for each in taken]), made(session, association_id, taken)
    mentions.replace(session, before - after, after - before)


def made(session: Session, association_id: int, taken: Sequence[Taken]) -> set[MentionRow]:
    """What some records name, as their answers are now."""
    forms: dict[tuple[str, str | None], Published | None] = {}
    found: set[MentionRow] = set()
    for each in taken:
        if each.state is None or each.collection.kind != "submission":
            continue
        version = each.collection.of, each.state.version
        if version not in forms:
            forms[version] = published(session, association_id, *version)
        form = forms[version]
        named = chosen_entities(form.form, each.state.fields) if form else {}
        found |= {
            MentionRow(association_id, of, records.uuid_bytes(uuid), each.row.id, " ".join(sorted(paths)))
            for (of, uuid), paths in islice(sorted(named.items(), key=partial(_rank, form)), NAMED_MAX)
        }
    return found


def _rank(form: Published | None, named: tuple[tuple[str, str], set[str]]) -> tuple[bool, tuple[str, str]]:
    """Those whom the key of a report names come first, since a merge of them must find it."""
    name, paths = named
    return form is None or paths.isdisjoint(form.compiled.key_paths), name


def page(
    session: Session,
    reader: Reader,
    entity: Found,
    uuids: Collection[str],
    written: Mapping[int, Found],
    before_id: int | None,
    revealed: bool,
) -> Page:
    """A page of the submissions that wrote an entity (`written`, by row id) or name it, or one that is merged into it.

    One that names it shows where the reader sees an answer that does; `revealed`: those that are masked, too.
    """
    start = before_id or LAST
    names = [records.uuid_bytes(each) for each in uuids]
    named = dict(mentions.newest(session, reader.association_id, entity.of, names, start, SCANNED_MAX))
    wanted = sorted({*named, *(row_id for row_id in written if row_id < start)}, reverse=True)[:SCANNED_MAX]
    others = provenance.readable(session, reader, [each for each in wanted if each not in written])
    withholding = Withholding(session, reader.association_id)
    items: list[Spoken] = []
    for row_id in wanted:
        found = written.get(row_id) or others.get(row_id)
        if found is None or provenance.is_apart(reader, entity, found):
            continue
        if row_id in written or _shows(reader, found, named[row_id], withholding, revealed):
            items.append(Spoken(found, row_id in written))
        if len(items) == ROWS and row_id != wanted[-1]:
            return Page(items, row_id)
    return Page(items, wanted[-1] if len(wanted) == SCANNED_MAX else None)


def _shows(reader: Reader, submission: Found, paths: frozenset[str], withholding: Withholding, revealed: bool) -> bool:
    """Whether the reader sees one of the answers at some paths; what is restricted and seen is noted."""
    row = submission.row
    scope = reader.scope(submission.kind, submission.of, row.place, row.created_by)
    hidden = hidden_from(reader, scope, withholding.paths(submission.kind, submission.of), revealed)
    shown = paths - hidden.withheld - hidden.masked
    if shown & hidden.discloses:
        reader.disclosed.append(f"record:{records.uuid_text(row.uuid)}")
    return bool(shown)
