"""The vectors of names: what keys and levels are, for whoever compares names in another language.

`python -m tests.core.name_vectors` writes them anew where the rules have changed on purpose.
"""

import json
from pathlib import Path
from typing import Any

from fieldsync.core import names
from fieldsync.core.names import block_keys, compare, name_key, search_keys
from tests.core.name_rules import APART, RULES

FILE = Path(__file__).parent.parent / "vectors" / "names" / "vectors.json"


def made() -> dict[str, Any]:
    """The vectors, by the program as it is."""
    pairs = [pair for rules in (RULES, APART) for shown in rules.values() for pair in shown]
    return {
        "algorithm": names.RULES,
        "names": [
            {"name": name, "key": name_key(name), "blocks": sorted(block_keys(name)), "search": search_keys(name)}
            for name in dict.fromkeys(name for pair in pairs for name in pair)
        ],
        "pairs": [{"left": left, "right": right, "level": compare(left, right)} for left, right in pairs],
    }


def text() -> str:
    """One name or pair a line."""
    found = made()
    parts = [f'{{"algorithm": {found["algorithm"]}']
    for part in ("names", "pairs"):
        lines = ",\n".join("  " + json.dumps(each, ensure_ascii=False) for each in found[part])
        parts.append(f'"{part}": [\n{lines}\n]')
    return ",\n".join(parts) + "}\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
