"""Moroccan names across Arabic script, French spelling, dialect spelling and Tifinagh: are two of them one name?

`compare` judges a pair of names, `block_keys` and `name_key` find candidates, `search_keys` serve people who search.
docs/linkage.md says how; `names.txt` holds what no rule can know.
"""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cache, lru_cache
from itertools import product
from typing import NamedTuple

from fieldsync.core.name_data import EDITIONS, NameData, edition, name_data
from fieldsync.core.name_readings import SERVANT, Reading, of_arabic, of_latin, servant_of
from fieldsync.core.name_vowels import conflict
from fieldsync.core.name_words import fold, is_arabic, words, written

RULES = 5
"""Grows with every change of a rule that changes a key."""

SAME_BELOW = 0.8
WEAK_BELOW = 1.2

SLIP_OF_YA = 0.3
"""How far-fetched it is that ي was written for ى."""

NAME_MAX = 200
"""Characters of a name that are read."""

TOKENS_MAX = 8
"""Words of a name that are compared."""

SLIP_LENGTH_MIN = 4

SEARCHED_MAX = 4000
"""Characters of a text that can be found."""

VOWELS_ALONE = "a"
"""The block key of every word without a consonant."""

KEY_MAX = 24
KEYS_MAX = 40

_CACHED = 1 << 16


@cache
def algorithm() -> int:
    """Which rules and which edition of the list of names make keys: what is stored under others is made anew."""
    return RULES * EDITIONS + edition()


class Level(StrEnum):
    """How much two names agree, best first."""

    EXACT = "exact"
    """Written alike but for case, accents and vowel signs."""

    SAME = "same"
    """One name, spelled differently or in another script."""

    ALIAS = "alias"
    """One is a short or dialect form of the other."""

    WEAK = "weak"
    """Possible: a part of the other, joined against split, a vowel or a letter apart."""

    DIFFERENT = "different"


class Token(NamedTuple):
    """One word of a name, as it can be read, the likeliest reading first."""

    readings: tuple[Reading, ...]
    key: str
    word: str


class Name(NamedTuple):
    """A name, parsed. `folded`: as it is written, without what does not count."""

    tokens: tuple[Token, ...]
    folded: str
    ait: bool


class _Data(NamedTuple):
    ending_in_alif: frozenset[str]
    without_article: frozenset[str]


@lru_cache(maxsize=_CACHED)
def parse(text: str) -> Name:
    """Read a name; a text without any letter gives a name without tokens."""
    text = text[:NAME_MAX]
    found = words(text)
    return Name(tuple(map(_token, found.words[:TOKENS_MAX])), " ".join(_WORDS.findall(fold(text))), found.ait)


def compare(left: str, right: str) -> Level:
    """How much two names agree. A missing name agrees with nothing: it is DIFFERENT, compare what is there."""
    one, other = parse(left), parse(right)
    if not one.tokens or not other.tokens:
        return Level.DIFFERENT
    if one.folded == other.folded:
        return Level.EXACT
    level = _level(one, other)
    return Level.WEAK if level is Level.SAME and one.ait != other.ait else level


def name_key(text: str) -> str:
    """Equal for most spellings of one name in all scripts; empty where there is no name. Unfit to be shown."""
    return " ".join(token.key for token in parse(text).tokens)


def block_keys(text: str) -> frozenset[str]:
    """Under which keys a name can be found by whoever spells it otherwise: looser than `name_key`."""
    name = parse(text)
    keys = {key for token in name.tokens for key in _loose_keys(token)}
    if len(name.tokens) > 1:
        keys.add("".join(_loose(token.readings[0]) for token in name.tokens)[:KEY_MAX])
    if " " in name.folded:
        keys |= {key for token in _in_one_word(name).tokens for key in _loose_keys(token)}
    for full in _full_names(name):
        keys |= {key for token in parse(full).tokens for key in _loose_keys(token)}
    return frozenset(keys)


def slip_keys(text: str) -> frozenset[str]:
    """Two names without one of these in common, nor a block key, are different: seen sooner than compared.

    Its words with a letter lost, or in another order (_is_slip).
    """
    found = set[str]()
    for token in parse(text).tokens:
        first, rest = token.word[:1], sorted(token.word[1:])
        found.update(first + "".join(rest[:at] + rest[at + 1 :]) for at in range(len(rest) + 1))
    return frozenset(found)


def search_keys(text: str) -> list[str]:
    """The keys of a text's words, each once: "Fatima", "فاطمة", "ⴼⴰⵟⵉⵎⴰ" and, by alias, "Fadma" have one.

    Numbers and codes stay as they are, in Western digits. An empty list where nothing can be searched for.
    """
    text = text[:SEARCHED_MAX].translate(_WESTERN)
    codes = [word.lower()[:KEY_MAX] for word in _WORDS.findall(text) if _is_code(word)]
    rest = _WORDS.sub(lambda found: " " if _is_code(found[0]) else found[0], text) if codes else text
    keys = [_search_key(word)[:KEY_MAX] for word in words(rest).words if len(word) > 1 and word not in _NOT_SEARCHED]
    return list(dict.fromkeys(keys + codes))[:KEYS_MAX]


# ---- reading ---------------------------------------------------------------------------------------------------

_WORDS = re.compile(r"[^\W_]+")


@cache
def _data() -> _Data:
    data: NameData = name_data()
    return _Data(
        frozenset(map(fold, data.ending_in_alif)),
        frozenset(map(fold, data.without_article)),
    )


@lru_cache(maxsize=_CACHED)
def _token(word: str) -> Token:
    readings = tuple(_readings(word))
    first = readings[0]
    return Token(readings, _mark(first) + first.key or word, word)


def _readings(word: str) -> list[Reading]:
    if SERVANT in word:
        before, _, rest = word.partition(SERVANT)
        readings = _readings_of_word(rest)
        if rest[:1] in "aeiou":
            readings = readings + [each._replace(cost=each.cost + 0.1) for each in _readings_of_word("l" + rest)]
        begins = _readings_of_word(before)[0]
        return [servant_of(begins, each) for each in readings]
    return _readings_of_word(word)


def _readings_of_word(word: str) -> list[Reading]:
    data = _data()
    word = written().get(word, word)
    if is_arabic(word):
        readings = of_arabic(word, word not in data.without_article, word.removeprefix("ال") in data.ending_in_alif)
        if word.endswith("ي") and word[:-1] + "ى" in data.ending_in_alif:
            readings += [each._replace(cost=each.cost + SLIP_OF_YA) for each in _readings_of_word(word[:-1] + "ى")]
        return readings
    return of_latin(word, word not in data.without_article)


def _mark(reading: Reading) -> str:
    """What a key begins with where the word begins with no consonant."""
    starts = reading.starts
    if "" in starts:
        return ""
    return "w" if "w" in starts else "y" if "y" in starts else "a"


# ---- comparing -------------------------------------------------------------------------------------------------


def _level(one: Name, other: Name) -> Level:
    level = _tokens_level(one, other)
    if level is not Level.DIFFERENT:
        return level
    if one.folded.count(" ") != other.folded.count(" ") and _are_one_word(one, other):
        return Level.SAME
    if _aliases(one) & _aliases(other):
        return Level.ALIAS
    return Level.WEAK if _partly(one, other) else Level.DIFFERENT


def _tokens_level(one: Name, other: Name) -> Level:
    """Word by word, the worst."""
    if len(one.tokens) != len(other.tokens):
        return Level.DIFFERENT
    return max((_token_level(*pair) for pair in zip(one.tokens, other.tokens, strict=True)), key=_RANK.__getitem__)


def _are_one_word(one: Name, other: Name) -> bool:
    """Each written in one word; nothing of it is kept, since few pairs are asked."""
    left, right = _in_one_word(one), _in_one_word(other)
    return len(left.tokens) == len(right.tokens) and _is_spelled(left, right)


def _in_one_word(name: Name) -> Name:
    """Nour El Houda as Nourelhouda."""
    return parse(name.folded.replace(" ", ""))


_RANK = {level: rank for rank, level in enumerate(Level)}


def _token_level(one: Token, other: Token) -> Level:
    return _word_level(one.word, other.word)


@lru_cache(maxsize=_CACHED)
def _word_level(one: str, other: str) -> Level:
    """By words, which are quick to look up."""
    left, right = _token(one), _token(other)
    least = _least_conflict(left, right)
    if least < SAME_BELOW:
        return Level.SAME
    if _aliases_of_token(left) & _aliases_of_token(right):
        return Level.ALIAS
    return Level.WEAK if least < WEAK_BELOW or _is_slip(one, other) else Level.DIFFERENT


def _is_slip(one: str, other: str) -> bool:
    """A letter inside a word lost, doubled, exchanged with the next or for another; its ends tell names apart."""
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < SLIP_LENGTH_MIN or len(longer) - len(shorter) > 1 or shorter[0] != longer[0]:
        return False
    at = next(
        (place for place, pair in enumerate(zip(shorter, longer, strict=False)) if pair[0] != pair[1]), len(shorter)
    )
    if len(shorter) < len(longer):
        return at < len(shorter) and shorter[at:] == longer[at + 1 :]
    exchanged = shorter[at : at + 2][::-1] + shorter[at + 2 :]
    return longer[at:] == exchanged or (longer[at + 1 :] == shorter[at + 1 :] and is_arabic(one) == is_arabic(other))


def _least_conflict(one: Token, other: Token) -> float:
    pairs = product(one.readings, other.readings)
    return min((conflict(*pair) for pair in pairs if pair[0].key == pair[1].key), default=9.0)


def _partly(one: Name, other: Name) -> bool:
    """One has words that the other lacks, or the same in another order, or joined what the other splits."""
    fewer, more = sorted((one.tokens, other.tokens), key=len)
    if len(more) == 1:
        return False
    if all(any(_token_level(each, whole) is Level.SAME for whole in more) for each in fewer):
        return True
    return _run_together(fewer) == _run_together(more)


def _run_together(tokens: Iterable[Token]) -> str:
    return "".join(token.readings[0].consonants for token in tokens)


# ---- short forms -----------------------------------------------------------------------------------------------


@cache
def _short_forms() -> dict[str, list[tuple[Name, int]]]:
    """Key → names with that key and the line of the data file on which they stand."""
    found: dict[str, list[tuple[Name, int]]] = {}
    for line, forms in enumerate(name_data().short):
        for form in forms:
            name = parse(form)
            found.setdefault(_plain_key(name), []).append((name, line))
    return found


def _plain_key(name: Name) -> str:
    return " ".join(token.readings[0].key for token in name.tokens)


def _aliases(name: Name) -> frozenset[int]:
    """Lines of the data file on which a name stands, however it is spelled."""
    return _aliases_of_words(tuple(token.word for token in name.tokens))


def _aliases_of_token(token: Token) -> frozenset[int]:
    return _aliases_of_words((token.word,))


@lru_cache(maxsize=_CACHED)
def _aliases_of_words(written: tuple[str, ...]) -> frozenset[int]:
    """By words, which are quick to look up."""
    name = Name(tuple(map(_token, written)), "", False)
    return frozenset(line for form, line in _short_forms().get(_plain_key(name), ()) if _is_spelled(name, form))


def _is_spelled(name: Name, form: Name) -> bool:
    pairs = zip(name.tokens, form.tokens, strict=True)
    return all(_least_conflict(*pair) < SAME_BELOW for pair in pairs)


def _full_names(name: Name) -> Iterator[str]:
    lines = _aliases(name).union(*map(_aliases_of_token, name.tokens))
    return (name_data().short[line][0] for line in lines)


# ---- keys ------------------------------------------------------------------------------------------------------


def _loose(reading: Reading) -> str:
    return reading.consonants.replace("h", "") or reading.consonants


def _loose_keys(token: Token) -> set[str]:
    return {_loose(each) or VOWELS_ALONE for each in token.readings}


_NOT_SEARCHED = frozenset({"de", "du", "des", "les", "و", "في", "من"})
_WESTERN = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_HEX = re.compile(r"[\da-f]{6,}", re.IGNORECASE)


@lru_cache(maxsize=_CACHED)
def _search_key(word: str) -> str:
    """The key of a word's full name, where the data file knows one."""
    token = _token(word)
    for line in sorted(_aliases_of_token(token)):
        full = parse(name_data().short[line][0])
        if len(full.tokens) == 1:
            return full.tokens[0].key
    return token.key


def _is_code(word: str) -> bool:
    """A number, or a code with digits; 3li and A7med are names as people write them in messages."""
    digits = [each for each in word if each.isdigit()]
    if not digits:
        return False
    return (
        len(digits) > 2 or len(word) < len(digits) + 2 or not set(digits) <= set("23579") or bool(_HEX.fullmatch(word))
    )
