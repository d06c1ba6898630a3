"""tuspy, tus-js-client and our own upload to both servers that we start, over a link that is cut at random bytes."""

import base64
import hashlib
import http.client
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed
from tusclient.storage.filestorage import FileStorage

from fieldsync.app import now_ms, open_database
from fieldsync.client import Device, Store
from fieldsync.client.files import Files
from fieldsync.client.transport import HttpTransport
from fieldsync.config import Settings
from fieldsync.services import enrolment
from fieldsync.services.enrolment import EVERYTHING, NewDevice
from fieldsync.store import associations, attachments
from fieldsync.store.file_store import key_of, open_store
from tests.cut_links import Link, link_to

TRIES_MAX = 400
UP_BYTES = (200, 24_000)
"""Between how many bytes a connection is cut; requests of a piece of 8 KiB sometimes get through."""
TOKEN = "t" * 43


@dataclass
class Served:
    """A running server and a link to it that is cut."""

    data: Path
    port: int
    link: Link
    association_id: int

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.link.port}/api/v1/attachments"

    def kept(self, sha256: str) -> bytes:
        """What the server has under a digest."""
        database = open_database(Settings(data=self.data))
        with database.read() as session:
            assert attachments.find(session, self.association_id, sha256) is not None
        database.close()
        chunks = open_store("", self.data).read(key_of(self.association_id, sha256))
        assert chunks is not None
        return b"".join(chunks)


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture(params=["waitress", "gunicorn"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    """The server that `fieldsync run` starts, and the one that gunicorn does."""
    data, port = tmp_path / "data", _free_port()
    database = open_database(Settings(data=data))
    owner = database.write(lambda session: associations.add(session, "kht", "KHT")).id
    new = NewDevice(owner, "device", "phone", EVERYTHING)
    database.write(lambda session: enrolment.enrol_at_once(session, new, "a" * 32, TOKEN, now_ms()))
    database.close()
    environment = {**os.environ, "FIELDSYNC_DATA": str(data), "PYTHONPATH": os.getcwd()}
    commands = {
        "waitress": ["fieldsync.cli", "run", "--port", str(port), "--no-jobs", "--log-level", "error"],
        "gunicorn": ["gunicorn", "-k", "gthread", "--threads", "4", "-b", f"127.0.0.1:{port}", "fieldsync.app:wsgi()"],
    }
    process = subprocess.Popen(
        [sys.executable, "-m", *commands[request.param]],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait(f"http://127.0.0.1:{port}/health", process)
        with link_to(port, partial(random.Random(7).randint, *UP_BYTES)) as link:
            yield Served(data, port, link, owner)
    finally:
        process.terminate()
        process.wait()


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        try:
            if requests.get(url, timeout=5).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    raise AssertionError("the server ended")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(random.Random(5).randbytes(300_000))
    return path


def test_tuspy_resumes_until_all_is_there(served: Served, photo: Path, tmp_path: Path) -> None:
    data = photo.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    kept_urls = FileStorage(str(tmp_path / "urls.json"))  # type: ignore[no-untyped-call]
    for _ in range(TRIES_MAX):
        client = TusClient(served.endpoint, headers={"Authorization": f"Bearer {TOKEN}"})
        try:
            uploader = client.uploader(
                str(photo), chunk_size=8192, metadata={"sha256": sha256, "filename": "IMG_1.jpg"},
                store_url=True, url_storage=kept_urls, upload_checksum=True,
            )  # fmt: skip
            uploader.upload()
            break
        except (TusCommunicationError, TusUploadFailed, requests.ConnectionError):
            continue
    assert urlsplit(str(uploader.url)).path.startswith("/api/v1/attachments/")
    assert served.link.cuts > 5
    assert served.kept(sha256) == data


def test_tus_js_client_resumes_until_all_is_there(served: Served, photo: Path) -> None:
    data = photo.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    script = Path(__file__).parent / "upload.mjs"
    done = subprocess.run(
        ["node", str(script), served.endpoint, TOKEN, str(photo), sha256], capture_output=True, text=True, check=False,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert served.link.cuts > 5
    assert served.kept(sha256) == data


def test_our_own_client_goes_on_after_every_cut_and_restart(served: Served, photo: Path, tmp_path: Path) -> None:
    """The phone is switched off after every try, and on again an hour later."""
    data, hour_ms, sent = photo.read_bytes(), 3600 * 1000, 0
    sha256 = hashlib.sha256(data).hexdigest()
    for hour in range(TRIES_MAX):
        store = Store.at(tmp_path / "phone.db")
        transport = HttpTransport(f"http://127.0.0.1:{served.link.port}")
        files = Files(store, tmp_path / "phone.files", transport, lambda hour=hour: now_ms() + hour * hour_ms)  # type: ignore[misc]
        if hour == 0:
            Device(store, transport).adopt("a" * 32, TOKEN)
            files.keep(photo, "image/jpeg")
            photo.unlink()
        sent += files.send().sent
        store.close()
        if sent:
            break
    assert served.link.cuts > 5
    assert served.kept(sha256) == data


def test_of_a_piece_that_is_cut_no_byte_travels_twice(served: Served) -> None:
    """Pieces of 64 KiB, cut anywhere; what the server says at once that it has is what left the phone."""
    dice, at = random.Random(3), 0
    data = dice.randbytes(300_000)
    sha256 = hashlib.sha256(data).hexdigest()
    server = f"127.0.0.1:{served.port}"
    tus = {"Authorization": f"Bearer {TOKEN}", "Tus-Resumable": "1.0.0"}
    said = f"sha256 {base64.b64encode(sha256.encode()).decode()}"
    made = requests.post(
        f"http://{server}/api/v1/attachments",
        headers={**tus, "Upload-Length": str(len(data)), "Upload-Metadata": said},
        timeout=30,
    )
    where = urlsplit(made.headers["Location"]).path
    while at < len(data):
        piece = data[at : at + 65536]
        length = min(dice.randint(1, 80_000), len(piece))
        link = http.client.HTTPConnection(server, timeout=30)
        link.putrequest("PATCH", where)
        for name, text in {**tus, "Upload-Offset": str(at), "Content-Length": str(len(piece))}.items():
            link.putheader(name, text)
        link.putheader("Content-Type", "application/offset+octet-stream")
        link.endheaders(piece[:length])
        link.close()
        at += length
        assert _reached(f"http://{server}{where}", tus, at) == at
    assert served.kept(sha256) == data


def _reached(url: str, tus: dict[str, str], wanted: int) -> int:
    """Where the server stands; a thread of gunicorn's may still be reading what came."""
    for _ in range(200):
        answer = requests.head(url, headers=tus, timeout=30)
        if answer.ok and int(answer.headers["Upload-Offset"]) >= wanted:
            break
        time.sleep(0.02)
    return int(answer.headers["Upload-Offset"])
