"""A name as words: one spelling of every letter, what belongs together joined, what comes and goes left out."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from fieldsync.core.name_data import name_data
from fieldsync.core.name_readings import APART, AYN_LETTER, SERVANT


class Words(NamedTuple):
    """`ait`: the name is said to be of an Ait, which is left out of the words."""

    words: tuple[str, ...]
    ait: bool


LETTERS_MAX = 60
"""Letters of a word that are read."""

LABIALIZATION = "ⵯ"
"""Tells in Tifinagh how the letter before is said; a normalized text would have it as a w."""

# ---- letters ---------------------------------------------------------------------------------------------------

_TIFINAGH = {
    **dict(zip("ⴰⴱⴳⴷⴹⴻⴼⴽⵀⵃⵇⵉⵊⵍⵎⵏⵓⵔⵕⵙⵚⵜⵟⵡⵢⵣⵥⴲⴸⴺⴿⵁⵋⵌⵐⵝⵠ", "abkddefkhhkijlmnurrssttwyzzbddkhjjntv", strict=True)),
    **{
        "ⵅ": "kh",
        "ⵆ": "kh",
        "ⵈ": "kh",
        "ⵖ": "gh",
        "ⵒ": "p",
        "ⵛ": "ch",
        "ⵞ": "tch",
        "ⴵ": "dj",
        "ⴴ": "k",
        "ⴶ": "j",
        "ⴾ": "k",
        "ⵄ": AYN_LETTER,
    },
}
_ARABIC_LETTERS = {**dict.fromkeys("یې", "ي"), "ک": "ك", **dict.fromkeys("ہھەۀ", "ه"), "ۃ": "ة"}
_OTHER = {
    **_TIFINAGH,
    **_ARABIC_LETTERS,
    **dict.fromkeys("’‘`´ʼʿʾ", "'"),
    **dict.fromkeys("ـ\ufeff", ""),
    "ç": "s", "ɛ": AYN_LETTER, "ε": AYN_LETTER, "ɣ": "gh", "ı": "i", SERVANT: " ",
}  # fmt: skip


class _Folded(dict[int, str]):
    """Characters as they are read, each looked up once."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        folded = _OTHER.get(character)
        if folded is None:
            folded = character if _is_arabic_letter(character) else _without_marks(character)
        self[code] = folded
        return folded


_FOLDED = _Folded()


def fold(text: str) -> str:
    """Lower case without accents, harakat, tatweel and marks of direction; Tifinagh and Persian letters are spelled."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.replace(LABIALIZATION, ""))
    text = text.lower()
    return text if text.isascii() and SERVANT not in text else text.translate(_FOLDED)


def _is_arabic_letter(character: str) -> bool:
    return "\u0620" <= character <= "\u064a" or "\u0671" <= character <= "\u06d3"


def _without_marks(character: str) -> str:
    parts = unicodedata.normalize("NFD", character)
    return "".join(each for each in parts if unicodedata.category(each) not in ("Mn", "Cf"))


def is_arabic(text: str) -> bool:
    """Whether a word is in Arabic script."""
    return any("\u0600" <= each <= "\u06ff" for each in text)


# ---- words -----------------------------------------------------------------------------------------------------

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_LETTER = re.compile(r"[a-z]")
_CHAT_DIGITS = str.maketrans({"7": "h", "9": "q", "3": AYN_LETTER, "5": "kh", "2": "", "6": "t", "8": "gh"})
_ELIDED = re.compile(r"^[ld]'(?=.)")
_SAID_APART = re.compile(r"(?<=[sktgd])'(?=h)")
_FATIMA_BEFORE_ZAHRA = re.compile(r"\b(?:f|fat[aeimou]*m[ae]?)[. -]*(?=[ea]?[sz]?[ -]?z+[aoh])")


def _set(*spellings: str) -> frozenset[str]:
    return frozenset(word for each in spellings for word in each.split())


_ARTICLES = _set("el al l ال es ess as ez ezz az er err ar en enn an ed edd ad et ett at ech ach")
_AITS = _set("ait ayt aith nait", "ايت أيت آيت إيت آت ايث نايت")
_BEFORE = {
    **dict.fromkeys(
        _set("abd abdel abdal abdul abdoul abde abder abdes abdess abdech abdez abded abden abdet"), "abd_"
    ),
    **dict.fromkeys(_set("ben bin ibn bn"), "ben"),
    **dict.fromkeys(_set("bou bu abou abu"), "bou"),
    **dict.fromkeys(_set("oum om um oumm umm omm"), "oum"),
    **{"bel": "bel", "بل": "بل", "n": "n", "ن": "ن"},
    **{"ou": "ou", "u": "ou", "أو": "أو", "او": "أو"},
    "عبد": "عبد_",
    **dict.fromkeys(_set("بن ابن إبن"), "بن"),
    **dict.fromkeys(_set("بو ابو أبو"), "بو"),
    **dict.fromkeys(_set("ام أم"), "ام"),
}
"""What is written with the word that follows: its joined form. SERVANT takes no article, the others an l."""

_FAITH = re.compile(r"^(?:[ae]?d+[iy]ne?|(?:ال)?دين)$")
_GOD = _set("allah ellah الله")
_GLUED_SERVANT_OF_GOD = re.compile(r"^(?:abd[aeiou]{1,2}l+ah?|عبدالل?ه)$")
_GLUED_SERVANT = re.compile(
    r"^(?:abd(?:[aeou]{1,2}+l?+|l)(?=[^\W_]{3})|abd(?=[bcdfghjkmnqrstvxz][^\W_]{2})|عبدال(?=[^\W_]{2}))"
)
_GLUED_AIT = re.compile(r"^(?:a[iy]t(?=[bcdfghjklmnqrsvxz][^\W_]{2})|[اأآ]يت(?=[^اويىة][^\W_]{2}))")
_GLUED_FATHER = re.compile(r"^[aأا](?=(?:bou|بو)[^\W_]{3})")
_ARTICLE_OF_BEN = re.compile(r"l(?=[abcdfghjkmnpqrstvxz])|ل(?=[بغحجكخفعقمه][^\W_]{2})")
_SEAT = re.compile(r"^[اأإ](?=[^\W_]{2})")
"""Carries a first vowel, and nothing once something stands before it: أومغار, بنومغار."""

_LATIN_BEFORE = {"بن": "ben", "بل": "bel", "بو": "bou", "أو": "ou", "او": "ou", "ام": "oum", "ن": "n"}

_SUN_LETTER = re.compile(r"[tdrzsn]|ch|sh|[تثدذرزسشصضطظن]")
"""The article before it is not heard: بن الطالب is Bentaleb."""

_GLUED_SON = re.compile(r"^(?:benl(?=a)|بنال)")
_GLUED_FAITH = re.compile(r"(?<=[^\W_]{2})(?:[ae]?l?d+[iy]ne?|الدين)$")
_GLUED_HALF = re.compile(
    r"((?!ال|بن|بو|عبد|ام|أم|ou?m|um)[^\W_]{3,}?)(?:ال(?!دين|له)([^\W_]{3,})|el(h[ou]+da|kh[ae]?[iy]r))$"
)
_GLUED_GOD = re.compile(r"(?<=[^\W_]{2})(?:[aeiu]?llah|الله)$")


@cache
def _left_out() -> frozenset[str]:
    return frozenset(map(fold, name_data().left_out)) | _ARTICLES | _AITS


@cache
def written() -> dict[str, str]:
    """Spelling → how the name is spelled as a rule."""
    return {fold(spelling): fold(name) for spelling, name in name_data().written.items()}


@cache
def _with_article() -> dict[str, str]:
    return {fold(name): fold(read) for name, read in name_data().with_article.items()}


def words(text: str) -> Words:
    """The words of a name, in order; "Abd", "Ben" and the like joined with what follows."""
    kept: list[str] = []
    left_out: list[str] = []
    before, alone, article = "", "", False
    pieces = list(_pieces(fold(text)))
    for word in pieces:
        if word in _BEFORE:
            before += _BEFORE[word]
            alone = word
        elif before and word in _ARTICLES:
            article = True
        elif before:
            kept.append(_together(before, word, article))
            before, article = "", False
        elif kept and (word in _GOD or _FAITH.match(word)):
            kept[-1] += _ending(word)
        elif word in _left_out():
            article = word in _ARTICLES
            left_out.append(word)
        else:
            kept.append(_with_article().get(word, word) if article else word)
            article = False
    ait = not _AITS.isdisjoint(pieces)
    kept += [alone] if before else _title_of_house(pieces[-1]) if ait else []
    return Words(tuple(kept or left_out), ait)


def _title_of_house(last: str) -> list[str]:
    """The last word of an Ait, where it is one that is left out elsewhere: Ait El Haj."""
    return [last] if last in _left_out() and last not in _AITS | _ARTICLES else []


def _pieces(text: str) -> Iterator[str]:
    if "f" in text and "z" in text:
        text = _FATIMA_BEFORE_ZAHRA.sub("fatima ", text)
    for found in _WORD.finditer(text):
        word = found[0][:LETTERS_MAX]
        if "'" in word:
            word = _SAID_APART.sub(APART, _ELIDED.sub("", word)).replace("'", "")
        if not word.isalpha() and _LETTER.search(word):
            word = word.translate(_CHAT_DIGITS)
        glued = _GLUED_AIT.match(word)
        if glued:
            yield glued[0]
            word = word[glued.end() :]
        yield from map(_ungrown, _halves(word))


def _halves(word: str) -> tuple[str, ...]:
    """نورالهدى and Nourelhouda as نور الهدى and Nour Houda."""
    found = _GLUED_HALF.match(word) if "ال" in word or "el" in word else None
    return (found[1], found[2] or found[3]) if found else (word,)


def _ungrown(word: str) -> str:
    """Abdelkader, Benlahcen, Noureddine, Nasrallah as they are when written apart."""
    if word.startswith(("abd", "عبدال")):
        if _GLUED_SERVANT_OF_GOD.match(word):
            return "عبدل" if is_arabic(word) else "abdl"
        found = _GLUED_SERVANT.match(word)
        if found:
            return word[:3] + SERVANT + _ungrown_end(word[found.end() :])
    if word.startswith(("abou", "أبو", "ابو")):
        return _GLUED_FATHER.sub("", word)
    if word.startswith(("benabd", "بنعبد")):
        sons = 2 if is_arabic(word) else 3
        return word[:sons] + _ungrown(word[sons:])
    if word.startswith("بال") and len(word) > len("بالحا"):
        return "بل" + word[3:]
    if word.startswith(("benl", "بنال")):
        return _GLUED_SON.sub("بل" if is_arabic(word) else "bel", word)
    return _ungrown_end(word)


def _ungrown_end(word: str) -> str:
    if word.endswith(("din", "dine", "dyn", "dyne", "الدين")):
        return _GLUED_FAITH.sub("دين" if is_arabic(word) else "din", word)
    if word.endswith(("llah", "الله")):
        return _GLUED_GOD.sub("ل" if is_arabic(word) else "l", word)
    return word


def _together(before: str, word: str, article: bool) -> str:
    if word in _GOD and before.endswith(SERVANT):
        return before.removesuffix(SERVANT) + _ending(word)
    if not before.endswith(SERVANT):
        word = written().get(word, word)
        before = before if is_arabic(word) else _LATIN_BEFORE.get(before, before)
    if word.startswith("ال") and len(word) > 3:
        word, article = word[2:], True
    if article and not before.endswith(SERVANT) and not _SUN_LETTER.match(word):
        before = "بل" if before == "بن" else "bel" if before == "ben" else before + ("ل" if is_arabic(word) else "l")
    elif before in ("ben", "بن") and _ARTICLE_OF_BEN.match(word):
        before = before[:-1]
    elif is_arabic(word):
        word = _SEAT.sub("", word)
    return before + word


def _ending(word: str) -> str:
    if word in _GOD:
        return "ل" if is_arabic(word) else "l"
    return "دين" if is_arabic(word) else "din"
