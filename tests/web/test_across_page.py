"""Two associations agree on pages that their lists are compared; whoever acts for both decides, others find nothing."""

import secrets

import pytest

from fieldsync.jobs import link
from fieldsync.routes.pages import cookies
from fieldsync.services import granting, signing
from fieldsync.services.granting import Wanted
from tests.services.test_across import Neighbours
from tests.web.test_duplicates_page import decides
from tests.web.visitor import Visitor, visitor
from tests.world import World

RULES, QUEUE = "/duplicates/settings", "/duplicates/across"


@pytest.fixture
def neighbours(world: World) -> Neighbours:
    return Neighbours(world)


def sets_partner(who: Visitor, slug: str, allow: str) -> int:
    return who.fills(f"{RULES}/partners", {"partner": slug, "allow": allow}, page=RULES).status_code


def of_both(neighbours: Neighbours) -> Visitor:
    """A coordinator whom both associations gave the role."""
    world = neighbours.world
    made = visitor(world, "coordinator")
    person = made.person
    assert person is not None
    wanted = Wanted("coordinator", neighbours.owners[1], (), "", "test")
    world.write(lambda session: granting.grant_at_once(session, person, wanted, world.now_ms, secrets.token_bytes))
    began = world.write(lambda session: signing.begin(session, person, "test", world.now_ms, secrets.token_bytes))
    made.client.set_cookie(cookies.SESSION, began.token)  # another role ends the sessions of before
    return made


def test_both_allow_it_on_their_pages_and_only_who_acts_for_both_finds_the_pair(neighbours: Neighbours) -> None:
    world = neighbours.world
    ours, theirs = (visitor(world, "coordinator", owner) for owner in neighbours.owners)
    both = of_both(neighbours)
    pair = neighbours.registers()
    address = f"{QUEUE}/{pair[0]}_{pair[1]}"
    assert sets_partner(ours, "khoutwa", "yes") == 303
    assert "l’autre association pas encore" in ours.opens(RULES).text
    assert "vous attend" in theirs.opens(RULES).text
    assert both.opens(QUEUE).status_code == 404
    assert sets_partner(theirs, "amal", "yes") == 303
    link(world.database)
    assert address in both.opens(QUEUE).text
    page = both.opens(address).text
    assert "compar" in page and "La même personne" in page and 'name="take:' not in page
    assert [who.opens(path).status_code for who in (ours, theirs) for path in (QUEUE, address)] == [404] * 4
    refused = ours.fills(f"{address}/decide", {"decision": "same", "turn": "0"}, page="/duplicates")
    assert refused.status_code == 404
    assert decides(both, address, "same") == address
    assert "1 personne connue des deux" in ours.opens(RULES).text
    before = decides(both, address, "different", page)
    assert "Une décision a été prise" in before
    assert sets_partner(theirs, "amal", "no") == 303
    assert both.opens(address).status_code == 404 and both.opens(QUEUE).status_code == 404


def test_who_may_not_set_rules_for_the_association_is_told_so(neighbours: Neighbours) -> None:
    world = neighbours.world
    for role in ("association_reviewer", "instance_admin"):
        assert visitor(world, role).opens(RULES).status_code == 403
    unknown = sets_partner(visitor(world, "coordinator"), "nobody", "yes")
    assert unknown == 404
