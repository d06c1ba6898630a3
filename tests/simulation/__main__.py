"""`python -m tests.simulation --seed N --trace` replays one schedule; without --trace it runs --count of them."""

import argparse
import json
import os
import sys
import time
from contextlib import nullcontext
from typing import Any

from tests.simulation import mutations_client, mutations_files, mutations_openrosa, mutations_pairs, mutations_server
from tests.simulation.mutations import MUTATIONS, Mutation
from tests.simulation.runs import environment
from tests.simulation.world import World

SCHEDULES_PER_BUG = 300
"""In so many schedules a seeded bug must be caught."""

assert (
    mutations_client and mutations_files and mutations_openrosa and mutations_pairs and mutations_server
)  # they fill MUTATIONS


def main() -> int:
    chosen = _arguments()
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.execve(sys.executable, [sys.executable, "-m", "tests.simulation", *sys.argv[1:]], environment())
    if chosen.worker == "bugs":
        mine = [bug for number, bug in enumerate(MUTATIONS) if number % chosen.parts == chosen.part]
        return _hunt([bug for bug in mine if chosen.bug in ("", bug.name)], chosen.seed, chosen.count)
    chosen.decides |= chosen.worker == "decides" or any(bug.decides for bug in MUTATIONS if bug.name == chosen.bug)
    chosen.collects |= chosen.worker == "collects" or any(bug.collects for bug in MUTATIONS if bug.name == chosen.bug)
    planted = next((bug.plant() for bug in MUTATIONS if bug.name == chosen.bug), nullcontext())
    failed = 0
    with planted:
        for seed in range(chosen.seed + chosen.part, chosen.seed + chosen.count, chosen.parts):
            failed += _one(seed, chosen)
    return 0 if chosen.worker else int(failed > 0)


def _one(seed: int, chosen: argparse.Namespace) -> bool:
    begun = time.process_time()
    world = World(seed, print if chosen.trace else None, chosen.collects, chosen.decides)
    found = world.run()
    cpu = time.process_time() - begun
    if chosen.worker:
        _tell(seed=seed, steps=world.steps, faults=dict(world.total_faults()), found=found, cpu=cpu)
    elif found:
        print(seed, {name: evidence[:3] for name, evidence in found.items()})
    if not chosen.worker and seed == chosen.seed + chosen.count - 1:
        print(f"{chosen.count} schedules played, the last in {cpu:.2f} s of processor time")
    return bool(found)


def _hunt(bugs: list[Mutation], first: int, count: int) -> int:
    """Plant each bug and play schedules until the judges notice."""
    for bug in bugs:
        begun, caught, seed = time.process_time(), list[str](), first
        with bug.plant():
            for seed in bug.seeds(first, count):
                caught = sorted(World(seed, collects=bug.collects, decides=bug.decides).run())
                if caught:
                    break
        _tell(bug=bug.name, seed=seed, verdicts=caught, cpu=time.process_time() - begun)
    return 0


def _tell(**line: Any) -> None:
    print(json.dumps(line), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="the first schedule")
    parser.add_argument("--count", type=int, default=1, help="how many schedules")
    parser.add_argument("--trace", action="store_true", help="print every step")
    parser.add_argument("--bug", default="", help="plant this seeded bug")
    parser.add_argument("--collects", action="store_true", help="some companions have ODK Collect on their phones")
    parser.add_argument("--decides", action="store_true", help="coordinators decide on pairs")
    parser.add_argument(
        "--worker", default="", choices=("", "schedules", "collects", "decides", "bugs"), help=argparse.SUPPRESS
    )
    parser.add_argument("--part", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--parts", type=int, default=1, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
