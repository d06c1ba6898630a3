"""A record as an answer sheet and back: nothing is lost, nothing is added."""

from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from fieldsync.core.forms import EntityDeclaration, Form, Question, Repeat
from fieldsync.core.instance import from_xml, to_xml

FORM = Form(
    "visit",
    "7",
    "Visit",
    "data",
    ("",),
    "",
    (
        Question("who/name", "text"),
        Question("who/age", "integer"),
        Question("who/height", "decimal"),
        Question("who/present", "boolean"),
        Question("who/roles", "select_multiple"),
        Question("order", "rank"),
        Question("place", "geopoint"),
        Question("way", "geotrace"),
        Question("photo", "file"),
        Question("day", "date"),
        Question("members/name", "text", ("members",)),
        Question("members/kids/age", "integer", ("members", "members/kids")),
        Question("sum", "calculate"),
    ),
    repeats=(Repeat("members"), Repeat("members/kids")),
    entities=(EntityDeclaration("participants", "meta/entity"),),
    meta_paths=("meta/instanceID", "meta/entity/@id", "meta/entity/label"),
)
NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="".join(map(chr, [*range(32), 0xFFFE, 0xFFFF]))),
    min_size=1,
    max_size=12,
)
POINTS = st.builds(
    lambda lat, lon: {"lat": str(lat), "lon": str(lon), "alt": "0.0", "accuracy": "12.5"},
    st.integers(-90, 90),
    st.integers(-180, 180),
)
ANSWERS = {
    "who/name": NAMES,
    "who/age": st.integers(-(2**53) + 1, 2**53 - 1),
    "who/height": st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-999, max_value=999).map(str),
    "who/present": st.booleans(),
    "who/roles": st.lists(st.sampled_from("abc"), min_size=1, unique=True).map(lambda names: {"set": names}),
    "order": st.lists(st.sampled_from("abc"), min_size=1, unique=True),
    "place": POINTS,
    "way": st.lists(POINTS, min_size=1, max_size=4),
    "photo": st.just({"file": "دوار.jpg"}),
    "day": st.dates().map(str),
    "sum": NAMES,
    "meta/instanceID": st.just("uuid:1"),
    "meta/entity/@id": st.just("uuid:2"),
    "meta/entity/label": NAMES,
}


def uuids() -> Any:
    numbers = count(1)
    return lambda: f"00000000-0000-4000-8000-{next(numbers):012}"


def sheet(fields: dict[str, Any]) -> bytes:
    return etree.tostring(to_xml(FORM, fields), encoding="utf-8")


@given(st.fixed_dictionaries({}, optional=ANSWERS), st.lists(st.lists(st.integers(0, 9), max_size=2), max_size=3))
def test_what_is_written_is_read_again(fields: dict[str, Any], families: list[list[int]]) -> None:
    new_uuid = uuids()
    for order, ages in enumerate(families, start=1):
        member = f"members[{new_uuid()}]"
        fields |= {member: order, f"{member}/name": "Fadma"}
        for place, age in enumerate(ages, start=1):
            kid = f"{member}/kids[{new_uuid()}]"
            fields |= {kid: place, f"{kid}/age": age}
    assert from_xml(FORM, sheet(fields), uuids()) == fields


def test_every_question_has_its_element_and_what_is_empty_comes_back_absent() -> None:
    root = to_xml(FORM, {"who/name": None, "sum": ""})
    assert root.findtext("who/name") == ""
    assert [child.tag for child in root] == ["who", "order", "place", "way", "photo", "day", "sum", "meta"]
    assert (root.get("id"), root.get("version")) == ("visit", "7")
    assert from_xml(FORM, etree.tostring(root), uuids()) == {}


def test_occurrences_stand_in_the_order_of_their_keys() -> None:
    first, second, third = (f"members[00000000-0000-4000-8000-00000000000{digit}]" for digit in "321")
    fields = {second: 5, first: -1, third: "a", f"{first}/name": "1", f"{second}/name": "2", f"{third}/name": "3"}
    names = [element.text for element in to_xml(FORM, fields).iterfind("members/name")]
    assert names == ["1", "2", "3"]


def test_a_sheet_from_elsewhere_gets_occurrences_of_its_own() -> None:
    xml = b"""<data xmlns:orx="http://openrosa.org/xforms" id="visit"><!-- a phone's -->
      <members><name>Aicha</name></members><members><name>Fadma</name><kids><age>3</age></kids></members>
      <orx:meta><orx:instanceID>uuid:9</orx:instanceID></orx:meta></data>"""
    read = from_xml(FORM, xml, uuids())
    one, two, kid = (f"00000000-0000-4000-8000-{number:012}" for number in (1, 2, 3))
    assert read == {
        f"members[{one}]": 1,
        f"members[{one}]/name": "Aicha",
        f"members[{two}]": 2,
        f"members[{two}]/name": "Fadma",
        f"members[{two}]/kids[{kid}]": 1,
        f"members[{two}]/kids[{kid}]/age": 3,
        "meta/instanceID": "uuid:9",
    }


def test_what_does_not_fit_stays_text_and_what_is_unknown_stays() -> None:
    xml = b"<data><who><age>dozen</age><shoe>42</shoe></who><place>here</place><way>1 2; x</way></data>"
    assert from_xml(FORM, xml, uuids()) == {
        "who/age": "dozen",
        "who/shoe": "42",
        "place": "here",
        "way": [{"lat": "1", "lon": "2"}, "x"],
    }


def test_characters_that_xml_cannot_carry_are_replaced_and_sealed_answers_left_out() -> None:
    root = to_xml(FORM, {"who/name": "a\x01\ud800b", "sum": {"sealed": "x", "header": {}, "keys": ["k"]}})
    assert (root.findtext("who/name"), root.findtext("sum")) == ("a\ufffd\ufffdb", "")


@pytest.mark.parametrize(
    "xml",
    [b"", b"<data>", b"\xff", b"<a>" * 400 + b"</a>" * 400, b"<data>" + b"<x/>" * 50_001 + b"</data>"],
)
def test_what_is_no_sheet_is_a_value_error(xml: bytes) -> None:
    with pytest.raises(ValueError):
        from_xml(FORM, xml, uuids())


def test_entities_in_xml_are_not_expanded() -> None:
    xml = b'<!DOCTYPE data [<!ENTITY e "secret">]><data><sum>&e;</sum></data>'
    assert "secret" not in str(from_xml(FORM, xml, uuids()))
