"""First pages of the inbox, with each filter, on a list of many submissions that was put into the database in bulk."""

import http.client
import secrets
import sqlite3
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from sqlalchemy.orm import Session

from fieldsync.app import now_ms, open_database
from fieldsync.config import Settings
from fieldsync.core.inbox import STATES, Filter, query, view
from fieldsync.services import granting, searching, signing
from fieldsync.services.granting import Wanted
from fieldsync.services.readers import find_by_session
from fieldsync.store import associations, people
from fieldsync.store.db import Database, execute
from tests.benchmarks.server import Server
from tests.benchmarks.setting import set_up
from tests.benchmarks.table import Row

REQUESTS = 8
"""Of each filter; the first one reads from a cold cache."""

MUST_MS = 150

FORMS = ("f4_participant", "f5_activity", "f6_visit", "f7_monthly", "f6_idea", "f6_job", "f7_profile", "f8_application")
PLACES = (
    "07.041.05.05",
    "07.041.05.07",
    "07.041.05.01",
    "07.041.01.03",
    "07.041.07.03",
    "07.161.07.11",
    "07.161.07.01",
)
NAMES = ("ftmA", "xdjA", "aCA", "zhrA", "mlkA", "nmA", "rCdA", "ltfA", "fdlA", "sdA")
DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True)
class Asked:
    """A filter of the bench, and how long its first page took."""

    name: str
    query: dict[str, str]
    words: str = ""


def filters(association: str, device: str, person: str) -> list[Asked]:
    """Every field of the filter by itself, every order, and combinations of which each part is common."""
    waiting = query(view(Filter(), "to_review"))
    single = {
        "to review": waiting,
        "to review, a rare place": {**waiting, "place": "07.161.07.01"},
        "to review, by place": {**waiting, "place": "07.161", "sort": "place.up"},
        "to review, a companion": {**waiting, "companion": person, "sort": "arrived.up"},
        "to correct, a common form": {"state": "hasIssues", "of": "submission.f4_participant"},
        "everything": {"view": "everything"},
        "a common form": {"of": "submission.f4_participant"},
        "a rare form": {"of": "submission.f8_application"},
        "a commune": {"place": "07.041.05.05"},
        "a province": {"place": "07.041"},
        "a rare place": {"place": "07.161.07.01"},
        "a phone": {"device": device},
        "a companion": {"companion": person},
        "approved": {"state": "approved"},
        "rejected": {"state": "rejected"},
        "quarantined": {"state": "quarantined"},
        "held": {"held": "1"},
        "in conflict": {"conflict": "1"},
        "a common flag": {"flag": "possible_duplicate"},
        "a rare flag": {"flag": "clock_ahead"},
        "a file is missing": {"incomplete": "1"},
        "deleted": {"gone": "deleted"},
        "merged": {"gone": "merged"},
        "days of last year": {"since": "2025-03-01", "until": "2025-03-07"},
        "all associations": {"association": "all", "view": "everything"},
        "oldest first": {"sort": "arrived.up"},
        "changed last": {"sort": "changed"},
        "by form": {"sort": "form.up"},
        "by place": {"sort": "place.up"},
        "by state": {"sort": "state.up"},
        "form, place, approved": {"of": "submission.f5_activity", "place": "07.041.05.07", "state": "approved"},
        "phone, rejected, days": {"device": device, "state": "rejected", "since": "2025-06-01"},
        "rejected by place": {"state": "rejected", "place": "07.161", "sort": "place.up"},
        "duplicate, edited, old": {"flag": "possible_duplicate", "state": "edited", "until": "2025-02-01"},
        "new and long approved": {"state": "received", "until": "2025-01-20"},
    }
    found = [Asked(name, {"association": association, **query}) for name, query in single.items()]
    searched = {"a name": "fatima", "a number": "0600123456", "two names": "khadija malika", "none": "zzz"}
    found += [Asked(f"search: {name}", {"view": "everything"}, words) for name, words in searched.items()]
    return [
        *found,
        Asked("search: a name, form, place", {"of": "submission.f4_participant", "place": "07.161"}, "aicha"),
    ]


def rows(data: Path, count: int) -> Iterator[Row]:
    """Fill a database of its own, then ask for every first page."""
    set_up(data)
    settings = Settings(data=data)
    database = open_database(settings)
    token, association, person = database.write(_reviewer)
    database.close()
    began = time.perf_counter()
    _fill(data / "fieldsync.db", count, association)
    print(f"filled in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    database = open_database(settings)
    with database.read() as session:
        device = execute(session, "SELECT name FROM author WHERE kind = 'device' ORDER BY id LIMIT 1").scalar_one()
    asked = [(each, _query(database, token, each)) for each in filters("bench", device, person)]
    database.close()
    with Server(data) as server:
        taken = [(each, *_measured(server, token, query)) for each, query in asked]
    for each, wall, cold, cpu in taken:
        print(f"  {each.name:28} {wall:6.1f} ms, cold {cold:6.1f} ms, {cpu:6.1f} ms CPU", file=sys.stderr, flush=True)
    slowest = max(taken, key=lambda one: one[3])
    name = f"inbox, first page, {count:,} submissions"
    median = statistics.median(one[3] for one in taken)
    yield Row(f"{name}, median of {len(taken)} filters", f"{median:.0f} ms CPU", f"≤ {MUST_MS} ms")
    shown = f"{slowest[3]:.0f} ms CPU, {slowest[1]:.0f} ms ({slowest[0].name})"
    yield Row(f"{name}, the slowest filter", shown, f"≤ {MUST_MS} ms")


def _reviewer(session: Session) -> tuple[str, int, str]:
    """Somebody who reviews, with a session; one phone is hers to carry."""
    owner = associations.find(session, "bench")
    assert owner is not None
    associations.add(session, "other", "Other")
    uuid = signing.new_uuid(secrets.token_bytes)
    person = people.add(session, uuid, owner.id, "r@example.org", "R", "no passphrase", now_ms())
    wanted = Wanted("association_reviewer", owner.id, (), "", "bench")
    granting.grant_at_once(session, person, wanted, now_ms(), secrets.token_bytes)
    execute(session, "UPDATE device SET holder_id = ? WHERE id = 2", (person.id,))
    signed_in = signing.begin(session, person, "bench", now_ms(), secrets.token_bytes)
    return signed_in.token, owner.id, uuid


def _fill(path: Path, count: int, association: int) -> None:
    """Rows, marks, words and tallies as the follower writes them, made by SQLite itself; indexes come last."""
    with closing(sqlite3.connect(path)) as base, drawing(base):
        indexes = base.execute(
            "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'inbox_row' AND sql LIKE 'CREATE INDEX%'"
        )
        indexes_made = indexes.fetchall()
        for name, _ in indexes_made:
            base.execute(f"DROP INDEX {name}")
        for statement in _statements(count, association):
            base.execute(statement)
        for _, sql in indexes_made:
            base.execute(sql)
        base.commit()
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def drawing(base: sqlite3.Connection) -> Iterator[None]:
    """Fast for a while, and with the function `draw`."""
    base.execute("PRAGMA synchronous = OFF")
    base.execute("PRAGMA cache_size = -200000")
    base.create_function("draw", 2, _draw, deterministic=True)
    yield


def _draw(number: int, salt: int) -> int:
    """A number from 0 to 9999 that looks drawn and is always the same."""
    return ((number * 2654435761 + salt * 40503) >> 7) % 10_000


def listed(column: int, values: tuple[str, ...]) -> str:
    """SQL for one of some values, each half as often as the one before it."""
    cases, share = "", 10_000
    for value in values[:-1]:
        share //= 2
        cases += f" WHEN draw(n, {column}) >= {share} THEN '{value}'"
    return f"CASE{cases} ELSE '{values[-1]}' END"


def _statements(count: int, association: int) -> Iterator[str]:
    last = now_ms()
    numbers = f"WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})"
    at = f"{last} - ({count} - n) * {700 * DAY_MS // count}"
    shares = (("approved", 9200), ("rejected", 9500), ("edited", 9700), ("hasIssues", 9900), ("received", 9990))
    cases = "".join(f" WHEN draw(n, 4) < {below} THEN {STATES.index(name)}" for name, below in shares)
    newest = f"n > {count * 97 // 100} AND draw(n, 3) < 8000"
    state = f"CASE WHEN {newest} THEN {STATES.index('received')}{cases} ELSE {STATES.index('held')} END"
    gone = "CASE WHEN draw(n, 5) < 50 THEN 1 WHEN draw(n, 5) < 70 THEN 2 ELSE 0 END"
    marks = (
        "trim(CASE WHEN draw(n, 6) < 20 THEN 'conflict ' ELSE '' END || CASE WHEN draw(n, 7) < 2 THEN 'clock_ahead '"
        " ELSE '' END || CASE WHEN draw(n, 8) < 10 THEN 'held ' ELSE '' END || CASE WHEN draw(n, 9) < 100"
        " THEN 'incomplete ' ELSE '' END || CASE WHEN draw(n, 10) < 300 THEN 'possible_duplicate' ELSE '' END)"
    )
    yield (
        f"{numbers} INSERT INTO inbox_row SELECT n, {association}, 'submission', {listed(1, FORMS)}, randomblob(16),"
        f" 1 + draw(n, 2) % 40, 0, {listed(11, PLACES)}, {state}, {gone}, draw(n, 6) < 20, 0, {marks}, {at},"
        f" {at} + draw(n, 12) * 100000 FROM numbers"
    )
    yield (
        "INSERT INTO inbox_count SELECT association_id, kind, of, state, gone, count(*) FROM inbox_row"
        " GROUP BY association_id, kind, of, state, gone"
    )
    for mark in ("clock_ahead", "conflict", "held", "incomplete", "possible_duplicate"):
        yield (
            f"INSERT INTO inbox_mark SELECT association_id, '{mark}', id FROM inbox_row"
            f" WHERE ' ' || marks || ' ' LIKE '% {mark} %' ORDER BY id"
        )
    for path in ("full_name", "phone"):
        yield (
            f"INSERT INTO inbox_path (association_id, kind, of, path) SELECT DISTINCT {association}, 'submission', of,"
            f" '{path}' FROM inbox_row"
        )
    found = "INSERT INTO inbox_word SELECT r.association_id, {}, r.id, p.id FROM (SELECT *, id AS n FROM inbox_row) r"
    found += " JOIN inbox_path p ON p.of = r.of AND p.path = '{}' ORDER BY 2, 3"
    yield found.format(listed(13, NAMES), "full_name")
    yield found.format("CAST(draw(n, 14) AS TEXT)", "full_name").replace("INSERT INTO", "INSERT OR IGNORE INTO")
    yield found.format(
        f"CASE WHEN draw(n, 13) >= 5000 THEN {listed(15, NAMES[1:])} ELSE 'bn' END", "full_name"
    ).replace("INSERT INTO", "INSERT OR IGNORE INTO")
    yield found.format("'0600' || substr('000000' || (n % 1000000), -6)", "phone")


def _query(database: Database, token: str, asked: Asked) -> str:
    """The query of a filter; words get their ticket."""
    if not asked.words:
        return urlencode(asked.query)

    def keep(session: Session) -> str:
        reader = find_by_session(session, token, now_ms())
        assert reader is not None
        drawn = secrets.token_bytes(searching.TICKET_BYTES)
        return searching.remember(session, reader, asked.words, drawn, now_ms())

    return urlencode({**asked.query, "search": database.write(keep)})


def _measured(server: Server, token: str, query: str) -> tuple[float, float, float]:
    """(median wall time, that of the first request, processor time) of a page, in ms."""
    address = urlsplit(server.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    seconds, before = [], server.cpu_seconds()
    for _ in range(REQUESTS):
        began = time.perf_counter()
        connection.request("GET", f"/inbox?{query}", headers={"Cookie": f"fieldsync-session={token}"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, (answer.status, query)
        seconds.append(time.perf_counter() - began)
    connection.close()
    cpu = (server.cpu_seconds() - before) / REQUESTS
    return statistics.median(seconds) * 1000, seconds[0] * 1000, cpu * 1000
