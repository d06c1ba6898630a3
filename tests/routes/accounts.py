"""An account under attack: its address, its passphrase, its authenticator app."""

from typing import Any

from fieldsync.core.totp import STEP_MS, code_at
from fieldsync.services import second_factor
from fieldsync.store import people, second_factors
from tests.routes.callers import Caller, nobody
from tests.world import World

EMAIL = "hayat@example.org"
PASSPHRASE = "a long and quiet sentence"
ANOTHER = "seven goats under walnut trees"


def sign_in(world: World, **more: str) -> Any:
    given = {"email": EMAIL, "password": PASSPHRASE, **more}
    return nobody(world).call("POST", "sessions", json=given)


def caller_of(world: World, answer: Any) -> Caller:
    assert answer.status_code == 201, answer.text
    return Caller(world.app.test_client(), answer.get_json()["token"])


def add_app(world: World, caller: Caller) -> tuple[bytes, list[str]]:
    """Set up an authenticator app; its secret, and the recovery codes."""
    begun = caller.post("me/second-factor", status=201)
    assert begun["uri"].endswith(f"secret={begun['secret']}&issuer=fieldsync")
    secret = secret_of(world, caller)
    codes = caller.post("me/second-factor/confirm", {"code": code_at(secret, world.now_ms // STEP_MS)}, 201)
    return secret, codes["codes"]


def secret_of(world: World, caller: Caller) -> bytes:
    email = caller.get("me")["name"]

    def read(session: Any) -> bytes:
        found = people.find(session, email)
        assert found is not None
        factor = second_factors.find(session, found.id)
        assert factor is not None
        return second_factor._secret(session, found.id, factor.nonce)

    return world.read(read)
