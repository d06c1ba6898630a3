"""Companions register the same women in several villages; the program finds who may be one, and tells who may know."""

import msgspec
import pytest
from sqlalchemy.orm import Session

from fieldsync.core.short_codes import short_code
from fieldsync.services import deciding, desk, doctor, linkage_follow, merging, pair_queue
from fieldsync.services import linkage as matching
from fieldsync.services.changes import view_named
from fieldsync.services.deciding import Verdict
from fieldsync.services.linkage_lists import linked_lists
from fieldsync.store import linkage, pairs
from fieldsync.store.db import execute
from fieldsync.store.pairs import DecisionRow
from tests.linked_world import AMIZMIZ, ASNI, Register, bars, bounds
from tests.services.test_deciding import coordinator_of, entity, says, takes_back
from tests.world import World, codes

FATIMA = {"sex": "f", "year": 1990, "phone": "0612345678", "home": ASNI}


@pytest.fixture
def register(world: World) -> Register:
    return Register(world)


def test_the_same_woman_in_two_scripts_is_a_pair_with_its_explanation(register: Register) -> None:
    amina, zaina = register.world.phone(), register.world.phone()
    first = register.member(amina, "فاطمة أيت لحسن", **FATIMA)
    second = register.member(zaina, "Fatima Ait Lahcen", **FATIMA | {"phone": "+212 612-345-678", "year": 1991})
    register.compare()
    pair = register.pair(first, second)
    assert pair is not None and pair.zone == "review"
    assert bars(pair)[0] == ("start", "")
    assert {("given_name", "same"), ("family_name", "same"), ("phone", "same"), ("birth", "near")} <= set(bars(pair))
    told = [weight for _, _, weight in msgspec.json.decode(bytes(pair.comparisons))]
    assert sum(told) == pytest.approx(pair.weight, abs=0.001)
    assert "few_identifiers" in bounds(pair), "a name and a phone make nobody one with whoever was born in another year"


def test_two_papers_that_agree_are_linked_without_asking(register: Register) -> None:
    phone = register.world.phone()
    papers = {"born": "1990-05-02", "card": "AB 123456", **FATIMA}
    first = register.member(phone, "Fatima Ait Lahcen", **papers)
    second = register.member(phone, "فاطمة أيت لحسن", **papers | {"card": "ab123456"})
    register.compare()
    pair = register.pair(first, second)
    assert pair is not None and pair.zone == "automatic" and not set(bounds(pair)) - {"household"}


def test_twins_are_never_one_and_always_shown(register: Register) -> None:
    phone = register.world.phone()
    born = {"born": "1995-03-01", **FATIMA}
    first = register.member(phone, "Khadija Oubella", **born)
    second = register.member(phone, "Rachida Oubella", **born)
    register.compare()
    pair = register.pair(first, second)
    assert pair is not None and pair.zone == "review" and "twins" in bounds(pair)


def test_a_sister_of_another_year_is_nobody(register: Register) -> None:
    phone = register.world.phone()
    first = register.member(phone, "Khadija Oubella", **FATIMA)
    second = register.member(phone, "Rachida Oubella", **FATIMA | {"year": 2001, "phone": "0699999999"})
    register.compare()
    assert register.pair(first, second) is None


def test_a_correction_changes_the_pair_and_a_deletion_ends_it(register: Register) -> None:
    phone = register.world.phone()
    first = register.member(phone, "Fatima Ait Lahcen", **FATIMA)
    second = register.member(phone, "Rkia Bakkali", sex="f", year=1960, home=AMIZMIZ)
    register.compare()
    assert register.pair(first, second) is None
    register.says(phone, second, "Fatima Ait Lahcen", False, **FATIMA)
    register.compare()
    assert register.pair(first, second) is not None
    assert register.world.at_desk(desk.delete, second, kind="entity") is None
    register.compare()
    assert register.pairs(first) == []
    left = register.world.read(lambda session: linkage.entries(session, -(2**63), 1000))
    assert {entry & linkage.RECORD_MASK for entry in left} == {register.row_id(first)}


def test_merged_records_are_no_pair_and_an_unmerge_brings_it_back(register: Register) -> None:
    phone = register.world.phone()
    first = register.member(phone, "Fatima Ait Lahcen", **FATIMA)
    second = register.member(phone, "Fatima Ait Lahcen", **FATIMA)
    register.compare()
    assert register.pair(first, second) is not None
    assert register.world.at_desk(merging.merge, first, [second], kind="entity") is None
    register.compare()
    assert register.pair(first, second) is None
    assert register.world.at_desk(merging.unmerge, first, kind="entity") is None
    register.compare()
    assert register.pair(first, second) is not None


def test_a_merged_woman_is_found_by_each_name_that_she_was_written_down_by(register: Register) -> None:
    """Her maiden name survived nowhere in the merged record, and is hers all the same until the merge is undone."""
    world = register.world
    phone = world.phone()
    maiden = register.member(phone, "Touria Bennani", **FATIMA)
    world.now_ms += 1000
    married = register.member(phone, "Touria Zahidi", **FATIMA)
    world.at_desk(merging.merge, maiden, [married], kind="entity")
    register.compare()
    shown = world.record(maiden, "entity")
    assert shown is not None and shown["fields"]["called"] == "Touria Zahidi"
    again = register.member(phone, "Touria Bennani", sex="f", year=1990, home=AMIZMIZ)
    register.compare()
    pair = register.pair(maiden, again)
    assert pair is not None and ("family_name", "exact") in bars(pair)
    assert world.read(doctor.examine).ok
    register.says(phone, married, "Hafida Zahidi", False)
    register.compare()
    assert world.read(doctor.examine).ok
    world.at_desk(merging.unmerge, maiden, kind="entity")
    register.compare()
    apart = register.pair(married, again)
    assert apart is None or ("family_name", "exact") not in bars(apart)
    assert world.read(doctor.examine).ok


def test_comparing_again_changes_nothing_and_tells_nobody(register: Register) -> None:
    world = register.world
    phone = world.phone()
    first = register.member(phone, "Fatima Ait Lahcen", **FATIMA)
    register.member(phone, "Fatima Ait Lahcen", **FATIMA)
    register.compare()
    [before], phone.cursor = register.pairs(first), phone.sync()["cursor"]
    world.now_ms += 1000
    world.write(lambda session: execute(session, "UPDATE follower SET position = 0 WHERE name = 'linkage'"))
    register.compare()
    assert register.pairs(first) == [before]
    assert phone.pulls() == []


def test_a_phone_hears_of_a_pair_only_where_it_may_read_both(register: Register) -> None:
    world = register.world
    everything, asni = world.phone(), world.phone([view_named(f"place:{ASNI}")])
    first = register.member(asni, "Fatima Ait Lahcen", **FATIMA)
    second = register.member(everything, "Fatima Ait Lahcen", **FATIMA | {"home": AMIZMIZ})
    register.compare()
    told = {each["record"]: each for each in everything.pulls()}
    assert codes(told[first]) == codes(told[second]) == ["possibly_same"]
    assert told[first]["problems"][0]["about"] == second
    heard = {each["record"]: each for each in asni.pulls() if each["kind"] == "entity"}
    assert codes(heard[first]) == [] and second not in msgspec.json.encode(heard).decode()


def test_what_was_synced_before_the_pair_was_found_comes_down_again(register: Register) -> None:
    phone = register.world.phone()
    first = register.member(phone, "Fatima Ait Lahcen", **FATIMA)
    register.member(phone, "Fatima Ait Lahcen", **FATIMA)
    assert not any(codes(each) for each in phone.pulls())
    register.compare()
    assert first in {each["record"] for each in phone.pulls() if "possibly_same" in codes(each)}


def test_nothing_is_compared_across_associations(register: Register) -> None:
    world = register.world
    other = Register(world, world.add_association("rifq"))
    first = register.member(world.phone(), "Fatima Ait Lahcen", **FATIMA)
    other.member(world.phone(association_id=other.association_id), "Fatima Ait Lahcen", **FATIMA)
    register.compare()
    other.compare()
    assert register.pairs(first) == []


def test_a_list_with_anything_restricted_or_without_parts_is_compared_with_nothing(world: World) -> None:
    world.publish("person 3")
    phone, person = world.phone(), world.uuid()
    writes = {"person": person, "fullname": "Fatima", "meta/entity/@id": person, "meta/entity/@create": "1",
              "meta/entity/label": "Fatima"}  # fmt: skip
    assert phone.statuses(phone.says(writes=writes, of="person", version="3")) == ["applied"]
    assert world.read(lambda session: linked_lists(session, world.amal)) == {}


def test_a_version_that_declares_other_parts_has_all_compared_anew(register: Register) -> None:
    world = register.world
    phone = world.phone()
    first = register.member(phone, "Fatima Ait Lahcen", **FATIMA)
    second = register.member(phone, "Fatima Ait Lahcen", **FATIMA)
    register.compare()
    before = register.pair(first, second)
    world.publish("member 2")
    register.compare()
    after = register.pair(first, second)
    assert before is not None and ("birth", "same_year") in bars(before)
    assert after is not None and "birth" not in {name for name, _ in bars(after)}


def test_of_a_list_that_becomes_restricted_nothing_that_was_compared_stays(register: Register) -> None:
    world = register.world
    phone = world.phone()
    first = register.member(phone, "Fatima Ait Lahcen", **FATIMA)
    second = register.member(phone, "فاطمة أيت لحسن", **FATIMA)
    register.compare()
    assert register.pair(first, second) is not None
    world.publish("member 3")
    register.compare()
    assert register.pairs(first) == []
    counted = "SELECT (SELECT count(*) FROM linkage_feature) + (SELECT count(*) FROM blocking_entry)"
    assert world.read(lambda session: execute(session, counted).scalar_one()) == 0


def test_a_crowded_key_is_not_used_alone(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "BEARERS_MAX", 2)
    phone = register.world.phone()
    women = [register.member(phone, name, sex="f", phone="0600000001") for name in ("Rkia", "Itto", "Tuda", "Hadda")]
    register.compare()
    assert register.pairs(*women) == []


def test_a_record_is_compared_with_so_many_and_the_log_says_so_without_a_name(
    register: Register, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(matching, "CANDIDATES_MAX", 2)
    caplog.set_level("DEBUG", matching.logger.name)
    phone = register.world.phone()
    women = [register.member(phone, "Fatima Ait Lahcen", **FATIMA) for _ in range(4)]
    register.compare()
    assert len(register.pairs(*women)) < 6
    assert "the rest are not compared" in caplog.text
    assert not any(told in caplog.text for told in ("Fatima", "Lahcen", "612345678"))


def test_cooperatives_are_compared_by_both_names_and_their_number(world: World) -> None:
    world.publish("cooperative 1")
    register, phone = Register(world), world.phone()
    names = ({"arabic": "تعاونية أركان", "register": "12/45"}, {"arabic": "تعاونية اركان", "french": "Argan"})
    said = []
    for answers in names:
        entity = world.uuid()
        label = {"meta/entity/@id": entity, "meta/entity/@create": "1", "meta/entity/label": "x"}
        writes = {"id": entity, "crafts": "raffia", "home": ASNI, **answers, **label}
        assert phone.statuses(phone.says(writes=writes, of="cooperative")) == ["applied"]
        said.append(entity)
    register.compare()
    pair = register.pair(*said)
    assert pair is not None and ("name", "same") in bars(pair) and ("activity", "same") in bars(pair)


def test_reports_that_may_be_one_are_pairs_of_the_same_list(register: Register) -> None:
    world = register.world
    phone = world.phone()
    keys = {"group": "g1", "month": "2026-10"}
    first = phone.says(writes={**keys, "sales": 5}, of="monthly")
    second = phone.says(writes={**keys, "sales": 7}, of="monthly")
    assert phone.statuses(first, second) == ["applied", "applied"]
    register.compare()
    pair = register.pair(first["record"], second["record"])
    assert pair is not None and (pair.kind, pair.of) == ("submission", "monthly")
    assert bars(pair) == [("possible_duplicate", "same")]
    assert world.read(lambda session: linkage.count_pairs(session, world.amal, "submission", "monthly")) == {
        "review": 1
    }
    assert phone.statuses(phone.says(second["record"], of="monthly", delete=True, seen=[second])) == ["applied"]
    register.compare()
    assert register.pair(first["record"], second["record"]) is None


def test_a_pair_that_somebody_decided_is_told_to_no_phone(register: Register) -> None:
    world = register.world
    phone = world.phone()
    first = register.member(phone, "Fatima Ait Lahcen", **FATIMA)
    second = register.member(phone, "Fatima Ait Lahcen", **FATIMA)
    register.compare()
    pair = register.pair(first, second)
    assert pair is not None
    row = DecisionRow(pair.left_id, pair.right_id, 1, world.amal, "different", "Zineb", world.now_ms, "", [], [], False)
    world.write(lambda session: pairs.decide(session, row))
    assert "possibly_same" not in {code for each in phone.pulls() for code in codes(each)}


def test_phones_no_longer_hear_of_a_pair_that_was_rejected_or_is_gone(register: Register) -> None:
    """At their next sync: both records come down again, without a word of each other."""
    world = register.world
    phone, reads = world.phone(), world.phone()
    first = register.member(phone, "Fatima Ait Lahcen", **FATIMA)
    second = register.member(phone, "Fatima Ait Lahcen", **FATIMA)
    register.compare()

    def hears() -> dict[str, list[str]]:
        return {each["record"]: codes(each) for each in reads.pulls() if each["kind"] == "entity"}

    assert hears() == {first: ["possibly_same"], second: ["possibly_same"]}
    assert says(world, first, second, deciding.DIFFERENT) is None
    assert hears() == {first: [], second: []}
    assert takes_back(world, first, second) is None
    assert hears() == {first: ["possibly_same"], second: ["possibly_same"]}
    register.says(phone, second, "Rkia Bakkali", False, sex="m", year=1960, phone="0699999999", home=AMIZMIZ)
    register.compare()
    assert hears() == {first: [], second: []}
    register.compare()
    assert hears() == {}, "nothing is said twice"


def test_a_pair_that_was_rejected_comes_back_only_when_something_is_compared_otherwise(register: Register) -> None:
    """From the phones to the queue: a corrected birth brings it back, a form that says nothing new does not."""
    world, reader = register.world, coordinator_of(register.world)
    phone, reads = world.phone(), world.phone()
    first = register.member(phone, "Fatima Ait Lahcen", sex="f", phone="0612345678", home=ASNI, born="1990-05-02")
    second = register.member(phone, "فاطمة أيت لحسن", sex="f", phone="0612345678", home=ASNI, born="1979-01-30")
    register.compare()

    def waiting() -> list[list[str]]:
        return [
            deciding.changed_since(each.pair)
            for each in world.read(lambda session: pair_queue.waiting(session, reader))
            if each.pair.left.of == "members"
        ]

    def rejects(session: Session) -> object:
        [found] = pair_queue.waiting(session, reader)
        return deciding.decide(session, world.desk(), found.pair, Verdict(deciding.DIFFERENT, found.pair.turn))

    assert waiting() == [[]]
    assert world.write(rejects) is None
    assert waiting() == []
    world.now_ms += 1000
    register.says(phone, second, "فاطمة أيت لحسن")
    register.compare()
    assert waiting() == []
    assert not any(codes(each) for each in reads.pulls()), "phones hear of a rejected pair no longer"
    register.says(phone, second, "فاطمة أيت لحسن", born="1990-05-02")
    register.compare()
    assert waiting() == [["birth"]]
    assert register.pair(first, second) is not None
    hears = {each["record"]: each["problems"] for each in reads.pulls() if each["kind"] == "entity"}
    assert {record: [each["about"] for each in told] for record, told in hears.items()} == {
        first: [second], second: [first],
    }  # fmt: skip
    assert short_code(second) in hears[first][0]["message"] and "Fatima" not in str(hears)


def test_two_that_linkage_did_not_pair_are_compared_when_somebody_asks(register: Register) -> None:
    """So a no to them, too, stands until something is compared otherwise."""
    world = register.world
    phone, by = world.phone(), world.desk()
    first = register.member(phone, "Khadija Oubella", **FATIMA)
    second = register.member(phone, "Rachida Bakkali", sex="f", year=1960, home=AMIZMIZ)
    register.compare()
    assert register.pair(first, second) is None

    def asked(session: Session) -> deciding.Pair:
        return deciding.of_rows(session, *(entity(session, world.amal, each) for each in (first, second)))

    pair = world.read(asked)
    assert pair.row is not None and pair.row.zone == "none" and ("birth", "far") in pair.levels
    assert (
        world.write(lambda session: deciding.unite(session, by, entity(session, world.amal, first), [second])) is None
    )
    assert world.write(lambda session: deciding.part(session, by, entity(session, world.amal, second))) is None
    register.compare()
    assert not deciding.is_waiting(world.read(asked))
    register.says(phone, second, "Khadija Oubella", False, **FATIMA)
    register.compare()
    pair = world.read(asked)
    assert deciding.is_waiting(pair) and "given_name" in deciding.changed_since(pair)


def test_reports_that_were_flagged_before_there_were_pairs_get_theirs_and_a_no_stays(
    register: Register,
) -> None:
    world, phone = register.world, register.world.phone()
    keys = {"group": "g1", "month": "2026-10"}
    reports = [phone.says(writes={**keys, "sales": sales}, of="monthly") for sales in (5, 7, 9)]
    assert phone.statuses(*reports) == ["applied"] * 3
    register.compare()
    first, second, _ = (register.row_id(each["record"]) for each in reports)
    row = DecisionRow(first, second, 1, world.amal, "different", "person:1", world.now_ms, "", [], [], False)
    world.write(lambda session: pairs.decide(session, row))
    before = {(each.left_id, each.right_id) for each in register.pairs(reports[0]["record"])}
    world.write(lambda session: execute(session, "DELETE FROM candidate_pair"))
    world.write(linkage_follow.begin_again)
    register.compare()
    assert {(each.left_id, each.right_id) for each in register.pairs(reports[0]["record"])} == before
    waiting = world.read(lambda session: pair_queue.waiting(session, coordinator_of(world), "monthly"))
    assert (first, second) not in {each.rank[1:] for each in waiting} and len(waiting) == len(before) - 1
