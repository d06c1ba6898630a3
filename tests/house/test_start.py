"""What a server loads before its first answer."""

import subprocess
import sys

LATER = ("pyxform", "openpyxl", "xlrd", "numpy", "PIL", "pyarrow", "apscheduler", "boto3", "alembic")
"""What only some work needs, loaded by whoever does that work: each costs a tenth of a start, and memory for good."""


def test_a_server_loads_nothing_that_only_some_work_needs() -> None:
    loaded = "import sys, fieldsync.app, fieldsync.cli.running; print(*sorted(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert set(answer.stdout.split()) & set(LATER) == set()
