"""The first page speaks the reader's language, runs no script and tells nothing about data."""

import re

import pytest

from fieldsync.routes.home_texts import TEXTS
from tests.routes.callers import nobody
from tests.world import World


@pytest.mark.parametrize(("accepts", "language", "direction"), [
    ("ar-MA,fr;q=0.5", "ar", "rtl"), ("fr", "fr", "ltr"), ("en-GB", "en", "ltr"), ("zgh", "en", "ltr"),
])  # fmt: skip
def test_the_page_follows_the_browser(world: World, accepts: str, language: str, direction: str) -> None:
    response = nobody(world).call("GET", "/", headers={"Accept-Language": accepts})
    assert response.status_code == 200
    assert f'<html lang="{language}" dir="{direction}">' in response.text
    assert TEXTS[language]["title"] in response.text
    assert response.headers["Content-Language"] == language


def test_a_link_chooses_the_language_and_nothing_else(world: World) -> None:
    assert '<html lang="fr"' in nobody(world).call("GET", "/?lang=fr", headers={"Accept-Language": "ar"}).text
    odd = nobody(world).call("GET", "/?lang=<script>")
    assert (odd.status_code, "<script" in odd.text) == (200, False)


def test_the_page_allows_its_style_and_nothing_else(world: World) -> None:
    response = nobody(world).call("GET", "/")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "style-src 'self'" in policy
    assert "<script" not in response.text
    assert " style=" not in response.text


def test_everything_that_the_page_links_to_is_there(world: World) -> None:
    stranger = nobody(world)
    links = re.findall(r'href="([^"]+)"', stranger.call("GET", "/").text)
    assert {"/static/site.css", "/api/openapi.json"} <= set(links)
    assert {stranger.call("GET", link).status_code for link in links} == {200}


def test_only_the_programs_own_files_are_served(world: World) -> None:
    stranger = nobody(world)
    for path in ("/static/../config.py", "/static/%2e%2e/templates/home.html", "/static/", "/static/%2Fetc/passwd"):
        assert stranger.call("GET", path).status_code == 404


def test_every_language_says_everything() -> None:
    assert {frozenset(texts) for texts in TEXTS.values()} == {frozenset(TEXTS["en"])}
