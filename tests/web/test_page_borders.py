"""The border matrix over the pages: what is another association's looks like what is not there, byte for byte."""

import re
import secrets
from dataclasses import dataclass, fields
from functools import cache

import pytest
from sqlalchemy import Engine

from fieldsync.config import Settings
from fieldsync.services import device_care, enrolment, form_publication, form_uploads, person_sessions, tokens
from fieldsync.services.conversion import Converted
from fieldsync.services.enrolment import NewDevice
from fieldsync.services.form_publication import Sent
from fieldsync.services.publishing import Definition
from fieldsync.services.readers import Reader, find_by_session
from fieldsync.store import grants
from tests.tiny_forms import VISIT
from tests.web.visitor import Visitor, visitor
from tests.world import World

ROLES = ("coordinator", "association_reviewer", "designer", "viewer", "data_protection", "instance_admin")


@dataclass(frozen=True)
class Ids:
    """What the variable parts of the pages' addresses name."""

    person: str
    grant: str
    session: str
    which: str
    device: str
    offer: str
    form: str
    upload: str


@dataclass
class Two:
    """A server with two associations, and what stands in each."""

    world: World
    own: Ids
    foreign: Ids
    absent: Ids


@pytest.fixture
def two(sqlite_engine: Engine) -> Two:
    """The readers are of `amal`; the other association has all that can be named."""
    world = World(sqlite_engine)
    elsewhere = world.add_association("elsewhere")
    uuid = "00000000-0000-4000-8000-000000000000"
    return Two(
        world,
        _fill(world, world.amal),
        _fill(world, elsewhere),
        Ids(uuid, uuid, uuid, uuid, "0" * 32, uuid, "absent", uuid),
    )


def _fill(world: World, association_id: int) -> Ids:
    colleague = visitor(world, "designer", association_id)
    assert colleague.person is not None
    person, at = colleague.person, world.now_ms
    reader = world.read(lambda session: find_by_session(session, colleague.cookie("fieldsync-session"), at))
    assert reader is not None
    session = world.read(lambda on: person_sessions.listed(on, reader, at))[0]["session"]
    held = world.read(lambda on: grants.of_person(on, person.id))[0].uuid
    made = world.write(lambda on: tokens.make(on, reader, "script", ["read_forms"], 7, at, secrets.token_bytes))
    assert isinstance(made, tuple), made
    author, new = secrets.token_hex(16), NewDevice(association_id, "device", "phone")
    world.write(lambda on: enrolment.enrol_at_once(on, new, author, secrets.token_hex(16), at))
    offer = world.write(
        lambda on: device_care.offer(on, "person:1", new, "http://x", at + 60_000, secrets.token_bytes, at)
    )
    form = f"only-of-{association_id}"
    upload = _publish_and_upload(world, reader, form)
    return Ids(person.uuid, held, session, made[0]["token"], author, offer.offer, form, upload)


def _publish_and_upload(world: World, reader: Reader, form: str) -> str:
    """A form that this association alone has published, and a further version that its designer looks at."""
    sent, made = _converted(form)
    published, at = form_publication.ready(made, sent), world.now_ms
    assert isinstance(published, Definition), published
    world.write(lambda on: form_publication.publish(on, reader.association_id, published, at, "operator"))
    kept = world.write(lambda on: form_uploads.keep(on, reader, "form.md", sent, made, at, secrets.token_bytes))
    assert isinstance(kept, str), kept
    return kept


@cache
def _converted(form: str) -> tuple[Sent, Converted]:
    sent = Sent(VISIT.format(version="1", more="").replace("| visit   |", f"| {form} |").encode(), "md", None)
    made = form_publication.converted(sent, (), Settings())
    assert isinstance(made, Converted), made
    return sent, made


def addresses(two: Two, ids: Ids) -> list[tuple[str, str, str]]:
    """(endpoint, method, address) of every page that names something."""
    found = []
    for rule in two.world.app.url_map.iter_rules():
        if rule.endpoint.startswith("pages.") and rule.arguments and "filename" not in rule.arguments:
            with two.world.app.test_request_context():
                named = {name: getattr(ids, name) for name in rule.arguments}
                address = two.world.app.url_for(rule.endpoint, **named)
            found += [(rule.endpoint, method, address) for method in sorted((rule.methods or set()) & {"GET", "POST"})]
    return found


def answers(who: Visitor, two: Two, ids: Ids) -> dict[tuple[str, str], tuple[int, str]]:
    """What every page answers, the ids and the form's token taken out."""
    token = re.search(r'name="form_token" value="(\w+)"', who.opens("/account").text)
    given = {"form_token": token[1] if token else "", "role": "designer", "name": "x", "everything": "yes"}
    told = {}
    for endpoint, method, address in addresses(two, ids):
        response = who.opens(address) if method == "GET" else who.posts(address, given)
        told[endpoint, method] = (response.status_code, _plain(response.text, ids))
    return told


def _plain(text: str, ids: Ids) -> str:
    for field in fields(ids):
        text = text.replace(getattr(ids, field.name), "-")
    return re.sub(r'name="form_token" value="\w+"', "", text)


@pytest.mark.parametrize("role", ROLES)
def test_what_is_foreign_looks_like_what_is_absent(two: Two, role: str) -> None:
    who = visitor(two.world, role)
    foreign, absent = answers(who, two, two.foreign), answers(who, two, two.absent)
    assert len(foreign) > 20
    for page, answer in foreign.items():
        assert answer == absent[page], page
        assert answer[0] in (403, 404), page


@pytest.mark.parametrize("role", ["viewer", "designer", "association_reviewer"])
def test_a_role_that_may_not_is_told_so_whatever_the_id(two: Two, role: str) -> None:
    who = visitor(two.world, role)
    own, absent = answers(who, two, two.own), answers(who, two, two.absent)
    assert {page: own[page] for page, answer in absent.items() if answer[0] == 403} == {
        page: answer for page, answer in absent.items() if answer[0] == 403
    }


def test_what_is_own_is_there(two: Two) -> None:
    """The tests above would pass on a server that shows nothing."""
    who = visitor(two.world, "coordinator")
    shown = {endpoint for endpoint, method, address in addresses(two, two.own)
             if method == "GET" and who.opens(address).status_code == 200}  # fmt: skip
    assert {
        "pages.person",
        "pages.grant",
        "pages.withdraw",
        "pages.device",
        "pages.revoke_device",
        "pages.offer",
        "pages.form",
    } <= shown


@pytest.mark.parametrize("role", ROLES)
def test_no_list_shows_anything_foreign(two: Two, role: str) -> None:
    who = visitor(two.world, role)
    if role in ("data_protection", "instance_admin"):
        return  # they look after all associations
    for rule in two.world.app.url_map.iter_rules():
        if rule.endpoint.startswith("pages.") and not rule.arguments and "GET" in (rule.methods or ()):
            text = who.opens(rule.rule).text
            assert not [field.name for field in fields(two.foreign) if getattr(two.foreign, field.name) in text], (
                rule.rule
            )
