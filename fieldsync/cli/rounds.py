"""Which connections have something to say: the kernel keeps the list, and whoever changes one says so.

waitress makes the list anew in each round, and after each answer a thread that answers has to wake the one that reads
so that it does: a small request cost two rounds, and two more turns of the threads. Only Linux has such a list.
"""

import select
import threading
from typing import Any

from waitress.wasyncore import readwrite


class PlainRounds:
    """The connections of a server of waitress in its own rounds, where the kernel keeps no such list."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def go(self, seconds: float) -> None:
        """One round: hear everybody who has something to say, the first within so many seconds."""
        self._server.asyncore.loop(timeout=seconds, map=self._server._map, use_poll=True, count=1)

    def came(self, connection: Any) -> None:
        """A connection is there now."""

    def due(self, number: int) -> None:
        """A connection was heard, or answered, or has more to send; any thread may say so."""
        self._server.pull_trigger()

    def left(self, number: int) -> None:
        """A connection is about to be closed."""

    def begin_anew(self) -> None:
        """A round was broken off: who had something to say in it, and was not heard, is told of again."""


class Rounds(PlainRounds):
    """The connections of a server of waitress. Each is told of once, and then when it is `due` again."""

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self._connections: dict[int, Any] = server.active_channels
        self._poll = select.epoll()
        self._guard = threading.Lock()
        self._takes_more = True
        for number in server._map:  # it takes connections, and it can be woken: both at any time
            self._poll.register(number, select.EPOLLIN)

    def go(self, seconds: float) -> None:
        """One round: hear everybody who has something to say, the first within so many seconds."""
        self._look_around()
        for number, flags in self._poll.poll(seconds):
            each = self._server._map.get(number)
            if each is not None:
                readwrite(each, flags)
                self.due(number)

    def came(self, connection: Any) -> None:
        """A connection is there now."""
        self._poll.register(connection.socket, select.EPOLLIN | select.EPOLLPRI | select.EPOLLONESHOT)

    def due(self, number: int) -> None:
        """A connection was heard, or answered, or has more to send; any thread may say so."""
        with self._guard:  # what it wants now is asked and said in one go
            connection = self._connections.get(number)
            if connection is None:
                return
            wanted = select.EPOLLIN | select.EPOLLPRI if connection.readable() else 0
            wanted |= select.EPOLLOUT if connection.writable() else 0
            if wanted:
                self._poll.modify(number, wanted | select.EPOLLONESHOT)

    def left(self, number: int) -> None:
        """A connection is about to be closed; where a process was forked meanwhile, the kernel would go on telling."""
        with self._guard:
            if self._connections.pop(number, None) is not None:
                self._poll.unregister(number)

    def begin_anew(self) -> None:
        """A round was broken off: who had something to say in it, and was not heard, is told of again."""
        for number in list(self._connections):
            self.due(number)

    def _look_around(self) -> None:
        """What waitress does between rounds: close who is silent, and take no more connections than it may."""
        looked = self._server.next_channel_cleanup
        takes_more = bool(self._server.readable())
        if takes_more is not self._takes_more and self._server._fileno is not None:
            self._poll.modify(self._server._fileno, select.EPOLLIN if takes_more else 0)
            self._takes_more = takes_more
        if self._server.next_channel_cleanup != looked:
            self.begin_anew()


class Door:
    """A server as one of its connections knows it: what wakes waitress's loop calls for this connection alone."""

    def __init__(self, server: Any, rounds: PlainRounds, number: int) -> None:
        self._server = server
        self._rounds = rounds
        self._number = number

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)

    def pull_trigger(self) -> None:
        """The connection has to be looked at again."""
        self._rounds.due(self._number)

    def leave(self) -> None:
        """The connection is about to be closed."""
        self._rounds.left(self._number)


def rounds_of(server: Any) -> PlainRounds:
    """The rounds of a server, as this system knows them."""
    return Rounds(server) if hasattr(select, "epoll") else PlainRounds(server)
