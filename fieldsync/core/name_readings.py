"""One word of a name as its sounds: consonant classes on which the scripts agree, and the vowels written between them.

A class holds what French spelling conflates. `C` is sh, `G` is gh, `x` is kh; q, k and hard g are one, emphatic and
plain consonants are one, ح and ه are one. Where a spelling can be read in two ways, the word has two readings.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

READINGS_MAX = 6

AYN = "'"
"""ع or ء between consonants: no vowel by itself, but a syllable."""

AYN_LETTER = "ɛ"
"""ع as Latin letters write it, once ⵄ and 3 are folded."""

FEMININE = "A"
"""The ending that is written ة, ه, ا, اء, ى, -a, -ae, -ah."""

SERVANT = "_"
"""Stands between عبد / Abd and what follows, once the article between them is gone."""

APART = "-"
"""Stands between two letters that are no digraph: is-hak."""

ANY_START = frozenset("aiu")
OPEN = ANY_START | {""}


class Reading(NamedTuple):
    """`gaps[i]` holds the vowels before consonant i, the last gap those after the last consonant.

    `starts`: what the word may begin with: vowels, "y", "w", "" for a consonant. `cost`: how far-fetched it is.
    """

    consonants: str
    gaps: tuple[str, ...]
    feminine: bool
    starts: frozenset[str]
    arabic: bool
    cost: float

    @property
    def key(self) -> str:
        return self.consonants + FEMININE if self.feminine else self.consonants


class _Spelled(NamedTuple):
    """A spelling on the way to a reading: letters left, and what is settled already."""

    letters: str
    cost: float = 0.0
    feminine: bool | None = None
    bare: frozenset[str] = frozenset()
    """What the word may also begin with: an article had grown together with it, and a vowel may have gone with that."""


# ---- Arabic ----------------------------------------------------------------------------------------------------

_ARABIC_LETTERS = str.maketrans(
    {
        **dict(zip("بپتثجحخدذرزسشصضطظغفڤقكگڭݣلمنه", "bbttjhxddrzsCsdtdGffkkkkklmnh", strict=True)),
        **dict(zip("اأآٱىةإيئوؤعء", "aaaaaaiiiuu''", strict=True)),
        "چ": "C",
        "ژ": "j",
    }
)
_FUSED_LAM = re.compile(r"^ل(?=[بغحجكخفعقمه][^\W_]{2})")
"""The article of dialect before a moon letter: لحبيب, لخضر."""

_ARABIC_STARTS = {
    "ا": ANY_START, "ٱ": ANY_START, "أ": ANY_START, "ع": ANY_START, "إ": frozenset("i"), "آ": frozenset("a"),
}  # fmt: skip
_LONG_STARTS = {"ا": frozenset("a"), "و": frozenset("au"), "ي": frozenset("ai")}
_GLIDE = re.compile(r"[اأ]و(?:[اأإ]|(?=ع))")
"""أوعدي, أواحمد: Ou before a vowel."""


def of_arabic(word: str, article: bool, alif_ending: bool) -> list[Reading]:
    """`article`: an ال at the beginning is the article; `alif_ending`: a last ى is no slip for ي."""
    spelled = [_Spelled(word)]
    if not article:
        pass
    elif word.startswith("ال") and len(word) > 3:
        spelled = [_Spelled(word[2:])]
    elif _FUSED_LAM.match(word):
        spelled = [_Spelled(word[1:], bare=OPEN), _Spelled(word, 0.1)]
    elif word.startswith("امب"):
        spelled = [_Spelled(word[1:])]
    ended = [end for each in spelled for end in _arabic_ends(each, alif_ending)]
    return [_arabic_reading(each) for each in _unlike(ended, _ARABIC_ALTERNATIVES)]


def _arabic_ends(word: _Spelled, alif_ending: bool) -> Iterator[_Spelled]:
    letters = word.letters
    stem, last = letters[:-1], letters[-1:]
    if letters.endswith(("اة", "اه")) and len(letters) > 3:
        yield word._replace(letters=stem + "ت", feminine=False)
        if last == "ه":
            yield word._replace(letters=letters, feminine=False, cost=word.cost + 0.1)
    elif last == "ه" and len(letters) > 2:
        yield word._replace(letters=stem, feminine=True)
        yield word._replace(letters=letters, feminine=False, cost=word.cost + 0.1)
    elif last == "ى" and len(letters) > 2 and not alif_ending:
        yield word._replace(letters=stem, feminine=True)
        yield word._replace(letters=stem + "ي", feminine=False, cost=word.cost + 0.2)
    elif letters.endswith("اء") and len(letters) > 3:
        yield word._replace(letters=letters[:-2], feminine=True)
    elif last in ("ة", "ا", "ى") and len(letters) > 2:
        yield word._replace(letters=stem, feminine=True)
    else:
        yield word._replace(feminine=False)


# ث by ear is s, ظ and ذ are z, دج is a j that French writes dj.
_ARABIC_ALTERNATIVES = (
    (re.compile("ث"), "س", 0.2),
    (re.compile("[ظذ]"), "ز", 0.2),
    (re.compile("دج"), "ج", 0.1),
    (re.compile("ج(?=و?[سزص])"), "گ", 0.3),
)


def _long_start(first: str, second: str) -> frozenset[str]:
    if first == "إ":
        return frozenset("i")
    return frozenset("u") if first in "اأ" and second == "و" else _LONG_STARTS[second]


def _arabic_reading(word: _Spelled) -> Reading:
    letters = word.letters
    starts = frozenset({""})
    first, second = letters[:1], letters[1:2]
    if first in _ARABIC_STARTS:
        starts = _ARABIC_STARTS[first]
        if second in _LONG_STARTS and len(letters) > 2:
            starts = _long_start(first, second)
        if first in "اأ" and (glide := _GLIDE.match(letters)):
            starts, letters = frozenset("w"), letters[glide.end() :]
    elif first == "ي" and len(letters) > 1:
        starts = frozenset("y") if second in ("ا", "و") else frozenset("yi")
        letters = letters[1:]
    elif first == "و" and len(letters) > 1:
        starts = frozenset("w") if second in ("ا", "ي") else frozenset("wu")
        letters = letters[1:]
    return _reading(letters.translate(_ARABIC_LETTERS), word, starts, arabic=True)


# ---- Latin -----------------------------------------------------------------------------------------------------

_DIGRAPHS = {
    "kh": "x", "sh": "C", "ch": "C", "gh": "G", "dj": "j", "th": "t", "dh": "d", "ph": "f",
    "ck": "k", "qu": "k", "ee": "i", "oo": "u", "ou": "u", "gu": "k", "g": "j", "c": "s",
}  # fmt: skip
_DIGRAPH = re.compile(r"s?ch|tch|([kscg])\1h|d?dj|[kscgtdp]h|ck|qu(?=[aeiouy])|ee|oo|ou|gu(?=[eiy])|[gc](?=[eiy])")
_SINGLE = str.maketrans({**dict(zip("qgcvpoyw", "kkkfbuiu", strict=True)), "-": None, AYN_LETTER: AYN})
_DOUBLE = re.compile(r"([bcdfghjklmnpqrstvxzCG])\1+")
_SILENT_END = re.compile(r"(?<=[bcdfghjklmnpqrstvxz])e$")
_FEMININE_END = re.compile(r"(?<=.)(?:a+|ae|aa?e)$")
_LATIN_START = re.compile(
    r"(ou|w)(?=[aeiy])|(y)(?=[aou])|(i)(?=[aou])|(y)|(w)|(ou|[ou])|([ae][iy])|(a[ou])|(a)|(e)|(i)|(ɛ)"
)
_LATIN_STARTS = tuple(map(frozenset, ("w", "y", "y", "yi", "wu", "u", "ai", "au", "a", "aie", "i", "aiu")))
_SEMIVOWEL_GROUPS = frozenset({1, 2, 3, 5})
_M_OF_HAMED = re.compile(r"^m(?=h[am])")

# An article that has grown together with the word: Lahcen, Lmekki, Essaid, Lamrani.
_FUSED_CONSONANT = re.compile(r"^l(?=[bcdfghjkmnpqrstvxz])")
_FUSED_DOUBLE = re.compile(r"^e(?=([rsnztd])\1|ch|dd)")
_FUSED_CLUSTER = re.compile(r"^l[ae](?=[bcdfghjkmnpqrstvxz][bcdfghjklmnpqrstvxz]|h(?:ou|o|a))")
_FUSED_WHOLE = re.compile(r"^(?:[ea]l(?=[bcdfghjkmnpqrstvxyz])|el(?=[aiou]))")
_FUSED_SINGLE = re.compile(r"^(?:e(?=[dnrstz][^e])|a(?=([dnrstz])\1[^\W_]{3}))")


_LATIN_ALTERNATIVES = (
    (re.compile(r"t(?=h[aeiouyl])"), "t-", 0.1),
    (re.compile(r"(?<=.)s(?=h[aeiouy])"), "s-", 0.3),
    (re.compile(r"th(?=[aeioum])"), "s", 0.3),
    (re.compile(r"(?<=.)rh"), "gh", 0.1),
    (re.compile(r"mb"), "nb", 0.1),
    (re.compile(r"g(?=[aoulrdn])"), "gh", 0.3),
    (re.compile(r"g(?=e)"), "gu", 0.3),
    (re.compile(r"gu(?=a)"), "g", 0.1),
    (re.compile(r"(?<=[iy])c(?=a)"), "ss", 0.3),
)


def of_latin(word: str, article: bool) -> list[Reading]:
    """`article`: an article may have grown together with the word."""
    if word.startswith("rh"):
        return of_latin("g" + word[1:], article) + of_latin("r-" + word[1:], article)
    spelled = _without_article(word) if article else [_Spelled(word)]
    ended = [end for each in spelled for end in _latin_ends(each)]
    return [_latin_reading(each) for each in _unlike(ended, _LATIN_ALTERNATIVES)]


def _without_article(word: str) -> list[_Spelled]:
    if word.startswith("l") and len(word) > 3:
        if _FUSED_CONSONANT.match(word):
            return [_Spelled(word[1:], bare=OPEN)]
        if _FUSED_CLUSTER.match(word):
            swallowed = frozenset({"", "a"} if word[1] == "a" else OPEN)
            return [_Spelled(word[2:], bare=swallowed), _Spelled(word[1:], 0.1), _Spelled(word, 0.1)]
        return [_Spelled(word), _Spelled(word[1:], 0.2)]
    if word.startswith("e") and len(word) > 4 and _FUSED_DOUBLE.match(word):
        return [_Spelled(word[1:], bare=OPEN), _Spelled(word, 0.1)]
    if _FUSED_SINGLE.match(word) and len(word) > 4:
        return [_Spelled(word), _Spelled(word[1:], 0.2, bare=OPEN)]
    if _FUSED_WHOLE.match(word) and len(word) > 4:
        return [_Spelled(word[2:]), _Spelled(word, 0.1)] if len(word) > 6 else [_Spelled(word), _Spelled(word[2:], 0.2)]
    return [_Spelled(word)]


def _latin_ends(word: _Spelled) -> Iterator[_Spelled]:
    letters = word.letters
    if letters.endswith("ah") and len(letters) > 3:
        ends = [word._replace(feminine=False), word._replace(letters=letters[:-2], feminine=True, cost=word.cost + 0.1)]
        yield from ends if len(letters) < 7 else reversed(ends)
    elif letters.endswith(("eh", "ih", "uh")):
        yield word._replace(feminine=False)
        yield word._replace(letters=letters[:-1], feminine=False, cost=word.cost + 0.1)
    elif len(letters) > 2 and letters.endswith(("a", "ae")):
        yield word._replace(letters=_FEMININE_END.sub("", letters), feminine=True)
    else:
        yield word._replace(letters=_SILENT_END.sub("", letters), feminine=False)


def _latin_reading(word: _Spelled) -> Reading:
    letters = _M_OF_HAMED.sub("am", word.letters)
    starts = frozenset({""})
    found = _LATIN_START.match(letters)
    if found and found.lastindex:
        starts = _LATIN_STARTS[found.lastindex - 1]
        if found.lastindex in _SEMIVOWEL_GROUPS or (found.lastindex == 4 and len(letters) > 2):
            letters = letters[found.end() :]
    sounds = _DIGRAPH.sub(lambda each: _DIGRAPHS[each[0][-2:]], letters).translate(_SINGLE)
    return _reading(_DOUBLE.sub(r"\1", sounds), word, starts, arabic=False)


# ---- both ------------------------------------------------------------------------------------------------------

_CONSONANT = re.compile(r"[bdfhjklmnrstxzCG0-9]")
_NO_SOUND = re.compile(r"[^abdefhijklmnrstuxzCG'0-9]")


def _unlike(words: list[_Spelled], alternatives: tuple[tuple[re.Pattern[str], str, float], ...]) -> list[_Spelled]:
    """The words, and after them what else each can be read as."""
    for pattern, instead, cost in alternatives:
        if len(words) < READINGS_MAX:
            others = [
                (pattern.sub(instead, each.letters, count=1), each) for each in words if pattern.search(each.letters)
            ]
            words = words + [each._replace(letters=letters, cost=each.cost + cost) for letters, each in others]
    return words[:READINGS_MAX]


def _reading(sounds: str, word: _Spelled, starts: frozenset[str], arabic: bool) -> Reading:
    sounds = _NO_SOUND.sub("", sounds)
    if not sounds:
        return Reading(word.letters, ("",) * (len(word.letters) + 1), False, starts, arabic, word.cost)
    gaps = tuple(_CONSONANT.split(sounds))
    consonants = "".join(_CONSONANT.findall(sounds))
    starts |= word.bare
    return Reading(consonants, gaps, bool(word.feminine), starts, arabic, word.cost)


def servant_of(begins: Reading, reading: Reading) -> Reading:
    """Abd- or Ben Abd- (`begins`) and the reading of what follows, which tells how both of them start."""
    first = reading.gaps[0] if "" in reading.starts or not reading.starts.isdisjoint("yw") else ""
    gaps = (*begins.gaps[:-1], begins.gaps[-1] + first, *reading.gaps[1:])
    return reading._replace(consonants=begins.consonants + reading.consonants, gaps=gaps)
