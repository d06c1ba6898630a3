"""What an XForm says, read as values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.form_findings import form_findings
from fieldsync.core.forms import Finding, Form, legal_paths
from fieldsync.core.xform import read_form

HEAD = """<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
 xmlns:jr="http://openrosa.org/javarosa" xmlns:orx="http://openrosa.org/xforms" xmlns:odk="http://www.opendatakit.org/xforms"
 xmlns:fs="urn:fieldsync:form" xmlns:entities="http://www.opendatakit.org/xforms/entities">"""


def xform(instance: str, binds: str = "", body: str = "", model: str = "") -> bytes:
    return (
        f"{HEAD}<h:head><h:title>زيارة</h:title><model entities:entities-version='2025.1.0'>{model}"
        f"<instance><data id='visit' version='7'>{instance}</data></instance>{binds}</model></h:head>"
        f"<h:body>{body}</h:body></h:html>"
    ).encode()


def read(data: bytes) -> Form:
    form = read_form(data)
    assert isinstance(form, Form), form
    return form


def refused(data: bytes) -> str:
    findings = read_form(data)
    assert isinstance(findings, list)
    assert all(isinstance(finding, Finding) and finding.severity == "error" for finding in findings)
    return findings[0].code


def test_questions_stand_in_the_order_of_the_primary_instance() -> None:
    form = read(xform("<b/><a/><g><c/></g>", body="<input ref='/data/a'/><input ref='/data/b'/>"))
    assert [question.path for question in form.questions] == ["b", "a", "g/c"]
    assert (form.id, form.version, form.title, form.root) == ("visit", "7", "زيارة", "data")


def test_a_label_in_each_language_and_a_dash_is_no_translation() -> None:
    itext = """<itext><translation lang="العربية (ar)" default="true()">
    <text id="a"><value>السن</value></text></translation><translation lang="Français (fr)">
    <text id="a"><value>Âge de <output value=" /data/a "/></value></text></translation>
    <translation lang="Tamazight"><text id="a"><value>-</value></text></translation></itext>"""
    form = read(xform("<a/>", body="<input ref='/data/a'><label ref=\"jr:itext('a')\"/></input>", model=itext))
    assert form.languages == ("ar", "fr", "Tamazight")
    assert form.default_language == "ar"
    assert form.questions[0].labels == {"ar": "السن", "fr": "Âge de ${a}"}


def test_a_question_is_hidden_by_its_own_rule_and_by_those_around_it() -> None:
    binds = (
        "<bind nodeset='/data/g' relevant=\" /data/a = 'yes' \"/>"
        "<bind nodeset='/data/g/c' relevant='../d &gt; 3' constraint='. &lt; 9' jr:constraintMsg='Too many'/>"
    )
    form = read(xform("<a/><g><d/><c/></g>", binds))
    question = form.questions[2]
    assert question.relevant == (("g", "/data/a = 'yes'"), ("g/c", "../d > 3"))
    assert question.constraint_message == {"": "Too many"}


def test_the_template_of_a_repeat_and_its_first_occurrence_are_one() -> None:
    repeat = "<repeat nodeset='/data/r' jr:count='3'><input ref='/data/r/n'/></repeat>"
    body = f"<group ref='/data/r'><label>Members</label>{repeat}</group>"
    form = read(xform("<r jr:template=''><n/></r><r><n/></r>", body=body))
    assert [(question.path, question.repeats) for question in form.questions] == [("r/n", ("r",))]
    assert form.repeats[0].labels == {"": "Members"}
    assert form.repeats[0].count == "3"


@pytest.mark.parametrize(
    ("bind", "control", "expected"),
    [
        ("int", "input", "integer"),
        ("decimal", "input", "decimal"),
        ("dateTime", "input", "dateTime"),
        ("string", "select1", "select_one"),
        ("string", "select", "select_multiple"),
        ("odk:rank", "odk:rank", "rank"),
        ("binary", "upload", "file"),
        ("string", "trigger", "select_one"),
        ("barcode", "input", "text"),
        ("geopoint", "input", "geopoint"),
        ("int", "range", "integer"),
    ],
)
def test_the_type_comes_from_bind_and_control(bind: str, control: str, expected: str) -> None:
    form = read(xform("<a/>", f"<bind nodeset='/data/a' type='{bind}'/>", f"<{control} ref='/data/a'/>"))
    assert form.questions[0].type == expected
    assert [choice.name for choice in form.questions[0].choices] == (["OK"] if control == "trigger" else [])


def test_an_input_that_nobody_can_fill_is_a_note_and_a_hidden_expression_a_calculate() -> None:
    binds = (
        "<bind nodeset='/data/note' type='string' readonly='true()'/>"
        "<bind nodeset='/data/shown' type='string' readonly='true()' calculate='1 + 1'/>"
        "<bind nodeset='/data/sum' calculate='1 + 1'/>"
        "<bind nodeset='/data/start' type='dateTime' jr:preload='timestamp'/>"
    )
    form = read(xform("<note/><shown/><sum/><start/>", binds, "<input ref='/data/note'/><input ref='/data/shown'/>"))
    assert [question.type for question in form.questions] == ["note", "text", "calculate", "dateTime"]


def test_the_designer_says_how_sensitive_an_answer_is() -> None:
    binds = (
        "<bind nodeset='/data/a' fs:class='P1' fs:protective='no yes' fs:key='yes' fs:place='yes' fs:project='yes'/>"
        "<bind nodeset='/data/g' fs:class='P3'/>"
    )
    a, b, c = read(xform("<a/><b/><g><c/></g>", binds)).questions
    assert (a.sensitivity, a.declared_sensitivity, a.protective) == ("P1", True, ("no", "yes"))
    assert (a.key, a.place, a.project) == (True, True, True)
    assert (b.sensitivity, b.declared_sensitivity) == ("P2", False)
    assert c.sensitivity == "P3", "a question without a class of its own takes that of the group around it"


def test_a_cascade_keeps_its_predicate_and_the_columns_it_filters_by() -> None:
    communes = """<instance id="communes"><root><item><name>asni</name><itextId>c-0</itextId>
    <province>haouz</province></item></root></instance><instance id="douars" src="jr://file-csv/douars.csv"/>"""
    itext = '<itext><translation lang="fr"><text id="c-0"><value>Asni</value></text></translation></itext>'
    body = """<select1 ref="/data/c"><itemset nodeset="instance('communes')/root/item[province= /data/p ]">
    <value ref="name"/><label ref="jr:itext(itextId)"/></itemset></select1>
    <select1 ref="/data/d"><itemset nodeset="randomize(instance('douars')/root/item[a = ']'][b=1])"><value ref="code"/>
    <label ref="nom"/></itemset></select1>"""
    form = read(xform("<p/><c/><d/>", communes, body, itext))
    commune, douar = form.questions[1:]
    assert commune.itemset is not None
    assert commune.itemset.filter == "province= /data/p"
    assert commune.choices[0].labels == {"fr": "Asni"}
    assert commune.choices[0].columns == {"province": "haouz"}
    assert douar.itemset is not None
    assert (douar.itemset.instance, douar.itemset.value, douar.itemset.label) == ("douars", "code", "nom")
    assert douar.itemset.filter == "(a = ']') and (b=1)"
    assert form.instances[1].source == "jr://file-csv/douars.csv"
    assert form.media == ("jr://file-csv/douars.csv",)


def test_a_form_creates_a_participant_and_updates_members_in_a_repeat() -> None:
    instance = (
        "<n/><r><m/><meta><entity dataset='members' update='' id=''><label/></entity></meta></r>"
        "<meta><entity dataset='participants' create='1' id=''><label/></entity><instanceID/></meta>"
    )
    binds = (
        "<bind nodeset='/data/n' entities:saveto='full_name'/><bind nodeset='/data/r/m' entities:saveto='share'/>"
        "<bind nodeset='/data/r/meta/entity/@update' calculate=\"../../../m != ''\"/>"
        "<bind nodeset='/data/r/meta/entity/@id' calculate='../../../m'/>"
        "<bind nodeset='/data/meta/entity/label' calculate='/data/n'/>"
    )
    form = read(xform(instance, binds, "<group ref='/data/r'><repeat nodeset='/data/r'/></group>"))
    members, participants = form.entities
    assert (members.list, members.scope, members.repeats) == ("members", "r", ("r",))
    assert (members.create, members.update, members.id) == (None, "../../../m != ''", "../../../m")
    assert members.properties == {"share": "r/m"}
    assert (participants.create, participants.label) == ("true()", "/data/n")
    assert participants.properties == {"full_name": "n"}
    written = {"n", "r/m", "meta/instanceID", "meta/entity/@id", "r/meta/entity/@baseVersion", "r/meta/entity/label"}
    assert written <= legal_paths(form)
    assert "meta" not in legal_paths(form)


def test_openrosa_names_are_read_by_their_local_part() -> None:
    data = xform("<a/><orx:meta><orx:instanceID/></orx:meta>").replace(b"version='7'", b"orx:version='8'")
    form = read(data)
    assert form.version == "8"
    assert [question.path for question in form.questions] == ["a"]


HOSTILE = {
    "nothing": b"",
    "only space": b"  \n ",
    "a NUL": xform("<a/>").replace(b"visit", b"vi\x00sit"),
    "not XML": b"PK\x03\x04 not a form",
    "cut off": xform("<a/>")[:-20],
    "a web page": b"<html><body/></html>",
    "UTF-16": xform("<a/>").decode().encode("utf-16"),
    "another encoding": b"<?xml version='1.0' encoding='UTF-7'?>" + xform("<a/>"),
    "a document type": b"<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>" + xform("<a/>"),
    "a billion laughs": b"<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]>" + xform("<a>&amp;b;</a>"),
    "an unknown entity": xform("<a>&who;</a>"),
    "very deep": xform("<g>" * 200 + "</g>" * 200),
    "deep enough to stop libxml2": xform("<g>" * 5000 + "</g>" * 5000),
    "a very long name": xform(f"<{'n' * 1000}/>"),
    "very many nodes": xform("".join(f"<q{number}/>" for number in range(10_500))),
    "very many marks": xform("<a/>" * 1_000_001),
    "a name that stands twice": xform("<a/><b/><a/>"),
    "a bind to nothing": xform("<a/>", "<bind nodeset='/data/b'/>"),
    "a bind out of the form": xform("<a/>", "<bind nodeset='../../b'/>"),
    "a control for nothing": xform("<a/>", body="<input ref='/data/b'/>"),
    "saved to no entity": xform("<a/>", "<bind nodeset='/data/a' entities:saveto='name'/>"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_form_gets_a_finding(name: str) -> None:
    assert refused(HOSTILE[name])


WHOLE = xform(
    "<a/><r jr:template=''><b/></r><meta><entity dataset='x' create='1'><label/></entity></meta>",
    "<bind nodeset='/data/a' type='int' relevant='../r/b = 1' fs:class='P1'/>",
    "<select1 ref='/data/a'><itemset nodeset=\"instance('x')/root/item[a = 1]\"/></select1><repeat nodeset='/data/r'/>",
)


@given(
    st.integers(0, len(WHOLE)), st.integers(0, 30), st.sampled_from([b"", b"<", b">", b"'", b"/", b"@", b"[", b"\x00"])
)
def test_no_damage_to_a_form_stops_the_reader(start: int, length: int, put: bytes) -> None:
    form = read_form(WHOLE[:start] + put + WHOLE[start + length :])
    if isinstance(form, Form):
        form_findings(form)
