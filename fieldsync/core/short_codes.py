"""The short code by which people tell records apart, where no name may stand."""

DIGITS = 6
"""Enough to tell the lines of a page apart, and to be searched for."""


def short_code(uuid: str) -> str:
    """Of a record's UUID the beginning of its last group: the first group is the time at which it was written."""
    return uuid.rpartition("-")[2][:DIGITS]
