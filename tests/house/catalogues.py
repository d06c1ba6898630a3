"""`make words`: brings the pages' catalogues up to date with the texts in the source, and writes them one way only."""

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from fieldsync.routes.pages.language import CATALOGUES
from tests.house.source import PACKAGE

SOURCES = [("routes/pages/**.py", "python"), ("web/templates/**.html", "jinja2")]
MARKS = {"_": None, "_l": None, "ngettext": (1, 2)}

NAMES = {"ar": "Arabic", "fr": "French"}

PLURALS = {
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
}
"""Unicode's order: zero, one, two, few, many, other; Babel has the last two the other way round."""

DATED = ('"POT-Creation-Date', '"PO-Revision-Date', '"Last-Translator', '"Project-Id-Version', '"Report-Msgid-Bugs-To')
TOOLED = ('"Generated-By', '"Language-Team')
"""Lines of the header that would change with every run, or say nothing."""

Source = str | tuple[str, ...]


def sources() -> Iterator[Source]:
    """Every text of the pages: one, or singular and plural."""
    for _, _, message, _, _ in extract_from_dir(PACKAGE, SOURCES, keywords=MARKS):
        yield message


def read(path: Path) -> Catalog:
    """A catalogue as it is."""
    with path.open("rb") as file:
        return read_po(file, locale=path.stem)


def renewed(path: Path) -> str:
    """A catalogue with what the source says now: what is new is empty, what is used no longer is gone."""
    known = read(path)
    comment = f"# The pages in {NAMES[path.stem]}; the source speaks English. `make words` renews this file."
    catalogue = Catalog(locale=path.stem, fuzzy=False, header_comment=comment)
    for source in dict.fromkeys(sources()):
        found = known.get(source if isinstance(source, str) else source[0])
        catalogue.add(source, found.string if found is not None and found.id == source else None)
    written = io.BytesIO()
    write_po(written, catalogue, width=0, sort_output=True, no_location=True)
    lines = [_ordered(line, path.stem) for line in written.getvalue().decode().splitlines()]
    return "\n".join(line for line in lines if not line.startswith((*DATED, *TOOLED))).rstrip() + "\n"


def _ordered(line: str, language: str) -> str:
    is_ours = line.startswith('"Plural-Forms') and language in PLURALS
    return f'"Plural-Forms: {PLURALS[language]}\\n"' if is_ours else line


def renew() -> None:
    """Write every catalogue anew."""
    for language in NAMES:
        path = CATALOGUES / f"{language}.po"
        path.write_text(renewed(path), encoding="utf-8")


if __name__ == "__main__":
    renew()
