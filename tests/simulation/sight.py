"""What a phone may read at a moment, worked out from its rights and the records' own words."""

import hashlib
from dataclasses import dataclass

import msgspec

from tests.simulation.machine import Machine
from tests.simulation.phone import Json

Name = tuple[str, str, str]
"""(record, kind, of)."""


@dataclass
class Sight:
    """`places` are the codes around which it sees; `own` are the records that it began, by name."""

    everything: bool
    places: list[str]
    own: set[Name]
    association: set[Name]

    def shows(self, record: Json) -> bool:
        """Whether it may read this record, as it is in its association."""
        name = (record["record"], record["kind"], record["of"])
        if name not in self.association:
            return False
        where = record["fields"].get("village")
        inside = isinstance(where, str) and any(where == one or where.startswith(f"{one}.") for one in self.places)
        return self.everything or inside or name in self.own


def sight_of(machine: Machine, token: str) -> Sight:
    """What the bearer of a token may read."""
    digest = hashlib.sha256(token.encode()).digest()
    found = machine.rows("SELECT id, association_id FROM device WHERE token_digest = ?", digest)
    return sight_of_device(machine, found[0][0], found[0][1]) if found else Sight(False, [], set(), set())


def sight_of_device(machine: Machine, device: int, association: int) -> Sight:
    views = machine.rows("SELECT kind, place FROM device_view WHERE device_id = ?", device)
    names: dict[int, Name] = {
        row: (dashed(uuid), kind, of)
        for row, uuid, kind, of in machine.rows(
            "SELECT r.id, lower(hex(r.uuid)), c.kind, c.of FROM record r JOIN collection c ON c.id = r.collection_id"
            " WHERE c.association_id = ?", association
        )
    }  # fmt: skip
    mine = machine.rows(
        "SELECT r.id FROM record r JOIN author a ON a.id = r.created_by WHERE a.device_id = ?", device
    )  # fmt: skip
    sees_own = any(kind == "own" for kind, _ in views)
    return Sight(
        any(kind == "all" for kind, _ in views),
        [place for kind, place in views if kind == "place"],
        {names[row] for (row,) in mine if row in names} if sees_own else set(),
        set(names.values()),
    )


def heads_of(record: Json) -> list[bytes]:
    """A record's heads in an order that means nothing."""
    return sorted(msgspec.json.encode(key) for key in record["heads"])


def dashed(uuid: str) -> str:
    """A UUID's text of its hexadecimal digits."""
    return "-".join((uuid[:8], uuid[8:12], uuid[12:16], uuid[16:20], uuid[20:]))
