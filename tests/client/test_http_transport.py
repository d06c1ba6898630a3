"""Over real HTTP: what a broken link looks like, and that nothing is followed or swallowed."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from fieldsync.client import transport as transports
from fieldsync.client.transport import HttpTransport, LinkDown


class Handler(BaseHTTPRequestHandler):
    """Answers by path."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"half")
            return
        status = 302 if self.path == "/elsewhere" else 200
        self._send(status, gzip.compress(self.headers.get("Authorization", "").encode() + b"|" + body))

    def do_GET(self) -> None:
        self._send(200, gzip.compress(b"x" * 10_000))

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Location", "/other")
        self.send_header("Retry-After", "7")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_request_and_its_answer_arrive_whole(url: str) -> None:
    answer = HttpTransport(url).post("/any", b"\x00body", {"Authorization": "Bearer t"})
    assert (answer.status, answer.body) == (200, b"Bearer t|\x00body")
    assert answer.header("retry-after") == "7"
    assert answer.header("missing") is None


def test_a_redirection_is_an_answer(url: str) -> None:
    assert HttpTransport(url).post("/elsewhere", b"", {}).status == 302


def test_half_an_answer_is_none(url: str) -> None:
    with pytest.raises(LinkDown):
        HttpTransport(url).post("/cut", b"", {})


def test_no_server_is_a_link_that_is_down() -> None:
    with pytest.raises(LinkDown):
        HttpTransport("http://127.0.0.1:9").post("/", b"", {})
    with pytest.raises(LinkDown):
        HttpTransport("nonsense").get("/", {})


def test_an_answer_without_end_is_none(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(HttpTransport(url).get("/", {}).body) == 10_000
    monkeypatch.setattr(transports, "ANSWER_BYTES_MAX", 5_000)
    with pytest.raises(LinkDown, match="too large"):
        HttpTransport(url).get("/", {})
