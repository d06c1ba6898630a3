"""The border matrix over the pages: what is another association's looks, and costs, like what is not there.

Role × page × own, foreign and absent, over the whole URL map; how each page is asked for stands in tests/web/borders.
"""

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import url_for
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from fieldsync.config import Settings
from fieldsync.jobs import follow
from tests import databases
from tests.watching import Work, watched
from tests.web.borders import Names, Page, Section, sections
from tests.web.visitor import FORM_TOKEN, Visitor, stranger, visitor
from tests.world import World

PEOPLE = (
    *("coordinator", "association_reviewer", "designer", "viewer", "companion", "listening_worker"),
    *("listening_supervisor", "feedback_collector", "grants_officer", "scorer"),
    *("programme_me", "funder_viewer", "data_protection", "instance_admin"),
)
ROLES = ("nobody", *PEOPLE)

EVERYWHERE = ("programme_me", "funder_viewer", "data_protection", "instance_admin")
"""Roles that are held in all associations: they choose between them, and some lists tell of several."""

FILES = ("static_file",)
"""The program's own files: nobody's."""


@dataclass
class Two:
    """A server with two associations, what can be named in each, and what can be named nowhere."""

    world: World
    sections: list[Section]
    own: Names
    foreign: Names
    absent: Names
    visitors: dict[str, Visitor]
    tokens: dict[int, str] = field(default_factory=dict)

    @property
    def pages(self) -> dict[str, Page]:
        """How every page is asked for, by endpoint."""
        return {f"pages.{name}": page for section in self.sections for name, page in section.pages.items()}

    def token(self, who: Visitor) -> str:
        """What her forms carry: it is bound to her session, so that one page tells it for all."""
        if id(who) not in self.tokens:
            found = FORM_TOKEN.search(who.opens("/account" if who.person else "/sign-in").text)
            self.tokens[id(who)] = found[1] if found else ""
        return self.tokens[id(who)]


@dataclass(frozen=True)
class Asking:
    """One request of the walk; `names`: whether its address, query or form names something."""

    page: str
    method: str
    address: str
    form: Mapping[str, object]
    in_address: bool
    names: bool


@pytest.fixture(scope="module")
def two(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    """Nothing of it changes but by a test that fails: every request of the walk is refused, or only reads."""
    path = tmp_path_factory.mktemp("borders") / "fieldsync.db"
    shutil.copy(migrated_file, path)
    engine = databases.sqlite_engine(path)
    world = World(engine, Settings(data=path.parent))
    elsewhere = world.add_association("elsewhere")
    found = sections()
    visitors = {role: visitor(world, role) for role in PEOPLE} | {"nobody": stranger(world)}
    own, foreign = _filled(world, found, world.amal, "amal"), _filled(world, found, elsewhere, "elsewhere")
    follow(world.database)
    absent = {"association": "nowhere"} | {name: text for each in found for name, text in each.absent.items()}
    yield Two(world, found, own, foreign, absent, visitors)
    world.database.close()
    engine.dispose()


def _filled(world: World, found: list[Section], association_id: int, slug: str) -> Names:
    names = {"association": slug}
    for section in found:
        added = section.fill(world, association_id)
        assert added.keys() == section.absent.keys(), "what can be named is named where it is absent, too"
        assert not names.keys() & added.keys(), f"named twice: {names.keys() & added.keys()}"
        names |= added
    return names


def rules(two: Two) -> list[Rule]:
    """Every page, most of them once for reading and once for what its form does."""
    ours = [rule for rule in two.world.app.url_map.iter_rules() if rule.endpoint.startswith("pages.")]
    return [rule for rule in ours if rule.endpoint.removeprefix("pages.") not in FILES]


def askings(two: Two, names: Names) -> Iterator[Asking]:
    """Every request that there is to make, with these names."""
    for rule in rules(two):
        page = two.pages[rule.endpoint]
        with two.world.app.test_request_context():
            values = {part: names[page.named.get(part, part)] for part in rule.arguments}
            address = url_for(rule.endpoint, **values)  # type: ignore[arg-type]
        given = {name: _said(value, names) for name, value in page.form.items()}
        asked = bool(rule.arguments)
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            form = given if method == "POST" else {}
            yield Asking(rule.endpoint, method, address, form, asked, asked or (form != page.form and bool(form)))
            for query in page.queries if method == "GET" else ():
                yield Asking(rule.endpoint, method, f"{address}?{_quoted(query, names)}", {}, asked, True)


def _said(value: object, names: Names) -> object:
    return value.format(**names) if isinstance(value, str) else [_said(each, names) for each in value]  # type: ignore[attr-defined]


def _quoted(query: str, names: Names) -> str:
    return query.format(**{name: quote(text) for name, text in names.items()})


def told(response: TestResponse, names: set[str]) -> tuple[int, str, list[tuple[str, str]]]:
    """What an answer tells: its status, its bytes and its headers, without the names that were asked for."""
    headers = [(name, _plain(value, names)) for name, value in response.headers if name != "Content-Length"]
    return response.status_code, _plain(response.text, names), headers


def _plain(text: str, names: set[str]) -> str:
    for name in sorted(names, key=lambda each: (-len(each), each)):
        for form in (name, quote(name, safe=""), quote(name)):
            text = text.replace(form, "-")
    text = re.sub(r"\b(search|done)=[\w-]{22}", r"\1=", text)  # a ticket is drawn anew each time
    return re.sub(r'name="form_token" value="\w+"', "", text)


def observed(two: Two, who: Visitor, asking: Asking, names: Names) -> tuple[tuple[object, ...], Work]:
    """What an answer tells, and what it cost."""
    form = dict(asking.form)
    if asking.method == "POST":
        form["form_token"] = two.token(who)
    with watched(two.world) as work:
        response = who.opens(asking.address) if asking.method == "GET" else who.posts(asking.address, form)
    # Her own association stands on every page of hers.
    return told(response, {*names.values(), *two.own.values()}), work


def test_every_page_has_its_entry(two: Two) -> None:
    """A new page fails here until tests/web/borders says how it is asked for."""
    there = {rule.endpoint for rule in rules(two)}
    assert there - two.pages.keys() == set(), "a page without an entry in tests/web/borders"
    assert two.pages.keys() - there == set(), "an entry without its page"
    for rule in rules(two):
        page = two.pages[rule.endpoint]
        wanted = {page.named.get(part, part) for part in rule.arguments}
        assert wanted <= two.absent.keys(), f"{rule.endpoint}: no section fills in {wanted - two.absent.keys()}"


@pytest.mark.parametrize("role", ROLES)
def test_what_is_foreign_looks_and_costs_like_what_is_absent(two: Two, role: str) -> None:
    who, tried = two.visitors[role], 0
    for foreign, absent in zip(askings(two, two.foreign), askings(two, two.absent), strict=True):
        if not foreign.names or (role in EVERYWHERE and not foreign.in_address):
            continue
        if foreign.method == "GET":
            who.opens(absent.address)  # what a process remembers is remembered now
        answer, work = observed(two, who, foreign, two.foreign)
        assert (answer, work) == observed(two, who, absent, two.absent), foreign
        if foreign.in_address:
            assert answer[0] in ((303,) if role == "nobody" else (403, 404)), foreign
        tried += 1
    assert tried > 20


@pytest.mark.parametrize("role", PEOPLE)
def test_a_role_that_may_not_is_told_so_whatever_the_name(two: Two, role: str) -> None:
    who = two.visitors[role]
    for own, absent in zip(askings(two, two.own), askings(two, two.absent), strict=True):
        if absent.names:
            refusal = observed(two, who, absent, two.absent)
            if refusal[0][0] == 403:
                assert observed(two, who, own, two.own) == refusal, own


def test_what_is_own_is_there(two: Two) -> None:
    """The tests above would pass on a server that shows nothing: every page that names something opens to somebody."""
    closed = set()
    for own in askings(two, two.own):
        if own.method == "GET" and own.in_address and own.page not in ONLY_TO_ITS_MAKER | ONLY_TO_BOTH:
            opened = any(two.visitors[role].opens(own.address).status_code in (200, 204) for role in PEOPLE)
            closed |= set() if opened else {own.page}
    assert closed == set()


ONLY_TO_ITS_MAKER = {"pages.collect_picture", "pages.offer_picture", "pages.upload", "pages.try_upload"}
"""What shows only to the browser or the person that made it."""

ONLY_TO_BOTH = {"pages.across_pair"}
"""What shows only to whoever acts for two associations that both allow it: tests/web/test_across_page.py."""


@pytest.mark.parametrize("role", sorted(set(ROLES) - set(EVERYWHERE)))
def test_no_list_shows_anything_foreign(two: Two, role: str) -> None:
    who = two.visitors[role]
    only_foreign = {name: text for name, text in two.foreign.items() if text not in (two.own[name], two.absent[name])}
    for own in askings(two, two.own):
        if own.method == "GET":
            shown = who.opens(own.address).data.decode(errors="replace")  # a workbook is no text
            assert not [name for name, text in only_foreign.items() if text in shown], own.address
