"""The threads that answer: who answered last answers next."""

import threading

from waitress.task import ThreadedTaskDispatcher


class LastAsleep:
    """What waitress asks of a `threading.Condition`; it wakes whoever went to sleep last, `Condition` the first.

    The memory of a thread that has just answered is still near the processor. Sixteen that answer in turn each find
    theirs gone: a record by one phone at a time costs a twentieth more.
    """

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock
        self._asleep: list[threading.Lock] = []

    def wait(self) -> None:
        """Sleep until woken; the lock is held before and after."""
        alarm = threading.Lock()
        alarm.acquire()
        self._asleep.append(alarm)
        self._lock.release()
        try:
            alarm.acquire()
        finally:
            self._lock.acquire()

    def notify(self) -> None:
        """Wake one, if somebody sleeps; the lock is held."""
        if self._asleep:
            self._asleep.pop().release()

    def notify_all(self) -> None:
        """Wake everybody; the lock is held."""
        while self._asleep:
            self.notify()


def dispatcher(threads: int) -> ThreadedTaskDispatcher:
    """Waitress's own dispatcher, with so many threads of which the last asleep is woken."""
    made = ThreadedTaskDispatcher()
    made.queue_cv = LastAsleep(made.lock)
    made.set_thread_count(threads)
    return made
