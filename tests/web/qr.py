"""Whether a picture is the QR code of a text: by making the code of that text, and comparing module by module."""

import re

import segno
from lxml import etree


def is_picture_of(picture: bytes, text: str) -> bool:
    """Whether an SVG shows the QR code of a text, in any size and with any border."""
    root = etree.fromstring(picture)
    dark = [path for path in root.iter("{*}path") if path.get("stroke") is not None]
    code = segno.make(text, error="m", micro=False)
    wanted = {(column, row) for row, line in enumerate(code.matrix) for column, dot in enumerate(line) if dot}
    drawn = _modules(dark[0].get("d") or "")
    left, top = min(column for column, _ in drawn), min(row for _, row in drawn)
    return {(column - left, row - top) for column, row in drawn} == wanted


def _modules(path: str) -> set[tuple[int, int]]:
    """The dark modules of a path of horizontal strokes: M, m and h with numbers."""
    found: set[tuple[int, int]] = set()
    x = y = 0.0
    for command, numbers in re.findall(r"([Mmh])([^Mmh]*)", path):
        values = [float(number) for number in re.findall(r"-?\d*\.?\d+", numbers)]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            found |= {(int(x) + step, int(y)) for step in range(int(values[0]))}
            x += values[0]
    return found
