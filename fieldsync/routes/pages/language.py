"""The language of a page: chosen by link, remembered in a cookie, else the browser's; its words and its dates."""

import io
import re
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

from babel import Locale, dates
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, g, request
from flask_babel import Babel, Domain
from markupsafe import Markup, escape

from fieldsync.config import program_folder
from fieldsync.core.messages import LANGUAGES
from fieldsync.core.validation import PROGRAMME_ZONE
from fieldsync.routes.context import context, reader_language
from fieldsync.routes.pages import cookies
from fieldsync.routes.pages.speech import _

COOKIE = "fieldsync-language"
COOKIE_SECONDS = 365 * 24 * 3600

NAMES = {"ar": "العربية", "fr": "Français", "en": "English"}
SHORT_NAMES = {"ar": "ع", "fr": "FR", "en": "EN"}
DIRECTIONS = {"ar": "rtl", "fr": "ltr", "en": "ltr"}
LOCALES = {"ar": "ar_MA", "fr": "fr", "en": "en_GB"}
"""Moroccan months in Arabic (يوليوز, غشت), the day before the month in English."""

CATALOGUES: Path = program_folder("web") / "locale"

_PLAIN_NUMBER = re.compile(r"([+-]?)([0-9]{1,30})(?:\.([0-9]{1,60}))?")

MINUTE_MS = 60 * 1000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


class TextCatalogues(Domain):  # type: ignore[misc]
    """Translations read from the .po files themselves: there is no compiled copy that could be out of date."""

    def get_translations(self) -> Translations:
        """The translations of the present request's language."""
        return catalogue(chosen())


class Languages(Babel):  # type: ignore[misc]
    """Flask-Babel over text catalogues."""

    domain_instance = TextCatalogues()


@cache
def catalogue(language: str) -> Translations:
    """The translations into a language; the source speaks English."""
    path = CATALOGUES / f"{language}.po"
    compiled = io.BytesIO()
    if path.is_file():
        with path.open("rb") as source:
            write_mo(compiled, read_po(source, locale=language, domain="messages"))
        compiled.seek(0)
        return Translations(compiled)
    return Translations()


def register(app: Flask) -> None:
    """Give templates their words and their dates."""
    Languages(app, locale_selector=lambda: LOCALES[chosen()], default_timezone=PROGRAMME_ZONE.key)
    app.jinja_env.filters.update(moment=moment, lately=lately, ago=ago, number=number, size=size)
    app.jinja_env.filters.update(digits=digits, day=day, said_at=said_at)


def chosen() -> str:
    """The language of the present request: ar, fr or en."""
    if "language" not in g:
        wanted = (request.args.get("lang", ""), cookies.read(COOKIE))
        g.language = next((each for each in wanted if each in LANGUAGES), None) or reader_language()
    found: str = g.language
    return found


def calendar_day(at: date) -> str:
    """A day as people say it: 23 Nov 2026."""
    return dates.format_date(at, "d MMM y", locale=Locale.parse(LOCALES[chosen()]))


def moment(ms: int) -> Markup:
    """A time as people say it, to the minute, in the programme's zone: 23 Nov 2026, 16:20."""
    at = datetime.fromtimestamp(ms / 1000, UTC)
    here = at.astimezone(PROGRAMME_ZONE)
    locale = Locale.parse(LOCALES[chosen()])
    day = dates.format_date(here, "d MMM y", locale=locale)
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(timespec="seconds"), f"{day} {here:%H:%M}")


def lately(ms: int) -> Markup:
    """A time as a list tells it: today and yesterday by name, the year only where it is another."""
    at = datetime.fromtimestamp(ms / 1000, UTC)
    here = at.astimezone(PROGRAMME_ZONE)
    today = datetime.fromtimestamp(context().now_ms() / 1000, PROGRAMME_ZONE).date()
    named = {0: _("Today"), 1: _("Yesterday")}.get((today - here.date()).days)
    pattern = "d MMM" if here.year == today.year else "d MMM y"
    day = named or dates.format_date(here, pattern, Locale.parse(LOCALES[chosen()]))
    return Markup('<time datetime="{}">{} <bdi>{}</bdi></time>').format(
        at.isoformat(timespec="seconds"), day, f"{here:%H:%M}"
    )


def day_of(ms: int) -> str:
    """A day as people say it, in the programme's zone: 23 Nov."""
    here = datetime.fromtimestamp(ms / 1000, UTC).astimezone(PROGRAMME_ZONE)
    return str(dates.format_date(here, "d MMM", locale=Locale.parse(LOCALES[chosen()])))


def ago(ms: int) -> Markup:
    """How long ago something was, or how far off it is."""
    at = datetime.fromtimestamp(ms / 1000, UTC)
    passed = timedelta(milliseconds=ms - context().now_ms())
    said = (
        _("just now")
        if abs(passed) < timedelta(minutes=1)
        else dates.format_timedelta(passed, add_direction=True, locale=LOCALES[chosen()])
    )
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(timespec="seconds"), said)


def number(value: float) -> str:
    """A number alike in the three languages: 3 450,5."""
    text = f"{value:,.1f}" if isinstance(value, float) and not value.is_integer() else f"{int(value):,}"
    return text.replace(",", "\u202f").replace(".", ",")


def digits(text: str) -> str:
    """A number exactly as it was said, its thousands apart: 3 450,50; what is no plain number stays as it is."""
    found = _PLAIN_NUMBER.fullmatch(text)
    if found is None:
        return text
    sign, whole, rest = found.groups()
    return f"{sign.replace('-', '−')}{int(whole):,}".replace(",", "\u202f") + (f",{rest}" if rest else "")


def day(text: str) -> Markup:
    """A date that somebody stated: 23 Nov 2026; as it was said where it is none."""
    try:
        stated = date.fromisoformat(text)
    except ValueError:
        return escape(text)
    said = dates.format_date(stated, "d MMM y", locale=LOCALES[chosen()])
    return Markup('<time datetime="{}">{}</time>').format(text, said)


def said_at(text: str) -> Markup:
    """A moment that somebody stated, in the programme's zone; a day alone stays a day."""
    try:
        stated = datetime.fromisoformat(text)
    except ValueError:
        return escape(text)
    if len(text) <= len("2026-11-23"):
        return day(text)
    here = stated.astimezone(PROGRAMME_ZONE) if stated.tzinfo else stated
    said = dates.format_date(here, "d MMM y", locale=LOCALES[chosen()])
    return Markup('<time datetime="{}">{}</time>').format(text, f"{said} {here:%H:%M}")


def size(count: int) -> str:
    """Bytes as people say them."""
    amount, unit = float(count), _("bytes")
    for larger in (_("KB"), _("MB"), _("GB")):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{number(round(amount, 1))} {unit}"
