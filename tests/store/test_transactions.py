"""What the protocol rests on: savepoints that obey, writers that wait, snapshots, and commits in groups."""

import contextlib
import fcntl
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from fieldsync.store import associations, driver
from fieldsync.store.db import Busy, Database, execute, savepoint
from fieldsync.store.engines import SqliteOptions, open_engine


@pytest.fixture
def database(engine: Engine) -> Iterator[Database]:
    made = Database(engine)
    yield made
    made.close()


@pytest.fixture
def sqlite(sqlite_engine: Engine) -> Iterator[Database]:
    made = Database(sqlite_engine)
    yield made
    made.close()


def slugs(database: Database) -> list[str]:
    with database.read() as session:
        return [row.slug for row in associations.everyone(session)]


def test_rows_written_in_a_savepoint_do_not_survive_the_outer_rollback(engine: Engine) -> None:
    with Session(engine) as session:
        with session.begin_nested():
            associations.add(session, "inside", "Inside")
        session.rollback()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM association")).scalar_one() == 0


def test_a_savepoint_that_fails_takes_only_its_own_rows(database: Database) -> None:
    def work(session: Session) -> None:
        associations.add(session, "before", "Before")
        savepoint = session.begin_nested()
        associations.add(session, "inside", "Inside")
        savepoint.rollback()
        associations.add(session, "after", "After")

    database.write(work)
    assert slugs(database) == ["after", "before"]


@pytest.mark.parametrize("fails", [False, True])
def test_a_savepoint_of_ours_does_as_much(database: Database, fails: bool) -> None:
    def work(session: Session) -> None:
        associations.add(session, "before", "Before")
        with contextlib.suppress(KeyError), savepoint(session):
            associations.add(session, "inside", "Inside")
            with contextlib.suppress(ValueError), savepoint(session):
                associations.add(session, "deeper", "Deeper")
                raise ValueError
            if fails:
                raise KeyError
        associations.add(session, "after", "After")

    database.write(work)
    assert slugs(database) == (["after", "before"] if fails else ["after", "before", "inside"])


def test_work_that_fails_leaves_nothing_and_tells_why(database: Database) -> None:
    def work(session: Session) -> None:
        associations.add(session, "amal", "Amal")
        raise LookupError("no such thing")

    with pytest.raises(LookupError):
        database.write(work)
    assert slugs(database) == []


def test_what_a_reader_writes_is_lost(database: Database) -> None:
    with database.read() as session:
        associations.everyone(session)
        try:
            associations.add(session, "amal", "Amal")
        except Exception:
            session.rollback()
    assert slugs(database) == []


def test_a_reader_keeps_its_snapshot_while_others_write(database: Database) -> None:
    with database.read() as session:
        before = associations.everyone(session)
        database.write(lambda other: associations.add(other, "amal", "Amal"))
        assert associations.everyone(session) == before == []
    assert slugs(database) == ["amal"]


def test_sqlite_acknowledges_only_what_is_on_disk(sqlite_engine: Engine) -> None:
    sqlite = Database(open_engine(str(sqlite_engine.url)))
    pragmas = {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1, "page_size": 4096}

    def ask(session: Session) -> dict[str, object]:
        return {name: execute(session, f"PRAGMA {name}").scalar() for name in pragmas}

    assert sqlite.write(ask) == pragmas
    with sqlite.read() as session:
        assert ask(session) == pragmas
    sqlite.close()


@pytest.mark.parametrize(("page_bytes", "log_pages"), [(4096, 1000), (8192, 500)])
def test_a_file_with_pages_of_another_size_has_a_log_of_the_same_length(
    tmp_path: Path, page_bytes: int, log_pages: int
) -> None:
    path = tmp_path / "kept.db"
    with contextlib.closing(sqlite3.connect(path)) as made:
        made.execute(f"PRAGMA page_size = {page_bytes}")
        made.execute("CREATE TABLE kept (id INTEGER)")
    engine = open_engine(f"sqlite:///{path}", SqliteOptions(checkpoint_pages=1000))
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA page_size")).scalar() == page_bytes
        assert connection.execute(text("PRAGMA wal_autocheckpoint")).scalar() == log_pages
    engine.dispose()


def test_postgresql_acknowledges_only_what_is_on_disk(postgresql_engine: Engine) -> None:
    with postgresql_engine.connect() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"
        assert connection.execute(text("SHOW lock_timeout")).scalar() == "5s"


def test_writers_begin_immediate_and_readers_do_not(sqlite: Database) -> None:
    begun: list[str] = []

    def note(statement: str) -> None:
        if statement.startswith("BEGIN"):
            begun.append(statement)

    @event.listens_for(sqlite.engine, "checkout")
    def trace(connection: sqlite3.Connection, *_rest: object) -> None:
        connection.set_trace_callback(note)

    for _ in range(2):
        sqlite.write(lambda session: associations.everyone(session))
    assert begun == ["BEGIN", "BEGIN IMMEDIATE", "BEGIN IMMEDIATE"]  # the first ends at once: SQLAlchemy's own
    with sqlite.read() as session:
        associations.everyone(session)
    assert begun[3:] == ["BEGIN"]


def in_one_group(database: Database, works: list[object]) -> list[object]:
    """Let several threads hand in work while the writer is busy, so that it takes all of it into one transaction."""
    started, go_on = threading.Event(), threading.Event()
    outcomes: list[object] = [None] * len(works)

    def first(_session: Session) -> None:
        started.set()
        go_on.wait()

    def hand_in(place: int) -> None:
        try:
            outcomes[place] = database.write(works[place])  # type: ignore[arg-type]
        except Exception as error:
            outcomes[place] = error

    threads = [threading.Thread(target=database.write, args=(first,))]
    threads[0].start()
    started.wait()
    threads += [threading.Thread(target=hand_in, args=(place,)) for place in range(len(works))]
    for thread in threads[1:]:
        thread.start()
    while database._groups.waiting() < len(works):
        pass
    go_on.set()
    for thread in threads:
        thread.join()
    return outcomes


def add(slug: str) -> object:
    return lambda session: associations.add(session, slug, slug).slug


def fails_after(slug: str, error: Exception) -> object:
    def work(session: Session) -> None:
        associations.add(session, slug, slug)
        raise error

    return work


def failing(error: Exception) -> Callable[[Connection], None]:
    def fail(_connection: Connection) -> None:
        raise error

    return fail


def test_one_commit_for_all_that_waits(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    commits, commit = list[int](), driver.commit_on_sqlite

    def counted(connection: Connection) -> None:
        commits.append(1)
        commit(connection)

    monkeypatch.setattr(driver, "commit_on_sqlite", counted)
    assert sorted(map(str, in_one_group(sqlite, [add(slug) for slug in "abcdefgh"]))) == list("abcdefgh")
    assert len(commits) == 2
    assert slugs(sqlite) == list("abcdefgh")


def test_one_task_that_fails_does_not_fail_the_others_of_its_group(sqlite: Database) -> None:
    outcomes = in_one_group(sqlite, [add("a"), fails_after("b", ValueError("b")), add("a"), add("c")])
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["IntegrityError", "ValueError", "str", "str"]
    assert slugs(sqlite) == ["a", "c"]


def test_a_group_in_which_a_task_fails_begins_again_and_each_is_answered_for_what_was_kept(sqlite: Database) -> None:
    runs, savepoints = list[str](), list[str]()

    def noted(slug: str, fails: bool = False) -> object:
        def work(session: Session) -> int:
            runs.append(slug)
            associations.add(session, slug, slug)
            if fails:
                raise ValueError(slug)
            return len(associations.everyone(session))

        return work

    @event.listens_for(sqlite.engine, "checkout")
    def trace(connection: sqlite3.Connection, *_rest: object) -> None:
        connection.set_trace_callback(lambda sql: savepoints.append(sql) if sql.startswith("SAVEPOINT") else None)

    assert in_one_group(sqlite, [noted("a"), noted("b")]) in ([1, 2], [2, 1])
    assert savepoints == []
    outcomes = in_one_group(sqlite, [noted("c"), noted("d", fails=True), noted("e")])
    assert sorted(str(each) for each in outcomes) == ["3", "4", "d"]
    assert slugs(sqlite) == ["a", "b", "c", "e"]
    first, again = runs[2:-3], runs[-3:]
    assert first[-1] == "d" and again[: len(first)] == first and sorted(again) == ["c", "d", "e"]
    assert len(savepoints) == 3


def test_a_full_disk_fails_the_whole_group_as_busy_and_the_writer_goes_on(sqlite: Database) -> None:
    full = OperationalError("INSERT", {}, Exception("database or disk is full"))
    outcomes = in_one_group(sqlite, [add("a"), fails_after("b", full), add("c")])
    assert [type(outcome) for outcome in outcomes] == [Busy, Busy, Busy]
    assert slugs(sqlite) == []
    assert sqlite.write(add("d")) == "d"  # type: ignore[arg-type]


def test_a_commit_that_fails_fails_everyone_in_it_as_busy(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(
            driver, "commit_on_sqlite", failing(OperationalError("COMMIT", {}, Exception("disk I/O error")))
        )
        for work in (add("a"), add("b")):
            with pytest.raises(Busy):
                sqlite.write(work)  # type: ignore[arg-type]
    assert slugs(sqlite) == []
    assert sqlite.write(add("c")) == "c"  # type: ignore[arg-type]


def test_a_fault_of_the_writer_itself_reaches_who_waits_and_the_writer_goes_on(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(driver, "commit_on_sqlite", failing(RuntimeError("a fault of ours")))
        with pytest.raises(RuntimeError):
            sqlite.write(add("a"))  # type: ignore[arg-type]
    assert sqlite.write(add("b")) == "b"  # type: ignore[arg-type]
    assert slugs(sqlite) == ["b"]


def test_another_process_that_holds_the_file_is_waited_for_then_busy(migrated_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "waits.db"
    path.write_bytes(migrated_file.read_bytes())
    database = Database(open_engine(f"sqlite:///{path}", SqliteOptions(busy_timeout_ms=50)))
    holder = open_engine(f"sqlite:///{path}")
    with holder.begin() as connection:
        connection.execute(text("SELECT 1"))
        with pytest.raises(Busy):
            database.write(add("a"))  # type: ignore[arg-type]
    assert database.write(add("b")) == "b"  # type: ignore[arg-type]
    database.close()
    holder.dispose()


def test_writers_wait_for_the_file_lock_of_other_processes(sqlite: Database) -> None:
    path = Path(f"{sqlite.engine.url.database}.lock")
    done = threading.Event()

    def write() -> None:
        sqlite.write(add("a"))  # type: ignore[arg-type]
        done.set()

    with path.open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        thread = threading.Thread(target=write)
        thread.start()
        assert not done.wait(0.2)
        assert slugs(sqlite) == []
    thread.join()
    assert slugs(sqlite) == ["a"]


def test_postgresql_gives_up_a_lock_after_its_time_as_busy(postgresql_url: str, postgresql_engine: Engine) -> None:
    database = Database(open_engine(postgresql_url, lock_timeout_seconds=0.1))
    database.write(add("a"))  # type: ignore[arg-type]
    with postgresql_engine.begin() as holder:
        holder.execute(text("SELECT * FROM association FOR UPDATE"))
        with pytest.raises(Busy):
            database.write(lambda session: associations.draw_positions(session, 1, 1))
    assert database.write(lambda session: associations.draw_positions(session, 1, 1)) == range(1, 2)
    database.close()


def test_a_transaction_that_was_in_anothers_way_is_tried_again(postgresql_engine: Engine) -> None:
    """Two transactions lock two rows in opposite order: PostgreSQL ends one of them, and it begins again."""
    database = Database(postgresql_engine)
    for slug in ("a", "b"):
        database.write(add(slug))  # type: ignore[arg-type]
    both = threading.Barrier(2)
    tries: list[str] = []

    def lock(order: str) -> object:
        first_time = [True]

        def work(session: Session) -> None:
            tries.append(order)
            for slug in order:
                execute(session, "UPDATE association SET name = name || 'x' WHERE slug = ?", (slug,))
                if first_time.pop() if first_time else False:
                    both.wait()

        return work

    threads = [threading.Thread(target=database.write, args=(lock(order),)) for order in ("ab", "ba")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert [row.name for row in associations.everyone(session)] == ["axx", "bxx"]
    assert len(tries) > 2


def test_what_a_reader_left_behind_does_not_reach_the_next(sqlite: Database) -> None:
    with sqlite.read() as session:
        session.info["remembered"] = "of this snapshot"
        associations.add(session, "amal", "Amal")
    with contextlib.suppress(LookupError), sqlite.read() as session:
        associations.add(session, "amal", "Amal")
        raise LookupError
    with contextlib.suppress(OperationalError), sqlite.read() as session:
        execute(session, "SELECT nothing FROM nowhere")
    with sqlite.read() as session:
        session.rollback()
    sqlite.write(add("b"))  # type: ignore[arg-type]
    with sqlite.read() as session:
        assert "remembered" not in session.info
        assert [row.slug for row in associations.everyone(session)] == ["b"]


def test_readers_inside_readers_have_snapshots_of_their_own(database: Database) -> None:
    with database.read() as outer:
        assert associations.everyone(outer) == []
        database.write(add("a"))  # type: ignore[arg-type]
        with database.read() as inner:
            assert [row.slug for row in associations.everyone(inner)] == ["a"]
        assert associations.everyone(outer) == []


def test_a_task_knows_nothing_of_the_one_before(database: Database) -> None:
    """On SQLite both have the same session."""

    def fails(session: Session) -> None:
        session.info["note"] = "of this task alone"
        session.begin_nested()
        associations.add(session, "half-done", "Half done")
        raise ValueError

    with pytest.raises(ValueError):
        database.write(fails)
    kept = database.write(lambda session: (session.info.get("note"), len(associations.everyone(session))))
    assert kept == (None, 0)
