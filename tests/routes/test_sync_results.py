"""Companions send what they have filled, and get one result for each operation, in order."""

from itertools import permutations
from typing import Any

import pytest

from fieldsync.services import desk
from tests.world import Json, World, codes


def test_each_operation_gets_its_own_result_in_order(world: World) -> None:
    amina = world.phone()
    good, wrong, waits = amina.says(), amina.says(writes={"colour": "mauve"}), amina.says(seen=[["far-away", 1]])
    results = amina.tells(good, wrong, waits, good)
    assert [result["status"] for result in results] == ["applied", "quarantined", "held", "duplicate"]
    assert codes(results[1]) == ["unknown_choice"]
    assert results[3]["was"] == "applied"


def test_a_rule_that_the_record_breaks_comes_with_the_result_and_holds_nothing_back(world: World) -> None:
    amina = world.phone()
    [result] = amina.tells(amina.says(writes={"name": "Fatima", "age": 130}))
    assert result["status"] == "applied"
    assert [problem["path"] for problem in result["problems"]] == ["age"]
    [again] = amina.tells(amina.says(writes={"age": 5}))
    assert [problem["path"] for problem in again["problems"]] == ["name"]


def test_a_batch_sent_again_changes_nothing_and_says_what_it_was(world: World) -> None:
    amina = world.phone()
    said = [
        amina.says(),
        amina.says(writes={"age": 200}),
        amina.says(writes={"nowhere": "x"}),
        amina.says(version="9"),
        amina.says(seen=[["far-away", 3]]),
    ]
    first = amina.tells(*said)
    log = amina.pulls()
    again = amina.tells(*said)
    assert [result["status"] for result in again] == ["duplicate"] * 5
    assert [result["was"] for result in again] == [result["status"] for result in first]
    assert [codes(result) for result in again][:3] == [codes(result) for result in first][:3]
    assert amina.pulls() == []
    assert len(log) == 2


def test_the_same_operation_written_differently_is_the_same(world: World) -> None:
    amina = world.phone()
    said = amina.says()
    turned = dict(reversed(list(said.items()))) | {"seen": [], "bases": {}}
    assert amina.statuses(said) == ["applied"]
    [result] = amina.tells(turned)
    assert (result["status"], result["was"]) == ("duplicate", "applied")


def test_other_content_under_a_known_id_is_kept_apart_and_harms_nobody(world: World) -> None:
    amina = world.phone()
    said = amina.says(writes={"name": "Amina"})
    assert amina.statuses(said) == ["applied"]
    other = said | {"writes": {"name": "Someone else"}}
    neighbour = amina.says()
    results = amina.tells(other, neighbour)
    assert [result["status"] for result in results] == ["quarantined", "applied"]
    assert codes(results[0]) == ["other_content"]
    assert world.fields(said["record"]) == {"name": "Amina"}
    [again] = amina.tells(other)
    assert (again["status"], again["was"]) == ("duplicate", "quarantined")


def test_two_contents_under_one_id_within_one_batch(world: World) -> None:
    amina = world.phone()
    said = amina.says(writes={"name": "first"})
    results = amina.tells(said, said | {"writes": {"name": "second"}}, said)
    assert [result["status"] for result in results] == ["applied", "quarantined", "duplicate"]
    assert world.fields(said["record"]) == {"name": "first"}


def test_quarantine_never_occupies_an_id(world: World) -> None:
    amina = world.phone()
    wrong = amina.says(writes={"colour": "mauve"})
    right = wrong | {"writes": {"colour": "red"}}
    assert amina.statuses(wrong, right) == ["quarantined", "applied"]
    assert world.fields(right["record"]) == {"colour": "red"}


def test_quarantine_is_keyed_by_sender_id_and_content(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    forged = amina.says(writes={"name": "x"})
    assert brahim.statuses(forged) == ["quarantined"]
    assert amina.statuses(forged | {"writes": {"name": "y", "colour": "mauve"}}) == ["quarantined"]
    assert amina.statuses(forged) == ["applied"]
    assert [result["was"] for result in brahim.tells(forged)] == ["quarantined"]


def test_what_a_sender_may_not_speak_for_counts_nowhere(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    forged = amina.says()
    [result] = brahim.tells(forged)
    assert codes(result) == ["not_your_author"]
    follows = brahim.says(forged["record"], seen=[forged])
    assert brahim.statuses(follows) == ["held"]
    answer = amina.sync()
    assert answer["known_through"] == 0
    assert answer["durable_through"] == {amina.author: 0}


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_a_chain_of_four_applies_whatever_the_order(world: World, order: tuple[int, ...]) -> None:
    phones = [world.phone() for _ in range(4)]
    record = world.uuid()
    chain: list[Json] = []
    for age, phone in enumerate(phones):
        chain.append(phone.says(record, {"name": f"step {age}", "age": age}, seen=chain[-1:]))
    for place in order:
        phones[place].sync(chain[place])
        phones[place].sync(chain[place])
    shown = world.record(record)
    assert shown is not None
    assert shown["fields"] == {"name": "step 3", "age": 3}
    assert shown["heads"] == [chain[-1]["id"]]
    assert shown["conflicts"] == {}
    for place in order:
        assert [result["was"] for result in phones[place].tells(chain[place])] == ["applied"]


def test_a_chain_within_one_batch_in_the_wrong_order(world: World) -> None:
    amina = world.phone()
    first = amina.says(writes={"name": "a"})
    second = amina.says(first["record"], {"name": "b"}, seen=[first])
    third = amina.says(first["record"], {"name": "c"}, seen=[second])
    assert amina.statuses(third, second, first) == ["applied"] * 3
    assert world.fields(first["record"]) == {"name": "c"}


def test_a_gap_in_the_counters_holds_nothing(world: World) -> None:
    amina = world.phone()
    missing, later = amina.says(), amina.says()
    answer = amina.sync(later)
    assert answer["results"][0]["status"] == "applied"
    assert answer["known_through"] == 2
    assert answer["durable_through"] == {amina.author: 0}
    assert amina.sync(missing)["durable_through"] == {amina.author: 2}


def test_publishing_a_version_takes_in_what_waited_for_it(world: World) -> None:
    amina = world.phone()
    said = amina.says(version="2", writes={"name": "Amina", "colour": "blue"})
    follows = amina.says(said["record"], {"age": 4}, version="2", seen=[said])
    results = amina.tells(said, follows)
    assert [result["status"] for result in results] == ["held", "held"]
    assert world.record(said["record"]) is None
    world.publish("visit 2")
    assert world.fields(said["record"]) == {"name": "Amina", "colour": "blue", "age": 4}
    assert [result["was"] for result in amina.tells(said, follows)] == ["applied", "applied"]
    assert [record["record"] for record in amina.pulls()] == [said["record"]]


def test_what_a_version_finds_wrong_when_it_comes_goes_to_quarantine_and_holds_up_nobody(world: World) -> None:
    amina = world.phone()
    wrong = amina.says(version="2", writes={"colour": "mauve"})
    follows = amina.says(wrong["record"], {"colour": "blue"}, version="2", seen=[wrong])
    assert amina.statuses(wrong, follows) == ["held", "held"]
    world.publish("visit 2")
    results = amina.tells(wrong, follows)
    assert [result["was"] for result in results] == ["quarantined", "applied"]
    assert codes(results[0]) == ["unknown_choice"]
    assert world.fields(wrong["record"]) == {"colour": "blue"}


def test_what_follows_a_quarantined_operation_applies_and_has_its_past(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    first = amina.says(writes={"name": "first", "age": 1})
    wrong = brahim.says(first["record"], {"colour": "mauve"}, seen=[first])
    third = amina.says(first["record"], {"name": "third"}, seen=[wrong])
    assert amina.statuses(first, third) == ["applied", "held"]
    assert brahim.statuses(wrong) == ["quarantined"]
    shown = world.record(first["record"])
    assert shown is not None
    assert shown["fields"] == {"name": "third", "age": 1}
    assert shown["conflicts"] == {}
    assert shown["heads"] == [third["id"]]


def test_a_void_counter_is_waited_for_by_nobody(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    lost = amina.says()
    follows = brahim.says(lost["record"], seen=[lost])
    assert brahim.statuses(follows) == ["held"]
    answer = amina.sync(void=[[lost["id"][1], "refused alone"]])
    assert answer["durable_through"] == {amina.author: 1}
    assert answer["known_through"] == 1
    assert [result["was"] for result in brahim.tells(follows)] == ["applied"]


def test_a_stamp_far_ahead_is_kept_and_flagged(world: World) -> None:
    amina = world.phone()
    far = [world.now_ms + 25 * 3600 * 1000, 0]
    [result] = amina.tells(amina.says(stamp=far))
    assert result["status"] == "applied"
    assert "clock_ahead" in codes(result)
    [record] = amina.pulls(cursor=None)
    assert "clock_ahead" in codes(record)
    [near] = amina.tells(amina.says(writes={"name": "Zaina"}, stamp=[world.now_ms + 23 * 3600 * 1000, 0]))
    assert codes(near) == []


def test_a_wrong_clock_does_not_win_over_who_had_seen_it(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    far = amina.says(writes={"name": "from the future"}, stamp=[world.now_ms * 2, 0])
    near = brahim.says(far["record"], {"name": "today"}, seen=[far])
    amina.sync(far)
    brahim.sync(near)
    assert world.fields(far["record"]) == {"name": "today"}
    world.at_desk(desk.correct, far["record"], {"name": "at the desk"})
    assert world.fields(far["record"]) == {"name": "at the desk"}


MALFORMED: list[tuple[Json, str]] = [
    ({"writes": {"age": "ten"}}, "wrong_type"),
    ({"writes": {"nowhere": 1}}, "unknown_path"),
    ({"writes": {"likes": {"set": ["red", "mauve"]}}}, "unknown_choice"),
    ({"writes": {"name": "a\x00b"}}, "bad_value"),
    ({"record": "not-a-uuid"}, "malformed"),
    ({"stamp": "now"}, "bad_stamp"),
    ({"kind": "thing"}, "malformed"),
    ({"act": {"dance": True}}, "bad_act"),
    ({"act": {"review": "approved"}, "writes": {}}, "not_yours_to_write"),
    ({"kind": "entity", "of": "people", "version": None}, "not_yours_to_write"),
    ({"writes": {"name": "x" * 70_000}}, "operation_too_large"),
    ({"id_n": 3}, "bad_id"),
]


@pytest.mark.parametrize(("wrong", "code"), MALFORMED, ids=[code for _, code in MALFORMED])
def test_an_operation_that_is_wrong_in_itself_never_changes_its_neighbours(
    world: World, wrong: Json, code: str
) -> None:
    amina = world.phone()
    before, bad, after = amina.says(), amina.says(), amina.says()
    if "id_n" in wrong:
        bad["id"] = [*bad["id"], wrong["id_n"]]
    else:
        bad |= wrong
    results = amina.tells(before, bad, after)
    assert [result["status"] for result in results] == ["applied", "quarantined", "applied"]
    assert code in codes(results[1])
    assert all(problem["message"] for problem in results[1]["problems"])


HOSTILE_SEEN: list[tuple[Any, str]] = [
    ([["{own}", 99]], "quarantined"),
    ([["{own}", 2]], "quarantined"),
    ([["nobody-at-all", 1]], "held"),
    ([["desk-0123456789abcdef-1-operator", 4]], "applied"),
    ([["nobody", n] for n in range(1, 66)], "quarantined"),
    ("everything", "quarantined"),
    ([["UPPER", 1]], "quarantined"),
]


@pytest.mark.parametrize(("seen", "status"), HOSTILE_SEEN)
def test_hostile_pasts(world: World, seen: Any, status: str) -> None:
    amina = world.phone()
    before = amina.says()
    named = [[amina.author if id[0] == "{own}" else id[0], *id[1:]] for id in seen] if isinstance(seen, list) else seen
    bad, after = amina.says() | {"seen": named}, amina.says()
    assert amina.statuses(before, bad, after) == ["applied", status, "applied"]


def test_what_waits_for_an_operation_that_a_new_version_finds_wrong_waits_no_longer(world: World) -> None:
    amina = world.phone()
    wrong = amina.says(version="2", writes={"colour": "mauve"})
    follows = amina.says(wrong["record"], {"name": "Amina"}, version="1", seen=[wrong])
    assert amina.statuses(wrong, follows) == ["held", "held"]
    world.publish("visit 2")
    assert [result["was"] for result in amina.tells(wrong, follows)] == ["quarantined", "applied"]
    assert world.fields(wrong["record"]) == {"name": "Amina"}
