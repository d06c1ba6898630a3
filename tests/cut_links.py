"""A link that is cut where a story wants it, or at random: a TCP relay that counts, and lets so many bytes through."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

READ_BYTES = 64 * 1024

UP, DOWN = "up", "down"


class Link:
    """Relays to a port. `heard`: what passed since the last `listen`, by direction; `cuts`: how often it was cut.

    `lives`: draws for each connection how many bytes it lets up.
    """

    def __init__(self, port: int, lives: Callable[[], int] | None = None) -> None:
        self.cuts = 0
        self.heard = {UP: bytearray(), DOWN: bytearray()}
        self._port = port
        self._left: dict[str, int] = {}
        self._lives = lives
        self._guard = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]

    def listen(self) -> None:
        """Begin anew to count, and cut no more."""
        with self._guard:
            self.heard = {UP: bytearray(), DOWN: bytearray()}
            self._left.clear()

    def cut(self, direction: str, after: int) -> None:
        """Once, when so many bytes more have passed in a direction, the connection of that byte ends."""
        self.listen()
        with self._guard:
            self._left[direction] = after

    def serve(self) -> None:
        """Until it is closed."""
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(near,), daemon=True).start()

    def close(self) -> None:
        """No further connections."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _relay(self, near: socket.socket) -> None:
        far = socket.create_connection(("127.0.0.1", self._port))
        left = {UP: self._lives()} if self._lives else self._left
        with contextlib.suppress(OSError), near, far, selectors.DefaultSelector() as ready:
            ready.register(near, selectors.EVENT_READ, (near, far, UP))
            ready.register(far, selectors.EVENT_READ, (far, near, DOWN))
            while all(self._pass(left, *key.data) for key, _ in ready.select()):
                pass

    def _pass(self, lives: dict[str, int], source: socket.socket, target: socket.socket, direction: str) -> bool:
        """Carry what came; whether the connection goes on."""
        data = source.recv(READ_BYTES)
        with self._guard:
            left = lives.get(direction)
            is_cut = left is not None and bool(data) and len(data) >= left
            passed = data[:left] if is_cut else data
            self.heard[direction] += passed
            if is_cut:
                lives.clear()
                self.cuts += 1
            elif left is not None:
                lives[direction] = left - len(data)
        target.sendall(passed)
        return bool(data) and not is_cut


@contextmanager
def link_to(port: int, lives: Callable[[], int] | None = None) -> Iterator[Link]:
    """A relay that runs."""
    link = Link(port, lives)
    thread = threading.Thread(target=link.serve, daemon=True)
    thread.start()
    try:
        yield link
    finally:
        link.close()
        thread.join()
