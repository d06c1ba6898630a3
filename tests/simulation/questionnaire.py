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

COMPARED = {
    'nodeset="/data/head" type="string" entities:saveto="head"': ' fs:part="full_name"',
    'nodeset="/data/note" type="string"': ' entities:saveto="phone" fs:part="phone"',
    'nodeset="/data/age" type="int"': ' entities:saveto="age" fs:part="age"',
}
"""Questions that linkage compares, where coordinators decide on pairs: what a bind says → what it says besides."""


@cache
def definition(version: str, is_compared: bool = False) -> Definition:
    """A version of the form, ready to be published; the second has one question more."""
    xform = _bytes(f"visit-{version}.xml")
    for bind, part in COMPARED.items() if is_compared else ():
        xform = xform.replace(bind.encode(), (bind + part).encode())
    return _read(xform)


@cache
def album() -> Definition:
    """A form of photos, ready to be published."""
    return _read(_bytes("album.xml"))


def _bytes(name: str) -> bytes:
    return Path(__file__).with_name(name).read_bytes()


def _read(xform: bytes) -> Definition:
    form = read_form(xform)
    assert isinstance(form, Form), form
    return Definition(form, xform, None, xform, "xml")
