"""What waits for people at the desk: held and quarantined operations, and the association's devices."""

from typing import Any

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core import access
from fieldsync.core.access import ACT_ON_RECORDS, READ_HISTORY
from fieldsync.core.opaque import open_number, seal_number
from fieldsync.core.roles import OTHER
from fieldsync.services import device_care, records_told
from fieldsync.services.changes import name_of
from fieldsync.services.readers import Reader
from fieldsync.services.reading import NOBODY, Page, hiding
from fieldsync.store import authors, devices, operations, quarantine, records, server
from fieldsync.store.devices import DeviceRow
from fieldsync.store.quarantine import QuarantineRow


def held(session: Session, reader: Reader, after_id: int, limit: int) -> Page:
    """A page of what waits for a form version, an author, or what it has seen."""
    rows = operations.held(session, reader.association_id, after_id, limit)
    waits = operations.waits_of(session, [row.id for row, _ in rows])
    hide = hiding(session, reader)
    items = []
    for row, uuid in rows:
        said = records_told.operation(row, waits)
        kind, of = said.get("kind", ""), said.get("of", "")
        if sees(reader, kind, of):
            items.append({**hide(kind, of, said), "record": records.uuid_text(uuid)})
    return Page(items, rows[-1][0].id if len(rows) == limit else None)


def quarantined(
    session: Session, reader: Reader, after_id: int, limit: int, language: str, code: str | None = None
) -> Page:
    """A page of what nobody has judged yet, for one reason or all; `said` is what was said, as far as she may see."""
    rows = quarantine.page(session, reader.association_id, after_id, limit, code)
    hide = hiding(session, reader)
    items = []
    for row in rows:
        if not _sees_said(session, reader, row):
            continue
        told = records_told.quarantined(row, language)
        said = hide(row.kind, row.of, told.pop("said"))
        withheld = said.pop("withheld")
        about = {"kind": row.kind, "of": row.of, "record": records.uuid_text(row.record) if row.record else None}
        ticket = ticket_of(session, reader.association_id, row.id)
        items.append({"quarantined": ticket, **about, **told, "said": said, "withheld": withheld})
    return Page(items, rows[-1].id if len(rows) == limit else None)


def quarantined_tickets(session: Session, reader: Reader, code: str | None, most: int) -> list[str]:
    """How lists name the first `most` of what the reader may judge, for one reason or all, oldest first."""
    found: list[str] = []
    after_id = 0
    while len(found) < most and (rows := quarantine.page(session, reader.association_id, after_id, most, code)):
        after_id = rows[-1].id
        own = [row for row in rows if _sees_said(session, reader, row, ACT_ON_RECORDS)]
        found += [ticket_of(session, reader.association_id, row.id) for row in own]
    return found[:most]


def reasons(session: Session, reader: Reader) -> list[str]:
    """The codes of the reasons for which something waits that the reader may look at."""
    found = quarantine.reasons(session, reader.association_id)
    return list(dict.fromkeys(code for code, kind, of in found if sees(reader, kind, of)))


def ticket_of(session: Session, association_id: int, row_id: int) -> str:
    """How a list names something quarantined."""
    return seal_number(row_id, _purpose(association_id), secret_of(session))


def find_quarantined(
    session: Session, reader: Reader, ticket: str, permission: str = ACT_ON_RECORDS
) -> QuarantineRow | None:
    """The quarantined operation that a list named so, where the reader has a permission over its form."""
    number = open_number(ticket, _purpose(reader.association_id), secret_of(session))
    row = None if number is None else quarantine.find(session, reader.association_id, number)
    return row if row is not None and _sees_said(session, reader, row, permission) else None


def _sees_said(session: Session, reader: Reader, row: QuarantineRow, permission: str = READ_HISTORY) -> bool:
    """Whether something quarantined is the reader's; what nobody can read from a listening phone is restricted."""
    if reader.person is not None and reader.book.family(row.kind, row.of) == OTHER:
        device = devices.find(session, row.sender_id)
        role = reader.book.role(device.role) if device else None
        if role is not None and role.restricted:
            return any(grant.role.restricted and permission in grant.role.permissions for grant in reader.grants)
    return sees(reader, row.kind, row.of, permission)


def sees(reader: Reader, kind: str, of: str, permission: str = READ_HISTORY) -> bool:
    """Whether what was said of a form or list, wherever it happened, is the reader's."""
    if reader.person is None:
        return True
    return reader.may(permission) and access.may(reader.grants, permission, reader.scope(kind, of, "", NOBODY))


def devices_page(session: Session, reader: Reader, after_id: int, limit: int) -> Page:
    """A page of the association's phones and hubs, oldest first, with what each last said of itself."""
    rows = devices.page(session, reader.association_id, after_id, limit)
    return Page([device_told(session, row) for row in rows], rows[-1].id if len(rows) == limit else None)


def secret_of(session: Session) -> bytes:
    """The server's secret, with which the numbers that leave it are sealed."""
    identity = server.identity(session)
    assert identity is not None
    return identity.secret


def _purpose(association_id: int) -> str:
    return f"quarantine {association_id}"


def device_told(session: Session, row: DeviceRow) -> dict[str, Any]:
    """A phone or hub, with what it last said of itself."""
    holder = device_care.holder_of(session, row)
    own = authors.of_device(session, row.id)
    present = own[-1] if own else None
    return {
        "author": present.name if present else None,
        "former": [author.name for author in own[:-1]],
        "name": row.name,
        "kind": row.kind,
        "status": row.status,
        "enrolled_ms": row.enrolled_ms,
        "last_sync_ms": row.last_sync_ms or None,
        "clock_error_ms": row.clock_error_ms,
        "known_through": present.known_through if present else 0,
        "durable_through": present.durable_through if present else 0,
        "views": [name_of(view) for view in devices.views(session, row.id)],
        "report": msgspec.json.decode(bytes(row.report)) if row.report else None,
        "role": row.role,
        "team": row.team,
        "holder": holder.uuid if holder else None,
    }
