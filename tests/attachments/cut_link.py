"""A link that is cut at random bytes: a TCP relay whose connections end after so many bytes up."""

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

UP_BYTES = (200, 24_000)
"""Between how many bytes a connection is cut; requests of a piece of 8 KiB sometimes get through."""

READ_BYTES = 4096


class CutLink:
    """Relays to a port; every connection has a number of bytes to live, drawn from seeded dice."""

    def __init__(self, port: int, seed: int) -> None:
        self.port = port
        self.cuts = 0
        self._dice = random.Random(seed)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url_port = self._listening.getsockname()[1]

    def serve(self) -> None:
        """Until it is closed."""
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(near, self._dice.randint(*UP_BYTES)), daemon=True).start()

    def close(self) -> None:
        """No further connections."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _relay(self, near: socket.socket, left: int) -> None:
        with near, socket.create_connection(("127.0.0.1", self.port)) as far:
            threading.Thread(target=_pump, args=(far, near), daemon=True).start()
            with suppress(OSError):
                while left > 0 and (data := near.recv(min(READ_BYTES, left))):
                    far.sendall(data)
                    left -= len(data)
                self.cuts += left <= 0
                far.shutdown(socket.SHUT_RDWR)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(READ_BYTES):
            target.sendall(data)


@contextmanager
def cut_link(port: int, seed: int) -> Iterator[CutLink]:
    """A relay that runs."""
    link = CutLink(port, seed)
    thread = threading.Thread(target=link.serve, daemon=True)
    thread.start()
    try:
        yield link
    finally:
        link.close()
        thread.join()
