"""Laws of comparing: who comes first does not matter, nor how a name is spelled; bounds hold whatever the weight."""

from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsync.config import program_folder
from fieldsync.core.blocking import NAME_KEYS_MAX, Space
from fieldsync.core.linkage import AUTOMATIC, NONE, REVIEW, Match, Scorer
from fieldsync.core.linkage_features import Features, features_of, kind_of, national_id_of, phone_of
from fieldsync.core.linkage_levels import is_one_off, levels_beside_names
from fieldsync.core.linkage_model import Model, faults_of
from fieldsync.core.person_names import split_name

MODELS = {
    model.kind: model
    for model in msgspec.json.decode((program_folder("forms") / "linkage.json").read_bytes(), type=list[Model])
}
PERSONS, COOPERATIVES = Scorer(MODELS["person"]), Scorer(MODELS["cooperative"])
SPACE = Space(b"key", 1, "participants")

SPELLINGS = {"fatima": ("فاطمة", "Fatima", "FATIMA"), "khadija": ("خديجة", "Khadija"), "rachid": ("رشيد", "Rachid")}
FAMILIES = {"lahcen": ("أيت لحسن", "Ait Lahcen"), "bakkali": ("البقالي", "Bakkali"), "": ()}
PLACES = ("07.041.07.03", "07.041.01.03", "07.161.05.09", "07.041.07.03.12", "douar-0001", "")
Person = tuple[str, dict[str, Any]]
"""A whole name, and other answers."""

PARTS = {
    **{"full_name": ("name",), "national_id": ("national_id",), "phone": ("phone",)},
    **{"birth_year": ("year",), "age": ("age",), "birth_date": ("born",)},
}

days = st.dates(date(1940, 1, 1), date(2015, 12, 31)).map(lambda day: (day.toordinal(), day.toordinal()))
years = st.integers(1940, 2015).map(lambda year: (date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()))
persons = st.builds(
    Features,
    given=st.sampled_from(sorted(SPELLINGS)).flatmap(lambda name: st.sampled_from(SPELLINGS[name])).map(lambda x: (x,)),
    family=st.sampled_from([(), ("Ait Lahcen",), ("أيت لحسن",), ("Bakkali",), ("فاطمة",)]),
    born=st.none() | days | years,
    phone=st.sampled_from(["", "+212612345678", "+212612345679", "+212700000000"]),
    national_id=st.sampled_from(["", "AB123456", "AB123457", "K99"]),
    sex=st.sampled_from(["", "f", "m"]),
    place=st.sampled_from(PLACES),
    point=st.none() | st.sampled_from([(31.25, -7.98), (31.2501, -7.98), (31.28, -7.98)]),
    phone_persons=st.integers(0, 5),
)
cooperatives = st.builds(
    Features,
    names=st.sampled_from([("تعاونية أركان",), ("Cooperative Argan", "تعاونية أركان"), ("Tifaouine",)]),
    register_number=st.sampled_from(["", "1245", "1246", "99"]),
    place=st.sampled_from(PLACES),
    activity=st.sampled_from([(), ("raffia",), ("raffia", "weaving")]),
    members=st.sampled_from([(), ("a", "b"), ("b", "c", "d"), ("x",)]),
)


@given(persons, persons)
def test_who_comes_first_does_not_matter(left: Features, right: Features) -> None:
    assert PERSONS.score(left, right) == PERSONS.score(right, left)


@given(cooperatives, cooperatives)
def test_nor_does_it_for_cooperatives(left: Features, right: Features) -> None:
    assert COOPERATIVES.score(left, right) == COOPERATIVES.score(right, left)


@given(persons, st.permutations([("فاطمة",), ("Fatima",), ("Fatma",)]))
def test_spellings_count_in_no_order(other: Features, order: list[tuple[str]]) -> None:
    names = tuple(name for (name,) in order)
    one, turned = (msgspec.structs.replace(other, given=each) for each in (names, tuple(reversed(names))))
    assert PERSONS.score(one, other) == PERSONS.score(turned, other)
    assert SPACE.keys(one) == SPACE.keys(turned)


@given(st.sampled_from(sorted(SPELLINGS)), st.sampled_from(["lahcen", "bakkali"]), st.data())
def test_equal_names_share_a_key_in_every_script(name: str, family: str, data: st.DataObject) -> None:
    names = st.sampled_from(SPELLINGS[name]), st.sampled_from(FAMILIES[family])
    one, other = (Features(given=(data.draw(names[0]),), family=(data.draw(names[1]),)) for _ in range(2))
    assert SPACE.keys(one) & SPACE.keys(other)


@given(persons)
def test_keys_tell_nothing_across_a_border(features: Features) -> None:
    keys = SPACE.keys(features)
    for other in (Space(b"key", 2, "participants"), Space(b"key", 1, "survivors"), Space(b"other", 1, "participants")):
        assert not keys & other.keys(features)
    assert all(-(2**63) <= key < 2**63 for key in keys) and len(keys) < 12 + 5 * NAME_KEYS_MAX**2


@given(persons, persons)
def test_the_bars_add_up_and_bounds_hold(left: Features, right: Features) -> None:
    match = PERSONS.score(left, right)
    assert sum(bar.weight for bar in match.comparisons) == pytest.approx(match.weight)
    levels = {bar.name: bar.level for bar in match.comparisons}
    forbidden = levels["given_name"] == "different" or "different" in (levels.get("national_id"), levels.get("sex"))
    apart = left.birth_date and right.birth_date and levels["birth"] == "far"
    assert not (match.zone == AUTOMATIC and (forbidden or apart))
    assert match.raw >= match.weight - 1e-9


def said(**answers: object) -> Features:
    place = str(answers.pop("place", "07.041.07.03"))
    return features_of(answers, place, PARTS, 2026)


def met(left: Features, right: Features) -> Match:
    return PERSONS.score(left, right)


def test_relatives_are_entities_by_the_property_that_names_them() -> None:
    """A relative may be chosen from a list, one or several; her name alone names nobody."""
    one, other = (f"{number:08}-0000-4000-8000-000000000000" for number in (1, 2))
    parts = {"full_name": ("name",), "relative": ("mother", "children")}
    answers = {"name": "Rkia", "mother": one.upper(), "children": f"{other} {one} Fatima"}
    found = features_of(answers, "", parts, 2026)
    assert found.relatives == (f"children {one}", f"children {other}", f"mother {one}")
    assert found.named == {one, other}
    assert features_of({"mother": "Fatima Bakkali"}, "", parts, 2026).relatives == ()


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        (("mother a",), ("mother a",), "same"),
        (("mother a", "husband b"), ("mother c", "husband b"), "same"),
        (("mother a",), ("mother c",), "different"),
        (("mother a",), ("husband c",), None),
        (("mother a",), ("husband a",), None),
        (("mother a",), (), None),
        (("mother other",), (), "related"),
        (("mother other",), ("mother other",), "related"),
    ],
)
def test_relatives_agree_kind_by_kind(one: tuple[str, ...], other: tuple[str, ...], level: str | None) -> None:
    left, right = Features(relatives=one, itself="one"), Features(relatives=other, itself="other")
    for pair in ((left, right), (right, left)):
        assert levels_beside_names(*pair)["relatives"] == level


def test_an_age_is_a_span_of_years_and_a_year_meets_it() -> None:
    aged, born = said(name="Fatima Bakkali", age=36), said(name="Fatima Bakkali", year=1991)
    assert aged.born is not None and (date.fromordinal(aged.born[0]).year, date.fromordinal(aged.born[1]).year) == (
        1988,
        1992,
    )
    assert ("birth", "compatible") in {bar[:2] for bar in met(aged, born).comparisons}
    assert SPACE.keys(aged) & SPACE.keys(said(name="Fatima", year=1991)), "found by given name, year and commune"


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("1990-05-02", "1990-05-02", "same_date"),
        ("1990-05-02", "1990-02-05", "slip"),
        ("1990-05-02", "1999-05-02", "slip"),
        ("1990-05-02", "1990-05-03", "slip"),
        ("1990-01-01", "1990-07-19", "same_year"),
        ("1990-01-01", "1990-01-01", "same_year"),
        ("1990-05-02", "1990-06-20", "near"),
        ("1990-05-02", "1991-11-30", "near"),
        ("1990-05-02", "1999-06-02", "far"),
    ],
)
def test_birth_dates(one: str, other: str, level: str) -> None:
    match = met(said(name="Rkia Bakkali", born=one), said(name="Rkia Bakkali", born=other))
    assert ("birth", level) in {bar[:2] for bar in match.comparisons}


def test_a_woman_who_married_into_another_village_weighs_less_against_than_a_stranger() -> None:
    woman = Features(given=("Rkia",), family=("Bakkali",), sex="f", born=(727000, 727000), place="07.041.07.03")
    married = msgspec.structs.replace(woman, family=("Oubella",), place="07.041.01.03")
    stranger = msgspec.structs.replace(married, place=woman.place)
    sons = [msgspec.structs.replace(each, sex="m") for each in (woman, married)]
    pairs = ((woman, married), (woman, stranger), sons)
    weights = {bar[:2]: bar.weight for pair in pairs for bar in met(*pair).comparisons}
    assert weights["family_name", "married"] > weights["family_name", "different"]
    assert weights["place", "moved"] > weights["place", "province"]
    assert SPACE.keys(woman) & SPACE.keys(married), "found by given name and birth date"


def test_given_and_family_name_in_each_others_place() -> None:
    match = met(said(name="Fatima Bakkali"), said(name="البقالي فاطمة"))
    bars = {bar[0]: bar[1] for bar in match.comparisons}
    assert bars["given_name"] == "exchanged" and "family_name" not in bars, "one event counts once"
    assert SPACE.keys(said(name="Fatima Bakkali")) & SPACE.keys(said(name="البقالي فاطمة"))


def test_a_household_counts_only_so_much_and_a_shared_phone_less() -> None:
    home = {"phone": "0612345678", "year": 1990}
    match = met(said(name="Fatima Bakkali", **home), said(name="Fatima Bakkali", **home))
    assert "household" in match.bounds and match.raw > match.weight
    many = msgspec.structs.replace(said(name="Fatima Bakkali", **home), phone_persons=5)
    assert ("phone", "shared") in {bar[:2] for bar in met(many, many).comparisons}


CARD, PHONE, BORN = {"national_id": "AB123456"}, {"phone": "0612345678"}, {"born": "1990-05-02"}
HOME = PHONE | BORN
DOUAR = {"place": "07.041.07.03.012"}


@pytest.mark.parametrize(
    ("who", "one", "other"),
    [
        ("two papers", ("Fatima Bakkali", CARD | BORN), ("Fatima", CARD | HOME)),
        ("a card and the given name", ("Fatima Bakkali", CARD | {"age": 36}), ("فاطمة", CARD | BORN)),
        ("a birth date and the whole name", ("Fatima Bakkali", BORN), ("فاطمة البقالي", BORN)),
        ("a birth date and names exchanged", ("Fatima Bakkali", BORN), ("البقالي فاطمة", BORN)),
        ("a birth date, a given name, the douar", ("Fatima Bakkali", BORN | DOUAR), ("فاطمة", BORN | DOUAR)),
        ("a phone, the whole name, an age", ("Fatima Bakkali", PHONE | {"age": 37}), ("فاطمة البقالي", HOME)),
        (
            "a card, the whole name, a guessed age",
            ("Fatima Bakkali", CARD | {"age": 40}),
            ("فاطمة البقالي", CARD | BORN),
        ),
        (
            "a slip in the day, in one douar",
            ("Rkia Bakkali", BORN | DOUAR),
            ("Rkia Bakkali", DOUAR | {"born": "1990-05-03"}),
        ),
    ],
)
def test_enough_that_is_independent_makes_two_one(who: str, one: Person, other: Person) -> None:
    assert met(said(name=one[0], **one[1]), said(name=other[0], **other[1])).zone == AUTOMATIC, who


@pytest.mark.parametrize(
    ("who", "one", "other"),
    [
        ("twins", ("Fatima Bakkali", HOME), ("Khadija Bakkali", HOME)),
        ("twins of like names", ("Fadma Bakkali", HOME), ("Fatima Bakkali", HOME)),
        ("twins whose family is not said", ("Hassan Bakkali", HOME), ("Lahcen", HOME)),
        ("a daughter with her name and card", ("Fatima Bakkali", CARD | {"age": 41}), ("Fatima", CARD | {"age": 16})),
        ("the same, her birth not said", ("Fatima Bakkali", CARD), ("Fatima Bakkali", CARD | {"age": 16})),
        ("another family of that day", ("Fatima Bakkali", BORN | DOUAR), ("Fatima Oubella", BORN | DOUAR)),
        ("twins with phones of their own", ("Fadma Bakkali", BORN), ("Fatima Bakkali", BORN)),
        ("sisters on their mother's card", ("Fatma Addi", CARD | HOME), ("Fadma Addi", CARD | PHONE | {"age": 39})),
        ("a daughter with her mother's card", ("Fatima Bakkali", HOME | CARD), ("Rkia Bakkali", CARD | PHONE)),
        ("cousins after one grandmother", ("Fatima Bakkali", HOME), ("Fatima Bakkali", PHONE | {"born": "1992-11-13"})),
        ("cousins of one year", ("Fatima Bakkali", HOME), ("Fatima Bakkali", PHONE | {"born": "1990-11-13"})),
        ("sisters", ("Fatima Bakkali", HOME), ("Rkia Bakkali", PHONE | {"year": 1990})),
        ("namesakes of a year", ("Fatima Bakkali", {"year": 1990}), ("Fatima Bakkali", {"year": 1990})),
        ("a name and a phone", ("Fatima Bakkali", PHONE), ("Fatima Bakkali", PHONE)),
        ("namesakes far apart", ("Fatima Bakkali", BORN), ("Fatima Bakkali", BORN | {"place": "07.161.05.09"})),
    ],
)
def test_kin_and_namesakes_are_for_a_person_to_decide(who: str, one: Person, other: Person) -> None:
    assert met(said(name=one[0], **one[1]), said(name=other[0], **other[1])).zone != AUTOMATIC, who


def test_the_phone_of_a_companion_is_nobodys() -> None:
    one, other = said(name="Fatima Bakkali", age=36, **PHONE), said(name="فاطمة البقالي", age=37, **PHONE)
    zones = [
        met(*(msgspec.structs.replace(each, phone_persons=count) for each in (one, other))).zone for count in (6, 30)
    ]
    assert zones == [AUTOMATIC, REVIEW]


def test_kin_of_one_house_with_other_names_come_after_namesakes() -> None:
    house = {"year": 1990, **PHONE, **DOUAR}
    sisters = met(said(name="Fatima Bakkali", **house), said(name="Rkia Bakkali", **house))
    [cap] = [bar.weight for bar in sisters.comparisons if bar.name == "household"]
    namesakes = met(said(name="Fatima Bakkali", **house), said(name="Fatima Bakkali", **house))
    [mild] = [bar.weight for bar in namesakes.comparisons if bar.name == "household"]
    assert cap == mild - 3.0


def test_a_woman_who_married_and_took_another_phone_is_still_asked_about() -> None:
    woman = said(name="Fatima Bakkali", age=30, **PHONE)
    woman = msgspec.structs.replace(woman, sex="f")
    moved = msgspec.structs.replace(woman, phone="+212699999999", place="07.161.05.09")
    brothers = [msgspec.structs.replace(each, sex="m") for each in (woman, moved)]
    assert met(woman, moved).zone == REVIEW and met(*brothers).zone == NONE


def test_a_rare_name_weighs_more_than_a_common_one() -> None:
    shares = {"given_name": {"1": 0.1, "2": 0.0002}}
    scorer = Scorer(msgspec.structs.replace(MODELS["person"], frequencies=shares))
    common, rare, unseen = (Features(given=("Fatima",), given_code=code) for code in (1, 2, 3))
    weights = [scorer.score(each, each).weight for each in (common, rare, unseen)]
    assert weights == sorted(weights) and weights[0] < weights[1] < weights[2]


def test_strangers_are_nothing_and_one_woman_is_for_somebody_to_look_at() -> None:
    fatima = said(name="Fatima Ait Lahcen", year=1990)
    assert met(fatima, said(name="Rachid Bakkali", year=1961, place="07.161.05.09")).zone == NONE
    assert met(fatima, said(name="فاطمة أيت لحسن", year=1990)).zone == REVIEW


@pytest.mark.parametrize(
    "said_so", ["0612345678", "06 12-34.56 78", "+212612345678", "00212 612345678", "212612345678", "٠٦١٢٣٤٥٦٧٨",
                "+212 (0) 612345678"]
)  # fmt: skip
def test_one_phone_however_it_is_written(said_so: str) -> None:
    assert phone_of(said_so) == "+212612345678"


def test_what_is_no_number_is_none() -> None:
    assert (phone_of("12"), phone_of(""), phone_of(None), phone_of("+33 6 12 34 56 78")) == ("", "", "", "+33612345678")
    assert (national_id_of("ab 012345"), national_id_of("AB12345"), national_id_of("?")) == ("AB12345", "AB12345", "")


@given(persons, st.lists(persons, max_size=12), st.sampled_from([-60.0, -8.0, -1.0, 6.0]), st.booleans())
def test_who_is_left_out_before_names_are_compared_is_beyond_review(
    known: Features, others: list[Features], review: float, with_frequencies: bool
) -> None:
    codes = {"given_name": {"1": 0.2}, "family_name": {"2": 0.01}}
    model = msgspec.structs.replace(MODELS["person"], review=review, frequencies=codes if with_frequencies else {})
    scorer, coded = Scorer(model), msgspec.structs.replace(known, given_code=1, family_code=2)
    scored = ((number, scorer.score(coded, each)) for number, each in enumerate(others))
    assert list(scorer.matches(coded, enumerate(others))) == [each for each in scored if each[1].zone != NONE]


@given(st.text("AB12", max_size=6), st.text("AB12", max_size=6))
def test_one_off_is_one_edit(one: str, other: str) -> None:
    assert is_one_off(one, other) == is_one_off(other, one)
    edits = {one[:at] + one[at + 1 :] for at in range(len(one))} | {one}
    letters = ("A", "B", "1", "2")
    edits |= {
        one[:at] + letter + one[at + skip :] for at in range(len(one) + 1) for letter in letters for skip in (0, 1)
    }
    assert is_one_off(one, other) == (other in edits)


@pytest.mark.parametrize(
    ("whole", "given_name", "family"),
    [
        ("Fatima Zahra Ait Lahcen", "Fatima Zahra", "Ait Lahcen"),
        ("فاطمة الزهراء أيت لحسن", "فاطمة الزهراء", "أيت لحسن"),
        ("عبد الله بن علي", "عبد الله", "بن علي"),
        ("Abd el Kader Bennani", "Abd el Kader", "Bennani"),
        ("Nour El Houda Alami", "Nour El Houda", "Alami"),
        ("Lalla Aicha Idrissi", "Lalla Aicha", "Idrissi"),
        ("Mohamed", "Mohamed", ""),
        ("", "", ""),
    ],
)
def test_a_full_name_in_two(whole: str, given_name: str, family: str) -> None:
    assert split_name(whole) == (given_name, family)


def test_the_shipped_model_is_whole() -> None:
    assert [faults_of(model) for model in MODELS.values()] == [[], []]
    broken = msgspec.structs.replace(MODELS["person"], comparisons=MODELS["person"].comparisons[1:], prior=0.0)
    assert len(faults_of(broken)) == 2


def test_what_a_list_holds_follows_from_its_parts() -> None:
    assert kind_of(["full_name", "place"]) == "person"
    assert kind_of(["name"]) == "cooperative"
    assert kind_of(["phone", "place"]) is None


def test_all_members_of_a_cooperative_are_compared_however_long_their_list_is() -> None:
    members = [f"018f4e1c-7d3a-7c1e-9b1a-{number:012d}" for number in range(30)]
    parts = {"name": ("name",), "members": ("members",)}
    one, other = (
        features_of({"name": name, "members": " ".join(listed)}, "", parts, 2026)
        for name, listed in (("Argan", members), ("أركان", members[14:]))
    )
    assert one.members == tuple(members) and len(other.members) == 16
    levels = {bar.name: bar.level for bar in Scorer(MODELS["cooperative"]).score(one, other).comparisons}
    assert levels["members"] == "many"


def test_of_an_initial_nothing_is_told_and_one_letter_for_another_is_a_slip() -> None:
    assert said(name="Rkia B.").family == ()
    assert said(name="Rkia Bakkali").family == ("Bakkali",)
    assert ("given_name", "weak") in {bar[:2] for bar in met(said(name="Racjid"), said(name="Rachid")).comparisons}
    crossed = met(said(name="Racjid"), said(name="رشيد")).comparisons
    assert ("given_name", "different") in {bar[:2] for bar in crossed}, "no letter stands for one of another script"
