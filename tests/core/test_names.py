"""Names as companions write them: one name in many spellings is one, two names stay two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.names import KEY_MAX, KEYS_MAX, Level, block_keys, compare, name_key, search_keys

NAMES = st.text(max_size=60) | st.sampled_from(("فاطمة الزهراء", "Abdellatif", "Aït Ben Haddou", "ⴼⴰⵟⵉⵎⴰ", "M'hamed"))

ONE_NAME = (
    ("فاطمة", "Fatima"),
    ("فاطمه", "Fatima"),
    ("ⴼⴰⵟⵉⵎⴰ", "فاطمة"),
    ("فاطمة الزهراء", "F. Zahra"),
    ("محمد", "Mohamed"),
    ("الحسين", "Lhoucine"),
    ("عبد اللطيف", "Abdelatif"),
    ("نور الدين", "Nour Eddine"),
    ("نور الدين", "Nordine"),
    ("بن علي", "Benali"),
    ("آيت بلقاسم", "Ait Belkacem"),
    ("حياة", "Hayat"),
    ("التهامي", "Thami"),
    ("العمراني", "Lamrani"),
    ("علي", "3li"),
    ("خديجة", "5adija"),
    ("غزلان", "Rhizlane"),
    ("علی", "Ali"),
)
TWO_NAMES = (
    ("Mohamed", "M'hamed"),
    ("محمد", "امحمد"),
    ("Lahcen", "Lhoucine"),
    ("Rachid", "Rachida"),
    ("رشيد", "Rachida"),
    ("محمد", "Mahmoud"),
    ("سالم", "Slim"),
    ("حسن", "Hassani"),
)


@pytest.mark.parametrize(("left", "right"), ONE_NAME)
def test_one_name_in_two_spellings_is_the_same(left: str, right: str) -> None:
    assert compare(left, right) is Level.SAME
    assert block_keys(left) & block_keys(right)


@pytest.mark.parametrize(("left", "right"), TWO_NAMES)
def test_two_names_are_not_the_same(left: str, right: str) -> None:
    assert compare(left, right) not in (Level.EXACT, Level.SAME)


def test_a_name_as_written_is_exact_and_a_short_form_an_alias_and_a_part_weak() -> None:
    assert compare("Fâtima", "FATIMA") is Level.EXACT
    assert compare("Fadma", "فاطمة") is Level.ALIAS
    assert compare("Fatima Zahra", "Fatima") is Level.WEAK
    assert compare("Ait Ali", "Ali") is Level.WEAK
    assert compare("", "") is compare("", "Ali") is Level.DIFFERENT


@given(NAMES, NAMES)
def test_whatever_the_texts_the_order_of_a_pair_does_not_matter(left: str, right: str) -> None:
    assert compare(left, right) is compare(right, left)


@given(NAMES)
def test_a_name_is_itself_and_its_keys_are_few_and_plain(text: str) -> None:
    assert compare(text, text) is (Level.EXACT if name_key(text) else Level.DIFFERENT)
    keys = search_keys(text)
    assert len(keys) == len(set(keys)) <= KEYS_MAX
    assert all(0 < len(key) <= KEY_MAX and " " not in key for key in keys)
