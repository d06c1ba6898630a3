"""How much the written vowels of two words with the same consonants contradict each other.

Arabic writes long vowels only, French writes all and is free with them; so what a script can leave out costs little,
and what it would have written costs much. A conflict is a sum over the gaps between consonants.
"""

from fieldsync.core.name_readings import AYN, Reading

NEVER = 9.0
"""The words begin differently: no sum of other gaps makes up for it."""

LONG = 0.85
"""A long vowel against its absence: enough by itself."""

SLIP = 0.5
SHORT = 0.3


def conflict(left: Reading, right: Reading) -> float:
    """0 where the vowels agree; both must have the same consonants."""
    total = left.cost + right.cost + _of_starts(left, right)
    if total >= NEVER:
        return NEVER
    begins_with_vowel = "" not in left.starts and left.starts.isdisjoint("yw")
    last = len(left.gaps) - 1
    for place, (one, other) in enumerate(zip(left.gaps, right.gaps, strict=True)):
        if one == other or (place == 0 and last and begins_with_vowel):
            continue
        if left.arabic and right.arabic:
            total += _in_arabic(one, other, place, last, left)
        elif left.arabic:
            total += _across(one, other, place, last, left, right)
        elif right.arabic:
            total += _across(other, one, place, last, right, left)
        else:
            total += _in_latin(one, other, place, last)
    return total


def _of_starts(left: Reading, right: Reading) -> float:
    if left.arabic and right.arabic and _both_begin_with_alif(left, right):
        return 0.0
    return NEVER if left.starts.isdisjoint(right.starts) else 0.0


def _both_begin_with_alif(left: Reading, right: Reading) -> bool:
    return all("a" in each.starts or each.starts == frozenset("i") for each in (left, right))


def _in_arabic(one: str, other: str, place: int, last: int, reading: Reading) -> float:
    either = set(one) ^ set(other)
    cost = float(len(either & {"i", "u"}))
    if "a" in either:
        cost += SLIP if reading.feminine and place == 1 else LONG
    return cost + (SLIP if AYN in either else 0.0)


def _across(arabic: str, latin: str, place: int, last: int, written: Reading, heard: Reading) -> float:
    if place == last:
        return _last_across(arabic, latin)
    near_end = place == last - 1
    cost = 0.0
    if "i" in arabic and "i" not in latin:
        cost += _long_i_unheard(latin, near_end, written.feminine)
    if "u" in arabic and "u" not in latin:
        cost += SLIP if not latin or "e" in latin else 1.0
    if "a" in arabic and "a" not in latin:
        cost += 1.0 if latin and "e" not in latin else SLIP if not latin else SHORT
    if "u" in latin and "u" not in arabic:
        cost += LONG if near_end else SHORT
    if "i" in latin and "i" not in arabic:
        cost += _short_i(arabic, latin, place, near_end, written, heard)
    if AYN in arabic[:-1] and len(latin) < 2:
        cost += SLIP
    return cost


def _last_across(arabic: str, latin: str) -> float:
    return float(len((set(arabic) ^ set(latin)) & {"i", "u"}))


def _long_i_unheard(latin: str, near_end: bool, feminine: bool) -> float:
    if latin and "e" not in latin:
        return 1.0
    return LONG if near_end and not feminine and latin else SLIP


def _short_i(arabic: str, latin: str, place: int, near_end: bool, written: Reading, heard: Reading) -> float:
    """Between the last consonants an unwritten i is short in the patterns of Khalid and Mohsine, or beside an e."""
    if not near_end or "e" in latin or "a" in arabic:
        return SHORT
    before = written.gaps[place - 1] if place else ""
    if "a" in before or (written.consonants[0] == "m" and "u" in heard.gaps[1] and place > 1):
        return SHORT
    return LONG


def _in_latin(one: str, other: str, place: int, last: int) -> float:
    different = (set(one) ^ set(other)) & {"i", "u"}
    if place == last:
        return float(len(different))
    near_end = place == last - 1
    if not different:
        return 0.0
    if not one or not other:
        return SLIP if "u" in different else SHORT
    if one == "e" or other == "e":
        return SLIP
    return 1.0 if near_end or different == {"i", "u"} else SLIP
