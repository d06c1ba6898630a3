"""What the server has loaded is put together in large pages, where Linux does so on demand (since 6.1).

A server that waited between two requests finds neither its program nor where that lies in the processor's memory; with
pages of 4 KiB it looks up hundreds of addresses before each answer, and on a virtual machine twice.
"""

import ctypes
from collections.abc import Iterable, Iterator
from pathlib import Path

LARGE_BYTES = 2 * 1024 * 1024

MADV_COLLAPSE = 25
"""Its name in Linux's mman.h: now, and only what is there already; what is allocated later stays as it is."""

MAPS = Path("/proc/self/maps")


def gather() -> None:
    """Put what this process has in memory into large pages, where the system makes any."""
    advise = getattr(ctypes.CDLL(None), "madvise", None)
    if advise is None or not MAPS.exists():
        return
    advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    regions = list(own_regions(MAPS.read_text().splitlines()))
    for start, end in regions:
        for at in _large(start, end):
            advise(at, LARGE_BYTES, MADV_COLLAPSE)  # what cannot be put together stays as it is


def _large(start: int, end: int) -> range:
    """Where large pages that are wholly within a region begin."""
    first = -(-start // LARGE_BYTES) * LARGE_BYTES
    return range(first, end - LARGE_BYTES + 1, LARGE_BYTES)


def own_regions(lines: Iterable[str]) -> Iterator[tuple[int, int]]:
    """(first address, address after the last) of memory that is this process's alone and stands for no file."""
    for line in lines:
        span, rights, _offset, _device, inode, *name = line.split()
        if rights == "rw-p" and inode == "0" and name in ([], ["[heap]"]):
            start, _, end = span.partition("-")
            yield int(start, 16), int(end, 16)
