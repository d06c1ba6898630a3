"""People and scripts who call the API with a token."""

import secrets
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from fieldsync.services.people import sign_in
from fieldsync.store import people
from tests.world import Json, Phone, World


@dataclass
class Caller:
    """Whoever bears a token; an empty one is nobody's."""

    client: FlaskClient
    token: str

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


def person(world: World, role: str, association_id: int | None = None, password_hash: str = "") -> Caller:
    """A person of that role who has signed in."""
    token, email = secrets.token_hex(16), f"{role}-{secrets.token_hex(4)}@example.org"
    owner = association_id or world.amal

    def work(session: Any) -> None:
        row = people.add(session, owner, email, role, password_hash, world.now_ms)
        sign_in(session, row, token, world.now_ms)

    world.write(work)
    return Caller(world.app.test_client(), token)


def bearer(phone: Phone) -> Caller:
    """A phone or hub as it reads by the API."""
    return Caller(phone.client, phone.token)


def nobody(world: World) -> Caller:
    """Somebody without a token."""
    return Caller(world.app.test_client(), "")
