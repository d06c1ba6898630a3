"""Connections of the server: a request may come in any pieces, its answer is whole, and the next may follow."""

import http.client
import queue
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from waitress.server import create_server

from fieldsync.cli.connections import StayingChannel
from fieldsync.cli.rounds import PlainRounds, Rounds
from fieldsync.cli.serving import listen

PIECE = b"PATCH /upload HTTP/1.1\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: 1000\r\n"
OTHER = b"POST /upload HTTP/1.1\r\nContent-Type: image/jpeg\r\nContent-Length: 1000\r\n"
KEPT: "queue.Queue[tuple[int, bool]]" = queue.Queue()
"""Of each piece of an upload how many bytes came, and whether the link was cut."""


def keep(environ: dict[str, Any]) -> bool:
    """Take a piece of an upload in, as far as it comes."""
    came = 0
    try:
        while data := environ["wsgi.input"].read(100):
            came += len(data)
    except ConnectionError:
        KEPT.put((came, True))
        return False
    KEPT.put((came, False))
    return True


def answers(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """What was sent, in the way that the path asks for."""
    if environ["PATH_INFO"] == "/upload":
        assert keep(environ)
        start_response("204 NO CONTENT", [])
        return []
    body = environ["wsgi.input"].read()
    length = [("Content-Length", str(len(body)))]
    match environ["PATH_INFO"]:
        case "/whole":
            start_response("201 CREATED", [("x-said", "é"), *length])
            return [body] if environ["REQUEST_METHOD"] != "HEAD" else []
        case "/pieces":
            start_response("200 OK", length)
            return [body[:1], body[1:]]
        case "/dated":
            start_response("200 OK", [("Date", "Thu, 01 Jan 1970 00:00:00 GMT"), *length])
            return [body]
        case "/unmeasured":
            start_response("200 OK", [])
            return iter([body, body])
    start_response("204 NO CONTENT", [])
    return []


@contextmanager
def served(kind: type[PlainRounds] = Rounds, **adjusted: int) -> Iterator[tuple[str, int]]:
    listening = listen("127.0.0.1", 0)
    server = create_server(answers, sockets=[listening], threads=2, ident=None, **adjusted)
    rounds, ends = kind(server), threading.Event()
    server.channel_class = StayingChannel.among(rounds)

    def go() -> None:
        while not ends.is_set():
            rounds.go(0.05)

    loop = threading.Thread(target=go)
    loop.start()
    yield listening.getsockname()
    ends.set()
    loop.join()
    server.task_dispatcher.shutdown()
    server.close()


@pytest.fixture(params=[Rounds, PlainRounds])
def address(request: pytest.FixtureRequest) -> Iterator[tuple[str, int]]:
    with served(request.param) as where:
        yield where


def asked(link: http.client.HTTPConnection, path: str, body: bytes = b"x", method: str = "POST") -> tuple[int, bytes]:
    link.request(method, path, body)
    answer = link.getresponse()
    return answer.status, answer.read()


def test_each_kind_of_answer_comes_whole(address: tuple[str, int]) -> None:
    link = http.client.HTTPConnection(*address, timeout=30)
    for path, wanted in (
        ("/whole", (201, b"abc")),
        ("/pieces", (200, b"abc")),
        ("/dated", (200, b"abc")),
        ("/none", (204, b"")),
        ("/whole", (201, b"abc")),
        ("/unmeasured", (200, b"abcabc")),
        ("/whole", (201, b"abc")),
    ):
        assert asked(link, path, b"abc") == wanted
    assert asked(link, "/whole", b"", "HEAD") == (201, b"")
    assert asked(link, "/whole", b"") == (201, b"")
    assert asked(link, "/whole", b"x" * 3_000_000) == (201, b"x" * 3_000_000)


def test_an_answer_has_its_headers_once_and_leaves_in_one_packet(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=30) as link:
        for _ in range(2):
            link.sendall(b"POST /whole HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\nhi")
            head, _, body = link.recv(4096).partition(b"\r\n\r\n")
            first, *headers = head.decode("latin-1").split("\r\n")
            names = [line.partition(":")[0].lower() for line in headers]
            assert (first, body) == ("HTTP/1.1 201 CREATED", b"hi")
            assert sorted(names) == ["content-length", "date", "x-said"]
            assert "x-said: é" in headers


def test_a_date_that_the_application_says_stands(address: tuple[str, int]) -> None:
    link = http.client.HTTPConnection(*address, timeout=30)
    link.request("POST", "/dated", b"x")
    assert link.getresponse().headers.get_all("Date") == ["Thu, 01 Jan 1970 00:00:00 GMT"]


@pytest.mark.parametrize("head", [b"HTTP/1.0\r\n", b"HTTP/1.1\r\nConnection: close\r\n"])
def test_who_asks_for_it_is_closed(address: tuple[str, int], head: bytes) -> None:
    with socket.create_connection(address, timeout=30) as link:
        link.sendall(b"POST /whole " + head + b"Host: here\r\nContent-Length: 2\r\n\r\nhi")
        said = b"".join(iter(lambda: link.recv(4096), b""))
    assert said.endswith(b"\r\n\r\nhi") and b"Connection: close" in said


@pytest.mark.parametrize("cuts", [(1,), (40, 62), (61,), (62,), (63,), (62, 63, 64), tuple(range(1, 70))])
def test_a_request_may_come_in_any_pieces(address: tuple[str, int], cuts: tuple[int, ...]) -> None:
    said = b"POST /whole HTTP/1.1\r\nHost: here\r\nContent-Length: 12\r\n\r\nall of this."
    with socket.create_connection(address, timeout=30) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start, end in zip((0, *cuts), (*cuts, len(said)), strict=True):
            link.sendall(said[start:end])
        assert link.recv(4096).endswith(b"\r\n\r\nall of this.")
        link.sendall(said + said)  # two at once, as few clients do
        both = b""
        while both.count(b"all of this.") < 2:
            both += link.recv(4096)
        link.sendall(said[:65])
    assert asked(http.client.HTTPConnection(*address, timeout=30), "/whole") == (201, b"x")  # who went harms nobody


@pytest.mark.parametrize("came", [1, 500, 999])
def test_of_a_piece_of_an_upload_that_is_cut_what_came_is_kept(address: tuple[str, int], came: int) -> None:
    with socket.create_connection(address, timeout=30) as link:
        link.sendall(PIECE + b"\r\n" + b"x" * came)
    assert KEPT.get(timeout=30) == (came, True)
    with socket.create_connection(address, timeout=30) as link:
        link.sendall(PIECE + b"\r\n" + b"x" * 1000)
        assert KEPT.get(timeout=30) == (1000, False)
        assert link.recv(4096).startswith(b"HTTP/1.1 204")
        link.sendall(PIECE + b"\r\n" + b"x" * 1000 + PIECE + b"\r\n" + b"x" * came)
    assert sorted(KEPT.get(timeout=30) for _ in range(2)) == sorted([(1000, False), (came, True)])


def test_of_any_other_request_that_is_cut_nothing_is_handed_on(address: tuple[str, int]) -> None:
    for cut in (OTHER + b"\r\n" + b"x" * 999, PIECE, PIECE + b"\r\n"):
        with socket.create_connection(address, timeout=30) as link:
            link.sendall(cut)
    with socket.create_connection(address, timeout=30) as link:
        link.sendall(PIECE + b"\r\nxx")
    assert KEPT.get(timeout=30) == (2, True)
    assert KEPT.empty()


def test_who_comes_back_over_another_connection_ends_the_first_and_nobody_else_does(address: tuple[str, int]) -> None:
    mine, anothers = b"Authorization: Bearer mine\r\n\r\n", {"Authorization": "Bearer anothers"}
    with socket.create_connection(address, timeout=30) as silent:
        silent.sendall(PIECE + mine + b"x" * 300)  # and then the phone is in a tunnel
        link = http.client.HTTPConnection(*address, timeout=30)
        for headers, kept in ((anothers, [(0, False)]), ({"Authorization": "Bearer mine"}, [(300, True), (0, False)])):
            link.request("HEAD", "/upload", headers=headers)
            assert link.getresponse().read() == b""
            assert [KEPT.get(timeout=30) for _ in kept] == kept
        assert silent.recv(4096) == b""


def test_who_is_silent_is_let_go() -> None:
    with served(channel_timeout=1, cleanup_interval=1) as where, socket.create_connection(where, timeout=30) as silent:
        assert silent.recv(1) == b""


def test_who_comes_when_all_places_are_taken_is_heard_once_somebody_leaves() -> None:
    with served(connection_limit=4) as where:  # the server's own two, the first phone and the second
        first, second, third = (http.client.HTTPConnection(*where, timeout=30) for _ in range(3))
        for link in (first, second):
            assert asked(link, "/whole") == (201, b"x")
        third.request("POST", "/whole", b"x")
        assert asked(first, "/whole") == (201, b"x")
        first.close()
        assert third.getresponse().read() == b"x"


def test_many_answers_of_many_sizes_come_whole_over_many_connections(address: tuple[str, int]) -> None:
    def phone(number: int, came: list[bool]) -> None:
        link = http.client.HTTPConnection(*address, timeout=30)
        for turn in range(40):
            body = bytes([number]) * (1 + turn % 4 * 40_000)
            came.append(asked(link, "/whole", body) == (201, body))

    came: list[bool] = []
    phones = [threading.Thread(target=phone, args=(number, came)) for number in range(12)]
    for each in phones:
        each.start()
    for each in phones:
        each.join()
    assert came == [True] * 480


class BrokenOff(Rounds):
    """A signal ends one round right after the kernel has told who has something to say."""

    def go(self, seconds: float) -> None:
        if self._poll.poll(seconds):
            self.begin_anew()
        super().go(seconds)


def test_who_had_something_to_say_when_a_signal_came_is_still_heard() -> None:
    with served(BrokenOff) as where:
        link = http.client.HTTPConnection(*where, timeout=30)
        for _ in range(3):
            assert asked(link, "/whole", b"abc") == (201, b"abc")
