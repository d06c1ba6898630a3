"""The tables of a device's store, and how its file is opened."""

import contextlib
import sqlite3
from collections.abc import Sequence

VERSION = 4

BUSY_MS = 30_000
"""How long a second process that opened the same file waits for the first."""

TABLES = """
CREATE TABLE device (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    author TEXT,                            -- null before enrolment
    token TEXT,
    key TEXT,                               -- proves the same device when its token is gone
    proven INTEGER NOT NULL DEFAULT 0,      -- 1: the server took the key with this id
    association TEXT NOT NULL DEFAULT '',
    url TEXT NOT NULL DEFAULT '',
    openrosa_url TEXT NOT NULL DEFAULT '',
    next_author TEXT,                       -- asked for and not yet answered
    renew INTEGER NOT NULL DEFAULT 0,       -- 1: this life of the phone needs an id of its own
    counter INTEGER NOT NULL DEFAULT 0,
    clock_ms INTEGER NOT NULL DEFAULT 0,
    clock_n INTEGER NOT NULL DEFAULT 0,
    epoch TEXT,
    cursor TEXT,
    round INTEGER NOT NULL DEFAULT 0,       -- how often the cursor went back to null
    standing TEXT NOT NULL DEFAULT 'active',
    lease_until INTEGER,                    -- server time, ms
    batch INTEGER NOT NULL DEFAULT 25,
    suspects INTEGER NOT NULL DEFAULT 0,    -- so many at the head of the outbox hold one that was refused
    accused INTEGER,                        -- position of the one that was refused alone
    failures INTEGER NOT NULL DEFAULT 0,
    next_attempt_ms INTEGER NOT NULL DEFAULT 0,
    witness TEXT,                           -- the server's own word on what it knew, given back to it
    vouch INTEGER NOT NULL DEFAULT 0        -- 1: the server may have forgotten which ids are ours
);
CREATE TABLE former (author TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE past_epoch (epoch TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE renamed (author TEXT, counter INTEGER, PRIMARY KEY (author, counter)) WITHOUT ROWID;
CREATE TABLE operation (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    author TEXT NOT NULL,
    counter INTEGER NOT NULL,
    record TEXT NOT NULL,
    raw BLOB NOT NULL,                      -- the exact JSON, sent as it is for ever
    state TEXT NOT NULL DEFAULT 'outbox',   -- outbox, kept, safe (durable, still needed for the view), aside
    status TEXT,                            -- of its last durable result
    problems BLOB,                          -- of that result, JSON
    epoch TEXT,                             -- the one that acknowledged it
    tries INTEGER NOT NULL DEFAULT 0,
    folded INTEGER NOT NULL DEFAULT 0,      -- 1: the pulled record contains it
    reason TEXT,                            -- why it was set aside
    declared INTEGER NOT NULL DEFAULT 0,    -- 1: the server knows it as void
    UNIQUE (author, counter)
);
CREATE INDEX operation_order ON operation (state, tries, position);
CREATE INDEX operation_record ON operation (record, position);
CREATE TABLE record (
    record TEXT NOT NULL, kind TEXT NOT NULL, of TEXT NOT NULL,
    body BLOB NOT NULL,
    round INTEGER NOT NULL,
    PRIMARY KEY (record, kind, of)
) WITHOUT ROWID;
CREATE INDEX record_round ON record (round);
CREATE TABLE gone (record TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE refresh (record TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE form (
    id TEXT NOT NULL, version TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (id, version)
) WITHOUT ROWID;
CREATE TABLE file (path TEXT PRIMARY KEY, etag TEXT, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE attachment (                   -- files of the device's own records, beside the store
    sha256 TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    upload TEXT,                            -- where the server takes it, once it was announced
    named INTEGER NOT NULL DEFAULT 0,       -- 1: an operation names it
    epoch TEXT,                             -- the one in which the server had it whole
    refused TEXT,                           -- why the server never takes it
    failures INTEGER NOT NULL DEFAULT 0,
    next_attempt_ms INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
INSERT INTO device (only) VALUES (1);
PRAGMA user_version = 4;
"""


FROM_VERSION_1 = (
    "ALTER TABLE device ADD COLUMN witness TEXT",
    "ALTER TABLE device ADD COLUMN vouch INTEGER NOT NULL DEFAULT 0",
    "PRAGMA user_version = 2",
)
FROM_VERSION_2 = (
    "CREATE TABLE attachment (sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,"
    " upload TEXT, named INTEGER NOT NULL DEFAULT 0, epoch TEXT, refused TEXT, failures INTEGER NOT NULL DEFAULT 0,"
    " next_attempt_ms INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID",
    "PRAGMA user_version = 3",
)
FROM_VERSION_3 = (
    "CREATE TABLE renamed (author TEXT, counter INTEGER, PRIMARY KEY (author, counter)) WITHOUT ROWID",
    "PRAGMA user_version = 4",
)


class StoreTooNew(Exception):
    """The file was written by a later version of this program."""


def prepare(connection: sqlite3.Connection) -> None:
    """Make a fresh connection durable and create what is missing; safe to repeat after a crash anywhere."""
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    tables = [statement for statement in TABLES.split(";") if statement.strip()]
    for version, statements in ((0, tables), (1, FROM_VERSION_1), (2, FROM_VERSION_2), (3, FROM_VERSION_3)):
        if _version(connection) == version:
            _step(connection, version, statements)
    if _version(connection) > VERSION:
        raise StoreTooNew


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _step(connection: sqlite3.Connection, version: int, statements: Sequence[str]) -> None:
    """One transaction, statement by statement; another process may have been faster."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _version(connection) == version:
            for statement in statements:
                connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.rollback()
        raise
