"""What came of an upload before its link was cut goes to the application; waitress alone hands on whole requests.

The body waits in waitress as before, so a slow phone holds no thread; when its link is gone, the part that came is
handed on as the body of a request whose sender is cut off, which is what a server without a buffer hands on
(docs/attachments.md). Where a link died without a word the phone comes back over another: that ends the first.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from waitress.task import WSGITask

from fieldsync.core.tus import BODY_TYPE

_log = logging.getLogger(__name__)

RECEIVE_BYTES = 64 * 1024

CLOSE_SECONDS = 2.0
"""How long a request waits until another connection is closed."""

Key = tuple[str, str]


def key_of(request: Any) -> Key:
    """Whose upload a request is about: its address, and the secret of who asks; nobody ends another's."""
    return request.path, request.headers.get("AUTHORIZATION", "")


def is_piece(request: Any) -> bool:
    """Whether a request brings a piece of an upload."""
    return not request.error and request.headers.get("CONTENT_TYPE") == BODY_TYPE


class ComingUpload:
    """A piece of an upload whose body is on its way over a connection. A task of waitress, once it is cut."""

    def __init__(self, channel: Any, request: Any) -> None:
        self.channel, self.request, self.key = channel, request, key_of(request)
        self._guard, self._is_over = threading.Lock(), False
        self._closed = threading.Event()

    def came_whole(self) -> None:
        """It is an ordinary request now."""
        self._is_over = True
        self.channel.uploads.forget(self)

    def close(self) -> None:
        """Its connection is about to be closed, by the thread that reads: what lies ready is the last of it."""
        with suppress(OSError):
            while not self.request.completed and (data := self.channel.socket.recv(RECEIVE_BYTES)):
                self.request.received(data)
        self._closed.set()

    def end(self) -> None:
        """Its sender asks over another connection: this one is closed, and what came is handed on before."""
        if not self._closed.is_set():
            self.channel.server.trigger.pull_trigger(self._end)
        if self._closed.wait(CLOSE_SECONDS):
            self.service()

    def _end(self) -> None:
        if self.channel.coming is self:
            self.channel.handle_close()
        self._closed.set()

    def service(self) -> None:
        """Hand on what came, once; whoever is later waits until that is done."""
        with self._guard:
            if self._is_over:
                return
            self._is_over = True
            try:
                if self.request.body_bytes_received:
                    self._hand_on()
            except Exception:
                _log.exception("a piece of an upload that was cut could not be kept")
            finally:
                self.request.close()
                self.channel.uploads.forget(self)

    cancel = service
    """The server ends before the task's turn has come: it is done at once."""

    def _hand_on(self) -> None:
        environ = WSGITask(self.channel, self.request).get_environment()
        if not self.request.completed:
            environ["wsgi.input"] = _Cut(environ["wsgi.input"])
        answer = self.channel.server.application(environ, _unheard)
        try:
            for _ in answer:
                pass
        finally:
            getattr(answer, "close", lambda: None)()


class ComingUploads:
    """The pieces that are on their way to a server."""

    def __init__(self) -> None:
        self._by_key: dict[Key, ComingUpload] = {}
        self._guard = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._by_key)

    def noticed(self, channel: Any, request: Any) -> ComingUpload | None:
        """The body of a request has come in part; nothing to remember where it is no piece of an upload."""
        if not is_piece(request):
            return None
        coming = ComingUpload(channel, request)
        with self._guard:
            self._by_key[coming.key] = coming
        return coming

    def end_before(self, channel: Any, request: Any) -> None:
        """Somebody asks about an upload: what is still on its way to it over another connection is taken in first."""
        coming = None if request.error else self._by_key.get(key_of(request))
        if coming is not None and coming.channel is not channel:
            coming.end()

    def forget(self, coming: ComingUpload) -> None:
        """It came whole, or what came of it was handed on."""
        with self._guard:
            if self._by_key.get(coming.key) is coming:
                del self._by_key[coming.key]


class _Cut:
    """A body as a server without a buffer reads it: what came, and then nobody is there."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data: bytes = self._stream.read(size)
        if not data:
            raise ConnectionResetError
        return data


def _unheard(*_answer: object) -> Callable[[bytes], None]:
    """Nobody hears the answer."""
    return lambda _data: None
