"""`python -m tests.simulation --seed N --trace` replays one schedule."""

import argparse
import time

from tests.simulation.world import World


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--trace", action="store_true")
    chosen = parser.parse_args()
    begun = time.process_time()
    failed = 0
    for seed in range(chosen.seed, chosen.seed + chosen.count):
        world = World(seed, print if chosen.trace else None)
        found = world.run()
        if found:
            failed += 1
            print(seed, {name: evidence[:3] for name, evidence in found.items()})
    print(f"{chosen.count} schedules, {failed} failed, {time.process_time() - begun:.1f} s")
    return int(failed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
