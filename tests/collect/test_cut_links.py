"""A link that is cut at every interesting place: afterwards one submission, all its files, and a form that is whole."""

import contextlib
from collections.abc import Iterator
from itertools import pairwise

import pytest

from fieldsync.client.transport import Answer, LinkDown
from tests.collect.census import LIST, census
from tests.collect.phone import CollectPhone, Finished
from tests.collect.village import PACE, Http, Village
from tests.collect.wire import BOUNDARY, Refused, written
from tests.cut_links import UP, Link, link_to

TRIES_MAX = 3
MARKS = (b"HEAD ", b"POST ", b"GET ", b"HTTP/1.1 ", b"\r\n\r\n", f"--{BOUNDARY}".encode(), b"</data>", b"<message>")


@pytest.fixture(scope="module")
def places(village: Village) -> dict[str, list[int]]:
    """Where it is worth cutting the sending of a record: direction to numbers of bytes."""
    with link_to(village.port) as link:
        phone = village.phone(link)
        finished(village, phone)
        link.listen()
        assert phone.send_all()
        assert link.heard[UP].count(b"POST ") == 2
        return {direction: interesting(bytes(heard)) for direction, heard in link.heard.items()}


def interesting(heard: bytes) -> list[int]:
    """The beginning and the end, each mark of what was said and one byte into it, and the middles in between."""
    marks = {0, 1, len(heard) - 1, len(heard)}
    for mark in MARKS:
        at = heard.find(mark)
        while at >= 0:
            marks |= {at, at + len(mark)}
            at = heard.find(mark, at + 1)
    found = sorted(marks)
    long = {(one + other) // 2 for one, other in pairwise(found) if other - one > 64}
    return sorted(marks | long)


def finished(village: Village, phone: CollectPhone) -> Finished:
    """A record with two photos and a house."""
    photos = village.photos()
    front, back = photos
    house = phone.list_of(LIST).create(village.uuid(), "Fadma", {"head": "Fadma"})
    answers = {"pace": "slow", "head": "Fadma", "village": "07.041", "front": front, "back": back}
    return phone.finish(census(village.uuid(), answers, house), photos)


def sent_in_the_end(phone: CollectPhone) -> int:
    """How many tries it took."""
    for tries in range(1, TRIES_MAX + 1):
        if phone.send_all():
            return tries
    raise AssertionError([each.shown for each in phone.waiting()])


def test_a_record_arrives_once_and_whole_wherever_the_link_was_cut(
    village: Village, link: Link, places: dict[str, list[int]]
) -> None:
    phone = village.phone(link)
    for direction, after in each_of(places):
        record = finished(village, phone)
        instance = record.instance.removeprefix("uuid:")
        phone._ask = Http()  # a connection of its own: the bytes lie where they lay
        cuts = link.cuts
        link.cut(direction, after)
        sent_in_the_end(phone)
        assert link.cuts == cuts + 1, (direction, after)
        assert village.submissions(instance) == 1, (direction, after)
        assert village.holds(instance, record.files), (direction, after)
    code, found = village.server.command("doctor")
    assert (code, found["findings"]) == (0, [])


def each_of(places: dict[str, list[int]]) -> Iterator[tuple[str, int]]:
    return ((direction, after) for direction, found in places.items() for after in found)


def test_forms_are_exchanged_whole_wherever_the_link_is_cut(village: Village, link: Link) -> None:
    phone = village.phone(link)
    link.listen()
    phone.match()
    code = written({"server_url": phone.settings.url})
    heard = {direction: bytes(said) for direction, said in link.heard.items()}
    for direction, after in each_of({direction: interesting(said) for direction, said in heard.items()}):
        again = CollectPhone(code, Http(), village.uuid)
        link.cut(direction, after)
        tries = 0
        while "census" not in again.forms:
            tries += 1
            assert tries <= TRIES_MAX
            with contextlib.suppress(LinkDown, Refused):
                again.match()
        assert again.forms["census"].xml == phone.forms["census"].xml
        assert again.forms["census"].files == {"pace.csv": PACE}
        assert again.updated() == []


def test_whatever_a_hotel_or_a_proxy_says_nothing_leaves_the_phone(village: Village, link: Link) -> None:
    phone = village.phone(link)
    record = finished(village, phone)
    whole = phone._ask
    said = [(200, "text/html"), (204, ""), (302, "text/html"), (401, ""), (403, ""), (404, ""), (429, ""), (502, "")]
    for status, kind in said:

        def answered(*asked: object, status: int = status, kind: str = kind) -> Answer:
            return Answer(204) if asked[0] == "HEAD" else Answer(status, {"Content-Type": kind}, b"<html>")

        phone._ask = answered
        assert not phone.send_all()
        assert record.shown and not record.is_sent
    phone._ask = whole
    assert phone.send_all()
    assert village.submissions(record.instance.removeprefix("uuid:")) == 1
