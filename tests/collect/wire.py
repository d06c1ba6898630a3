"""What ODK Collect sends and reads: its settings, form lists, manifests, and bodies in many parts."""

import base64
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lxml import etree

from fieldsync.client.transport import Answer

Ask = Callable[[str, str, Mapping[str, str], bytes], Answer]
"""(method, address, headers, body) → answer; raises LinkDown."""

FORMS = "{http://openrosa.org/xforms/xformsList}"
MANIFEST = "{http://openrosa.org/xforms/xformsManifest}"
RESPONSE = "{http://openrosa.org/http/response}"

BOUNDARY = "a3f1c0de-93b7-4d2c-8f5e-1a2b3c4d5e6f"
INCOMPLETE = b'Content-Disposition: form-data; name="*isIncomplete*"\r\n\r\nyes\r\n'
FILES_MAX = 100
ACCEPTED_BYTES = 10_000_000
"""What Collect takes for the largest request where no HEAD says otherwise."""


class Refused(Exception):
    """What Collect shows instead of going on."""


@dataclass(frozen=True)
class Settings:
    """What a QR code says."""

    url: str
    user: str = ""
    secret: str = ""


def read_settings(code: str) -> Settings:
    """The text of a QR code: JSON, packed by zlib, in base64; `general` and `admin` are compulsory."""
    said = json.loads(zlib.decompress(base64.b64decode(code, validate=True)))
    assert {"general", "admin"} <= said.keys()
    general = said["general"]
    return Settings(general["server_url"].rstrip("/"), general.get("username", ""), general.get("password", ""))


def written(general: Mapping[str, str]) -> str:
    """Settings as the text of a QR code."""
    return base64.b64encode(zlib.compress(json.dumps({"general": general, "admin": {}}).encode())).decode()


@dataclass(frozen=True)
class Listed:
    """A form on the list. The list as a whole is worthless where one lacks its id, name or address."""

    id: str
    name: str
    version: str
    hash: str
    download: str
    manifest: str


@dataclass(frozen=True)
class Media:
    """A file of a form, or an entity list where it has an address for its integrity."""

    name: str
    hash: str
    download: str
    integrity: str
    kind: str


def document(answer: Answer) -> etree._Element:
    """A list or manifest; Collect takes no answer for one that has another type or lacks OpenRosa's header."""
    if answer.status != 200:
        raise Refused(f"answered {answer.status}")
    if answer.header("X-OpenRosa-Version") is None:
        raise Refused("not an OpenRosa server")
    if "text/xml" not in (answer.header("Content-Type") or ""):
        raise Refused("not text/xml")
    try:
        return etree.fromstring(answer.body)
    except etree.XMLSyntaxError as error:
        raise Refused("cut short") from error


def read_forms(answer: Answer) -> list[Listed]:
    """The forms of a list."""
    root = document(answer)
    assert root.tag == f"{FORMS}xforms"
    found = []
    for each in root.iterfind(f"{FORMS}xform"):
        texts = {etree.QName(one).localname: (one.text or "").strip() for one in each}
        if not all(texts.get(name) for name in ("formID", "name", "downloadUrl", "hash")):
            raise Refused("a form without id, name, address or hash")
        named = [texts.get(name, "") for name in ("formID", "name", "version", "hash", "downloadUrl", "manifestUrl")]
        found.append(Listed(*named))
    return found


def read_manifest(answer: Answer) -> list[Media]:
    """The files of a form."""
    found = []
    for each in document(answer).iterfind(f"{MANIFEST}mediaFile"):
        texts = {etree.QName(one).localname: (one.text or "").strip() for one in each}
        named = [texts.get(name, "") for name in ("filename", "hash", "downloadUrl", "integrityUrl")]
        if not all(named[:3]) or not named[1].startswith("md5:"):
            raise Refused("a file without name, hash or address")
        found.append(Media(named[0], named[1], named[2], named[3], each.get("type", "")))
    return found


def message(answer: Answer) -> str:
    """What the phone shows of an answer; "" where it cannot be read."""
    try:
        return etree.fromstring(answer.body).findtext(f"{RESPONSE}message") or ""
    except etree.XMLSyntaxError:
        return ""


def bodies(xml: bytes, files: Mapping[str, bytes], accepted: int) -> list[bytes]:
    """A record as one request or several: the next begins where a file would pass the limit, or the hundredth is in."""
    names, made, done = list(files), list[bytes](), 0
    while not made or done < len(names):
        parts = [part("xml_submission_file", "submission.xml", "text/xml", xml)]
        size, first = len(xml), done
        while done < len(names):
            parts.append(part(names[done], names[done], "image/jpeg", files[names[done]]))
            size += len(files[names[done]])
            done += 1
            if done < len(names) and (done - first + 1 > FILES_MAX or size + len(files[names[done]]) > accepted):
                parts.append(INCOMPLETE)
                break
        made.append(body(parts))
    return made


def body(parts: Iterable[bytes]) -> bytes:
    """Parts as the body of a request."""
    marked = [f"--{BOUNDARY}\r\n".encode() + each for each in parts]
    return b"".join(marked) + f"--{BOUNDARY}--\r\n".encode()


def part(name: str, file_name: str, media_type: str, data: bytes) -> bytes:
    """A part of a request."""
    head = f'Content-Disposition: form-data; name="{name}"; filename="{file_name}"\r\nContent-Type: {media_type}\r\n'
    return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data + b"\r\n"
