"""The page of indicators on a grown database, with the sums that so many records leave, put there in bulk."""

import http.client
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from fieldsync.app import now_ms, open_database
from fieldsync.config import Settings, program_folder
from fieldsync.core.counting import WAYS
from fieldsync.core.indicators import EVERYONE, IndicatorBook
from fieldsync.services import granting, indicator_book, signing
from fieldsync.services.granting import Wanted
from fieldsync.store import associations, followers, people
from tests.benchmarks.inbox import PLACES, drawing, listed
from tests.benchmarks.server import WITHOUT_JOBS, Server
from tests.benchmarks.table import Row

REQUESTS = 8
MUST_MS = 150
MONTHS = 39
"""From September 2023 to November 2026."""

BANDS = ("25_35", "36_59", "18_24", "60_plus", "15_17")


@dataclass(frozen=True)
class _Reader:
    name: str
    token: str


def rows(data: Path, records: int) -> Iterator[Row]:
    """The page of who sees everything, and of who looks after the phones: as it was, and after every figure changed."""
    database = open_database(Settings(data=data))
    owners, book = database.write(_programme)
    readers = [
        database.write(lambda session: _reader(session, "programme_me", None)),
        database.write(lambda session: _reader(session, "coordinator", "bench")),
    ]
    database.close()
    cells = _fill(data / "fieldsync.db", owners, book, records)
    with Server(data, WITHOUT_JOBS) as server:
        for reader in readers:
            shown = f"dashboard, {records:,} records, {cells:,} sums, {reader.name}"
            yield Row(shown, f"{_measured(server, reader, data, 0):.0f} ms CPU", f"≤ {MUST_MS} ms")
            changed = f"{_measured(server, reader, data, 1):.0f} ms CPU"
            yield Row(f"{shown}, after every figure changed", changed, f"≤ {MUST_MS} ms")


def _programme(session: Session) -> tuple[dict[str, int], IndicatorBook]:
    """Its associations, each with its row id, and its indicators; what there is so far counts as counted."""
    indicator_book.load_programme(session, program_folder("forms") / "indicators.yaml", now_ms())
    book = indicator_book.book(session)
    for owner in associations.everyone(session):
        through, _ = associations.positions(session, owner.id)
        followers.take_position(session, indicator_book.FOLLOWER, owner.id)
        followers.move(session, indicator_book.FOLLOWER, owner.id, through)
    slugs = {each.association.lower() for each in book.indicators if each.association != EVERYONE}
    return {slug: associations.add(session, slug, slug).id for slug in sorted(slugs)}, book


def _reader(session: Session, role: str, slug: str | None) -> _Reader:
    home = associations.find(session, slug) if slug else None
    uuid, at = signing.new_uuid(secrets.token_bytes), now_ms()
    person = people.add(session, uuid, home.id if home else None, f"{role}@example.org", "R", "no passphrase", at)
    granting.grant_at_once(session, person, Wanted(role, home.id if home else None), at, secrets.token_bytes)
    return _Reader(role, signing.begin(session, person, "bench", at, secrets.token_bytes).token)


def _fill(path: Path, owners: dict[str, int], book: IndicatorBook, records: int) -> int:
    """Sums as they come of so many records, spread over the indicators; how many there are."""
    parts = [
        (slug, each.code, part)
        for slug in owners
        for each in book.indicators
        if each.concerns(slug)
        for part in (WAYS[each.rule.count].divided or {shown.code for shown in WAYS[each.rule.count].shown})
    ]
    with closing(sqlite3.connect(path)) as base, drawing(base):
        for number, (slug, indicator, part) in enumerate(parts):
            base.execute(_statement(records // len(parts), number), (owners[slug], indicator, part))
        base.commit()
        return int(base.execute("SELECT count(*) FROM figure_cell").fetchone()[0])


def _statement(count: int, salt: int) -> str:
    month = f"(2023 * 12 + 8 + draw(n, {salt + 100}) % {MONTHS})"
    near = PLACES[salt % 4 : salt % 4 + 4]
    return (
        f"WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})"
        " INSERT INTO figure_cell (association_id, indicator, part, month, level, commune, sex, band, disability,"
        f" category, amount) SELECT ?, ?, ?, {month} / 12 * 100 + {month} % 12 + 1,"
        f" CASE WHEN draw(n, {salt + 200}) < 9000 THEN 1 WHEN draw(n, {salt + 200}) < 9800 THEN 2 ELSE 3 END,"
        f" {listed(salt + 300, near)}, CASE WHEN draw(n, {salt + 400}) < 9000 THEN 'f' ELSE 'm' END,"
        f" {listed(salt + 500, BANDS)}, CASE WHEN draw(n, {salt + 600}) < 9700 THEN 'no' ELSE 'yes' END, '', count(*)"
        " FROM numbers WHERE n > 0 GROUP BY 4, 5, 6, 7, 8, 9"
    )


def _measured(server: Server, reader: _Reader, data: Path, by: int) -> float:
    """Processor time of a page in ms; `by` is added to every sum before each request."""
    address = urlsplit(server.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    spent = 0.0
    for number in range(1 + REQUESTS):
        _change(data / "fieldsync.db", by)
        before = server.cpu_seconds()
        connection.request("GET", "/indicators", headers={"Cookie": f"fieldsync-session={reader.token}"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        spent += (server.cpu_seconds() - before) * bool(number)  # the first one loads what all need
    connection.close()
    return spent / REQUESTS * 1000


def _change(path: Path, by: int) -> None:
    if by:
        with closing(sqlite3.connect(path)) as base:
            base.execute("UPDATE figure_cell SET amount = amount + ? WHERE amount > 0", (by,))
            base.commit()
