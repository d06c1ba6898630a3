"""Pages hold to their policy before any browser sees them: nothing inline, nothing untranslated, nothing unused."""

import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from jinja2 import Environment

from fieldsync.core import access
from fieldsync.core.messages import LANGUAGES
from fieldsync.routes.pages import words
from fieldsync.routes.pages.language import CATALOGUES, catalogue
from fieldsync.routes.pages.shell import NOTICES
from fieldsync.services import auditing
from tests.house.catalogues import NAMES, renewed
from tests.house.catalogues import read as read_catalogue
from tests.house.source import PACKAGE, python_files, shown

WEB = PACKAGE / "web"
STATIC = WEB / "static"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
OWN_SHEETS = sorted(STATIC.glob("*.css"))

UNTRANSLATED = {"fieldsync"}
"""Names that are the same in every language."""

SPOKEN_ATTRIBUTES = {"aria-label", "title", "alt", "placeholder"}

ARABIC = re.compile(r"[\u0600-\u06ff]")

PHYSICAL = re.compile(
    r"(?:^|[\s;{])(?:(?:margin|padding|border)-(?:left|right|top|bottom)|left|right|top|bottom"
    r"|(?:min-|max-)?(?:width|height)|text-align:\s*(?:left|right)|float)\s*:",
)
"""Properties that do not turn with the direction of the script; media queries ask for the screen's width."""


def markup(template: Path) -> str:
    """A template with its Jinja taken out: `{{ … }}` and `{% … %}` leave a blank, which counts as filled."""
    source = re.sub(r"\{% block width %\}\w*\{% endblock %\}", "", template.read_text(encoding="utf-8"))
    pieces = []
    for _, kind, value in Environment().lex(source):
        if kind == "data":
            pieces.append(value)
        elif kind in ("variable_begin", "block_begin"):
            pieces.append("\u2060")
    return "".join(pieces)


class Reading(HTMLParser):
    """What a template holds: elements with their attributes, and its texts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(template: Path) -> Reading:
    """A template, parsed."""
    reading = Reading()
    reading.feed(markup(template))
    return reading


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_nothing_is_inline(template: Path) -> None:
    for tag, attributes in read(template).elements:
        assert tag not in ("style", "iframe", "object", "embed", "base"), tag
        assert tag != "script" or "src" in attributes
        assert not [name for name in attributes if name.startswith(("on", "hx-on")) or name == "style"], attributes


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_every_text_can_be_translated(template: Path) -> None:
    reading = read(template)
    spoken = [*reading.texts, *(value for _, attributes in reading.elements for name, value in attributes.items()
                                if name in SPOKEN_ATTRIBUTES)]  # fmt: skip
    left = {word for text in spoken for word in re.findall(r"[^\W\d_]{2,}", text)}
    assert left - UNTRANSLATED == set()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_every_form_that_changes_something_shows_that_it_is_ours(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    forms = re.findall(r'<form[^>]*method="post".*?</form>', text, re.DOTALL)
    assert [form[:80] for form in forms if "parts.ours()" not in form] == []
    assert "|safe" not in text.replace(" ", "")


@pytest.mark.parametrize("language", NAMES)
def test_every_text_is_translated(language: str) -> None:
    for message in read_catalogue(CATALOGUES / f"{language}.po"):
        source = source_of(message)
        assert not message.fuzzy, source
        for text in texts_of(message) if message.id else ():
            assert text, source
            assert language != "ar" or ARABIC.search(text) or not re.search(r"[A-Za-z]{3,}", _unnamed(text)), source
            assert blanks(text) <= blanks("".join(source)), source


def source_of(message: Message) -> tuple[str, ...]:
    """The English of a message, or its singular and plural."""
    return tuple(message.id) if isinstance(message.id, tuple | list) else (str(message.id),)


def texts_of(message: Message) -> list[str]:
    """What a message says in its language: one text, or one for each plural."""
    said = message.string if isinstance(message.string, tuple | list) else [message.string]
    return [str(text or "") for text in said]


def _unnamed(text: str) -> str:
    return re.sub(r"%\(\w+\)s", "", text)


def blanks(text: str) -> set[str]:
    """The names of a text's blanks."""
    return set(re.findall(r"%\((\w+)\)", text))


def test_every_code_that_pages_show_has_a_word() -> None:
    assert set(words.PERMISSIONS) == set(access.PERMISSIONS)
    assert set(words.ACTIONS) == set(auditing.ACTIONS)


def test_every_notice_is_given_and_every_deed_has_its_notice() -> None:
    source = "".join(path.read_text() for path in python_files("fieldsync") if path.parent.name == "pages")
    assert {name for name in NOTICES if source.count(f'"{name}"') < 2} == set()


def test_every_template_is_used() -> None:
    source = "".join(path.read_text() for path in [*python_files("fieldsync"), *TEMPLATES])
    assert [path.name for path in TEMPLATES if f'"{path.name}"' not in source] == []


def test_every_static_file_is_used() -> None:
    """By a template, a style sheet or a script; a licence stands beside what it is for."""
    source = "".join(path.read_text() for path in [*TEMPLATES, *OWN_SHEETS])
    files = [str(path.relative_to(STATIC)) for path in STATIC.rglob("*") if path.is_file()]
    assert [name for name in files if name not in source and not name.endswith("LICENSE.txt")] == []


def test_every_icon_is_drawn_once_and_used() -> None:
    drawn = re.findall(r'<symbol id="(\w+)"', (STATIC / "icons.svg").read_text())
    assert len(drawn) == len(set(drawn))
    source = "".join(path.read_text() for path in [*TEMPLATES, *python_files("fieldsync")])
    assert [name for name in drawn if f'"{name}"' not in source] == []
    asked = set(re.findall(r'icon\("(\w+)"', source))
    assert asked - set(drawn) == set()


def test_styles_turn_with_the_script() -> None:
    for sheet in OWN_SHEETS:
        text = re.sub(r"@media[^{]*\{|/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
        assert PHYSICAL.findall(text) == [], shown(sheet)


def test_what_is_vendored_is_what_the_lock_names() -> None:
    """Each file with its origin and digest; `make vendor` copies them, browser tests compare them with the packages."""
    wanted = json.loads((WEB / "package.json").read_text())["dependencies"]
    lock = json.loads((WEB / "package-lock.json").read_text())
    vendored = json.loads((WEB / "vendored.json").read_text())
    for name, origin in vendored.items():
        body = (STATIC / "vendor" / name).read_bytes()
        assert hashlib.sha256(body).hexdigest() == origin["sha256"], name
        assert origin["version"] == wanted[origin["package"]]
    assert {path.name for path in (STATIC / "vendor").iterdir()} == set(vendored)
    assert {origin["package"] for origin in vendored.values()} == set(wanted)
    assert not [name for name, each in lock["packages"].items() if "resolved" in each]


@pytest.mark.parametrize("language", NAMES)
def test_a_catalogue_holds_every_text_and_nothing_else(language: str) -> None:
    """And is written one way, so that a translation shows as one changed line."""
    path = CATALOGUES / f"{language}.po"
    assert path.read_text(encoding="utf-8") == renewed(path), "run `make words`, and translate what is empty"


@pytest.mark.parametrize(
    ("count", "form"),
    [(0, "لا سجل"), (1, "سجل واحد"), (2, "سجلان"), (7, "%(num)s سجلات"), (58, "%(num)s سجلا"), (100, "%(num)s سجل"),
     (103, "%(num)s سجلات"), (111, "%(num)s سجلا")],
)  # fmt: skip
def test_arabic_counts_as_arabic_does(count: int, form: str) -> None:
    assert catalogue("ar").ungettext("%(num)s record", "%(num)s records", count) == form


def test_every_language_but_the_sources_has_a_catalogue() -> None:
    assert sorted(path.stem for path in CATALOGUES.glob("*.po")) == sorted(NAMES) == sorted(set(LANGUAGES) - {"en"})
