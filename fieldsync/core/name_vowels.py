"""How much the written vowels of two words with the same consonants contradict each other.

Arabic writes long vowels only, French writes all and is free with them; so what a script can leave out costs little,
and what it would have written costs much. A conflict is a sum over the gaps between consonants.
"""

from fieldsync.core.name_readings import AYN, Reading

LONG = 0.85
"""A long vowel against its absence: enough by itself."""

APART = 1.0
"""Vowels that are no spelling of each other."""

SLIP = 0.5
SHORT = 0.3


def conflict(left: Reading, right: Reading) -> float:
    """0 where the vowels agree; both must have the same consonants."""
    total = left.cost + right.cost + _of_starts(left, right)
    last = len(left.gaps) - 1
    begins_with_vowel = last > 0 and (_begins_with_vowel(left) or _begins_with_vowel(right))
    missing = set()
    for place, (one, other) in enumerate(zip(left.gaps, right.gaps, strict=True)):
        if one == other:
            continue
        if place == 1 and _are_father_and_son(left, one, other):
            total += APART
        elif place == 0 and begins_with_vowel:
            total += LONG * (one != other and AYN in one and AYN in other and left.arabic and right.arabic)
        elif left.arabic and right.arabic:
            total += _in_arabic(one, other, place, last, left)
        elif left.arabic:
            total += _across(one, other, place, last, left, right)
        elif right.arabic:
            total += _across(other, one, place, last, right, left)
        else:
            total += _in_latin(one, other, place, last, left.feminine)
            missing |= {bool(one)} if 0 < place < last and not (one and other) else set()
    return total + SLIP * (len(missing) == 2)


def _of_starts(left: Reading, right: Reading) -> float:
    if left.arabic and right.arabic and ("y" in left.starts) != ("y" in right.starts):
        return 0.0 if {"i"} in (left.starts, right.starts) else APART
    if not left.starts.isdisjoint(right.starts):
        return 0.0
    if left.arabic and right.arabic and _begins_with_alif(left) and _begins_with_alif(right):
        return 0.0
    return SLIP if _is_supported(left, right) or _is_supported(right, left) else APART


def _begins_with_vowel(reading: Reading) -> bool:
    return "" not in reading.starts and reading.starts.isdisjoint("yw")


def _begins_with_alif(reading: Reading) -> bool:
    return not reading.starts.isdisjoint("ai") and "y" not in reading.starts


def _is_supported(left: Reading, right: Reading) -> bool:
    """Ibtissam and Btissam: only an i or e before two consonants is added or dropped."""
    return (
        (left.starts == {"i"} or "e" in left.starts)
        and "" in right.starts
        and left.gaps[1:2] == right.gaps[1:2] == ("",)
    )


def _are_father_and_son(reading: Reading, one: str, other: str) -> bool:
    """Boulaid and Belaid: Bou-l is no spelling of Bel."""
    return reading.consonants.startswith("bl") and len(reading.consonants) > 2 and ("u" in one) != ("u" in other)


def _in_arabic(one: str, other: str, place: int, last: int, reading: Reading) -> float:
    either = set(one) ^ set(other)
    first = place == 1 < last and (last > 2 or reading.feminine) and not (AYN in one and AYN in other)
    cost = (SLIP + 0.1 if first else APART) * len(either & {"i", "u"})
    if "a" in either:
        cost += LONG
    return cost + (SLIP if AYN in either else 0.0)


def _across(arabic: str, latin: str, place: int, last: int, written: Reading, heard: Reading) -> float:
    if place == last:
        return SHORT if AYN in arabic and written.feminine and latin == "u" else _last(arabic, latin)
    near_end = place == last - 1
    cost = 0.0
    if "i" in arabic and "i" not in latin:
        cost += _long_i_unheard(latin, near_end, written.feminine, bool(written.gaps[-1]))
    if "u" in arabic and "u" not in latin:
        cost += APART if latin and "e" not in latin else LONG if near_end and not latin else SLIP
    if "a" in arabic and "a" not in latin:
        cost += APART if latin and "e" not in latin else SHORT if latin else SLIP
    if "u" in latin and "u" not in arabic:
        cost += LONG if near_end and (place > 1 or arabic == AYN) else SHORT
    if "i" in latin and "i" not in arabic:
        cost += _short_i(arabic, latin, place, near_end, written, heard)
    if AYN in arabic[:-1] and len(latin) < 2:
        cost += SLIP
    return cost


def _last(one: str, other: str) -> float:
    """After the last consonant a vowel is an ending: Hassan is not Hassani."""
    different = (set(one) ^ set(other)) & {"i", "u"}
    return SLIP if different == {"i"} and "e" in one + other else APART * len(different)


def _long_i_unheard(latin: str, near_end: bool, feminine: bool, ends_in_vowel: bool) -> float:
    if latin and "e" not in latin:
        return APART
    if near_end and (not latin or not (feminine or ends_in_vowel)):
        return LONG
    return SLIP


def _short_i(arabic: str, latin: str, place: int, near_end: bool, written: Reading, heard: Reading) -> float:
    """Between the last consonants an unwritten i is short in the patterns of Khalid and Mohsine, or beside an e."""
    if "a" in arabic:
        return LONG
    if not near_end or "e" in latin or (AYN in arabic and written.feminine):
        return SHORT
    before = written.gaps[place - 1]
    if "a" in before or (written.consonants[0] == "m" and "u" in heard.gaps[1] and place > 1):
        return SHORT
    return LONG


def _in_latin(one: str, other: str, place: int, last: int, feminine: bool) -> float:
    if place == last:
        return _last(one, other)
    different = (set(one) ^ set(other)) & {"i", "u"}
    if not different:
        return 0.0
    if {one, other} == {"a", "i"}:
        return LONG
    if different == {"i"} and "a" in one and "a" in other and "e" not in one + other:
        return LONG
    if not one or not other:
        return LONG if "i" in different and place == last - 1 and (place == 1 or feminine) else SLIP
    if "e" in (other if different <= set(one) else one):
        return SLIP
    return APART if place == last - 1 or different == {"i", "u"} else SLIP
