"""Published forms as people at the desk see them: versions, languages, findings, phones that are behind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.form_languages import Completeness, completeness
from fieldsync.core.forms import Finding
from fieldsync.core.roles import RoleBook
from fieldsync.services import role_book
from fieldsync.services.published import published
from fieldsync.services.publishing import OPEN
from fieldsync.services.readers import Reader
from fieldsync.services.senders import Sender
from fieldsync.store import associations, authors, devices, form_versions, records
from fieldsync.store.form_versions import FormVersionRow

COUNTED_MAX = 10_000
"""Submissions are counted up to here: a list of forms is opened often, and says the rest in words."""

DEVICES_MAX = 500
"""Phones whose reports are read for one page; the programme has a hundred."""

FORMS_PER_REPORT = 500


@dataclass(frozen=True)
class FormLine:
    """A form in the list. `submissions` is None where the reader may not count them; `behind` counts phones."""

    row: FormVersionRow
    versions: int
    languages: Sequence[Completeness]
    warnings: int
    submissions: int | None
    behind: int


@dataclass(frozen=True)
class Phone:
    """A phone with what it reported of its forms: form → versions; `told` is false where it never said.

    `opens` says whether a form is one of its role's.
    """

    device_id: int
    name: str
    told: bool
    has: Mapping[str, frozenset[str]]
    opens: Callable[[str], bool]


@dataclass(frozen=True)
class Behind:
    """Phones by whether they have a version: those that have it, those that have another or none, those unheard."""

    current: Sequence[Phone]
    behind: Sequence[Phone]
    silent: Sequence[Phone]


@dataclass(frozen=True)
class FormPage:
    """All that the page of one form shows. `latest` is the version in use, or the newest where none is open."""

    latest: FormVersionRow
    versions: Sequence[FormVersionRow]
    languages: Sequence[Completeness]
    findings: Sequence[Finding]
    media: Sequence[str]
    has_workbook: bool
    submissions: int | None
    phones: Behind


def lines(session: Session, reader: Reader, after: str, limit: int) -> tuple[list[FormLine], str]:
    """A page of an association's forms by id, and the id after which the next page begins."""
    owner = reader.association_id
    found = form_versions.newest(session, owner, after, limit)
    phones = reported(session, owner)
    shown = [_line(session, reader, row, count, phones) for row, count in found]
    return shown, found[-1][0].form if len(found) == limit else ""


def page(session: Session, reader: Reader, form: str) -> FormPage | None:
    """One form of the reader's association, newest version first; None where there is none."""
    owner = reader.association_id
    row = latest(session, owner, form)
    if row is None:
        return None
    return FormPage(
        row,
        form_versions.versions(session, owner, form)[::-1],
        _languages(session, row),
        _findings(session, row),
        sorted(form_versions.file_hashes(session, row.id)),
        form_versions.content(session, row.id).xlsx is not None,
        submissions(session, reader, form),
        behind(reported(session, owner), row),
    )


def latest(session: Session, association_id: int, form: str) -> FormVersionRow | None:
    """The version in use: the newest that is open, else the newest."""
    rows = form_versions.versions(session, association_id, form)[::-1]
    return next((row for row in rows if row.state == OPEN), rows[0] if rows else None)


def reported(session: Session, association_id: int) -> list[Phone]:
    """The association's phones in use, with the forms that each last said it has."""
    rows = devices.page(session, association_id, 0, DEVICES_MAX)
    book = role_book.book(session)
    return [_phone(row, book) for row in rows if row.status == "active" and row.kind == "device"]


def behind(phones: Sequence[Phone], row: FormVersionRow) -> Behind:
    """Which phones have a version, and which have not; a retired one leaves nobody behind.

    A phone whose role does not get the form is in none of the three.
    """
    phones = [phone for phone in phones if phone.opens(row.form)]
    told = [phone for phone in phones if phone.told]
    current = [phone for phone in told if row.version in phone.has.get(row.form, ())]
    others = [phone for phone in told if phone not in current] if row.state == OPEN else []
    return Behind(current, others, [phone for phone in phones if not phone.told])


def authors_of(session: Session, phones: Sequence[Phone]) -> dict[int, str]:
    """The author under which each phone speaks now: what its page's address names."""
    found = {phone.device_id: authors.of_device(session, phone.device_id) for phone in phones}
    return {device_id: own[-1].name for device_id, own in found.items() if own}


def submissions(session: Session, reader: Reader, form: str) -> int | None:
    """How many submissions a form has, up to COUNTED_MAX; None for whoever does not read them.

    Who counts without reading has the figures that are published: a number that grows by one would tell of one person.
    """
    if not reader.opens("submission", form):
        return None
    collection = associations.collection(session, reader.association_id, "submission", form)
    return records.count_up_to(session, collection.id, COUNTED_MAX + 1) if collection else 0


def _line(session: Session, reader: Reader, row: FormVersionRow, count: int, phones: Sequence[Phone]) -> FormLine:
    return FormLine(
        row,
        count,
        _languages(session, row),
        len(_findings(session, row)),
        submissions(session, reader, row.form),
        len(behind(phones, row).behind),
    )


def _languages(session: Session, row: FormVersionRow) -> list[Completeness]:
    found = published(session, row.association_id, row.form, row.version)
    return completeness(found.form) if found else []


def _findings(session: Session, row: FormVersionRow) -> list[Finding]:
    return msgspec.json.decode(form_versions.findings(session, row.id), type=list[Finding])


def _phone(row: devices.DeviceRow, book: RoleBook) -> Phone:
    report = msgspec.json.decode(bytes(row.report)) if row.report else {}
    said = report.get("forms") if isinstance(report, dict) else None
    found: dict[str, set[str]] = {}
    for each in said[:FORMS_PER_REPORT] if isinstance(said, list) else ():
        if isinstance(each, list) and len(each) == 2 and all(isinstance(part, str) for part in each):
            found.setdefault(each[0], set()).add(each[1])
    opens = partial(Sender(row, {}, (), book).opens, "submission")
    has = {form: frozenset(versions) for form, versions in found.items()}
    return Phone(row.id, row.name, isinstance(said, list), has, opens)
