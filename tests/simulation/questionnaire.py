"""The two versions of the form that the simulated companions fill: a repeat, a choice of several, rules, an entity."""

from functools import cache
from pathlib import Path

from fieldsync.core.forms import Form
from fieldsync.core.xform import read_form
from fieldsync.services.publishing import Definition

FORM = "visit"
ALBUM = "album"
PHOTOS = ("first", "second", "third", "fourth")
LIST = "households"
VILLAGES = ("07.01.a", "07.01.b", "08.02.a")
PLACES = ("07.01", "08.02")
NEEDS = ("water", "school", "road", "care")
CONSENT = ("yes", "no")
FIRST, SECOND = "1", "2"


@cache
def definition(version: str) -> Definition:
    """A version of the form, ready to be published; the second has one question more."""
    return _read(f"visit-{version}.xml")


@cache
def album() -> Definition:
    """A form of photos, ready to be published."""
    return _read("album.xml")


def _read(name: str) -> Definition:
    xform = Path(__file__).with_name(name).read_bytes()
    form = read_form(xform)
    assert isinstance(form, Form), form
    return Definition(form, xform, None, xform, "xml")
