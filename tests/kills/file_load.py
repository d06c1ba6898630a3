"""Phones that never stop bringing photos: by tus in pieces, and by OpenRosa beside the records that name them."""

import base64
import hashlib
import random
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests

from tests.collect import wire

PHOTO_BYTES = (1, 60_000)
PIECE_BYTES = 8 * 1024

ANNOUNCED_MAX = 150
"""Photos that a phone brings by tus: of files that no record names the server takes 200 from each."""
UPLOADS = "/api/v1/attachments"
SHARED = 0.2
"""How many photos were brought before, under another name."""


@dataclass
class Reached:
    """An upload, and the bytes of it that the server said it has."""

    sha256: str
    offset: int


class FilePhone(threading.Thread):
    """`kept`: digest to bytes that the server said it has; `reached`: upload to how far it said it had come."""

    def __init__(self, token: str, seed: int) -> None:
        super().__init__(name=f"photos-{token[:6]}", daemon=True)
        self.token = token
        self.dice = random.Random(seed)
        self.url = ""
        self.kept: dict[str, bytes] = {}
        self.reached: dict[str, Reached] = {}
        self.named: dict[str, set[str]] = {}
        """Record to the digests of its photos, of what was answered with 201."""
        self.resumed = 0
        """How often an upload went on after an answer was lost."""
        self.lost_answers = 0
        self.announced = 0
        self.in_flight = threading.Event()
        self.may_send = threading.Event()
        self.at_rest = threading.Event()
        self.ended = False
        self.fault: str | None = None
        self.link = requests.Session()

    def run(self) -> None:
        """Bring photos until told to end; what was begun is brought to its end."""
        try:
            while not self.ended:
                wants = self.dice.random() < 0.6
                act = self.upload if wants and self.announced < ANNOUNCED_MAX else self.submit
                act()
        except Exception as error:  # the test tells of it
            self.fault = f"{type(error).__name__}: {error}"

    def upload(self) -> None:
        """A photo by tus, from whatever byte the server has."""
        data = self._photo()
        sha256 = hashlib.sha256(data).hexdigest()
        where, offset = "", 0
        while True:
            if not where:
                where, offset = self._announced(sha256, len(data))
            elif offset < 0:
                self.resumed += 1
                offset = self._asked(where)
                where = "" if offset < 0 else where
            if where and offset == len(data):
                self.kept[sha256] = data
                return
            if where:
                offset = self._added(where, offset, data, sha256)

    def submit(self) -> None:
        """A record by OpenRosa with its photo, in one request or in two."""
        data, record = self._photo(), str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
        content = (
            f'<data id="visit" version="1"><name>Amina</name><photo>IMG.jpg</photo><meta><instanceID>uuid:{record}'
            "</instanceID></meta></data>"
        )
        xml = wire.part("xml_submission_file", "submission.xml", "text/xml", content.encode())
        photo = wire.part("IMG.jpg", "IMG.jpg", "image/jpeg", data)
        requests_left = [[xml, photo]] if self.dice.random() < 0.5 else [[xml, wire.INCOMPLETE], [xml, photo]]
        headers = {"Content-Type": f"multipart/form-data; boundary={wire.BOUNDARY}", "X-OpenRosa-Version": "1.0"}
        while requests_left:
            body = wire.body(requests_left[0])
            answer = self._ask("POST", f"/v1/key/{self.token}/submission", headers, body)
            if answer is not None and answer.status_code == 201:
                requests_left.pop(0)
        sha256 = hashlib.sha256(data).hexdigest()
        self.kept[sha256] = data
        self.named[record] = {sha256}

    def _photo(self) -> bytes:
        if self.kept and self.dice.random() < SHARED:
            return self.dice.choice(list(self.kept.values()))
        return self.dice.randbytes(self.dice.randint(*PHOTO_BYTES))

    def _announced(self, sha256: str, size: int) -> tuple[str, int]:
        said = f"sha256 {base64.b64encode(sha256.encode()).decode()},filename {base64.b64encode(b'IMG.jpg').decode()}"
        self.announced += 1
        answer = self._tus("POST", UPLOADS, {"Upload-Length": str(size), "Upload-Metadata": said})
        if answer is None or answer.status_code != 201:
            return "", 0
        return urlsplit(answer.headers["Location"]).path, int(answer.headers["Upload-Offset"])

    def _asked(self, where: str) -> int:
        """The offset; less than 0 where the server no longer knows it."""
        while True:
            answer = self._tus("HEAD", where, {})
            if answer is not None and answer.status_code in (200, 404, 410):
                return int(answer.headers["Upload-Offset"]) if answer.status_code == 200 else -1

    def _added(self, where: str, offset: int, data: bytes, sha256: str) -> int:
        headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        answer = self._tus("PATCH", where, headers, data[offset : offset + PIECE_BYTES])
        if answer is None or answer.status_code != 204:
            return -1
        self.reached[where] = Reached(sha256, int(answer.headers["Upload-Offset"]))
        return self.reached[where].offset

    def _tus(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> requests.Response | None:
        return self._ask(
            method, path, {"Authorization": f"Bearer {self.token}", "Tus-Resumable": "1.0.0", **headers}, body
        )

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> requests.Response | None:
        """An answer, or None where it was lost."""
        self.at_rest.set()
        self.may_send.wait()
        self.at_rest.clear()
        self.in_flight.set()
        try:
            return self.link.request(method, f"{self.url}{path}", data=body, headers=headers, timeout=60)
        except requests.RequestException:
            self.lost_answers += 1
            self.link = requests.Session()
            return None
        finally:
            self.in_flight.clear()


Lies = Callable[[str], bytes | None]
"""Digest → the bytes that lie in the store."""


def lost(phone: FilePhone, lies: Lies, coming: Callable[[str], int], known: set[str]) -> list[str]:
    """What a phone was promised and is not there: whole files byte for byte, bytes of uploads by their number."""
    found = [sha256 for sha256, data in phone.kept.items() if sha256 not in known or lies(sha256) != data]
    for where, reached in phone.reached.items():
        if coming(where.rpartition("/")[2]) < reached.offset and lies(reached.sha256) is None:
            found.append(where)
    return found
