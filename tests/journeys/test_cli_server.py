"""The server as a process: it says where it answers, is alone on its folder, and ends well."""

import http.client
import signal
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

import pytest
import requests
from sqlalchemy import Engine

from fieldsync.config import program_folder
from tests.journeys.operator_at_terminal import Json, Operator, first_line

WAIT_SECONDS = 120
"""For a process to end on a busy machine."""


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path)


def test_a_server_runs_beside_commands_and_a_simulated_companion(operator: Operator) -> None:
    forms = program_folder("forms")
    with operator.starts("run", "--port", "0") as server:
        url = first_line(server)["url"]
        assert requests.get(f"{url}/health", timeout=30).status_code == 200
        second = operator.types("run", "--port", "0")
        assert (second.code, second.json["error"]) == (1, "server_running")
        assert url in second.json["message"]
        operator.types("association", "add", "kht", "--name", "Khoutwa")
        operator.types(
            "form", "publish", forms / "f4_participant.yaml", "--media", forms / "media", "--association", "kht"
        )
        device = operator.types("device", "enrol", "--association", "kht", "--name", "Phone").json
        assert device["openrosa_url"].startswith(url)
        simulated = operator.types(
            "device", "simulate", "--url", url, "--author", device["device"], "--token", device["token"], "--forms", "8"
        ).json
        assert simulated["results"] == {"applied": 8}
        assert operator.types("doctor").json["checked"]["records"] >= 8
        server.send_signal(signal.SIGTERM)
        assert server.wait(WAIT_SECONDS) == 0
    assert operator.types("run", "--port", "-1").code == 2


def test_a_request_that_is_on_its_way_is_still_answered(operator: Operator) -> None:
    with operator.starts("run", "--port", "0", "--no-jobs") as server:
        host, port = first_line(server)["url"].removeprefix("http://").split(":")
        requests.get(f"http://{host}:{port}/health", timeout=30)
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: here\r\n")
            requests.get(f"http://{host}:{port}/health", timeout=30)  # the server has read the beginning by now
            server.send_signal(signal.SIGINT)
            connection.sendall(b"Connection: close\r\n\r\n")
            assert connection.recv(64).startswith(b"HTTP/1.1 200")
        assert server.wait(WAIT_SECONDS) == 0


def test_an_address_that_is_taken_is_told(operator: Operator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = operator.types("run", "--port", str(taken.getsockname()[1]))
    assert (said.code, said.json["error"]) == (1, "address_in_use")


def test_two_servers_and_a_worker_share_postgresql(
    postgresql_engine: Engine, postgresql_url: str, tmp_path: Path
) -> None:
    operator = Operator(tmp_path, {"FIELDSYNC_DATABASE_URL": postgresql_url})
    operator.types("association", "add", "kht", "--name", "Khoutwa")
    command = ("run", "--port", "0")
    with operator.starts(*command) as one, operator.starts(*command) as other, operator.starts("worker") as worker:
        urls = [first_line(server)["url"] for server in (one, other)]
        assert first_line(worker) == {"worker": "started"}
        device = operator.types("device", "enrol", "--association", "kht", "--name", "Phone").json
        for url in urls:
            asked: Json = {"protocol": 1, "now": 0, "epoch": None, "cursor": None, "operations": []}
            headers = {"Authorization": f"Bearer {device['token']}"}
            assert requests.post(f"{url}/api/v1/sync", json=asked, headers=headers, timeout=30).status_code == 200
        for process in (one, other, worker):
            process.send_signal(signal.SIGTERM)
            assert process.wait(WAIT_SECONDS) == 0
    assert operator.types("doctor").json["ok"]


def test_a_database_that_is_not_there_is_told_without_its_password(tmp_path: Path) -> None:
    url = "postgresql+psycopg://somebody:passphrase@127.0.0.1:1/none"
    said = Operator(tmp_path, {"FIELDSYNC_DATABASE_URL": url}).types("association", "list")
    assert (said.code, said.json["error"]) == (1, "database_unreachable")
    assert "passphrase" not in said.output + said.errors


def test_slow_requests_keep_nobody_waiting(operator: Operator) -> None:
    """Connections that send a byte now and then cost a file descriptor, not one of the threads that answer."""
    with operator.starts("run", "--port", "0", "--no-jobs", "--threads", "2") as server:
        host, port = first_line(server)["url"].removeprefix("http://").split(":")
        slow = [socket.create_connection((host, int(port)), timeout=30) for _ in range(24)]
        for number, connection in enumerate(slow):
            head = b"POST /api/v1/sessions HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
            connection.sendall(head + b"Content-Length: 900\r\n\r\n{" if number % 2 else head)
        answered = threading.Event()
        trickle = threading.Thread(target=_trickle, args=(slow, answered))
        trickle.start()
        for _ in range(4):
            assert requests.get(f"http://{host}:{port}/health", timeout=30).status_code == 200
        answered.set()
        trickle.join()
        for connection in slow:
            connection.close()


def _trickle(connections: list[socket.socket], until: threading.Event) -> None:
    """A letter to each, again and again: of a header that does not end, of a body that does not come whole."""
    while not until.wait(0.05):
        for connection in connections:
            connection.sendall(b"x")


def test_an_answer_without_a_body_leaves_the_connection_open(operator: Operator) -> None:
    operator.types("association", "add", "kht", "--name", "Khoutwa")
    with operator.starts("run", "--port", "0", "--no-jobs") as server:
        first_line(server)
        device = operator.types("device", "enrol", "--association", "kht", "--name", "Phone").json
        base = urlsplit(device["openrosa_url"])
        link = http.client.HTTPConnection(base.netloc, timeout=30)
        listed = _asked(link, "GET", f"{base.path}/formList")
        stays = link.sock
        assert stays is not None
        unchanged = {"If-None-Match": listed.headers["ETag"]}
        assert _asked(link, "GET", f"{base.path}/formList", unchanged).status == 304
        assert _asked(link, "HEAD", f"{base.path}/submission").status == 204
        assert link.sock is stays
        assert _asked(link, "HEAD", f"{base.path}/submission", {"Connection": "close"}).status == 204
        assert link.sock is None
        with socket.create_connection((base.hostname, base.port), timeout=30) as older:
            older.sendall(f"HEAD {base.path}/submission HTTP/1.0\r\n\r\n".encode())
            answered = b"".join(iter(lambda: older.recv(4096), b""))
        assert answered.startswith(b"HTTP/1.0 204") and b"Connection: close" in answered


def _asked(
    link: http.client.HTTPConnection, method: str, path: str, headers: Mapping[str, str] = MappingProxyType({})
) -> http.client.HTTPResponse:
    link.request(method, path, headers=dict(headers))
    answer = link.getresponse()
    answer.read()
    return answer
