"""The generated registry: the same seed gives the same, and all that makes linkage hard is in it."""

import csv
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.benchmarks import linkage_names, linkage_own
from tests.benchmarks.linkage_registry import linked
from tests.linkage_registry import elsewhere, valleys
from tests.linkage_registry.links import uuid_of, with_mothers
from tests.linkage_registry.people import look_alike
from tests.linkage_registry.registry import PROPERTIES, registry
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


def test_companions_name_mothers_and_change_nothing_else() -> None:
    plain, found = registry(3000, 3), with_mothers(registry(3000, 3), 3)
    about = {uuid_of(each.number): each.person.number for each in plain.records}
    named = [each for each in found.records if "mother" in each.fields]
    wrong = [each for each in named if about[each.fields["mother"]] != each.person.mother]
    assert len(named) > 300 and 0 < len(wrong) < 0.1 * len(named)
    without = [replace(each, fields={k: v for k, v in each.fields.items() if k != "mother"}) for each in found.records]
    assert without == plain.records


def test_mothers_who_are_named_find_more_and_link_no_kin() -> None:
    without, found = linked(4000, 6), linked(4000, 6, make=lambda size, seed: with_mothers(registry(size, seed), seed))
    recall = [len((each.of_zone("automatic") | each.reviewed()) & each.true) for each in (without, found)]
    assert recall[1] >= recall[0]
    assert not found.of_zone("automatic") - found.true


def test_whoever_has_a_registry_of_her_own_measures_it_by_one_table(tmp_path: Path) -> None:
    table = tmp_path / "villages.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, ["person", *PROPERTIES, "place"])
        rows.writeheader()
        rows.writerows({"person": each.person.number, **each.fields} for each in registry(400, 5).records)
    told = list(linkage_own.lines_of_file(table))
    assert told[0] == "registry villages: 400 records"
    assert any(line.startswith("  automatic: precision 1.0000") for line in told)
    assert any(line.startswith("  women: found 0.9") or line.startswith("  women: found 1.0") for line in told)
    wrong = [
        "given_name\nFatima\n",
        "person,colour\n1,red\n",
        "person,age\n1,30\n,31\n",
        "person,age\n1,2,3\n",
        "\udcff",
    ]
    for text, said in zip(wrong, ["person", "given_name", "line 3", "line 2", "UTF-8"], strict=True):
        table.write_text(text, encoding="utf-8", errors="surrogateescape")
        with pytest.raises(ValueError, match=said):
            list(linkage_own.lines_of_file(table))


def test_and_spellings_of_her_own_by_one_file_of_groups(tmp_path: Path) -> None:
    groups = tmp_path / "spellings.json"
    forms = [["فاطمة", "Fatima"], ["رشيد", "Rachid", "Rachide"]]
    pairs = [["Fatima", "Fatiha"], ["Rachid", "Rachyd"]]
    told = {"groups": [{"id": str(at), "script_forms": each} for at, each in enumerate(forms)], "negatives": pairs}
    groups.write_text(json.dumps(told), encoding="utf-8")
    lines = list(linkage_names.lines_of_file(groups))
    assert lines[0].startswith("names, spellings groups: precision 1.0000") and "F1 1.0000" in lines[0]
    assert lines[-1] == "    Rachid / Rachyd", "it says which hard pair it takes for one name"
    for text in ("x", "[]", '{"groups": []}', '{"groups": [{"script_forms": "Ali"}]}'):
        groups.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=r"spellings\.json"):
            list(linkage_names.lines_of_file(groups))
    groups.write_text(json.dumps(told | {"negatives": [["Ali"]]}), encoding="utf-8")
    with pytest.raises(ValueError, match="negative 1"):
        list(linkage_names.lines_of_file(groups))


def test_in_villages_that_somebody_else_made_up_no_kin_is_linked_without_asking() -> None:
    found = linked(2500, 4, make=elsewhere.registry)
    automatic = found.of_zone("automatic")
    assert len(automatic & found.true) > 0.3 * len(found.true), "even where phones and papers are few"
    assert not automatic - found.true
    assert elsewhere.registry(200, 1) == elsewhere.registry(200, 1)


def test_nor_in_a_dry_valley_with_few_papers_and_phones_nor_in_a_town_of_namesakes() -> None:
    for make, least in ((valleys.valley, 0.2), (valleys.town, 0.45)):
        found = linked(2500, 4, make=make)
        automatic = found.of_zone("automatic")
        assert len(automatic & found.true) > least * len(found.true), make.__name__
        assert not automatic - found.true, make.__name__
        assert make(200, 1) == make(200, 1)
