"""What a designer is told about a form that can be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.choice_findings import MANY_CHOICES
from fieldsync.core.finding_texts import repair
from fieldsync.core.form_findings import form_findings
from fieldsync.core.forms import Finding, Form
from fieldsync.core.references import references
from fieldsync.core.xform import read_form

NAMESPACES = """xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
 xmlns:jr="http://openrosa.org/javarosa" xmlns:fs="urn:fieldsync:form"
 xmlns:entities="http://www.opendatakit.org/xforms/entities" """


def form_of(nodes: str, binds: str = "", body: str = "", root: str = "id='visit' version='1'", model: str = "") -> Form:
    xform = (
        f"<h:html {NAMESPACES}><h:head><h:title>Visit</h:title><model {model}><instance>"
        f"<data {root}>{nodes}</data></instance>"
        f"{binds}</model></h:head><h:body>{body}</h:body></h:html>"
    )
    form = read_form(xform.encode())
    assert isinstance(form, Form), form
    return form


def codes(form: Form, *, p3_allowed: bool = False) -> list[str]:
    return [finding.code for finding in form_findings(form, p3_allowed=p3_allowed)]


def errors(form: Form) -> list[Finding]:
    return [finding for finding in form_findings(form) if finding.severity == "error"]


def test_a_plain_form_with_classes_has_no_findings() -> None:
    assert form_findings(form_of("<a/>", "<bind nodeset='/data/a' fs:class='P1'/>")) == []


def test_what_odk_collect_does_not_open_is_not_published() -> None:
    asked = "<group ref='/data/g'><input ref='/data/g/a'/></group>"
    bind = "<bind nodeset='/data/g/a' fs:class='P1' {}/>"
    assert codes(form_of("<g><a/></g>", bind.format(""), asked)) == []
    hollow = "<group ref='/data/g'><label>G</label></group>"
    assert codes(form_of("<g><a/></g>", bind.format(""), hollow)) == ["hollow_group"]
    (finding,) = errors(form_of("<g><a/></g>", bind.format("calculate='1 + floor(2)'"), asked))
    assert finding.code == "expression_unsupported" and "int()" in str(finding.detail)
    nodes = "<a/><meta><entity dataset='people' id='' update='1' baseVersion=''/></meta>"
    binds = "<bind nodeset='/data/a' fs:class='P1'/><bind nodeset='/data/meta/entity/@id' calculate='/data/a'/>"
    assert codes(form_of(nodes, binds)) == ["entity_list_not_read"]
    read = "<instance id='people' src='jr://file-csv/people.csv'/>"
    assert codes(form_of(nodes, read + binds)) == []


def test_a_form_whose_entities_are_of_a_later_standard_is_not_published() -> None:
    """The ODK entities specification asks for it: nobody knows what such a form means."""
    nodes = "<a/><meta><entity dataset='people' id='' create='1'><label/></entity></meta>"
    binds = "<bind nodeset='/data/a' fs:class='P1'/><bind nodeset='/data/meta/entity/label' calculate='/data/a'/>"
    for version in ("", "2022.1.0", "2023.1.0", "2024.1.0", "2025.1.0", "2025.1.7"):
        assert codes(form_of(nodes, binds, model=f"entities:entities-version='{version}'")) == [], version
    for version in ("2025.2.0", "2025.10.0", "2026.1.0", "2022", "next"):
        assert codes(form_of(nodes, binds, model=f"entities:entities-version='{version}'")) == ["entities_version"]


@pytest.mark.parametrize(
    ("entity", "saved", "code"),
    [
        ("dataset='my.people' id='' create='1'><label/>", "age", "entity_list"),
        ("dataset='__people' id='' create='1'><label/>", "age", "entity_list"),
        ("dataset='people' id=''><label/>", "age", "entity_idle"),
        ("dataset='people' id='' create='1'>", "age", "entity_label"),
        ("dataset='people' id='' create='1'><label/>", "Name", "entity_property"),
        ("dataset='people' id='' create='1'><label/>", "label", "entity_property"),
        ("dataset='people' id='' create='1'><label/>", "__age", "entity_property"),
    ],
)
def test_what_an_entity_may_not_be_called_or_lack(entity: str, saved: str, code: str) -> None:
    binds = f"<bind nodeset='/data/a' fs:class='P1' entities:saveto='{saved}'/>"
    labelled = "<bind nodeset='/data/meta/entity/label' calculate='/data/a'/>" if "<label/>" in entity else ""
    found = errors(form_of(f"<a/><meta><entity {entity}</entity></meta>", binds + labelled))
    assert [each.code for each in found] == [code]


def test_a_question_without_a_class_is_only_a_warning() -> None:
    (finding,) = form_findings(form_of("<a/>"))
    assert (finding.severity, finding.code, finding.path) == ("warning", "no_sensitivity", "a")


@pytest.mark.parametrize(
    ("root", "code"),
    [
        ("version='1'", "form_id"),
        ("id='a b' version='1'", "form_id"),
        ("id='../x' version='1'", "form_id"),
        ("id='..' version='1'", "form_id"),
        ("id='v'", "version_missing"),
        ("id='v' version='1/2'", "version"),
        ("id='v' version='..'", "version"),
    ],
)
def test_id_and_version_can_stand_in_an_address(root: str, code: str) -> None:
    assert code in codes(form_of("<a/>", root=root))


@pytest.mark.parametrize("version", ["1", "2026112301", "v2 (draft)", "٢٠٢٦"])
def test_usual_versions_are_accepted(version: str) -> None:
    assert errors(form_of("<a/>", root=f"id='v' version='{version}'")) == []


def test_restricted_answers_wait_for_sealing_except_in_a_test() -> None:
    form = form_of("<a/>", "<bind nodeset='/data/a' fs:class='P3'/>")
    assert codes(form) == ["p3_needs_sealing"]
    assert codes(form, p3_allowed=True) == []


@pytest.mark.parametrize(
    ("attributes", "body", "code"),
    [
        ("fs:class='P9'", "", "unknown_sensitivity"),
        ("fs:class='P2' fs:protective='yes maybe'", "<select1 ref='/data/r/a'>{items}</select1>", "protective_choice"),
        ("fs:class='P2' fs:protective='yes'", "<input ref='/data/r/a'/>", "protective_type"),
        ("fs:class='P2' fs:key='yes'", "", "key_in_repeat"),
        ("fs:class='P2' fs:place='yes'", "", "place_in_repeat"),
        ("fs:class='P2'", "<select1 ref='/data/r/a'/>", "choices_missing"),
        (
            "fs:class='P2'",
            "<select1 ref='/data/r/a'><itemset nodeset=\"instance('none')/root/item\"/></select1>",
            "choice_list_missing",
        ),
        ("fs:class='P2'", "<select ref='/data/r/a'><item><value>a b</value></item></select>", "choice_name"),
        ("fs:class='P2' constraint='. &gt;'", "", "expression"),
        ("fs:class='P2' constraint=\". = 'a\"", "", "expression"),
        ("fs:class='P2' relevant='/data/nothing = 1'", "", "unknown_reference"),
        ("fs:class='P2' relevant='../../../../a = 1'", "", "unknown_reference"),
        ("fs:class='P2' calculate=\"instance('none')/root/item[name = 'x']/label\"", "", "unknown_list"),
        ("fs:class='P2' calculate=\"pulldata('people', 'a', 'b', 'c')\"", "", "unknown_list"),
    ],
)
def test_each_mistake_in_a_question_has_its_code(attributes: str, body: str, code: str) -> None:
    items = "<item><value>yes</value></item><item><value>no</value></item>"
    group = f"<group ref='/data/r'><repeat nodeset='/data/r'><input/>{body.format(items=items)}</repeat></group>"
    found = errors(form_of("<r><a/></r>", f"<bind nodeset='/data/r/a' {attributes}/>", group))
    assert [finding.code for finding in found] == [code]
    assert found[0].path == "r/a"
    assert found[0].advice


def test_a_name_without_its_dollar_sign_is_doubtful() -> None:
    (finding,) = form_findings(form_of("<a/>", "<bind nodeset='/data/a' fs:class='P1' relevant='age &gt; 3'/>"))
    assert (finding.severity, finding.code) == ("warning", "bare_name")
    assert repair(finding).text.startswith("Write ${age}")


def test_a_thousand_choices_are_slow_on_a_cheap_phone() -> None:
    items = "".join(f"<item><value>v{number}</value></item>" for number in range(MANY_CHOICES + 1))
    assert "many_choices" in codes(form_of("<a/>", body=f"<select1 ref='/data/a'>{items}</select1>"))


CYCLES = {
    "a question hidden by itself": "<bind nodeset='/data/a' relevant='. = 1'/>",
    "two that compute each other": "<bind nodeset='/data/a' calculate='../b'/>"
    "<bind nodeset='/data/b' calculate='../a'/>",
    "three in a round": "<bind nodeset='/data/a' calculate='../b'/><bind nodeset='/data/b' relevant='../g/c = 1'/>"
    "<bind nodeset='/data/g/c' calculate='/data/a'/>",
    "a group hidden by what is in it": "<bind nodeset='/data/g' relevant='/data/g/c = 1'/>",
}


@pytest.mark.parametrize("name", CYCLES)
def test_what_waits_for_itself_is_a_cycle(name: str) -> None:
    found = errors(form_of("<a/><b/><g><c/></g>", CYCLES[name]))
    assert [finding.code for finding in found] == ["cycle"]


def test_what_only_looks_like_a_cycle_is_none() -> None:
    binds = (
        "<bind nodeset='/data/total' calculate='sum(/data/r/x)'/>"
        "<bind nodeset='/data/r/place' calculate='position(..)'/>"
        "<bind nodeset='/data/r/x' constraint='. &gt; /data/total'/>"
        "<bind nodeset='/data/r/before' calculate='/data/r[position() = position(current()/..) - 1]/before + 1'/>"
    )
    form = form_of(
        "<total/><r><place/><x/><before/></r>", binds, "<group><repeat nodeset='/data/r'><input/></repeat></group>"
    )
    assert errors(form) == []


def test_a_long_chain_of_calculations_is_read_without_deep_recursion() -> None:
    count = 3000
    nodes = "".join(f"<q{number}/>" for number in range(count))
    binds = "".join(f"<bind nodeset='/data/q{n}' calculate='/data/q{n + 1}'/>" for n in range(count - 1))
    assert errors(form_of(nodes, binds)) == []
    closed = binds + f"<bind nodeset='/data/q{count - 1}' calculate='/data/q0'/>"
    assert [finding.code for finding in errors(form_of(nodes, closed))] == ["cycle"]


def test_references_are_found_where_they_hide() -> None:
    found = references(
        "if(selected(../kids, 'yes'), instance('people')/root/item[name = current()/../who]/phone,"
        " jr:choice-name(../kids, '/data/kids'))",
        "g/x",
        "data",
    )
    assert {node.path for node in found.nodes} == {"g/kids", "g/who", "kids"}
    assert found.columns == [("people", "name"), ("people", "phone")]


@given(st.text(alphabet="abc/.[](),'\"@*|=<>- 123:$", max_size=60), st.booleans())
def test_no_expression_stops_the_reader(expression: str, in_rows: bool) -> None:
    references(expression, "g/x", "data", "people" if in_rows else None)
