"""What the machine is worth at the moment, so that figures of two machines, or of two minutes, compare."""

import json
import time

from tests.benchmarks import household

RECORDS = 200
RUNS = 7

_records = list(household.operations("yardstick", 1, RECORDS))


def yardstick_us() -> float:
    """Microseconds of processor time that the standard library takes to read one record here and now."""
    runs = []
    for _ in range(RUNS):
        began = time.process_time()
        for record in _records:
            json.loads(record)
        runs.append((time.process_time() - began) / RECORDS * 1e6)
    return sorted(runs)[RUNS // 2]
