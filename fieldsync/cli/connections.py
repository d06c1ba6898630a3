"""Connections that stay open after an answer without a body, and cost less for a small request than waitress's own."""

from collections.abc import Callable
from operator import itemgetter
from socket import socket
from typing import Any, ClassVar

from waitress.channel import HTTPChannel
from waitress.task import WSGITask
from waitress.utilities import build_http_date

from fieldsync.cli.cut_uploads import ComingUpload, ComingUploads, is_piece
from fieldsync.cli.rounds import Door, PlainRounds

_OURS = frozenset(("date", "server", "connection", "transfer-encoding"))
"""What the server itself adds to an answer."""


class StayingTask(WSGITask):  # type: ignore[misc]
    """A request in HTTP/1.1: a 204 or 304 ends with its headers (RFC 9112 section 6.3), and the next may follow.

    Collect asks by HEAD before each record; a connection of its own for that costs more than the answer.
    """

    wrote_header = False

    def write(self, data: bytes) -> None:
        """An answer of one piece leaves in one packet with its headers, which waitress would send ahead."""
        is_whole = self.complete and not self.wrote_header and self.content_length == len(data) > 0
        if not is_whole or not self.has_body or self.request.command == "HEAD":
            super().write(data)
            return
        headers = self.build_response_header()
        self.wrote_header = True
        self.channel.write_soon(headers + data)
        self.content_bytes_written = len(data)

    def build_response_header(self) -> bytes:
        """An ordinary answer's headers as the application wrote them, and the date; waitress would write each anew."""
        said = {name.lower() for name, _ in self.response_headers}
        asked_to = self.request.headers.get("CONNECTION", "").lower() == "close"
        is_ordinary = self.version == "1.1" and self.has_body and "content-length" in said and not asked_to
        if not is_ordinary or self.close_on_finish or not _OURS.isdisjoint(said):
            return bytes(super().build_response_header())
        headers = sorted((*self.response_headers, ("Date", build_http_date(self.start_time))), key=itemgetter(0))
        lines = (f"{name}: {text}" for name, text in headers)
        return "\r\n".join((f"HTTP/1.1 {self.status}", *lines, "", "")).encode("latin-1")

    def set_close_on_finish(self) -> None:
        """Close, unless it is only because the answer has no length and needs none."""
        asked_to = self.request.headers.get("CONNECTION", "").lower() == "close"
        if self.has_body or self.version != "1.1" or asked_to or self.wrote_header:
            super().set_close_on_finish()


class StayingChannel(HTTPChannel):  # type: ignore[misc]
    """A connection whose requests are such tasks, and which keeps what came of an upload before it was cut."""

    task_class = StayingTask
    uploads: ClassVar = ComingUploads()
    coming: ComingUpload | None = None

    @classmethod
    def among(cls, rounds: PlainRounds) -> Callable[..., HTTPChannel]:
        """What makes such connections for the server of these rounds."""

        def connected(server: Any, link: socket, address: Any, adjustments: Any, **kept: Any) -> HTTPChannel:
            made = cls(Door(server, rounds, link.fileno()), link, address, adjustments, **kept)
            rounds.came(made)
            return made

        return connected

    def del_channel(self, map: Any = None) -> None:
        """The connection is closed next; waitress may say so twice, when its number is another's already."""
        if self._fileno is not None:
            self.server.leave()
        super().del_channel(map)

    def handle_read(self) -> None:
        """What has come; of a request whose headers came alone its body too, which mostly follows them at once.

        Without that each small request costs a round over all connections more.
        """
        super().handle_read()
        if self._is_in_body():
            try:
                data = self.socket.recv(self.adj.recv_bytes)
            except OSError:
                data = b""  # nothing yet, or nobody: the next round hears which
            if data:
                self.received(data)
            self._notice_upload()

    def _is_in_body(self) -> bool:
        return self.request is not None and self.request.headers_finished and self.connected

    def _notice_upload(self) -> None:
        if self.coming is None and self.request is not None:
            self.coming = self.uploads.noticed(self, self.request)

    def received(self, data: bytes) -> bool:
        """Bytes of one request or more."""
        went_on: bool = super().received(data)
        if self.coming is not None and self.request is not self.coming.request:
            self.coming.came_whole()
            self.coming = None
        return went_on

    def service(self) -> None:
        """Answer a request."""
        request = self.requests[0]
        if self.uploads:
            self.uploads.end_before(self, request)
        if not self.connected and is_piece(request):
            ComingUpload(self, request).service()  # it came whole, and waitress drops what nobody waits for
        super().service()

    def handle_close(self) -> None:
        """Nobody is there any more."""
        coming, self.coming = self.coming, None
        if coming is not None:
            coming.close()
        super().handle_close()
        if coming is not None:
            self.server.add_task(coming)
