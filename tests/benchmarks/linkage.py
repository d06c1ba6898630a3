"""`make bench-linkage`: how well names are compared and records linked, on sets whose truth is known."""

import argparse
import time

from tests.benchmarks import linkage_febrl, linkage_names, linkage_registry


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(prog="make bench-linkage", description=__doc__)
    words.add_argument("--records", type=int, default=20_000, help="how large the generated registry is")
    chosen = words.parse_args()
    for part in (linkage_names.lines(), linkage_registry.lines(chosen.records), linkage_febrl.lines()):
        began = time.process_time()
        for line in part:
            print(line, flush=True)
        print(f"  {time.process_time() - began:.0f} s of processor", flush=True)


if __name__ == "__main__":
    main()
