"""Two phones add a member to the same cooperative: each occurrence has a UUID of its own."""

import itertools

from lxml import etree

from fieldsync.core.forms import Form, legal_paths
from fieldsync.core.instance import from_xml, to_xml
from fieldsync.core.xform import read_form
from fieldsync.core.xform_occurrences import with_occurrence_ids

XFORM = b"""<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
 xmlns:jr="http://openrosa.org/javarosa"><h:head><model><instance><data id="coop" version="1">
 <m jr:template=""><n/><k><a/></k></m><m><n/><k><a/></k></m></data></instance></model></h:head>
 <h:body><group ref="/data/m"><repeat nodeset="/data/m"><input ref="/data/m/n"/>
 <group ref="/data/m/k"><repeat nodeset="/data/m/k"><input ref="/data/m/k/a"/></repeat></group>
 </repeat></group></h:body></h:html>"""

AMINA = "762f839c-d103-4528-aa48-f0d65b8aa930"
KHADIJA = "cc52e4da-7d8a-4fc3-ab3e-1ac7155a532d"


def published() -> Form:
    form = read_form(with_occurrence_ids(XFORM))
    assert isinstance(form, Form)
    return form


def read(members: str) -> dict[str, object]:
    numbers = itertools.count()
    return from_xml(
        published(), f"<data>{members}</data>".encode(), lambda: f"00000000-0000-0000-0000-{next(numbers):012}"
    )


def test_the_hidden_node_is_no_question_but_may_be_written() -> None:
    form = published()
    assert [question.path for question in form.questions] == ["m/n", "m/k/a"]
    assert [repeat.occurrence for repeat in form.repeats] == ["m/__occurrence", "m/k/__occurrence"]
    assert {"m/__occurrence", "m/k/__occurrence"} <= legal_paths(form)


def test_a_form_without_repeats_and_one_done_before_keep_their_bytes() -> None:
    once = with_occurrence_ids(XFORM)
    assert with_occurrence_ids(once) == once
    assert with_occurrence_ids(b"not a form") == b"not a form"
    plain = XFORM.replace(b"repeat", b"group")
    assert with_occurrence_ids(plain) == plain


def test_a_submission_names_its_occurrences() -> None:
    fields = read(f"<m><__occurrence>{AMINA}</__occurrence><n>Amina</n></m><m><n>Khadija</n></m>")
    assert fields == {
        f"m[{AMINA}]": 1,
        f"m[{AMINA}]/n": "Amina",
        "m[00000000-0000-0000-0000-000000000000]": 2,
        "m[00000000-0000-0000-0000-000000000000]/n": "Khadija",
    }


def test_a_uuid_that_is_none_or_stands_twice_is_not_believed() -> None:
    node = f"<__occurrence>{KHADIJA}</__occurrence>"
    fields = read(f"<m>{node}<n>a</n></m><m>{node}<n>b</n></m><m><__occurrence>x]/n[</__occurrence><n>c</n></m>")
    assert len({path for path in fields if path.endswith("]")}) == 3
    assert not any("x]" in path for path in fields)


def test_the_answer_sheet_gives_the_uuids_back() -> None:
    fields = read(f"<m><__occurrence>{AMINA}</__occurrence><n>Amina</n></m>")
    sheet = etree.tostring(to_xml(published(), fields))
    assert f"<__occurrence>{AMINA}</__occurrence>".encode() in sheet
    assert read(sheet.decode()[sheet.decode().index("<m") : sheet.decode().rindex("</data>")]) == fields
