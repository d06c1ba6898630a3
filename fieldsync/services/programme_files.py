"""Files in which a programme says what is its own: its roles, its indicators."""

from pathlib import Path
from typing import Any

import yaml

FILE_BYTES_MAX = 1024 * 1024
"""The programme's own files have some 30 KiB."""


def read(path: Path) -> dict[Any, Any] | None:
    """What a YAML file says, empty where it is no mapping; None where it cannot be read."""
    try:
        with path.open("rb") as file:
            data = yaml.load(file.read(FILE_BYTES_MAX), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, yaml.YAMLError, UnicodeDecodeError):
        return None
    return data if isinstance(data, dict) else {}
