"""Words as search compares them: however a name is spelled, its key is the same; other names have other keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.skeleton import KEY_MAX, WORDS_MAX, keys

SPELLINGS = {
    "ftm": ("فاطمة", "فاطمه", "فـــاطمة\u200e", "fatima", "FATIMA", "Fâtimah", "Fatma", "فَاطِمَة"),
    "xdj": ("خديجة", "Khadija", "Khadidja"),
    "ac": ("عائشة", "Aïcha", "Aicha"),
    "ysf": ("يوسف", "Youssef", "Yusuf"),
    "abdrhm": ("عبد الرحيم", "عبدالرحيم", "Abderrahim"),
    "abdkrm": ("عبد الكريم", "Abdelkrim"),
    "hsn": ("الحسين", "El Houssine", "حسن", "Hassan"),
    "zhr": ("الزهراء", "زهرة", "Zahra"),
    "glmm": ("ڭلميم", "Guelmim"),
    "amzmz": ("أمزميز", "Amizmiz"),
    "ksm": ("قاسم", "Kacem", "Qassem"),
    "gzln": ("غزلان", "Ghizlane"),
    "wrd": ("وردة", "Warda", "Ouarda"),
    "0661": ("٠٦٦١", "0661"),
}


@pytest.mark.parametrize(("key", "word"), [(key, word) for key, words in SPELLINGS.items() for word in words])
def test_every_spelling_of_a_name_has_its_key(key: str, word: str) -> None:
    assert keys(word) == [key]


def test_other_names_have_other_keys() -> None:
    names = ("فاطمة", "خديجة", "مليكة", "سعيد", "كريم", "رشيدة", "حنان", "نادية")
    assert len({tuple(keys(name)) for name in names}) == len(names)


def test_a_text_gives_each_word_once_and_a_code_stays_a_code() -> None:
    assert keys("Fatima, la fille de فاطمة : P-C2D71D29") == ["ftm", "fl", "c2d71d29"]
    assert keys("· — …") == []


@given(st.text(max_size=300))
def test_whatever_the_text_keys_are_few_short_and_plain(text: str) -> None:
    found = keys(text)
    assert len(found) == len(set(found)) <= WORDS_MAX
    assert all(0 < len(key) <= KEY_MAX and " " not in key and "\0" not in key for key in found)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=12))
def test_case_and_accents_do_not_count(word: str) -> None:
    accented = word.replace("e", "é").replace("a", "â").replace("c", "ç")
    assert keys(word.upper()) == keys(word) == keys(accented)
