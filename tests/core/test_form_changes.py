"""What differs between two versions of a form, as whoever publishes the second is told."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.form_changes import Change, form_changes
from fieldsync.core.form_languages import completeness
from fieldsync.core.forms import Choice, Form, Question
from tests.core.programme import FORM_IDS, form

AGE = Question("who/age", "integer", labels={"ar": "السن", "fr": "Âge"}, constraint=". < 120", sensitivity="P2")
RISK = Question("risk", "select_one", labels={"fr": "Risque"},
                choices=(Choice("high", {"fr": "Élevé"}), Choice("low", {"fr": "Faible"})))  # fmt: skip


def of(*questions: Question) -> Form:
    return Form("visit", "1", "Visit", "data", ("ar", "fr"), "ar", questions)


def changed(question: Question, **members: object) -> list[Change]:
    return form_changes(of(AGE, RISK), of(*(msgspec.structs.replace(each, **members) if each is question else each
                                            for each in (AGE, RISK))))  # fmt: skip


def test_what_comes_and_goes() -> None:
    assert form_changes(of(AGE), of(AGE, RISK)) == [Change("added", "risk", new="select_one")]
    assert form_changes(of(AGE, RISK), of(RISK)) == [Change("removed", "who/age", "integer")]


def test_a_question_that_goes_to_another_group_is_moved_and_not_new() -> None:
    assert changed(AGE, path="home/age") == [Change("moved", "home/age", "who/age", "home/age")]
    both = changed(AGE, path="home/age", type="text")
    assert [change.kind for change in both] == ["added", "removed"]


def test_rules_classes_and_marks_are_told_as_the_form_writes_them() -> None:
    assert changed(AGE, constraint=". < 110") == [Change("constraint", "who/age", ". < 120", ". < 110")]
    assert changed(AGE, sensitivity="P1") == [Change("sensitivity", "who/age", "P2", "P1")]
    assert changed(AGE, type="decimal") == [Change("type", "who/age", "integer", "decimal")]
    assert changed(AGE, key=True) == [Change("key", "who/age", "", "yes")]
    assert changed(RISK, protective=("high", "low")) == [Change("protective", "risk", "", "high low")]
    asked = changed(AGE, relevant=(("who", "/data/risk = 'high'"), ("who/age", "true()")))
    assert asked == [Change("relevant", "who/age", "", "/data/risk = 'high' and true()")]


def test_texts_are_told_by_language_and_choices_by_name() -> None:
    assert changed(AGE, labels={"ar": "السن", "fr": "Âge exact"}) == [
        Change("labels", "who/age", "Âge", "Âge exact", "fr")
    ]
    assert changed(RISK, choices=(Choice("high", {"fr": "Fort"}), Choice("none", {"fr": "Aucun"}))) == [
        Change("choice_labels", "risk", "Élevé", "Fort", "fr", "high"),
        Change("choice_added", "risk", choice="none"),
        Change("choice_removed", "risk", choice="low"),
    ]


@given(st.sampled_from(FORM_IDS), st.data())
def test_what_is_left_out_is_all_that_is_told(form_id: str, data: st.DataObject) -> None:
    whole = form(form_id)
    assert form_changes(whole, whole) == []
    left_out = data.draw(st.sets(st.sampled_from([question.path for question in whole.questions]), max_size=5))
    fewer = msgspec.structs.replace(whole, questions=tuple(q for q in whole.questions if q.path not in left_out))
    assert {(each.kind, each.path) for each in form_changes(whole, fewer)} == {("removed", path) for path in left_out}
    assert {(each.kind, each.path) for each in form_changes(fewer, whole)} == {("added", path) for path in left_out}


def test_a_language_is_complete_only_when_nothing_is_missing() -> None:
    assert [(each.code, each.percent) for each in completeness(of(AGE))] == [("ar", 100), ("fr", 100)]
    told = {each.code: (each.percent, each.texts - each.translated) for each in completeness(of(AGE, RISK))}
    assert told == {"ar": (25, 3), "fr": (100, 0)}
    for form_id in FORM_IDS:
        assert [each.percent for each in completeness(form(form_id))] == [100, 100, 100]
