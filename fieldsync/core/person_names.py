"""A full name in two: the given name and the family name, as Moroccans write them one after the other."""

import re

_SERVANT = re.compile(r"عبد|abd(e[lrsdn]?|o|ou|u|al)?", re.IGNORECASE)
"""Abd and what follows it are one name: عبد الله, Abd el Kader."""

_BEFORE = re.compile(
    r"للا|لالة|مولاي|سيدي|الحاجة?|lall?a|moula[iy]|my|si|sidi|el?-?haj+a?|haj+a?|أم|ام|o?um+", re.IGNORECASE
)
"""What stands before a given name and belongs to it."""

_AFTER = re.compile(
    r"ال?زهر(اء?|ة|ه)|ال?دين|الهدى|الخير|e?z?-?z(a|o)hra[eh]?|(ed+-?|el-?)?dine?|(el-?)?houda|(el-?)?kh(ei|ai|e)r",
    re.IGNORECASE,
)
"""What stands after the first half of a compound: فاطمة الزهراء, Nour Eddine."""

_ARTICLE = re.compile(r"el|al|ed|ez|ال", re.IGNORECASE)


def split_name(text: str) -> tuple[str, str]:
    """(given name, family name); the family name is empty where there is one name only."""
    words = text.split()
    end = 0
    while end < len(words) - 1 and _BEFORE.fullmatch(words[end]):
        end += 1
    servant = end < len(words) and _SERVANT.fullmatch(words[end]) is not None
    end += 1
    if servant and end < len(words):
        end += 1 + (_ARTICLE.fullmatch(words[end]) is not None)
    elif end < len(words) and _AFTER.fullmatch(words[end]):
        end += 1
    elif end + 1 < len(words) and _ARTICLE.fullmatch(words[end]) and _AFTER.fullmatch(words[end + 1]):
        end += 2
    return " ".join(words[:end]), " ".join(words[end:])
