"""Phones become known by a code, take further ids by their token, and come back by their key."""

import msgspec
import pytest
from werkzeug.test import TestResponse

from fieldsync.services import enrolment
from fieldsync.services.enrolment import EVERYTHING, NewDevice
from tests.world import Json, Phone, World

MINUTE_MS = 60_000


def offer(world: World, code: str, association_id: int | None = None) -> None:
    """A coordinator shows a code that is good for 15 minutes."""
    new = NewDevice(association_id or world.amal, "device", "phone", EVERYTHING)
    world.write(lambda session: enrolment.offer_code(session, new, code, world.now_ms + 15 * MINUTE_MS))


def enrol(world: World, token: str = "", **members: str) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return world.app.test_client().post("/api/v1/enrol", data=msgspec.json.encode(members), headers=headers)


def phone_of(world: World, answer: TestResponse) -> Phone:
    assert answer.status_code == 200, answer.text
    said: Json = answer.get_json()
    return Phone(world, said["author"], said["token"])


def refusal(answer: TestResponse) -> tuple[int, str]:
    assert answer.content_type == "application/problem+json"
    return answer.status_code, answer.get_json(force=True)["code"]


def test_a_code_is_good_once_and_for_a_short_time(world: World) -> None:
    offer(world, "once")
    answer = enrol(world, code="once", author="a" * 32)
    assert answer.get_json()["association"] == "amal"
    assert answer.get_json()["openrosa_url"].endswith(answer.get_json()["token"])
    phone = phone_of(world, answer)
    assert phone.statuses(phone.says()) == ["applied"]
    assert refusal(enrol(world, code="once", author="b" * 32)) == (403, "bad_code")
    assert refusal(enrol(world, code="never", author="b" * 32)) == (403, "bad_code")
    offer(world, "late")
    world.now_ms += 15 * MINUTE_MS
    assert refusal(enrol(world, code="late", author="b" * 32)) == (403, "bad_code")


def test_a_phone_without_an_id_is_given_one(world: World) -> None:
    offer(world, "once")
    phone = phone_of(world, enrol(world, code="once"))
    assert len(phone.author) == 32
    assert phone.statuses(phone.says()) == ["applied"]


def test_a_refused_enrolment_leaves_the_code_good(world: World) -> None:
    amina = world.phone()
    offer(world, "once")
    assert refusal(enrol(world, code="once", author="Not An Id")) == (400, "bad_id")
    assert refusal(enrol(world, code="once", author=amina.author)) == (409, "author_taken")
    assert enrol(world, code="once", author="c" * 32).status_code == 200


def test_an_id_is_taken_over_only_with_the_key_of_its_phone_and_in_its_association(world: World) -> None:
    nour = world.add_association("nour")
    offer(world, "first")
    amina = phone_of(world, enrol(world, code="first", author="a" * 32, key="secret of this phone"))
    said = amina.says()
    amina.sync(said)
    for code, owner, key, expected in (
        ("second", None, "another", (409, "author_taken")),
        ("third", nour, "secret of this phone", (409, "other_association")),
    ):
        offer(world, code, owner)
        assert refusal(enrol(world, code=code, author="a" * 32, key=key)) == expected
    offer(world, "fourth")
    back = phone_of(world, enrol(world, code="fourth", author="a" * 32, key="secret of this phone"))
    assert back.sync()["known_through"] == 1
    assert amina.ask().status_code == 401


def test_a_phone_takes_a_further_id_and_still_hears_of_the_former(world: World) -> None:
    amina = world.phone()
    said = amina.says()
    amina.sync(said)
    renewed = phone_of(world, enrol(world, amina.token, author="d" * 32))
    again = Phone(world, renewed.author, amina.token)
    new = again.says(said["record"], {"age": 4}, seen=[said])
    answer = again.sync(new, said)
    assert [result["status"] for result in answer["results"]] == ["applied", "duplicate"]
    assert answer["durable_through"] == {amina.author: 1, "d" * 32: 1}
    assert answer["known_through"] == 1


def test_nobody_enrols_without_a_code_or_a_token(world: World) -> None:
    assert refusal(enrol(world)) == (401, "unknown_token")
    amina, brahim = world.phone(), world.phone()
    assert refusal(enrol(world, amina.token, author=brahim.author)) == (409, "author_taken")
    world.revoke(amina)
    assert refusal(enrol(world, amina.token, author="e" * 32)) == (401, "unknown_token")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"code":7}', b'{"author":"\\ud800","code":"x"}', b"{" * 20_000])
def test_what_is_no_enrolment_is_refused(world: World, body: bytes) -> None:
    answer = world.app.test_client().post("/api/v1/enrol", data=body)
    assert answer.status_code in (400, 413)
    assert answer.content_type == "application/problem+json"
