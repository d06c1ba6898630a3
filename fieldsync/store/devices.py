"""Devices, what they may read, and the codes that enrol them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy.orm import Session

from fieldsync.store.db import execute, execute_many, for_update, places

CHUNK_DEVICES = 400
"""How many devices one look-up names."""

DAY_MS = 24 * 3600 * 1000

_COLUMNS = (
    "id, association_id, kind, name, status, key, wipe, enrolled_ms, last_sync_ms, clock_error_ms, report,"
    " role, team, holder_id"
)


class DeviceRow(msgspec.Struct, frozen=True):
    """A phone or a hub as stored. `kind` is device or hub; `status` is active or revoked."""

    id: int
    association_id: int
    kind: str
    name: str
    status: str
    key: str | None
    wipe: bool
    enrolled_ms: int
    last_sync_ms: int
    clock_error_ms: int
    report: bytes | None
    role: str = "companion"
    team: str = ""
    holder_id: int | None = None


@dataclass(frozen=True, order=True)
class ViewRow:
    """What a device may read: `kind` is all, place or own; `place` is a code for kind place, else empty."""

    kind: str
    place: str = ""


@dataclass(frozen=True)
class CodeRow:
    """An enrolment code as stored; `views` as `all`, `own` or `place:07.041`, separated by spaces.

    `role`, `team` and `holder_id` are what the device is to have; `device_id` is which one it became.
    """

    association_id: int
    kind: str
    name: str
    views: str
    expires_ms: int
    used_ms: int | None
    uuid: str | None = None
    role: str = "companion"
    team: str = ""
    holder_id: int | None = None
    device_id: int | None = None


_CODE = "association_id, kind, name, views, expires_ms, used_ms, uuid, role, team, holder_id, device_id"


def add(session: Session, association_id: int, kind: str, name: str, token: bytes, key: str | None, now_ms: int) -> int:
    """Store a new device with the digest of its token; return its row id."""
    sql = (
        "INSERT INTO device (association_id, kind, name, status, token_digest, key, wipe, enrolled_ms, last_sync_ms,"
        " clock_error_ms) VALUES (?, ?, ?, 'active', ?, ?, ?, ?, 0, 0) RETURNING id"
    )
    return int(execute(session, sql, (association_id, kind, name, token, key, False, now_ms)).scalar_one())


def find_by_secret(session: Session, digest: bytes) -> DeviceRow | None:
    """The device whose token, or whose secret for OpenRosa clients, has this digest."""
    bearing = "SELECT id FROM device WHERE token_digest = ? UNION SELECT device_id FROM openrosa_key WHERE digest = ?"
    row = execute(session, f"SELECT {_COLUMNS} FROM device WHERE id IN ({bearing})", (digest, digest)).first()
    return DeviceRow(*row) if row else None


def lock_bearing(session: Session, device_id: int, digest: bytes) -> DeviceRow | None:
    """The device with that row id, locked, if its token or its secret for OpenRosa clients still has this digest."""
    secret = "SELECT 1 FROM openrosa_key WHERE device_id = device.id AND digest = ?"
    sql = f"SELECT {_COLUMNS} FROM device WHERE id = ? AND (token_digest = ? OR EXISTS ({secret})){for_update(session)}"
    row = execute(session, sql, (device_id, digest, digest)).first()
    return DeviceRow(*row) if row else None


def find_by_token(session: Session, digest: bytes) -> DeviceRow | None:
    """The device whose token has this digest."""
    row = execute(session, f"SELECT {_COLUMNS} FROM device WHERE token_digest = ?", (digest,)).first()
    return DeviceRow(*row) if row else None


def find(session: Session, device_id: int, lock: bool = False) -> DeviceRow | None:
    """The device with that row id; `lock` keeps others who do so waiting until the transaction ends."""
    clause = for_update(session) if lock else ""
    row = execute(session, f"SELECT {_COLUMNS} FROM device WHERE id = ?{clause}", (device_id,)).first()
    return DeviceRow(*row) if row else None


def of_association(session: Session, association_id: int) -> list[DeviceRow]:
    """An association's devices, oldest first."""
    sql = f"SELECT {_COLUMNS} FROM device WHERE association_id = ? ORDER BY id"
    return [DeviceRow(*row) for row in execute(session, sql, (association_id,))]


def page(session: Session, association_id: int, after_id: int, limit: int) -> list[DeviceRow]:
    """A page of an association's devices, oldest first."""
    sql = f"SELECT {_COLUMNS} FROM device WHERE association_id = ? AND id > ? ORDER BY id LIMIT ?"
    return [DeviceRow(*row) for row in execute(session, sql, (association_id, after_id, limit))]


def change_token(session: Session, device_id: int, digest: bytes) -> None:
    """Replace a device's token."""
    execute(session, "UPDATE device SET token_digest = ? WHERE id = ?", (digest, device_id))


def set_status(session: Session, device_id: int, status: str, wipe: bool) -> None:
    """Revoke a device, or take it back."""
    execute(session, "UPDATE device SET status = ?, wipe = ? WHERE id = ?", (status, wipe, device_id))


def note_contact(session: Session, device_id: int, now_ms: int, clock_error_ms: int, report: bytes | None) -> None:
    """Remember when a device was last heard of, how wrong its clock is, and what it said of itself."""
    sql = "UPDATE device SET last_sync_ms = ?, clock_error_ms = ?, report = coalesce(?, report) WHERE id = ?"
    execute(session, sql, (now_ms, clock_error_ms, report, device_id))
    sql = "INSERT INTO device_day (device_id, day) VALUES (?, ?) ON CONFLICT DO NOTHING"
    execute(session, sql, (device_id, now_ms // DAY_MS))


def views(session: Session, device_id: int) -> list[ViewRow]:
    """What a device may read, in a fixed order."""
    sql = "SELECT kind, place FROM device_view WHERE device_id = ? ORDER BY kind, place"
    return [ViewRow(*row) for row in execute(session, sql, (device_id,))]


def set_views(session: Session, device_id: int, wanted: Iterable[ViewRow]) -> None:
    """Replace what a device may read."""
    execute(session, "DELETE FROM device_view WHERE device_id = ?", (device_id,))
    rows = [(device_id, view.kind, view.place) for view in sorted(set(wanted))]
    execute_many(session, "INSERT INTO device_view (device_id, kind, place) VALUES (?, ?, ?)", rows)


def add_code(session: Session, digest: bytes, code: CodeRow) -> None:
    """Store an enrolment code by its digest."""
    sql = f"INSERT INTO enrolment_code (digest, {_CODE}) VALUES (?, ?, ?, ?, ?, ?, NULL, ?, ?, ?, ?, NULL)"
    given = (
        *(digest, code.association_id, code.kind, code.name, code.views, code.expires_ms, code.uuid, code.role),
        *(code.team, code.holder_id),
    )
    execute(session, sql, given)


def find_code(session: Session, digest: bytes, now_ms: int) -> CodeRow | None:
    """A code that was neither used nor expired; it stays so."""
    sql = f"SELECT {_CODE} FROM enrolment_code WHERE digest = ? AND used_ms IS NULL AND expires_ms > ?"
    row = execute(session, sql, (digest, now_ms)).first()
    return CodeRow(*row) if row else None


def use_code(session: Session, digest: bytes, now_ms: int) -> CodeRow | None:
    """Take a code that was neither used nor expired; nobody else can take it after."""
    sql = (
        "UPDATE enrolment_code SET used_ms = ? WHERE digest = ? AND used_ms IS NULL AND expires_ms > ?"
        f" RETURNING {_CODE}"
    )
    row = execute(session, sql, (now_ms, digest, now_ms)).first()
    return CodeRow(*row) if row else None


def note_code_used(session: Session, digest: bytes, device_id: int) -> None:
    """Remember which device a code became."""
    execute(session, "UPDATE enrolment_code SET device_id = ? WHERE digest = ?", (device_id, digest))


def find_offer(session: Session, association_id: int, uuid: str) -> CodeRow | None:
    """A code by its public name, whatever became of it."""
    sql = f"SELECT {_CODE} FROM enrolment_code WHERE uuid = ? AND association_id = ?"
    row = execute(session, sql, (uuid, association_id)).first()
    return CodeRow(*row) if row else None


def end_offer(session: Session, association_id: int, uuid: str, now_ms: int) -> bool:
    """Take a code back; whether it was still good."""
    sql = (
        "UPDATE enrolment_code SET expires_ms = ? WHERE uuid = ? AND association_id = ? AND used_ms IS NULL"
        " AND expires_ms > ?"
    )
    return execute(session, sql, (now_ms, uuid, association_id, now_ms)).rowcount == 1


def set_duty(session: Session, device_id: int, role: str, team: str, holder_id: int | None) -> None:
    """What comes down to a device, with whom it works, who carries it."""
    sql = "UPDATE device SET role = ?, team = ?, holder_id = ? WHERE id = ?"
    execute(session, sql, (role, team, holder_id, device_id))


def rename(session: Session, device_id: int, name: str) -> None:
    """How people call it."""
    execute(session, "UPDATE device SET name = ? WHERE id = ?", (name, device_id))


def add_receipt(session: Session, device_id: int | None, received_ms: int, sent_ms: int | None, operations: int) -> int:
    """Store when a batch came, by our clock and by its sender's; return its row id."""
    sql = "INSERT INTO receipt (device_id, received_ms, sent_ms, operations) VALUES (?, ?, ?, ?) RETURNING id"
    return int(execute(session, sql, (device_id, received_ms, sent_ms, operations)).scalar_one())


def days_heard(session: Session, device_ids: Sequence[int], since_day: int) -> list[tuple[int, int]]:
    """(device, day since 1970) of the days since a day on which each of some devices was heard of."""
    found: list[tuple[int, int]] = []
    for start in range(0, len(device_ids), CHUNK_DEVICES):
        chunk = device_ids[start : start + CHUNK_DEVICES]
        sql = f"SELECT device_id, day FROM device_day WHERE device_id IN ({places(len(chunk))}) AND day >= ?"
        found += [(row[0], row[1]) for row in execute(session, sql, (*chunk, since_day))]
    return found


def of_roles(session: Session, association_id: int, roles: Collection[str]) -> list[int]:
    """Row ids of an association's devices with one of some roles."""
    wanted = sorted(roles)
    sql = f"SELECT id FROM device WHERE association_id = ? AND role IN ({places(len(wanted))}) ORDER BY id"
    return [row[0] for row in execute(session, sql, (association_id, *wanted))] if wanted else []


def names_of_authors(session: Session, author_ids: Collection[int]) -> dict[int, str]:
    """What the phones are called that speak under some authors."""
    wanted = sorted(author_ids)
    sql = f"SELECT a.id, d.name FROM author a JOIN device d ON d.id = a.device_id WHERE a.id IN ({places(len(wanted))})"
    return {row[0]: row[1] for row in execute(session, sql, wanted)} if wanted else {}


def speaking(session: Session, association_id: int, limit: int) -> list[tuple[str, str]]:
    """(present author, what it is called) of an association's phones and hubs that have an author, by name."""
    sql = (
        "SELECT a.name, d.name FROM device d JOIN author a ON a.id = (SELECT max(b.id) FROM author b"
        " WHERE b.device_id = d.id AND b.kind = 'device') WHERE d.association_id = ? ORDER BY d.name, d.id LIMIT ?"
    )
    return [(row[0], row[1]) for row in execute(session, sql, (association_id, limit))]


def holders(session: Session, association_id: int) -> list[tuple[str, str]]:
    """(UUID, name) of the people who carry an association's phones, by name."""
    sql = (
        "SELECT DISTINCT p.uuid, p.name FROM device d JOIN person p ON p.id = d.holder_id WHERE d.association_id = ?"
        " ORDER BY p.name, p.uuid"
    )
    return [(row[0], row[1]) for row in execute(session, sql, (association_id,))]
