"""Clients that sign in by name and secret: HTTP Digest anywhere, Basic over https only."""

import base64
import hashlib
import secrets
from typing import Any

import pytest
from requests.auth import HTTPDigestAuth
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from fieldsync.config import Settings
from fieldsync.core import http_digest
from fieldsync.routes import openrosa_signing
from fieldsync.services import openrosa_keys, rates
from fieldsync.store import devices
from fieldsync.store.db import execute
from tests.routes.collect import Collect, message, visit
from tests.world import World


class Signing:
    """A client that knows a device's name and secret."""

    def __init__(self, world: World, secret: str = "") -> None:
        self.world = world
        self.phone = world.phone()
        self.secret = secret or self.renewed()
        self.user = self.phone.author
        self.client = world.app.test_client()

    def renewed(self) -> str:
        """A new secret for the phone, which from now on is the only one."""
        device_id = self.world.device_id(self.phone)

        def renew(session: Any) -> str:
            row = devices.find(session, device_id)
            assert row is not None
            return openrosa_keys.renew(session, "operator", row, secrets.token_bytes, self.world.now_ms)

        return self.world.write(renew)

    def ask(self, method: str = "GET", path: str = "formList", body: Any = None, **headers: str) -> TestResponse:
        return self.client.open(f"/v1/device/{self.user}/{path}", method=method, data=body, headers=headers)

    def signed(self, challenge: str, method: str = "GET", path: str = "formList", user: str = "") -> str:
        """What requests' own Digest would answer."""
        auth = HTTPDigestAuth(user or self.user, self.secret)
        auth.init_per_thread_state()
        pairs = dict(pair.split("=", 1) for pair in challenge.removeprefix("Digest ").split(", "))
        chal = {name: text.strip('"') for name, text in pairs.items()}
        auth._thread_local.chal = chal  # type: ignore[attr-defined]
        address = f"http://localhost/v1/device/{self.user}/{path}"
        return str(auth.build_digest_header(method, address))  # type: ignore[no-untyped-call]

    def challenge(self) -> str:
        refused = self.ask()
        assert refused.status_code == 401
        return str(refused.headers["WWW-Authenticate"])


@pytest.fixture
def signing(world: World) -> Signing:
    return Signing(world)


def test_a_client_that_answers_the_challenge_is_its_device(signing: Signing) -> None:
    answered = signing.ask(Authorization=signing.signed(signing.challenge()))
    assert answered.status_code == 200
    assert f"/v1/device/{signing.user}/forms/" in answered.text


def test_it_sends_and_downloads_under_its_name(world: World, signing: Signing) -> None:
    record = world.uuid()
    header = signing.signed(signing.challenge(), "POST", "submission")
    sent = signing.ask("POST", "submission", {"xml_submission_file": visit(record)}, Authorization=header)
    assert sent.status_code == 201, sent.text
    assert world.fields(record)["name"] == "Amina"


@pytest.mark.parametrize(
    "wrong", ["secret", "user", "method", "path", "qop", "nonce", "nc", "cnonce", "nothing", "garbage"]
)
def test_a_wrong_answer_is_refused_like_any_other(world: World, signing: Signing, wrong: str) -> None:
    challenge = signing.challenge()
    right = signing.signed(challenge)
    other = Signing(world)
    headers = {
        "secret": Signing.signed(other, challenge).replace(other.user, signing.user),
        "user": signing.signed(challenge, user=other.user),
        "method": signing.signed(challenge, "POST"),
        "path": signing.signed(challenge, path="submission"),
        "qop": right.replace('qop="auth"', 'qop="auth-int"'),
        "nonce": right.replace("nonce=", "nonce=x"),
        "nc": right.replace("nc=00000001", "nc=00000002"),
        "cnonce": right.replace('cnonce="', 'cnonce="0'),
        "nothing": "Digest ",
        "garbage": 'Digest realm="fieldsync", ' + "a=" * 3000,
    }
    refused = signing.ask(Authorization=headers[wrong])
    unknown = signing.client.get(f"/v1/device/{'0' * 32}/formList", headers={"Authorization": headers[wrong]})
    assert headers[wrong] != right
    assert (refused.status_code, unknown.status_code) == (401, 401)
    assert message(refused) == message(unknown)


def test_a_challenge_grows_old_and_the_client_is_told(world: World, signing: Signing) -> None:
    header = signing.signed(signing.challenge())
    world.now_ms += http_digest.NONCE_MS + 1
    refused = signing.ask(Authorization=header)
    assert refused.status_code == 401
    assert "stale=true" in refused.headers["WWW-Authenticate"]
    signing.secret = signing.renewed()
    assert "stale=true" not in signing.ask(Authorization=header).headers["WWW-Authenticate"]


def test_an_answer_that_is_sent_again_says_nothing_twice_and_opens_no_other_address(
    world: World, signing: Signing
) -> None:
    header, record = signing.signed(signing.challenge(), "POST", "submission"), world.uuid()
    for _ in range(3):
        body = {"xml_submission_file": visit(record)}
        assert signing.ask("POST", "submission", body, Authorization=header).status_code == 201
    assert [each["record"] for each in world.hub().pulls()] == [record]
    assert signing.ask(Authorization=header).status_code == 401
    world.now_ms += http_digest.NONCE_MS
    late = signing.ask("POST", "submission", {"xml_submission_file": visit(world.uuid())}, Authorization=header)
    assert late.status_code == 401
    assert len(world.hub().pulls()) == 1


@pytest.mark.parametrize(("public_url", "status"), [("https://field.example", 200), ("http://field.example", 401)])
def test_basic_is_taken_over_https_only(engine: Engine, tmp_path: Any, public_url: str, status: int) -> None:
    world = World(engine, Settings(data=tmp_path, public_url=public_url))
    signing = Signing(world)
    pair = base64.b64encode(f"{signing.user}:{signing.secret}".encode()).decode()
    assert signing.ask(Authorization=f"Basic {pair}").status_code == status
    for said in (f"{signing.user}:no", "no:" + signing.secret, "\0", ""):
        wrong = base64.b64encode(said.encode()).decode()
        assert signing.ask(Authorization=f"Basic {wrong}").status_code == 401
    offered = signing.ask().headers.getlist("WWW-Authenticate")
    assert offered[1:] == ['Basic realm="fieldsync"'] * (status == 200)
    world.database.close()


def test_the_secret_in_the_address_is_the_same_device(world: World, signing: Signing) -> None:
    collect = Collect(world, signing.phone)
    collect.base = f"/v1/key/{signing.secret}"
    assert collect.forms()


def test_a_new_secret_makes_the_former_worthless(signing: Signing) -> None:
    former, signing.secret = signing.secret, signing.renewed()
    assert signing.client.get(f"/v1/key/{former}/formList").status_code == 403
    assert signing.client.get(f"/v1/key/{signing.secret}/formList").status_code == 200
    assert signing.phone.sync()["device"]["status"] == "active"


@pytest.mark.parametrize("files", [None, {"photo.jpg": b"jpeg"}])
def test_a_phone_that_was_just_heard_is_refused_at_once_when_its_secret_is_worthless(
    world: World, signing: Signing, files: Any
) -> None:
    """Who handed in a record is remembered; whether the secret is still good is asked where the next is stored."""
    collect = Collect(world, signing.phone)
    collect.base = f"/v1/key/{signing.secret}"
    kept, lost = world.uuid(), world.uuid()
    collect.sends(visit(kept))
    signing.secret = signing.renewed()
    refused, unknown = collect.send(visit(lost), files), signing.client.post("/v1/key/nobody/submission")
    assert (refused.status_code, refused.data) == (403, unknown.data)
    assert signing.client.head(f"{collect.base}/submission").status_code == 403
    assert [each["record"] for each in world.hub().pulls()] == [kept]
    with world.database.read() as session:
        assert execute(session, "SELECT count(*) FROM attachment").scalar_one() == 0
    collect.base = f"/v1/key/{signing.secret}"
    collect.sends(visit(lost))
    assert world.fields(lost)["name"] == "Amina"


def test_a_secret_that_goes_to_another_phone_brings_nothing_in_the_name_of_the_first(
    world: World, signing: Signing
) -> None:
    collect = Collect(world, signing.phone)
    collect.base = f"/v1/key/{signing.secret}"
    collect.sends(visit(world.uuid()))
    other = world.device_id(world.phone())
    world.write(lambda session: execute(session, "UPDATE openrosa_key SET device_id = ?", (other,)))
    record = world.uuid()
    assert collect.send(visit(record)).status_code == 403
    assert collect.send(visit(record)).status_code == 201  # looked up anew
    assert world.hub().pulls()[-1]["record"] == record


def test_what_is_remembered_of_addresses_is_bounded(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    monkeypatch.setattr(openrosa_signing, "ADDRESSES_MAX", 2)
    device_id = world.device_id(world.phone())
    device = world.read(lambda session: devices.find(session, device_id))
    assert device is not None
    known = openrosa_signing.Addresses()
    for secret in (b"a", b"b"):
        known.remember(secret, device)
    assert known.find(b"a") is device
    known.remember(b"c", device)
    assert [known.find(secret) is not None for secret in (b"a", b"b", b"c")] == [True, False, True]


def test_secrets_are_guessed_as_slowly_as_tokens(signing: Signing) -> None:
    guesses = (signing.client.get(f"/v1/key/{number}/formList") for number in range(rates.OF_UNKNOWN_TOKENS.tries + 60))
    assert 429 in {answer.status_code for answer in guesses}


def test_what_is_stored_is_what_rfc_7616_compares() -> None:
    """The example of RFC 2617, section 3.5, with our realm."""
    assert http_digest.basis("Mufasa", "Circle Of Life") == hashlib.md5(b"Mufasa:fieldsync:Circle Of Life").hexdigest()
