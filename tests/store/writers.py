"""Processes that write the change log, some of their transactions failing; and processes that sync."""

import random
import secrets
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from fieldsync.app import create_app, now_ms, set_up
from fieldsync.config import Settings
from fieldsync.store import associations, changes, server
from fieldsync.store.changes import NewChange
from fieldsync.store.db import Database, execute
from fieldsync.store.engines import open_engine

ABORTS = 0.2
Json = dict[str, Any]


FORKING = get_context("forkserver")
FORKING.set_forkserver_preload(["tests.store.writers"])


def processes(count: int) -> ProcessPoolExecutor:
    """Processes of this module, forked from one that has read the program once and holds no connection."""
    return ProcessPoolExecutor(count, mp_context=FORKING)


class Aborted(Exception):
    """A transaction that changes its mind at the last moment."""


def write_log(url: str, association_id: int, seed: int, transactions: int) -> int:
    """Append to the log in so many transactions, a fifth of which fail; how many rows were committed."""
    dice = random.Random(seed)
    database = Database(open_engine(url))
    with database.read() as session:
        assert server.identity(session) is not None
    committed = 0

    def work(session: Session) -> int:
        execute(session, "SELECT count(*) FROM change_log").scalar()
        time.sleep(dice.uniform(0, 0.003))
        count = dice.randint(1, 5)
        positions = associations.draw_positions(session, association_id, count)
        rows = [NewChange(seed, number, 0, "") for number in range(count)]
        changes.append(session, association_id, positions, rows, seed)
        if dice.random() < ABORTS:
            raise Aborted
        return count

    for _ in range(transactions):
        with suppress(Aborted):
            committed += database.write(work)
    database.close()
    return committed


def sync_batches(url: str, token: str, batches: list[list[Json]]) -> list[str]:
    """Send batches through an application of this process; the status of every operation, "retry" said again."""
    engine = open_engine(url)
    settings = Settings()
    database = set_up(engine, settings, now_ms, secrets.token_bytes)
    client = create_app(settings, database).test_client()
    statuses: list[str] = []
    for batch in batches:
        body = {"protocol": 1, "now": 1, "cursor": None, "pull": "none", "operations": batch}
        answer = client.post(
            "/api/v1/sync", data=msgspec.json.encode(body), headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == 200, answer.text
        statuses += [result["status"] for result in answer.get_json()["results"]]
    database.close()
    return statuses
