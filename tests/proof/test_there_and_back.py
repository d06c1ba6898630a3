"""A record of any form as XML and back: nothing is lost and nothing is added, whatever the form and the answers."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from fieldsync.core.form_tree import FormTree
from fieldsync.core.forms import OCCURRENCE_NODE, Form, Question
from fieldsync.core.instance import from_xml, to_xml
from tests.proof.generated_forms import definition

Fields = dict[str, Any]
FORMS = range(40)
FORBIDDEN = [chr(code) for code in (*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF)]
TEXTS = st.one_of(
    st.sampled_from(
        ["فاطمة الزهراء", "\u202bيمين\u202c", "ⵜⴰⵎⴰⵣⵉⵖⵜ", " ", "\n", "\r\n", "\t a \u00a0", "<&>\"']]>", "😀"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters=FORBIDDEN), min_size=1, max_size=12),
)
DECIMALS = st.decimals(-999, 999, allow_nan=False, allow_infinity=False, places=3).map(lambda number: f"{number:f}")
POINTS = st.lists(DECIMALS, min_size=2, max_size=4).map(
    lambda numbers: dict(zip(("lat", "lon", "alt", "accuracy"), numbers, strict=False))
)
NAMES = st.text("abcdef_-.0123456789صق", min_size=1, max_size=6)
ANSWERS: Mapping[str, st.SearchStrategy[Any]] = {
    "text": TEXTS,
    "note": TEXTS,
    "calculate": TEXTS,
    "integer": st.integers(-(2**53) + 1, 2**53 - 1),
    "decimal": DECIMALS,
    "boolean": st.booleans(),
    "date": st.dates().map(str),
    "time": st.times().map(str),
    "dateTime": st.datetimes().map(lambda moment: f"{moment.isoformat(timespec='milliseconds')}+01:00"),
    "select_one": NAMES,
    "select_multiple": st.lists(NAMES, min_size=1, max_size=5, unique=True).map(lambda names: {"set": names}),
    "rank": st.lists(NAMES, min_size=1, max_size=5, unique=True),
    "geopoint": POINTS,
    "geotrace": st.lists(POINTS, min_size=1, max_size=4),
    "geoshape": st.lists(POINTS, min_size=1, max_size=4),
    "file": NAMES.map(lambda name: {"file": f"{name}.jpg"}),
}
UUIDS = st.uuids().map(str)


@st.composite
def records(draw: st.DrawFn) -> tuple[Form, Fields]:
    """A form, and a record of it: any answers or none, up to three occurrences of each repeat in each of its places."""
    form = definition(draw(st.sampled_from(FORMS))).form
    tree, fields = FormTree(form), Fields()
    places = {"": [""]}
    for repeat in sorted(tree.repeats, key=len):
        outer = tree.nests[repeat][-2] if len(tree.nests[repeat]) > 1 else ""
        places[repeat] = []
        for around in places[outer]:
            for order, name in enumerate(draw(st.lists(UUIDS, max_size=3, unique=True)), start=1):
                places[repeat].append(f"{around}{repeat[len(outer) :]}[{name}]")
                fields[places[repeat][-1]] = order
    for path in sorted(path for path in tree.leaves if not path.endswith(OCCURRENCE_NODE)):
        nest = tree.nests[path]
        for around in places[nest[-1] if nest else ""]:
            if draw(st.booleans()):
                question = tree.questions.get(path)
                fields[around + path[len(nest[-1]) if nest else 0 :]] = draw(_answers(path, question))
    return form, fields


def _answers(path: str, question: Question | None) -> st.SearchStrategy[Any]:
    if question is None:
        return NAMES if "@" in path else TEXTS
    return ANSWERS[question.type]


def _never() -> str:
    raise AssertionError("every occurrence has a name of its own")


def canonical(root: etree._Element) -> bytes:
    return etree.tostring(root, method="c14n")


@given(records())
def test_fields_become_xml_and_the_same_fields_again(drawn: tuple[Form, Fields]) -> None:
    form, fields = drawn
    assert from_xml(form, etree.tostring(to_xml(form, fields), encoding="utf-8"), _never) == fields


@given(records())
def test_xml_becomes_fields_and_the_same_xml_again(drawn: tuple[Form, Fields]) -> None:
    form, fields = drawn
    first = to_xml(form, fields)
    for spelled in (
        etree.tostring(first, encoding="utf-8"),
        canonical(first),
        etree.tostring(first, encoding="us-ascii"),
    ):
        assert canonical(to_xml(form, from_xml(form, spelled, _never))) == canonical(first)


@given(records())
def test_what_is_empty_and_what_is_absent_are_the_same(drawn: tuple[Form, Fields]) -> None:
    form, fields = drawn
    root = to_xml(form, fields)
    empty = [each for each in root.iter() if len(each) == 0 and not each.text and not each.attrib]
    for each in empty:
        parent = each.getparent()
        if parent is not None:
            parent.remove(each)
    assert from_xml(form, etree.tostring(root, encoding="utf-8"), _never) == fields
