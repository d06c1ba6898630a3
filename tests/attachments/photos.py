"""A phone that takes pictures and sends them by tus, step by step."""

import base64
import hashlib
from dataclasses import dataclass

from werkzeug.test import TestResponse

from tests.world import Json, Phone

ATTACHMENTS = "/api/v1/attachments"
BODY = "application/offset+octet-stream"


@dataclass
class Photo:
    """A file on the phone."""

    data: bytes
    name: str = "IMG_1.jpg"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def answer(self) -> Json:
        """The value that names it."""
        return {"file": self.name, "sha256": self.sha256, "size": len(self.data), "type": "image/jpeg"}


def metadata(**said: str) -> str:
    """`Upload-Metadata`."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items())


def ask(phone: Phone, method: str, path: str, body: bytes = b"", **headers: str) -> TestResponse:
    """One request of tus; header names with _ for -."""
    named = {"Authorization": f"Bearer {phone.token}", "Tus-Resumable": "1.0.0"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    return phone.client.open(path, method=method, data=body, headers=named)


def announce(phone: Phone, photo: Photo, **headers: str) -> TestResponse:
    """Tell the server of a file."""
    given = {
        "Upload_Length": str(len(photo.data)),
        "Upload_Metadata": metadata(sha256=photo.sha256, filename=photo.name),
    } | headers
    return ask(phone, "POST", ATTACHMENTS, b"", **given)


def begin(phone: Phone, photo: Photo) -> str:
    """The address of the upload."""
    response = announce(phone, photo)
    assert response.status_code == 201, response.text
    return str(response.headers["Location"])


def add(phone: Phone, where: str, offset: int, data: bytes, **headers: str) -> TestResponse:
    """Some bytes."""
    return ask(phone, "PATCH", where, data, **{"Upload_Offset": str(offset), "Content_Type": BODY} | headers)


def offset(phone: Phone, where: str) -> int:
    """How far it has come."""
    response = ask(phone, "HEAD", where)
    assert response.status_code == 200, response.status_code
    return int(response.headers["Upload-Offset"])


def send(phone: Phone, photo: Photo, piece: int = 1 << 20) -> None:
    """The whole file."""
    where = begin(phone, photo)
    at = offset(phone, where)
    while at < len(photo.data):
        response = add(phone, where, at, photo.data[at : at + piece])
        assert response.status_code == 204, response.text
        at = int(response.headers["Upload-Offset"])
