"""`fieldsync run` in a process that is forked from one which has loaded the program.

What a start reads, repairs and builds is what it always is; only Python's imports are saved, and they are most of it.
"""

import os
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from fieldsync.cli.commands import main


def serve(arguments: list[str], environment: dict[str, str], told: Connection, log: Path) -> None:
    """Be the server: stdout goes to `told`, stderr to the end of `log`."""
    os.environ.clear()
    os.environ.update(environment)
    sys.stdout = os.fdopen(told.fileno(), "w", closefd=False)
    sys.stderr = log.open("a")
    main(arguments)
