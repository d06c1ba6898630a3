"""The generated registry: the same seed gives the same, and all that makes linkage hard is in it."""

from collections import Counter

from tests.linkage_registry.people import look_alike
from tests.linkage_registry.registry import registry
from tests.linkage_registry.spellings import ARABIC, LATIN, TIFINAGH, family_names, given_names

SIZE = 4000


def test_a_seed_gives_one_registry_and_another_seed_another() -> None:
    assert registry(200, 1) == registry(200, 1)
    assert registry(200, 1).records[:50] != registry(200, 2).records[:50]


def test_every_record_has_a_truth_and_every_hardship_occurs() -> None:
    made = registry(SIZE, 7)
    people = {record.person.number: record.person for record in made.records}
    assert [record.number for record in made.records] == list(range(SIZE))
    assert 0.1 * SIZE < len(list(made.true_pairs())) < 0.5 * SIZE
    assert {record.script for record in made.records} == {ARABIC, LATIN, TIFINAGH}
    assert {record.companion for record in made.records} == set(range(40))
    assert any(record.moved for record in made.records) and any(record.wrong_commune for record in made.records)
    for name in ("family_name", "birth_date", "age", "phone", "national_id", "sex"):
        assert 0 < sum(name not in record.fields for record in made.records) < SIZE, name
    assert any(record.fields.get("birth_date", "").endswith("-01-01") for record in made.records)
    neighbours = list(people.values())
    kinds = Counter(
        look_alike(one, other) for at, one in enumerate(neighbours) for other in neighbours[at + 1 : at + 9]
    )
    assert {"twins", "siblings", "mother_and_child", "cousins"} <= kinds.keys()


def test_one_person_is_written_in_two_scripts_and_sisters_share_what_households_share() -> None:
    made = registry(SIZE, 7)
    scripts = {(made.records[one].script, made.records[other].script) for one, other in made.true_pairs()}
    assert (ARABIC, LATIN) in scripts and (LATIN, ARABIC) in scripts
    people = list({record.person.number: record.person for record in made.records}.values())
    sisters = [
        (one, other)
        for at, one in enumerate(people)
        for other in people[at + 1 : at + 6]
        if look_alike(one, other) == "siblings" and one.sex == other.sex == "f"
    ]
    assert any((one.phone, one.place, one.family) == (other.phone, other.place, other.family) for one, other in sisters)


def test_the_tables_of_names_are_wide() -> None:
    assert len(given_names("f")) > 80
    assert len(given_names("m")) > 80
    assert len(family_names()) > 300
