"""The threads that answer: one phone after the other is answered by the same, many at once by all."""

import threading
import time
from collections.abc import Iterator

import pytest
from waitress.task import ThreadedTaskDispatcher

from fieldsync.cli.worker_threads import dispatcher

THREADS = 4
WAIT_SECONDS = 30


@pytest.fixture
def workers() -> Iterator[ThreadedTaskDispatcher]:
    made = dispatcher(THREADS)
    yield made
    assert made.shutdown(timeout=WAIT_SECONDS)
    assert made.threads == set()


class Request:
    """Something to answer: it tells by which thread, and waits for `go_on`."""

    def __init__(self, go_on: threading.Event | None = None) -> None:
        self.by = ""
        self.begun, self.done, self.go_on = threading.Event(), threading.Event(), go_on

    def service(self) -> None:
        self.by = threading.current_thread().name
        self.begun.set()
        if self.go_on is not None:
            assert self.go_on.wait(WAIT_SECONDS)
        self.done.set()

    def cancel(self) -> None: ...


def asleep(workers: ThreadedTaskDispatcher) -> None:
    """Until nobody answers any more."""
    until = time.monotonic() + WAIT_SECONDS
    while workers.active_count and time.monotonic() < until:
        time.sleep(0.001)
    assert workers.active_count == 0


def test_one_phone_after_the_other_is_answered_by_one_thread(workers: ThreadedTaskDispatcher) -> None:
    asked = [Request() for _ in range(20)]
    for each in asked:
        asleep(workers)
        workers.add_task(each)
        assert each.done.wait(WAIT_SECONDS)
    assert len({each.by for each in asked}) == 1


def test_many_at_once_are_answered_by_all_and_whoever_comes_then_waits_her_turn(
    workers: ThreadedTaskDispatcher,
) -> None:
    go_on = threading.Event()
    asleep(workers)
    first, then = [Request(go_on) for _ in range(THREADS)], [Request() for _ in range(3 * THREADS)]
    for each in (*first, *then):
        workers.add_task(each)
    assert all(each.begun.wait(WAIT_SECONDS) for each in first)
    assert len({each.by for each in first}) == THREADS
    assert not any(each.begun.is_set() for each in then)
    go_on.set()
    assert all(each.done.wait(WAIT_SECONDS) for each in then)
