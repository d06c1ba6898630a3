"""A problem is read by a companion in Arabic, a coordinator in French, an integrator in English."""

from fieldsync.core.problems import Problem, http_status, render


def test_a_companion_reads_arabic_whatever_the_country() -> None:
    assert render(Problem("wrong_type", detail={"type": "integer"}), "ar-MA").startswith("الجواب")


def test_an_unknown_language_falls_back_to_english() -> None:
    assert render(Problem("not_json"), "zgh") == "The request's body is not valid JSON."


def test_the_designers_own_message_stands_before_ours() -> None:
    problem = Problem("constraint", "age", said={"fr": "L’âge va de 15 à 99 ans."})
    assert render(problem, "fr") == "L’âge va de 15 à 99 ans."
    assert render(problem, "en") == "The answer does not meet the question's condition."


def test_a_form_that_declares_no_language_is_still_heard() -> None:
    assert render(Problem("constraint", "age", said={"": "من 15 إلى 99"}), "fr") == "من 15 إلى 99"


def test_a_missing_detail_never_breaks_a_message() -> None:
    assert render(Problem("unknown_path"), "en") == "This question does not exist in version … of the form."


def test_a_detail_with_braces_is_only_text() -> None:
    assert "{0.__class__}" in render(Problem("wrong_type", detail={"type": "{0.__class__}"}), "en")


def test_a_code_of_another_edition_shows_as_itself() -> None:
    assert render(Problem("of_another_edition"), "ar") == "of_another_edition"


def test_only_refusals_have_a_status() -> None:
    assert http_status("protocol_not_spoken") == 426
    assert http_status("wrong_type") is None
