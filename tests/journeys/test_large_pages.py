"""The memory of a server is put together in large pages; what is in it stays as it was."""

import hashlib

from fieldsync.cli import large_pages
from fieldsync.cli.large_pages import LARGE_BYTES, gather, own_regions

MAPS = """\
55d0a0000000-55d0a0001000 r--p 00000000 fe:00 1234   /usr/bin/python3.11
55d0a1000000-55d0a1800000 rw-p 00000000 00:00 0      [heap]
7f0000000000-7f0000400000 rw-p 00000000 00:00 0
7f0010000000-7f0010400000 r-xp 00000000 fe:00 99     /usr/lib/libpython3.11.so.1.0
7f0020000000-7f0020400000 rw-s 00000000 00:01 77     /dev/zero (deleted)
7f0030000000-7f0030001000 ---p 00000000 00:00 0
7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0      [stack]
"""


def test_only_memory_of_its_own_is_put_together() -> None:
    assert list(own_regions(MAPS.splitlines())) == [(0x55D0A1000000, 0x55D0A1800000), (0x7F0000000000, 0x7F0000400000)]


def test_a_large_page_lies_wholly_within_a_region() -> None:
    for start, end in ((1, LARGE_BYTES), (LARGE_BYTES, 2 * LARGE_BYTES), (5, 4 * LARGE_BYTES - 1), (0, 1)):
        for at in large_pages._large(start, end):
            assert at % LARGE_BYTES == 0 and start <= at and at + LARGE_BYTES <= end
    assert list(large_pages._large(LARGE_BYTES, 2 * LARGE_BYTES)) == [LARGE_BYTES]


def test_what_is_in_memory_stays_as_it_was() -> None:
    content = bytearray(b"Itto" * (4 * LARGE_BYTES))
    before = hashlib.sha256(content).digest()
    gather()
    assert hashlib.sha256(content).digest() == before
