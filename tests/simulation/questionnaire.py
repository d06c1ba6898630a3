"""The two versions of the form that the simulated companions fill: a repeat, a choice of several, rules, an entity."""

from functools import cache
from pathlib import Path

from fieldsync.core.forms import Form
from fieldsync.core.xform import read_form
from fieldsync.services.publishing import Definition

FORM = "visit"
LIST = "households"
VILLAGES = ("07.01.a", "07.01.b", "08.02.a")
PLACES = ("07.01", "08.02")
NEEDS = ("water", "school", "road", "care")
CONSENT = ("yes", "no")
FIRST, SECOND = "1", "2"


@cache
def definition(version: str) -> Definition:
    """A version of the form, ready to be published; the second has one question more."""
    xform = Path(__file__).with_name(f"visit-{version}.xml").read_bytes()
    form = read_form(xform)
    assert isinstance(form, Form), form
    return Definition(form, xform, None, xform, "xml")
