"""A label, a name and what is worked out are as strict as the strictest answer whose text they can show."""

from collections.abc import Mapping
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.copied_classes import INSTANCE_NAME, CopiedClasses, with_copied_classes
from fieldsync.core.forms import EntityDeclaration, Form, Itemset, Question

CLASS = st.sampled_from(("P0", "P1", "P2", "P3"))


class Drawn(NamedTuple):
    """A question as it was drawn: its class, the earlier ones that it copies, and in which way."""

    sensitivity: str
    copies: tuple[int, ...]
    way: str
    group: str


@st.composite
def drawn_forms(draw: st.DrawFn) -> list[Drawn]:
    found: list[Drawn] = []
    for number in range(draw(st.integers(1, 8))):
        copies = draw(st.lists(st.integers(0, number - 1), max_size=2)) if number else []
        way = draw(st.sampled_from(("calculate", "initial", "choice", "group")))
        found.append(Drawn(draw(CLASS), tuple(copies), way, draw(st.sampled_from(("", "g/", "g/h/")))))
    return found


def path(drawn: list[Drawn], number: int) -> str:
    return f"{drawn[number].group}q{number}"


def expression(drawn: list[Drawn], numbers: tuple[int, ...]) -> str:
    return f"concat({', '.join(f'/data/{path(drawn, each)}' for each in numbers)}, '')" if numbers else "'x'"


def question(drawn: list[Drawn], number: int) -> Question:
    own = drawn[number]
    text = expression(drawn, own.copies)
    around = f"string-join(/data/{drawn[own.copies[0]].group.rstrip('/') or '*'}, ' ')" if own.copies else "''"
    given = {
        "calculate": {"calculate": text},
        "initial": {"initial": text},
        "choice": {"itemset": Itemset(nodeset=text)},
        "group": {"calculate": around},
    }[own.way]
    return Question(path(drawn, number), "calculate", sensitivity=own.sensitivity, **given)  # type: ignore[arg-type]


def texts(drawn: list[Drawn]) -> dict[int, set[int]]:
    """Whose texts each answer can show: its own, and all that is in what it copies."""
    shown: dict[int, set[int]] = {number: {number} for number in range(len(drawn))}
    while True:
        before = {number: set(each) for number, each in shown.items()}
        for number, own in enumerate(drawn):
            copied = own.copies
            if own.way == "group" and copied:
                around = drawn[copied[0]].group
                copied = tuple(each for each, other in enumerate(drawn) if other.group.startswith(around))
            for each in copied:
                shown[number] |= shown[each]
        if shown == before:
            return shown


def form_of(drawn: list[Drawn], copied: tuple[int, ...], project: bool = False) -> Form:
    label = expression(drawn, copied)
    questions = tuple(question(drawn, number) for number in range(len(drawn)))
    declaration = EntityDeclaration("things", "meta/entity", label=label, properties={"last": questions[-1].path})
    return Form(
        "f", "1", "F", "data", ("",), "", questions, entities=(declaration,), instance_name=label
    )  # fmt: skip


@given(drawn_forms(), st.data())
def test_no_stricter_text_is_in_a_label_a_name_or_a_calculation(drawn: list[Drawn], data: st.DataObject) -> None:
    copied = tuple(data.draw(st.lists(st.integers(0, len(drawn) - 1), max_size=2)))
    form, shown = form_of(drawn, copied), texts(drawn)
    classes = CopiedClasses((form,))
    strictest = max((drawn[each].sensitivity for number in copied for each in shown[number]), default="P0")
    assert classes.properties("things")["label"] == strictest
    assert classes.answers(0)["meta/entity/label"] == classes.answers(0)[INSTANCE_NAME] == strictest
    for number, own in enumerate(drawn):
        restricted = any(drawn[each].sensitivity == "P3" for each in shown[number])
        assert classes.answers(0)[path(drawn, number)] == ("P3" if restricted else own.sensitivity)
    read = with_copied_classes(form)
    assert {each.path: each.sensitivity for each in read.questions}.items() <= classes.answers(0).items()


def through(lists: Mapping[str, str]) -> CopiedClasses:
    """A form that makes people with a restricted name, and one that calls its things by those people."""
    people = Form(
        "people", "1", "People", "data", ("",), "",
        (Question("name", "text", sensitivity="P3"), Question("code", "text", sensitivity="P1")),
        entities=(EntityDeclaration("people", "meta/entity", label="/data/name", properties={"code": "code"}),),
    )  # fmt: skip
    made = (EntityDeclaration(name, f"meta/{name}", label=label) for name, label in lists.items())
    things = Form("things", "1", "Things", "data", ("",), "", (), entities=tuple(made))
    return CopiedClasses((people, things))


def test_a_label_that_another_list_lends_is_as_strict_as_there() -> None:
    row = "instance('people')/root/item[name = 'x']"
    found = through(
        {
            "called": f"{row}/label",
            "coded": f"concat({row}/code, '')",
            "twice": "instance('called')/root/item[1]/label",
            "pulled": "pulldata('people', 'code', 'name', 'x')",
        }
    )
    classes = {name: found.properties(name)["label"] for name in ("called", "coded", "twice", "pulled")}
    assert classes == {"called": "P3", "coded": "P1", "twice": "P3", "pulled": "P3"}


def test_what_is_marked_as_projected_keeps_the_class_that_its_designer_gave_it() -> None:
    questions = (
        Question("date", "date", sensitivity="P3"),
        Question("month", "calculate", calculate="substr(/data/date, 0, 7)", sensitivity="P1", project=True),
        Question("same", "calculate", calculate="/data/date", sensitivity="P1"),
    )
    read = with_copied_classes(Form("f", "1", "F", "data", ("",), "", questions))
    assert [each.sensitivity for each in read.questions] == ["P3", "P1", "P3"]


def test_a_list_has_the_strictest_class_of_all_its_forms_and_versions() -> None:
    def version(number: str, sensitivity: str) -> Form:
        asked = (Question("name", "text", sensitivity=sensitivity),)
        made = EntityDeclaration("people", "meta/entity", label="'x'", properties={"name": "name"})
        return Form("people", number, "People", "data", ("",), "", asked, entities=(made,))

    assert CopiedClasses((version("1", "P3"), version("2", "P1"))).properties("people") == {"label": "P0", "name": "P3"}
