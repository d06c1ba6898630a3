"""What every test has: hypothesis profiles, and the rule that nothing is skipped."""

import os
import shutil
import signal
import threading
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine

from fieldsync.config import Settings
from fieldsync.services import conversion
from fieldsync.services.conversion_worker import answer
from fieldsync.store.engines import open_engine
from tests import databases
from tests.world import World

# No deadline anywhere: no test of ours depends on how fast a shared machine is.
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)
settings.register_profile("quick", deadline=None, max_examples=60, suppress_health_check=SLOW)
settings.register_profile(
    "ci", deadline=None, max_examples=60, suppress_health_check=SLOW, print_blob=True, database=None
)
settings.register_profile("long", deadline=None, max_examples=2000, suppress_health_check=SLOW, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "quick"))


def pytest_configure() -> None:
    """Ctrl-C reaches what tests start, also where a shell has told tests in the background to ignore it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that skips itself, or is expected to fail, fails: a promise is tested or it is not made."""
    report = yield
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} was skipped or expected to fail, and neither is allowed: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A SQLite file with the present schema, to be copied."""
    with databases.migrated_file(tmp_path_factory.mktemp("schema")) as path:
        yield path


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """PostgreSQL from its wheel, started once a test process."""
    with databases.postgresql_url() as url:
        yield url


@pytest.fixture
def sqlite_engine(migrated_file: Path, tmp_path: Path) -> Iterator[Engine]:
    """An empty SQLite database in a file of its own."""
    path = tmp_path / "fieldsync.db"
    shutil.copy(migrated_file, path)
    engine = databases.sqlite_engine(path)
    yield engine
    engine.dispose()


@pytest.fixture
def postgresql_engine(postgresql_url: str) -> Iterator[Engine]:
    """The process's PostgreSQL database, emptied."""
    engine = open_engine(postgresql_url)
    databases.empty(engine)
    yield engine
    engine.dispose()


@pytest.fixture(params=databases.KINDS)
def engine(request: pytest.FixtureRequest) -> Engine:
    """An empty database of each kind: a test that asks for it runs on both."""
    found: Engine = request.getfixturevalue(f"{request.param}_engine")
    return found


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> Iterator[World]:
    """A server on an empty database, with one association and its forms; its files lie in the test's folder."""
    made = World(engine, Settings(data=tmp_path / "data"))
    yield made
    made.database.close()


@pytest.fixture
def converted_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Definitions are converted in this process; of the process of its own tells tests/services/test_conversion.py."""
    monkeypatch.setattr(conversion, "_run_worker", answer)
