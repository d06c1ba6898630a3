"""Somebody with a browser, without the browser: follows pages, fills forms, keeps cookies."""

import html
import re
import secrets
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from fieldsync.routes.pages import cookies
from fieldsync.services import granting, signing
from fieldsync.services.granting import Wanted
from fieldsync.store.people import PersonRow
from tests.routes.callers import add_person
from tests.world import World

PASSPHRASE = "quatre mots sans aucun rapport"

FORM_TOKEN = re.compile(r'name="form_token" value="(\w+)"')


@dataclass
class Visitor:
    """A browser with its cookies."""

    world: World
    client: FlaskClient
    person: PersonRow | None = None

    def opens(self, path: str, **headers: str) -> TestResponse:
        """A page."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, headers={"Accept": "text/html", "Accept-Language": "fr", **named})

    def fills(self, path: str, fields: dict[str, Any] | None = None, page: str = "", **headers: str) -> TestResponse:
        """A form, with the token of the page where it stands (its own path unless `page` says another)."""
        found = FORM_TOKEN.search(self.opens(page or path).text)
        return self.posts(path, {"form_token": found[1] if found else "", **(fields or {})}, **headers)

    def posts(self, path: str, fields: dict[str, Any], **headers: str) -> TestResponse:
        """A form as it is given."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(path, data=fields, headers={"Accept": "text/html", "Accept-Language": "fr", **named})

    def signs_in(self, email: str, passphrase: str = PASSPHRASE, following: str = "/") -> TestResponse:
        """By the form."""
        return self.fills(f"/sign-in?next={following}", {"email": email, "passphrase": passphrase}, page="/sign-in")

    def cookie(self, name: str) -> str:
        """What the browser keeps under a name."""
        found = self.client.get_cookie(cookies_name(name))
        return found.value if found else ""


def cookies_name(name: str) -> str:
    """A cookie's name where the server is reached by http."""
    return name


def stranger(world: World) -> Visitor:
    """A browser in which nobody is signed in."""
    return Visitor(world, world.app.test_client())


def visitor(world: World, role: str, association_id: int | None = None, email: str = "") -> Visitor:
    """Somebody of that role who is signed in, with a second step where her role needs one."""
    email = email or f"{role}-{secrets.token_hex(4)}@example.org"
    person = add_person(world, email, (role,), association_id or world.amal)
    signed_in = world.write(lambda session: signing.begin(session, person, "test", world.now_ms, secrets.token_bytes))
    made = Visitor(world, world.app.test_client(), person)
    made.client.set_cookie(cookies_name(cookies.SESSION), signed_in.token)
    return made


def title(response: TestResponse) -> str:
    """What the tab says."""
    found = re.search(r"<title>(.*?)</title>", response.text, re.DOTALL)
    return html.unescape(found[1]).strip() if found else ""


def works_in_both(world: World, elsewhere: int, role: str = "association_reviewer") -> Visitor:
    """Somebody with the same role in two associations."""
    both = visitor(world, role)
    person = both.person
    assert person is not None
    wanted = Wanted(role, elsewhere)
    world.write(lambda session: granting.grant_at_once(session, person, wanted, world.now_ms, world.dice.randbytes))
    again = world.write(lambda session: signing.begin(session, person, "test", world.now_ms, world.dice.randbytes))
    both.client.set_cookie(cookies_name(cookies.SESSION), again.token)  # another role ended her session
    return both
