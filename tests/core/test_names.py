"""Names as companions write them: one name in many spellings is one, two names stay two."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fieldsync.core import linkage_features, names
from fieldsync.core.name_data import EDITIONS, LineWrong, edition, edition_of, parse_data
from fieldsync.core.names import (
    KEY_MAX,
    KEYS_MAX,
    Level,
    block_keys,
    compare,
    name_key,
    search_keys,
    slip_keys,
)
from tests.benchmarks.linkage_names import measured
from tests.core.name_rules import APART, RULES
from tests.core.name_vectors import FILE, made

NAMES = st.text(max_size=60) | st.sampled_from(("فاطمة الزهراء", "Abdellatif", "Aït Ben Haddou", "ⴼⴰⵟⵉⵎⴰ", "M'hamed"))

PAIRS_OF_RULES = [(rule, *pair) for rule, pairs in RULES.items() for pair in pairs]
PAIRS_APART = [(rule, *pair) for rule, pairs in APART.items() for pair in pairs]


@pytest.mark.parametrize(("rule", "left", "right"), PAIRS_OF_RULES)
def test_one_name_in_two_spellings_is_the_same(rule: str, left: str, right: str) -> None:
    assert compare(left, right) in (Level.EXACT, Level.SAME), rule
    assert block_keys(left) & block_keys(right), rule


@pytest.mark.parametrize(("rule", "left", "right"), PAIRS_APART)
def test_two_names_are_not_the_same(rule: str, left: str, right: str) -> None:
    assert compare(left, right) not in (Level.EXACT, Level.SAME), rule


LETTERS = st.text(alphabet="aeiouhykbdlmnrst\u0627\u0629\u0647\u064a\u0648\u0645\u062d\u062f", min_size=1, max_size=9)


@given(LETTERS, st.integers(0, 8), st.sampled_from(("lost", "doubled", "exchanged", "kept")))
def test_names_without_a_key_in_common_are_apart(word: str, at: int, slip: str) -> None:
    """The night compares only names that share a key: whatever is one, or one letter off, must share one."""
    changed = {
        "lost": word[:at] + word[at + 1 :],
        "doubled": word[:at] + word[at : at + 1] * 2 + word[at + 1 :],
        "exchanged": word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
        "kept": word.upper(),
    }[slip]
    are_far_or_near(word, changed)


@pytest.mark.parametrize(
    ("left", "right"), [("Ayah", "آية"), ("Moha", "محمد"), *(pair for _, *pair in PAIRS_OF_RULES + PAIRS_APART)]
)
def test_spellings_of_one_name_share_a_key(left: str, right: str) -> None:
    are_far_or_near(left, right)


def are_far_or_near(left: str, right: str) -> None:
    level = compare(left, right)
    are_near = bool(block_keys(left) & block_keys(right))
    assert are_near or level in (Level.WEAK, Level.DIFFERENT)
    assert are_near or slip_keys(left) & slip_keys(right) or level is Level.DIFFERENT


def test_the_vectors_are_those_of_the_program() -> None:
    """If a change is meant: let RULES grow, and write them by `python -m tests.core.name_vectors`."""
    assert json.loads(FILE.read_text(encoding="utf-8")) == made()


def test_names_that_nobody_tuned_on_are_compared_as_well_as_must_be() -> None:
    assert measured("first").pairs.f1 > 0.97
    for held_out in map(measured, ("held_out", "wide_held_out", "mixed_held_out")):
        assert held_out.pairs.f1 > 0.94 and held_out.across.value > 0.93
        assert held_out.blocked / held_out.pairs.true > 0.97
        assert len(held_out.called_same) <= 0.06 * held_out.negatives


def test_the_list_of_names_says_where_it_cannot_be_read() -> None:
    assert parse_data("[short]\nAli: Alou # dear").short == (("ali", "alou"),)
    with pytest.raises(ValueError, match="line 2"):
        parse_data("[wrong]\nAli: Aly")


def test_whoever_corrects_the_list_of_names_has_all_compared_anew() -> None:
    """She edits one file and no program: what was stored by the former edition is another algorithm's."""
    text = "[short]\nAli: Alou\n"
    assert edition_of(text) == edition_of("# the short forms\n[short]\n\nAli: Alou  # dear")
    assert edition_of(text) != edition_of(text + "Itto: Yattou\n")
    assert names.RULES * EDITIONS + edition() == names.algorithm()
    assert linkage_features.algorithm() // 1000 == names.algorithm()


OURS = """[short]
Fatima: Fadma, Fati
Hassan: Hassou
Hassan: Lahcen
[written]
ghita: rita
soraya: touria
[left out]
haj, lalla
"""


def test_a_server_adds_names_of_its_own_to_the_list_and_takes_others_out() -> None:
    own = """
        [short]
        Fátima: Tamou، -fati        # an Arabic comma, and an accent that does not matter
        Hannou: Yattouna
        Hassan: Hassouni
        [written]
        ghita: -rita
        tourya: touria
        [left out]
        -Haj, cheikh
    """
    data = parse_data(OURS, own)
    assert data.short == (
        ("fatima", "fadma", "tamou"),
        ("hassan", "hassou", "hassouni"),
        ("hassan", "lahcen"),
        ("hannou", "yattouna"),
    )
    assert data.written == {"touria": "tourya"}
    assert data.left_out == {"lalla", "cheikh"}
    assert parse_data(OURS, "# nothing\n") == parse_data(OURS)


@pytest.mark.parametrize(
    "line",
    ["ali alou", ": alou", "-ali: alou", "[shorts]\nali: alou", "[left out]\nhaj: hajj", "[]\nhaj", "[written]\n,"],
)
def test_a_line_of_a_servers_own_list_that_says_nothing_is_named(line: str) -> None:
    own = f"[short]\nali: alou\n{line}"
    with pytest.raises(LineWrong) as wrong:
        parse_data(OURS, own)
    assert wrong.value.number == len(own.splitlines())


def test_a_name_as_written_is_exact_and_a_short_form_an_alias_and_a_part_weak() -> None:
    assert compare("Fâtima", "FATIMA") is Level.EXACT
    assert compare("Fadma", "فاطمة") is Level.ALIAS
    assert compare("Fatima Zahra", "Fatima") is Level.WEAK
    assert compare("Ait Ali", "Ali") is Level.WEAK
    assert compare("", "") is compare("", "Ali") is Level.DIFFERENT


@given(NAMES, NAMES)
@example("E", "Y")
@example("EU", "ÞU")
def test_whatever_the_texts_the_order_of_a_pair_does_not_matter(left: str, right: str) -> None:
    assert compare(left, right) is compare(right, left)
    if compare(left, right) in (Level.EXACT, Level.SAME):
        assert block_keys(left) & block_keys(right)


@given(NAMES)
def test_a_name_is_itself_and_its_keys_are_few_and_plain(text: str) -> None:
    assert compare(text, text) is (Level.EXACT if name_key(text) else Level.DIFFERENT)
    keys = search_keys(text)
    assert len(keys) == len(set(keys)) <= KEYS_MAX
    assert all(0 < len(key) <= KEY_MAX and " " not in key for key in keys)
