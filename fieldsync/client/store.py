"""What a device remembers, in one SQLite file: who it is, what it said, what it was told, and how far it has read."""

import contextlib
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from fieldsync.client.schema import prepare

_digests = re.compile(rb"[0-9a-f]{64}").findall

Connect = Callable[[], sqlite3.Connection]
Json = dict[str, Any]

FIND_MAX = 500
"""Values in one statement's list; SQLite takes more, older builds no more than 999."""


@dataclass(frozen=True)
class State:
    """The device's own row: identity, clock, place in the server's log, pace. Columns are explained in schema.py."""

    author: str | None
    token: str | None
    key: str | None
    proven: int
    association: str
    url: str
    openrosa_url: str
    next_author: str | None
    renew: int
    counter: int
    clock_ms: int
    clock_n: int
    epoch: str | None
    cursor: str | None
    round: int
    standing: str
    lease_until: int | None
    batch: int
    suspects: int
    accused: int | None
    failures: int
    next_attempt_ms: int
    witness: str | None
    vouch: int


@dataclass(frozen=True)
class Said:
    """One of the device's own operations; `state` is outbox, kept, safe or aside."""

    position: int
    author: str
    counter: int
    record: str
    raw: bytes
    state: str
    status: str | None
    problems: Sequence[Json]
    epoch: str | None
    tries: int
    folded: bool
    reason: str | None

    @property
    def key(self) -> tuple[str, int]:
        return (self.author, self.counter)

    def content(self) -> Json:
        """The operation as JSON values."""
        content: Json = msgspec.json.decode(self.raw)
        return content


STATE = "SELECT " + ", ".join(State.__dataclass_fields__) + " FROM device"
SAID = "SELECT " + ", ".join(Said.__dataclass_fields__) + " FROM operation "


class Store:
    """A device's durable store. `connect` opens it; the connection is made durable here. One thread at a time."""

    def __init__(self, connect: Connect) -> None:
        self._connection = connect()
        prepare(self._connection)
        self._inside = False

    @classmethod
    def at(cls, path: str | Path) -> "Store":
        """The store in this file, made if it is not there."""
        return cls(lambda: sqlite3.connect(str(path), check_same_thread=False))

    def close(self) -> None:
        """Close the file; everything is in it already."""
        self._connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it is stored, on disk, or none of it; another process that writes is waited for."""
        if self._inside:
            raise RuntimeError("a transaction is open already")
        self._connection.execute("BEGIN IMMEDIATE")
        self._inside = True
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._connection.rollback()
            raise
        finally:
            self._inside = False

    # The device's own row.

    def state(self) -> State:
        return State(*self._connection.execute(STATE).fetchone())

    def update(self, **columns: str | int | None) -> None:
        """Set columns of the device's row; the names are State's."""
        self._writing()
        unknown = columns.keys() - State.__dataclass_fields__.keys()
        if unknown:
            raise ValueError(f"no such columns: {sorted(unknown)}")
        names = ", ".join(f"{name} = ?" for name in columns)
        self._connection.execute(f"UPDATE device SET {names}", tuple(columns.values()))

    def authors(self) -> set[str]:
        """Every id this device has or had."""
        author = self.state().author
        return {row[0] for row in self.rows("SELECT author FROM former")} | ({author} if author else set())

    def add_former(self, author: str) -> None:
        self.write("INSERT OR IGNORE INTO former VALUES (?)", author)

    def is_past_epoch(self, epoch: str) -> bool:
        return bool(self.rows("SELECT 1 FROM past_epoch WHERE epoch = ?", epoch))

    def add_past_epoch(self, epoch: str) -> None:
        self.write("INSERT OR IGNORE INTO past_epoch VALUES (?)", epoch)

    # Its operations.

    def say(self, key: tuple[str, int], record: str, raw: bytes) -> None:
        """Put an operation at the end of the outbox."""
        self.write(
            "INSERT INTO operation (author, counter, record, raw) VALUES (?, ?, ?, ?)", key[0], key[1], record, raw
        )
        for sha256 in set(_digests(raw)) if b'"sha256"' in raw else ():
            self.write("UPDATE attachment SET named = 1 WHERE sha256 = ?", sha256.decode())

    def is_needed(self, sha256: str) -> bool:
        """Whether an operation names a file of which the server is not known to be safe."""
        sql = "SELECT 1 FROM operation WHERE state IN ('outbox', 'kept', 'aside') AND instr(raw, ?) > 0 LIMIT 1"
        return bool(self.rows(sql, sha256.encode()))

    def outbox(self, limit: int) -> list[Said]:
        """The head of the outbox, as it will be sent: what was turned back before comes later."""
        return self._said("WHERE state = 'outbox' ORDER BY tries, position LIMIT ?", limit)

    def said_of(self, record: str) -> list[Said]:
        """Everything the device still holds that it said of this record, in order."""
        return self._said("WHERE record = ? ORDER BY position", record)

    def said_in(self, *states: str) -> list[Said]:
        """The operations in these states, in order."""
        return self._said(f"WHERE state IN ({_marks(states)}) ORDER BY position", *states)

    def all_said(self) -> list[Said]:
        return self._said("ORDER BY position")

    def kept_through(self, author: str, counter: int) -> list[Said]:
        """What this author said up to this counter and the device keeps."""
        return self._said("WHERE state = 'kept' AND author = ? AND counter <= ? ORDER BY position", author, counter)

    def find(self, keys: Iterable[tuple[str, int]]) -> list[Said]:
        """The operations with these ids, in order."""
        found: list[Said] = []
        for some in _slices(list(keys), FIND_MAX // 2):
            values = [value for key in some for value in key]
            found += self._said(f"WHERE (author, counter) IN (VALUES {', '.join(['(?, ?)'] * len(some))})", *values)
        return sorted(found, key=lambda said: said.position)

    def count(self, state: str) -> int:
        return int(self.rows("SELECT count(*) FROM operation WHERE state = ?", state)[0][0])

    def count_untried(self) -> int:
        """How many operations of the outbox were never turned back."""
        return int(self.rows("SELECT count(*) FROM operation WHERE state = 'outbox' AND tries = 0")[0][0])

    def set_said(self, position: int, **columns: str | int | bytes | None) -> None:
        """Set columns of one operation."""
        names = ", ".join(f"{name} = ?" for name in columns)
        self.write(f"UPDATE operation SET {names} WHERE position = ?", *columns.values(), position)

    def turn_back(self, keys: Iterable[tuple[str, int]]) -> None:
        """Count one more attempt for each: it goes behind those that were turned back less often."""
        for author, counter in keys:
            self.write("UPDATE operation SET tries = tries + 1 WHERE author = ? AND counter = ?", author, counter)

    def queue_again(self, positions: Iterable[int]) -> None:
        """Back into the outbox, at its old place; what was known of it stays known."""
        for position in positions:
            self.set_said(position, state="outbox", tries=0)

    def forget_said(self, positions: Iterable[int]) -> None:
        """Drop operations that are safe at the top server and no longer needed to show the record."""
        for position in positions:
            self.write("DELETE FROM operation WHERE position = ?", position)

    def undeclared(self, author: str, limit: int) -> list[tuple[int, str, str]]:
        """(counter, reason, author) of what never comes, and of which the server may not know so.

        What this author set aside; and ids that were given up, as long as something kept comes after them.
        """
        sql = (
            "SELECT counter, reason, author FROM operation WHERE state = 'aside' AND declared = 0 AND author = ?"
            " UNION ALL SELECT counter, 'renamed', author FROM renamed WHERE EXISTS (SELECT 1 FROM operation later"
            " WHERE later.author = renamed.author AND later.counter > renamed.counter AND later.state = 'kept')"
            " ORDER BY 3, 1 LIMIT ?"
        )
        return [(row[0], row[1], row[2]) for row in self.rows(sql, author, limit)]

    def give_up(self, key: tuple[str, int]) -> None:
        """Nothing will be said under this id."""
        self.write("INSERT OR IGNORE INTO renamed VALUES (?, ?)", *key)

    def declare(self, author: str, through: int) -> None:
        """The server knows what this author set aside, up to this counter."""
        self.write(
            "UPDATE operation SET declared = 1 WHERE state = 'aside' AND author = ? AND counter <= ?", author, through
        )

    def undeclare(self) -> None:
        """Another server history: everything set aside has to be declared again."""
        self.write("UPDATE operation SET declared = 0 WHERE state = 'aside'")

    # What came down.

    def pulled(self, record: str) -> list[Json]:
        """The server's records with this UUID, submissions first; usually one."""
        rows = self.rows("SELECT body FROM record WHERE record = ? ORDER BY kind DESC, of", record)
        return [msgspec.json.decode(row[0]) for row in rows]

    def put_pulled(self, body: Json, round_: int) -> None:
        self.write(
            "INSERT OR REPLACE INTO record (record, kind, of, body, round) VALUES (?, ?, ?, ?, ?)",
            *(body["record"], body["kind"], body["of"], msgspec.json.encode(body), round_),
        )
        self.write("DELETE FROM gone WHERE record = ?", body["record"])

    def put_gone(self, record: str) -> None:
        self.write("DELETE FROM record WHERE record = ?", record)
        self.write("INSERT OR IGNORE INTO gone VALUES (?)", record)

    def is_gone(self, record: str) -> bool:
        return bool(self.rows("SELECT 1 FROM gone WHERE record = ?", record))

    def pulled_before(self, round_: int) -> list[Json]:
        """The server's records that the present round has not brought."""
        rows = self.rows("SELECT body FROM record WHERE round < ?", round_)
        return [msgspec.json.decode(row[0]) for row in rows]

    def carry_over(self, body: Json, round_: int) -> None:
        """Count a record as brought by this round."""
        key = (body["record"], body["kind"], body["of"])
        self.write("UPDATE record SET round = ? WHERE record = ? AND kind = ? AND of = ?", round_, *key)

    def record_ids(self) -> list[str]:
        """Every record that was pulled or spoken of, in the order of their UUIDs (which is that of time)."""
        found = self.rows("SELECT record FROM record UNION SELECT record FROM operation ORDER BY record")
        return [row[0] for row in found]

    def ask_afresh(self, record: str) -> None:
        """Remember to fetch this record by itself."""
        self.write("INSERT OR IGNORE INTO refresh VALUES (?)", record)

    def asked_afresh(self, limit: int) -> list[str]:
        return [row[0] for row in self.rows("SELECT record FROM refresh ORDER BY record LIMIT ?", limit)]

    def refreshed(self, record: str) -> None:
        self.write("DELETE FROM refresh WHERE record = ?", record)

    def forms(self) -> list[Json]:
        return [msgspec.json.decode(row[0]) for row in self.rows("SELECT body FROM form ORDER BY id, version")]

    def put_forms(self, forms: Sequence[Json]) -> None:
        """Replace the list of open forms."""
        self.write("DELETE FROM form")
        for form in forms:
            body = msgspec.json.encode(form)
            self.write("INSERT OR REPLACE INTO form VALUES (?, ?, ?)", form["id"], form["version"], body)

    def file(self, path: str) -> tuple[str | None, bytes] | None:
        """(ETag, bytes) of a downloaded file."""
        rows = self.rows("SELECT etag, body FROM file WHERE path = ?", path)
        return (rows[0][0], rows[0][1]) if rows else None

    def put_file(self, path: str, etag: str | None, body: bytes) -> None:
        self.write("INSERT OR REPLACE INTO file VALUES (?, ?, ?)", path, etag, body)

    def erase_pulled(self) -> None:
        """Erase what came from the server; what the device said itself is not touched."""
        for table in ("record", "gone", "refresh", "form", "file"):
            self.write(f"DELETE FROM {table}")

    def checkpoint(self) -> None:
        """Bring everything into the main file and empty the log beside it; outside a transaction."""
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _said(self, rest: str, *values: Any) -> list[Said]:
        return [_said(row) for row in self.rows(SAID + rest, *values)]

    def rows(self, statement: str, *values: Any) -> list[Any]:
        """What a statement finds."""
        return self._connection.execute(statement, values).fetchall()

    def write(self, statement: str, *values: Any) -> None:
        """Run a statement that changes something. Within a transaction."""
        self._writing()
        self._connection.execute(statement, values)

    def _writing(self) -> None:
        if not self._inside:
            raise RuntimeError("the store is written in a transaction only")


def _said(row: Sequence[Any]) -> Said:
    position, author, counter, record, raw, state, status, problems, epoch, tries, folded, reason = row
    listed = msgspec.json.decode(problems) if problems else []
    return Said(position, author, counter, record, raw, state, status, listed, epoch, tries, bool(folded), reason)


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


def _slices(values: list[tuple[str, int]], size: int) -> Iterator[list[tuple[str, int]]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
