"""People and scripts who call the API with a token."""

import secrets
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from fieldsync.services import granting, role_book, signing
from fieldsync.services.granting import Wanted
from fieldsync.services.hashing import hash_of
from fieldsync.store import people, second_factors
from fieldsync.store.grants import GrantRow
from fieldsync.store.people import PersonRow
from tests.world import Json, Phone, World


@dataclass
class Caller:
    """Whoever bears a token; an empty one is nobody's."""

    client: FlaskClient
    token: str
    person: PersonRow | None = None

    def call(self, method: str, path: str, **given: Any) -> TestResponse:
        """One request; `path` below /api/v1 unless it begins with a slash."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= given.pop("headers", {})
        address = path if path.startswith("/") else f"/api/v1/{path}"
        return self.client.open(address, method=method, headers=headers, **given)

    def get(self, path: str, status: int = 200, **given: Any) -> Json:
        """What a GET answers."""
        response = self.call("GET", path, **given)
        assert response.status_code == status, response.text
        found: Json = response.get_json()
        return found

    def post(self, path: str, content: Json | None = None, status: int = 200) -> Json:
        """What a POST answers."""
        response = self.call("POST", path, **({} if content is None else {"json": content}))
        assert response.status_code == status, response.text
        found: Json = response.get_json()
        return found

    def pages(self, path: str, limit: int = 2) -> list[Json]:
        """All items of a list, page after page."""
        mark = "&" if "?" in path else "?"
        items: list[Json] = []
        cursor: str | None = ""
        while cursor is not None:
            page = self.get(f"{path}{mark}limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
            assert len(page["items"]) <= limit
            items += page["items"]
            cursor = page["next"]
        return items


REVIEWS_TOO = ("coordinator", "association_reviewer")
"""In a small association the coordinator reviews as well, and so reads personal answers without a click."""


def person(
    world: World,
    role: str,
    association_id: int | None = None,
    passphrase: str | None = None,
    also: tuple[str, ...] | None = None,
    places: tuple[str, ...] = (),
    team: str = "",
) -> Caller:
    """A person of that role who has signed in, with a second factor where her role needs one."""
    roles = (role, *also) if also is not None else REVIEWS_TOO if role == "coordinator" else (role,)
    email = f"{role}-{secrets.token_hex(4)}@example.org"
    made = add_person(world, email, roles, association_id or world.amal, passphrase, places, team)
    signed_in = world.write(lambda session: signing.begin(session, made, "test", world.now_ms, secrets.token_bytes))
    return Caller(world.app.test_client(), signed_in.token, made)


def add_person(
    world: World,
    email: str,
    roles: tuple[str, ...],
    association_id: int | None,
    passphrase: str | None = None,
    places: tuple[str, ...] = (),
    team: str = "",
) -> PersonRow:
    """Somebody with these roles; one without a passphrase has been let in by hand."""
    hashed = hash_of(passphrase) if passphrase else "no passphrase"

    def work(session: Any) -> PersonRow:
        uuid = signing.new_uuid(secrets.token_bytes)
        home = None if "scorer" in roles else association_id  # nobody scores where she belongs
        made = people.add(session, uuid, home, email, "", hashed, world.now_ms)
        for code in roles:
            role = role_book.book(session).role(code)
            owner = association_id if role is None or role.reach == "association" else None
            wanted = Wanted(code, owner, places, team, "test")
            given = granting.grant_at_once(session, made, wanted, world.now_ms, secrets.token_bytes)
            assert isinstance(given, GrantRow), given
            if role is not None and role.second_factor:
                second_factors.begin(session, made.id, b"nonce", world.now_ms)
                second_factors.confirm(session, made.id, 0, world.now_ms)
        return made

    return world.write(work)


def bearer(phone: Phone) -> Caller:
    """A phone or hub as it reads by the API."""
    return Caller(phone.client, phone.token)


def nobody(world: World) -> Caller:
    """Somebody without a token."""
    return Caller(world.app.test_client(), "")
