"""Connections that stay open after an answer without a body, which waitress closes."""

from waitress.channel import HTTPChannel
from waitress.task import WSGITask


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

    def set_close_on_finish(self) -> None:
        """Close, unless it is only because the answer has no length and needs none."""
        asked_to = self.request.headers.get("CONNECTION", "").lower() == "close"
        if self.has_body or self.version != "1.1" or asked_to or self.wrote_header:
            super().set_close_on_finish()


class StayingChannel(HTTPChannel):  # type: ignore[misc]
    """A connection whose requests are such tasks."""

    task_class = StayingTask
