"""`make bench-linkage`: how well names are compared and records linked, on sets whose truth is known."""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.benchmarks import linkage_febrl, linkage_names, linkage_own, linkage_registry


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(prog="make bench-linkage", description=__doc__)
    words.add_argument("--records", type=int, default=20_000, help="how large the generated registry is")
    words.add_argument("--names", type=Path, help="only these groups of spellings, as in tests/vectors/names")
    words.add_argument("--registry", type=Path, help="only this table of records whose truth is known")
    chosen = words.parse_args()
    try:
        _print(_parts(chosen))
    except (OSError, ValueError) as wrong:
        if not (chosen.names or chosen.registry):
            raise
        sys.exit(str(wrong))


def _print(parts: Iterable[Iterator[str]]) -> None:
    for part in parts:
        began = time.process_time()
        for line in part:
            print(line, flush=True)
        print(f"  {time.process_time() - began:.0f} s of processor", flush=True)


def _parts(chosen: argparse.Namespace) -> list[Iterator[str]]:
    own = [linkage_names.lines_of_file(chosen.names)] if chosen.names else []
    own += [linkage_own.lines_of_file(chosen.registry)] if chosen.registry else []
    return own or [linkage_names.lines(), linkage_registry.lines(chosen.records), linkage_febrl.lines()]


if __name__ == "__main__":
    main()
