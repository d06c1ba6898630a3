"""What a reader is not shown: left out and named, for good or until a click."""

from fieldsync.core.masking import paths_of_class, said_without, without

UUID = "0190a1b2-0000-7000-8000-000000000001"
NONE: frozenset[str] = frozenset()


def test_restricted_answers_are_left_out_of_a_record_and_named() -> None:
    record = {
        "record": UUID,
        "fields": {"code": "A", "story": "x", f"calls[{UUID}]/number": "y"},
        "conflicts": {"story": [{"value": "z"}], "code": [{"value": "B"}]},
    }
    shown = without(record, frozenset({"story", "calls/number"}), NONE)
    assert shown["fields"] == {"code": "A"}
    assert shown["conflicts"] == {"code": [{"value": "B"}]}
    assert (shown["withheld"], shown["masked"]) == ([f"calls[{UUID}]/number", "story"], [])


def test_masked_answers_are_left_out_too_and_named_apart() -> None:
    record = {"record": UUID, "fields": {"code": "A", "name": "Fatima", "story": "x"}, "conflicts": {"name": []}}
    shown = without(record, frozenset({"story"}), frozenset({"name", "story"}))
    assert (shown["fields"], shown["conflicts"]) == ({"code": "A"}, {})
    assert (shown["withheld"], shown["masked"]) == (["story"], ["name"])


def test_what_cannot_be_told_apart_from_a_hidden_answer_is_withheld_too() -> None:
    known, hidden = frozenset({"code", "story"}), frozenset({"story"})
    shown = said_without({"writes": {"code": "A", "story": "x", "stroy": "x"}}, known, hidden)
    assert shown == {"writes": {"code": "A"}, "withheld": ["story", "stroy"]}
    assert said_without({"raw": "x"}, known, hidden) == {"withheld": ["raw"]}
    assert said_without({"raw": "x"}, known, NONE) == {"raw": "x", "withheld": []}


def test_paths_are_chosen_by_class() -> None:
    assert paths_of_class({"a": "P1", "b": "P2", "c": "P3"}, "P2") == {"b"}
