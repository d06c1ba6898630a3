"""Attacks on the pages, each by name; and what every page promises in its headers."""

import re
import secrets
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine

from fieldsync.config import Settings
from fieldsync.routes.pages import assets, cookies, shell
from fieldsync.services import enrolment, signing
from fieldsync.services.enrolment import NewDevice
from fieldsync.services.readers import FRESH_MS
from tests.routes.callers import add_person
from tests.web.visitor import PASSPHRASE, Visitor, stranger, title, visitor
from tests.world import World

PAGES = ("/sign-in", "/forgotten", "/welcome", "/enrol", "/nowhere")


@pytest.fixture
def office(sqlite_engine: Engine) -> World:
    """A server with one association; what its pages promise does not depend on the database."""
    return World(sqlite_engine)


def page_rules(app: Flask) -> list[str]:
    """Every page that can be opened without knowing an id."""
    return [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("pages.") and "GET" in (rule.methods or ()) and not rule.arguments
    ]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_strict_and_is_not_kept(office: World, path: str) -> None:
    headers = stranger(office).opens(path).headers
    policy = headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "base-uri 'none'",
                 "frame-ancestors 'none'", "require-trusted-types-for 'script'"):  # fmt: skip
        assert part in policy
    assert "unsafe" not in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize(("accepts", "language", "direction"), [
    ("ar-MA,fr;q=0.5", "ar", "rtl"), ("fr", "fr", "ltr"), ("en-GB", "en", "ltr"), ("zgh", "en", "ltr"),
])  # fmt: skip
def test_a_page_follows_the_browser(office: World, accepts: str, language: str, direction: str) -> None:
    response = stranger(office).opens("/sign-in", Accept_Language=accepts)
    assert f'<html lang="{language}" dir="{direction}">' in response.text
    assert response.headers["Content-Language"] == language


def test_a_chosen_language_stays(office: World) -> None:
    browser = stranger(office)
    assert '<html lang="ar" dir="rtl">' in browser.opens("/sign-in?lang=ar").text
    assert '<html lang="ar" dir="rtl">' in browser.opens("/forgotten").text
    odd = browser.opens("/sign-in?lang=<script>")
    assert (odd.status_code, "<script>" in odd.text) == (200, False)


def test_own_files_are_kept_for_a_year_and_nothing_else_is_served(office: World) -> None:
    browser = stranger(office)
    names = re.findall(r'(?:href|src)="(/static/[^"#]+)', browser.opens("/sign-in").text)
    assert len(names) > 4
    for name in names:
        response = browser.opens(name)
        assert response.status_code == 200
        assert "immutable" in response.headers["Cache-Control"]
    assert "immutable" not in browser.opens("/static/earlier/site.css").headers["Cache-Control"]
    for path in ("../config.py", "%2e%2e/templates/home.html", "", "%2Fetc/passwd", "vendor/"):
        assert browser.opens(f"/static/{assets.edition()}/{path}").status_code == 404


def test_a_form_of_another_site_changes_nothing(office: World) -> None:
    """Without the token of our page, with another browser's, from another origin."""
    coordinator, other = visitor(office, "coordinator"), visitor(office, "coordinator")
    foreign = re.search(r'name="form_token" value="(\w+)"', other.opens("/account").text)
    assert foreign is not None
    path = "/account/sessions/end-others"
    assert coordinator.posts(path, {}).status_code == 403
    assert coordinator.posts(path, {"form_token": foreign[1]}).status_code == 403
    assert coordinator.fills(path, page="/account", Sec_Fetch_Site="cross-site").status_code == 403
    assert coordinator.fills(path, page="/account", Sec_Fetch_Site="same-site").status_code == 403
    assert coordinator.fills(path, page="/account", Origin="https://evil.example").status_code == 403
    assert coordinator.fills(path, page="/account", Sec_Fetch_Site="same-origin").status_code == 303


def test_every_form_is_refused_without_its_token(office: World) -> None:
    coordinator = visitor(office, "coordinator")
    tried = 0
    for rule in office.app.url_map.iter_rules():
        if rule.endpoint.startswith("pages.") and "POST" in (rule.methods or ()):
            with office.app.test_request_context():
                named: dict[str, Any] = dict.fromkeys(rule.arguments, "x")
                path = office.app.url_for(rule.endpoint, **named)
            assert coordinator.posts(path, {}).status_code in (403,), path
            tried += 1
    assert tried > 15


def test_a_session_that_somebody_planted_is_not_taken_over(office: World) -> None:
    add_person(office, "amina@example.org", ("coordinator",), office.amal, PASSPHRASE)
    browser = stranger(office)
    browser.client.set_cookie(cookies.SESSION, "planted")
    assert browser.signs_in("amina@example.org").status_code == 303
    assert browser.cookie(cookies.SESSION) not in ("", "planted")


def test_a_proof_gives_the_session_another_token(office: World) -> None:
    add_person(office, "amina@example.org", ("coordinator",), office.amal, PASSPHRASE)
    browser = stranger(office)
    browser.signs_in("amina@example.org")
    before = browser.cookie(cookies.SESSION)
    assert browser.fills("/confirm", {"passphrase": PASSPHRASE}).status_code == 303
    stolen = stranger(office)
    stolen.client.set_cookie(cookies.SESSION, before)
    assert stolen.opens("/account").status_code == 303
    assert browser.opens("/account").status_code == 200


def test_signing_out_ends_the_session_on_the_server(office: World) -> None:
    add_person(office, "amina@example.org", ("coordinator",), office.amal, PASSPHRASE)
    browser = stranger(office)
    browser.signs_in("amina@example.org")
    token = browser.cookie(cookies.SESSION)
    assert browser.fills("/sign-out", page="/account").status_code == 303
    browser.client.set_cookie(cookies.SESSION, token)
    assert browser.opens("/account").headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize("wanted", [
    "//evil.example", "https://evil.example", "/%5Cevil.example", "%2F%2Fevil.example", "/%09/evil.example",
    "javascript:x",
])  # fmt: skip
def test_nobody_is_sent_to_another_site(office: World, wanted: str) -> None:
    add_person(office, "amina@example.org", ("coordinator",), office.amal, PASSPHRASE)
    assert stranger(office).signs_in("amina@example.org", following=wanted).headers["Location"] == "/inbox"


def test_an_unknown_address_is_answered_like_a_wrong_passphrase(office: World) -> None:
    add_person(office, "amina@example.org", ("coordinator",), office.amal, PASSPHRASE)
    known, unknown = (
        stranger(office).signs_in(email, "not the passphrase at all")
        for email in ("amina@example.org", "hadda@example.org")
    )
    assert known.status_code == unknown.status_code == 401
    assert _without_tokens(known.text, "amina") == _without_tokens(unknown.text, "hadda")


def test_asking_for_a_reset_tells_nothing(office: World) -> None:
    add_person(office, "amina@example.org", ("coordinator",), office.amal, PASSPHRASE)
    answers = {
        _without_tokens(stranger(office).fills("/forgotten", {"email": f"{name}@example.org"}).text, name)
        for name in ("amina", "hadda")
    }
    assert len(answers) == 1


def _without_tokens(text: str, name: str) -> str:
    return re.sub(r'value="\w{32}"', "", text).replace(name, "")


def test_a_form_cannot_name_another_association(office: World) -> None:
    """Mass assignment: what a form does not offer is not read."""
    elsewhere = office.add_association("elsewhere")
    coordinator, colleague = visitor(office, "coordinator"), visitor(office, "viewer")
    assert colleague.person is not None
    wanted = {"role": "designer", "association": "elsewhere", "association_id": elsewhere, "status": "active"}
    path = f"/people/{colleague.person.uuid}/roles/new"
    assert coordinator.fills(path, wanted).status_code == 303
    assert "elsewhere" not in coordinator.opens(f"/people/{colleague.person.uuid}").text
    assert coordinator.fills(path, {"role": "instance_admin"}).status_code == 422
    own = f"/people/{coordinator.person.uuid if coordinator.person else ''}/roles/new"
    assert coordinator.fills(own, {"role": "designer"}).status_code == 403


@pytest.mark.parametrize(
    "hostile", ["<img src=x onerror=alert(1)>", "'\"><script>alert(1)</script>", "{{ 7777*7777 }}"]
)
def test_a_hostile_name_is_only_text(office: World, hostile: str) -> None:
    new = NewDevice(office.amal, "device", hostile)
    author = "ab" * 16
    office.write(lambda session: enrolment.enrol_at_once(session, new, author, "token", office.now_ms))
    coordinator = visitor(office, "coordinator")
    for path in ("/phones", f"/phones/{author}", f"/phones/{author}/revoke", "/phones?after=<script>"):
        text = coordinator.opens(path).text
        assert hostile not in text or hostile.startswith("{{")
        assert "60481729" not in re.sub(r"<[^>]*>", "", text) or not hostile.startswith("{{")
        assert "<script>alert" not in text


def test_a_header_cannot_be_smuggled_in(office: World) -> None:
    response = stranger(office).opens("/people%0d%0aSet-Cookie:%20x=1")
    assert "x=1" not in str(response.headers)
    assert stranger(office).opens("/sign-in?next=/%0d%0aX-Evil:1").headers.get("X-Evil") is None


def test_titles_and_addresses_name_nobody(office: World) -> None:
    coordinator = visitor(office, "coordinator")
    colleague = visitor(office, "designer", email="fatima.zahra@example.org")
    assert colleague.person is not None
    response = coordinator.opens(f"/people/{colleague.person.uuid}")
    assert "fatima.zahra@example.org" in response.text
    assert "fatima" not in title(response)
    assert "fatima" not in "".join(re.findall(r'(?:href|action|src)="([^"]*)"', response.text))


def test_a_page_of_nothing_quotes_nothing(office: World) -> None:
    response = stranger(office).opens("/nowhere-Fatima?name=Fatima")
    assert response.status_code == 404
    assert "Fatima" not in re.sub(r'href="[^"]*"', "", response.text)


def test_programs_get_problems_and_people_get_pages(office: World) -> None:
    browser = stranger(office)
    assert browser.opens("/nowhere").mimetype == "text/html"
    assert browser.opens("/api/v1/nowhere").mimetype == "application/problem+json"
    assert browser.client.get("/nowhere").mimetype == "application/problem+json"


def test_over_https_cookies_are_bound_to_this_host(sqlite_engine: Engine) -> None:
    office = World(sqlite_engine, Settings(public_url="https://collecte.example"))
    response = stranger(office).opens("/sign-in")
    assert response.headers["Set-Cookie"].startswith("__Host-fieldsync-visit=")
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(response.headers["Set-Cookie"].split("; "))
    assert "max-age" in response.headers["Strict-Transport-Security"]


def test_whoever_needs_a_second_step_gets_nowhere_without(office: World) -> None:
    add_person(office, "dalila@example.org", ("viewer",), office.amal, PASSPHRASE)
    officer = visitor(office, "data_protection")
    with_factor = officer.opens("/audit")
    assert with_factor.status_code == 200
    office.write(lambda session: _forget_factor(session, officer))
    for path in ("/", "/account", "/audit"):
        assert officer.opens(path).headers["Location"] == "/account/second-step", path
    assert officer.opens("/account/second-step").status_code == 200


def _forget_factor(session: object, who: Visitor) -> None:
    from fieldsync.store import second_factors

    assert who.person is not None
    second_factors.remove(session, who.person.id)  # type: ignore[arg-type]


def test_an_admin_of_the_server_sees_no_association(office: World) -> None:
    admin = visitor(office, "instance_admin")
    for path in ("/phones", "/quarantine", "/audit"):
        assert admin.opens(path).status_code == 403, path


def test_every_page_answers_everybody_without_a_fault(office: World) -> None:
    roles = (
        *("coordinator", "designer", "association_reviewer", "viewer", "companion"),
        *("data_protection", "instance_admin", "programme_me", "listening_supervisor"),
    )
    paths = page_rules(office.app)
    assert len(paths) > 15
    for role in roles:
        who = visitor(office, role)
        assert {path: status for path in paths if (status := who.opens(path).status_code) >= 500} == {}, role


def test_who_works_in_no_association_is_told_so_where_she_hands_out_a_role_of_one(office: World) -> None:
    row = add_person(office, "admin@example.org", ("instance_admin",), None)
    signed_in = office.write(lambda on: signing.begin(on, row, "test", office.now_ms, secrets.token_bytes))
    who = stranger(office)
    who.client.set_cookie("fieldsync-session", signed_in.token)
    refused = who.fills("/people/invite", {"email": "x@example.org", "role": "coordinator"})
    assert refused.status_code == 422


@pytest.mark.parametrize(
    ("path", "compiles"),
    [
        ("/app", True),
        ("/app/forms/visit", True),
        ("/", False),
        ("/apple", False),
        ("/people/app", False),
        ("/APP", False),
    ],
)
def test_only_the_app_compiles_webassembly(office: World, path: str, compiles: bool) -> None:
    said = stranger(office).opens(path).headers["Content-Security-Policy"]
    assert said == shell.policy(path)
    assert ("'wasm-unsafe-eval'" in said, "worker-src 'self'" in said) == (compiles, compiles)
    assert "'unsafe-eval'" not in said and "'unsafe-inline'" not in said
    assert "require-trusted-types-for 'script'" in said


DANGEROUS = (
    *("invite", "take_invitation", "grant", "take_grant", "confirm_grant", "withdraw", "take_withdrawal"),
    *("disable_person", "take_disabling", "enable_person", "drop_second_factor", "take_factor_away"),
    *("offer_reset", "take_link", "make_token", "take_token", "begin_second_factor", "take_second_factor"),
    *("renew_recovery_codes", "take_recovery_codes", "remove_second_factor", "take_removal"),
    *("enrol", "take_enrolment", "revoke_device", "take_revocation", "check_audit"),
)


def test_a_dangerous_page_asks_whoever_was_away_for_long_to_prove_who_she_is(office: World) -> None:
    """An office computer that somebody left open invites nobody and enrols no phone."""
    visitors = [visitor(office, "coordinator"), visitor(office, "data_protection")]
    tried = set()
    office.now_ms += FRESH_MS
    for rule in office.app.url_map.iter_rules():
        name = rule.endpoint.removeprefix("pages.")
        if rule.endpoint == f"pages.{name}" and name in DANGEROUS:
            who = visitors[name == "check_audit"]
            with office.app.test_request_context():
                named: dict[str, Any] = dict.fromkeys(rule.arguments, "x")
                path = office.app.url_for(rule.endpoint, **named)
            sent = who.fills(path, page="/account") if "POST" in (rule.methods or ()) else who.opens(path)
            assert (sent.status_code, sent.headers["Location"].partition("?")[0]) == (303, "/confirm"), name
            tried.add(name)
    assert tried == set(DANGEROUS)
