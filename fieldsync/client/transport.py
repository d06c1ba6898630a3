"""How a device's requests travel: one protocol, and its form over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import requests

CONNECT_SECONDS = 10.0
"""A phone on a weak link either finds the server in this time or waits for a better place."""

READ_SECONDS = 60.0
"""The longest silence in the middle of an answer: a slow disk behind a slow link."""

ANSWER_BYTES_MAX = 32 * 1024 * 1024
"""More than this, unpacked, is no answer of ours: pages stop near 1 MiB, form media are the largest files."""

CHUNK_BYTES = 64 * 1024


class LinkDown(Exception):
    """No answer came: nothing is known of what the other side did."""


@dataclass(frozen=True)
class Answer:
    """What came back: HTTP status, headers, and the unpacked body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The header's text, however its name is spelled, or None."""
        return next((text for key, text in self.headers.items() if key.lower() == name.lower()), None)


class Transport(Protocol):
    """Carries one request and brings its own answer, or raises LinkDown. `path` begins with "/"."""

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer: ...

    def get(self, path: str, headers: Mapping[str, str]) -> Answer: ...


class UploadTransport(Protocol):
    """Carries one request of any method and brings its own answer, or raises LinkDown."""

    def send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer: ...


class HttpTransport:
    """Transport over one requests.Session; `url` is the server's address without a path."""

    def __init__(self, url: str, session: requests.Session | None = None) -> None:
        self.url = url.rstrip("/")
        self.session = session or requests.Session()

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send the body as it is; a redirection is an answer, never followed."""
        return self.send("POST", path, body, headers)

    def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Ask for a resource."""
        return self.send("GET", path, None, headers)

    def send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """A request of any method."""
        sent = {"Accept-Encoding": "gzip", **headers}
        try:
            with self.session.request(
                method,
                self.url + path,
                data=body,
                headers=sent,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response:
                return Answer(response.status_code, dict(response.headers), _read(response))
        except requests.RequestException as error:
            raise LinkDown(type(error).__name__) from error


def _read(response: requests.Response) -> bytes:
    """The unpacked body; LinkDown where it has no end."""
    body = bytearray()
    for chunk in response.iter_content(CHUNK_BYTES):
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            raise LinkDown("the answer is too large")
    return bytes(body)
