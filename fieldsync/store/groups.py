"""Work of many threads, done in groups by one of them at a time: nobody waits for a thread that does nothing else."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any


class Task:
    """Work that waits to be done, and what came of it."""

    __slots__ = ("_turn", "error", "is_done", "result", "work")

    def __init__(self, work: Callable[..., Any]) -> None:
        self.work = work
        self.is_done = False
        self.result: Any = None
        self.error: BaseException | None = None
        self._turn = threading.Lock()
        self._turn.acquire()

    def wait(self) -> None:
        """Until the task is done, or its thread has to lead."""
        self._turn.acquire()

    def wake(self) -> None:
        """Let its thread go on."""
        self._turn.release()


class Groups:
    """Tasks in the order in which they came, up to `group_max` together; `run` does a group, and tells each its end.

    Whoever comes while nobody leads does so: its own task is the first of its group. Then the first of those that
    came meanwhile leads.
    """

    def __init__(self, run: Callable[[Sequence[Task]], None], group_max: int) -> None:
        self._run = run
        self._group_max = group_max
        self._waiting: deque[Task] = deque()
        self._is_led = False
        self._guard = threading.Lock()

    def waiting(self) -> int:
        """How many tasks wait for a leader."""
        return len(self._waiting)

    def do(self, task: Task) -> None:
        """Have a task done, by whoever leads."""
        with self._guard:
            self._waiting.append(task)
            leads, self._is_led = not self._is_led, True
        if not leads:
            task.wait()
        if not task.is_done:
            self._lead()

    def _lead(self) -> None:
        with self._guard:
            group = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._group_max))]
        try:
            self._run(group)
        finally:
            with self._guard:
                following = list(self._waiting)[:1]
                self._is_led = bool(following)
            for task in group:
                task.is_done = True
            for task in (*group, *following):
                task.wake()
