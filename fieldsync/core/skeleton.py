"""Words as search compares them: what Arabic and Latin spellings of a Moroccan name have in common, its consonants."""

import re
import unicodedata
from functools import lru_cache

WORDS_MAX = 40
"""Words of one answer that can be found."""

KEY_MAX = 24

REMEMBERED_MAX = 20_000
"""Words whose keys a process keeps: names come again and again."""

_ARTICLE = "ال"
_SERVANT = "عبد"
_ARABIC = re.compile("[\u0600-\u06ff]")
_SILENT = dict.fromkeys(map(ord, "\u0640\u200b\u200c\u200d\u200e\u200f\u2066\u2067\u2068\u2069\ufeff"))
"""Kashida and marks of direction: drawn or not, they are no letters."""

_WORD = re.compile(r"[^\W_]+")
_LETTERS = {
    **dict.fromkeys("اأإآٱعءئؤ", "a"),
    **dict.fromkeys("تثط", "t"),
    **dict.fromkeys("دذضظ", "d"),
    **dict.fromkeys("سص", "s"),
    **dict.fromkeys("كق", "k"),
    **dict.fromkeys("غڭگݣ", "g"),
    **dict.fromkeys("حه", "h"),
    **dict.fromkeys("وى", "o"),
    **{"ب": "b", "پ": "p", "ج": "j", "خ": "x", "ر": "r", "ز": "z", "ش": "c", "ف": "f", "ڤ": "v", "ل": "l", "م": "m"},
    **{"ن": "n", "ي": "y", "ة": "e"},
}
"""An Arabic letter as one Latin one; x is kh, c is sh."""

_SPELLINGS = (
    *((re.compile(spelled), sound) for spelled, sound in (("kh", "x"), ("gh", "g"), ("ph", "f"), ("dj", "j"))),
    *((re.compile(spelled), sound) for spelled, sound in (("th", "t"), ("dh", "d"), ("q", "k"), ("sh", "ch"))),
    *((re.compile(spelled), sound) for spelled, sound in (("c(?!h)(?=[eiy])", "s"), ("c(?!h)", "k"), ("ch", "c"))),
    (re.compile("^(ou|w)(?=[aeiou])"), "w"),
)
"""French and English spellings of sounds, in the order in which they are replaced."""

_ABD_ARTICLE = re.compile("^(abd)(e|o|u)l(?=[^laeiouy])")
_FINAL_H = re.compile("(?<=[aeo])h$")
_VOWELS = re.compile("[aeiou]")
_SOFT = re.compile("[aeiouwy]")
_TWICE = re.compile(r"(.)\1+")


def keys(text: str) -> list[str]:
    """The keys of a text's words, in order, each once: "Fatima", "فاطمة" and "Fâtimah" give `ftm`.

    Case, accents, vowels, doubled letters, the definite article, kashida and marks of direction do not count; numbers
    stay as they are, in Western digits. An empty list where nothing can be searched for.
    """
    words = _joined(_WORD.findall(_plain(text).lower()))
    found = [key for word in words if len(word) > 1 and (key := _key(word))]
    return list(dict.fromkeys(found))[:WORDS_MAX]


def _plain(text: str) -> str:
    """Letters without what is written on or around them."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", text).translate(_SILENT)
    return "".join(each for each in unicodedata.normalize("NFD", plain) if not unicodedata.combining(each))


def _joined(words: list[str]) -> list[str]:
    """Without articles that stand alone, and with «عبد الرحيم» in one word, as Latin spellings have it."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] == _SERVANT and word.startswith(_ARTICLE):
            joined[-1] += word
        elif word not in ("al", "el", "l", "le", "la", "les", "de", "du", "des", "و", "في", "من"):
            joined.append(word)
    return joined


@lru_cache(maxsize=REMEMBERED_MAX)
def _key(word: str) -> str:
    digits = _digits(word)
    if digits:
        return digits[:KEY_MAX]
    sounds = _of_arabic(word) if _ARABIC.search(word) else _of_latin(word)
    return _consonants(sounds)[:KEY_MAX]


def _digits(word: str) -> str:
    """A word with a digit in it is a number or a code: only the digits are made Western."""
    if not any(each.isdigit() for each in word):
        return ""
    return "".join(str(unicodedata.digit(each)) if each.isdigit() else each for each in word)


def _of_arabic(word: str) -> str:
    word = word.replace(_SERVANT + _ARTICLE, _SERVANT, 1) if word.startswith(_SERVANT) else word
    if word.startswith(_ARTICLE) and len(word) > len(_ARTICLE) + 1:
        word = word.removeprefix(_ARTICLE)
    sounds = "".join(_LETTERS.get(each, each) for each in word)
    sounds = f"w{sounds[1:]}" if word.startswith("و") else sounds
    return sounds[:-1] if len(sounds) > 1 and word.endswith(("ه", "ة")) else sounds


def _of_latin(word: str) -> str:
    sounds = _ABD_ARTICLE.sub(r"\1", _FINAL_H.sub("", word))
    for spelled, sound in _SPELLINGS:
        sounds = spelled.sub(sound, sounds)
    return sounds


def _consonants(sounds: str) -> str:
    """Consonants without repetition; a vowel, or half a vowel (w, y), only where the word begins with it."""
    single = _TWICE.sub(r"\1", sounds)
    first = "a" if _VOWELS.match(single) else single[:1]
    return first + _SOFT.sub("", single[1:])
