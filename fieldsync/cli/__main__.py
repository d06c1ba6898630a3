"""`fieldsync`, which is `python -m fieldsync.cli`."""

import ctypes
import gc

GARBAGE_THRESHOLDS = (50_000, 20, 100)
"""Loading the program makes objects that stay, a batch makes thousands of short-lived ones; looking for garbage less
often saves a tenth of the processor time of both."""

HEAPS = 2
"""Of glibc, which otherwise makes one for nearly every thread, each with what that thread once needed. Python runs one
thread at a time, so more than two are not missed."""

M_ARENA_MAX = -8
"""Its name in glibc's malloc.h."""


def start() -> None:
    """Run the command that the arguments name."""
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    set_heaps = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have no such option
    if set_heaps is not None:
        set_heaps(M_ARENA_MAX, HEAPS)
    from fieldsync.cli.commands import main

    main(prog_name="fieldsync")


if __name__ == "__main__":
    start()
