"""What follows from answers while somebody fills a form at the desk, as a phone would record it."""

from datetime import UTC

from fieldsync.core.form_filling import Filling
from fieldsync.core.forms import Choice, Form, Question
from fieldsync.core.instance import from_xml, to_xml
from fieldsync.core.validation import compile_form

DOUBLED = Form(
    "sums", "1", "Sums", "data", ("",), "",
    (Question("a", "integer"), Question("b", "calculate", calculate="/data/a * 2")),
)  # fmt: skip
TICKED = Form(
    "tick", "1", "Tick", "data", ("",), "",
    (Question("agreed", "select_one", choices=(Choice("OK"),)),
     Question("b", "text", relevant=(("b", "/data/agreed = 'OK'"),))),
)  # fmt: skip


def test_a_calculation_that_gives_no_number_is_recorded_as_nothing() -> None:
    filling = Filling(compile_form(DOUBLED))
    assert filling.begun(0, UTC) == {}
    assert filling.calculated({"a": None, "b": "4"}, {"a": 2, "b": "4"}, 0, UTC)["b"] is None
    assert filling.calculated({"a": 3}, {"a": 2, "b": "4"}, 0, UTC)["b"] == "6"


def test_what_is_ticked_holds_ok_and_rules_see_it() -> None:
    fields = from_xml(TICKED, b"<data><agreed>OK</agreed><b>x</b></data>", lambda: "")
    compiled = compile_form(TICKED)
    assert compiled.wrong_in_itself(fields) == [] and compiled.broken_rules(fields, 0) == []
    assert to_xml(TICKED, fields).findtext("agreed") == "OK"
