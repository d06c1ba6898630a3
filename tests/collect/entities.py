"""Entities as ODK Collect keeps them: its own work on them goes on top of the list, until the list has it."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tests.collect.wire import Refused


@dataclass(frozen=True)
class Entity:
    """An entity on the phone. `trunk`: the server's version before this run of offline work, "" for none."""

    id: str
    label: str
    version: int
    trunk: str
    branch: str
    properties: Mapping[str, str] = field(default_factory=dict)
    is_offline: bool = False


class Entities:
    """One list."""

    def __init__(self, new_uuid: Callable[[], str]) -> None:
        self._new_uuid = new_uuid
        self.kept: dict[str, Entity] = {}

    def create(self, id: str, label: str, properties: Mapping[str, str]) -> dict[str, str]:
        """A form made an entity; the attributes that its submission bears."""
        self.kept[id] = Entity(id, label, 1, "", self._new_uuid(), properties, is_offline=True)
        return {"id": id, "create": "1", "update": "", "baseVersion": "", "trunkVersion": "", "branchId": ""}

    def update(self, id: str, properties: Mapping[str, str], label: str = "") -> dict[str, str]:
        """A form changed an entity; the attributes tell what the phone had before."""
        known = self.kept[id]
        changed = {**known.properties, **properties}
        version, label = known.version + 1, label or known.label
        self.kept[id] = replace(known, label=label, version=version, properties=changed, is_offline=True)
        base = str(known.version)
        return {"id": id, "create": "", "update": "1", "baseVersion": base, "trunkVersion": known.trunk,
                "branchId": known.branch}  # fmt: skip

    def take(self, data: bytes) -> list[str]:
        """The list as the server has it; the ids of the phone's own entities that it does not name.

        Refused: not a whole list, as a proxy or a broken link hands it over; the phone keeps what it has.
        """
        table = csv.DictReader(io.StringIO(data.decode(errors="replace")))
        is_list = "__version" in (table.fieldnames or ())
        rows: Sequence[Mapping[str, str]] = list(table)
        if not is_list or any(not (row["__version"] or "").isdecimal() for row in rows):
            raise Refused("no list of entities, or only a part of one")
        named = {row["name"]: row for row in rows}
        for id, row in named.items():
            known = self.kept.get(id)
            version = int(row["__version"])
            if known is None or known.version <= version:
                properties = {name: text for name, text in row.items() if name not in ("name", "label", "__version")}
                self.kept[id] = Entity(id, row["label"], version, str(version), self._new_uuid(), properties)
        for id, known in list(self.kept.items()):
            if id not in named and not known.is_offline:
                del self.kept[id]
        return [id for id, known in self.kept.items() if id not in named and known.is_offline]

    def forget(self, ids: Sequence[str]) -> None:
        """These are gone at the server."""
        for id in ids:
            self.kept.pop(id, None)
