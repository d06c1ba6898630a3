"""A round of villages on a running server: phones that send visits with points, some of them odd."""

import json
import secrets
import urllib.request
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fieldsync.app import now_ms
from fieldsync.services import enrolment, publishing, quality_follow, quality_night
from fieldsync.services.enrolment import NewDevice
from fieldsync.store.db import execute
from fieldsync.store.devices import ViewRow
from tests.tiny_forms import definition
from tests.web.site_under_test import Site

ASNI, AMIZMIZ, AMGHRAS = "07.041.07.03", "07.041.01.03", "07.041.05.01"
VILLAGES = {ASNI: (31.25, -7.98), AMIZMIZ: (31.217, -8.237), AMGHRAS: (31.12, -8.25)}

OUTLINE = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"code": ASNI},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[-8.04, 31.2], [-7.93, 31.19], [-7.9, 31.26], [-7.96, 31.31], [-8.05, 31.28]]],
            },
        }
    ],
}


@dataclass
class Walker:
    """A phone on its round, by its name."""

    site: Site
    name: str
    author: str = ""
    token: str = ""
    said: int = 0
    visits: list[str] = field(default_factory=list)

    def enrol(self, slug: str = "kht") -> "Walker":
        """Become known to the server."""
        new = NewDevice(self.site.associations[slug], "device", self.name, (ViewRow("all"),))
        self.author, self.token = secrets.token_hex(16), secrets.token_urlsafe(24)
        self.site.write(lambda session: enrolment.enrol_at_once(session, new, self.author, self.token, now_ms()))
        return self

    def visit(self, place: str, number: int, **changed: Any) -> dict[str, Any]:
        """A household of ten minutes in a village; `changed` makes it odd."""
        latitude, longitude = VILLAGES[place]
        begun = "2026-09-21T{:02d}:{:02d}:00.000+01:00"
        writes = {
            "start": begun.format(9 + number // 4 % 6, number % 4 * 15),
            "end": begun.format(9 + number // 4 % 6, number % 4 * 15 + 9 + number % 3),
            "commune": place,
            "where": {
                "lat": f"{latitude + number % 7 / 400:.4f}", "lon": f"{longitude + number // 7 / 400:.4f}"
            },
            "women": 4 + number % 5,
            **{f"q{question}": f"{self.name} {question} {number}" for question in range(1, 9)},
        }  # fmt: skip
        self.said += 1
        record = str(uuid.uuid4())
        self.visits.append(record)
        return {
            "id": [self.author, self.said], "record": record, "kind": "submission", "of": "round", "version": "1",
            "stamp": [now_ms(), self.said], "writes": writes | changed,
        }  # fmt: skip

    def send(self, operations: Sequence[dict[str, Any]]) -> None:
        """One batch to the server itself; all of it applies."""
        body = {"protocol": 1, "now": now_ms(), "epoch": None, "cursor": None, "pull": "none", "operations": operations}
        request = urllib.request.Request(
            f"{self.site.url}/api/v1/sync", json.dumps(body).encode(), {"Authorization": f"Bearer {self.token}"}
        )
        with urllib.request.urlopen(request) as answer:
            results = json.load(answer)["results"]
        assert {each["status"] for each in results} == {"applied"}, results


def walked(site: Site) -> dict[str, Walker]:
    """Three phones: one careful, one at night and too fast, one that repeats itself; and a night that judged them."""
    association_id = site.associations["kht"]
    made = definition("round 1")
    site.write(lambda session: publishing.publish(session, association_id, made, now_ms()))
    careful, hasty, weary = (Walker(site, name).enrol() for name in ("KHT-A01", "KHT-A02", "KHT-A03"))
    careful.send([careful.visit(place, number) for place in VILLAGES for number in range(24)])
    hasty.send([hasty.visit(AMIZMIZ, number) for number in range(18)])
    same = {f"q{question}": "yes" for question in range(1, 9)} | {"women": 5}
    weary.send([weary.visit(AMGHRAS, number, **(same if number > 8 else {})) for number in range(16)])
    settle(site)
    hasty.send(
        [
            hasty.visit(AMIZMIZ, 20, start="2026-09-22T02:00:00.000+01:00", end="2026-09-22T02:00:20.000+01:00"),
            hasty.visit(AMIZMIZ, 21, women=4000),
            hasty.visit(AMIZMIZ, 22, where={"lat": "32.3", "lon": "-8.2"}),
            hasty.visit(AMIZMIZ, 23, end="2026-09-21T14:45:15.000+01:00"),
        ]
    )
    settle(site)
    return {walker.name: walker for walker in (careful, hasty, weary)}


def settle(site: Site) -> None:
    """Let what follows the change log catch up, and a night pass."""
    association_id = site.associations["kht"]

    def read(work: Any) -> Any:
        with site.database.read() as session:
            return work(session)

    while site.write(lambda session: quality_follow.step(session, association_id, 500, now_ms())):
        pass
    quality_night.run(read, site.write, association_id, now_ms())
    site.write(lambda session: execute(session, "UPDATE quality_choice SET judged_ms = ?", (now_ms(),)))
