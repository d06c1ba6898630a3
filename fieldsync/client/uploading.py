"""One file on its way by tus 1.0 (docs/attachments.md), from whatever byte the server has."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from fieldsync.client.transport import Answer, LinkDown, UploadTransport

PATH = "/api/v1/attachments"

PIECE_BYTES = (8 * 1024, 1024 * 1024)
"""The smallest and the largest piece; a server may get nothing of a piece that is cut."""

FIRST_PIECE_BYTES = 64 * 1024

CUTS_MAX = 3
"""After so many cuts in a row without a byte more, the link is left alone for a while."""

LINK_DOWN, BUSY, ENROL_AGAIN, AGAIN, REFUSED, DAMAGED, DONE = (
    *("link_down", "busy", "enrol_again", "again", "refused", "damaged"),
    "done",
)

_NONE: Mapping[str, str] = {}


@dataclass(frozen=True)
class Went:
    """How it went: `status`, where the server takes the file, and what it said of it."""

    status: str
    upload: str | None = None
    detail: str = ""
    retry_after: str | None = None


@dataclass
class Upload:
    """A file that is sent: `metadata` is what the server is told of it, `upload` where it takes it, if it does."""

    transport: UploadTransport
    token: str
    path: Path
    size: int
    metadata: Mapping[str, str]
    upload: str | None = None
    piece: int = FIRST_PIECE_BYTES

    def send(self) -> Went:
        """Send what is missing, as far as the link lets it."""
        cuts, reached = 0, -1
        while True:
            try:
                offset = self._announced() if self.upload is None else self._asked()
                if isinstance(offset, Went):
                    return offset
                if offset > reached:
                    cuts, reached = 0, offset
                went = self._sent_from(offset)
                if went is not None:
                    return went
            except LinkDown as error:
                cuts += 1
                self.piece = max(self.piece // 2, PIECE_BYTES[0])
                if cuts == CUTS_MAX:
                    return self._went(LINK_DOWN, str(error))

    def _announced(self) -> int | Went:
        named = {"Upload-Length": str(self.size), "Upload-Metadata": _encoded(self.metadata)}
        answer = self._ask("POST", PATH, None, named)
        if answer.status != 201:
            return self._judged(answer)
        self.upload = urlsplit(answer.header("Location") or "").path or None
        offset = answer.header("Upload-Offset") or "0"
        return int(offset) if self.upload and offset.isdecimal() else self._went(BUSY, "no upload was made")

    def _asked(self) -> int | Went:
        answer = self._ask("HEAD", str(self.upload))
        offset = answer.header("Upload-Offset") or ""
        if answer.status == 200 and offset.isdecimal():
            return int(offset)
        if answer.status in (404, 410):  # it took too long, or the server went back to a backup
            self.upload = None
            return self._announced()
        return self._judged(answer)

    def _sent_from(self, offset: int) -> Went | None:
        """Pieces, one after the other; None where the server stands elsewhere than thought."""
        with self.path.open("rb") as file:
            file.seek(offset)
            while offset < self.size:
                data = file.read(self.piece)
                if not data:
                    return self._went(DAMAGED)
                answer = self._ask("PATCH", str(self.upload), data, {"Upload-Offset": str(offset)})
                if answer.status == 409:
                    return None
                if answer.status != 204:
                    return self._judged(answer)
                offset += len(data)
                self.piece = min(self.piece * 2, PIECE_BYTES[1])
        return self._went(DONE)

    def _ask(self, method: str, path: str, body: bytes | None = None, named: Mapping[str, str] = _NONE) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}", "Tus-Resumable": "1.0.0", **named}
        if body is not None:
            headers["Content-Type"] = "application/offset+octet-stream"
        return self.transport.send(method, path, body, headers)

    def _judged(self, answer: Answer) -> Went:
        """What an answer means that is none of the ordinary ones."""
        if answer.status == 401:
            return self._went(ENROL_AGAIN)
        if answer.status in (404, 410, 422):  # what came of it is gone: it is announced again
            self.upload = None
            return self._went(AGAIN, f"HTTP {answer.status}")
        code = _code(answer)
        if code in ("too_large", "upload_wrong", "upload_version"):
            return self._went(REFUSED, code)
        return Went(BUSY, self.upload, f"HTTP {answer.status}", answer.header("Retry-After"))

    def _went(self, status: str, detail: str = "") -> Went:
        return Went(status, self.upload, detail)


def _encoded(metadata: Mapping[str, str]) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in metadata.items())


def _code(answer: Answer) -> str:
    """The code of a problem (RFC 9457); an answer of something in between has none."""
    if not (answer.header("Content-Type") or "").startswith("application/problem+json"):
        return ""
    try:
        said = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        return ""
    return str(said.get("code", "")) if isinstance(said, dict) else ""
