"""How figures are printed: what, measured, must, and how many times better than the nearest peer."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure. `ratio`: how many times better than ODK Central's published or measured figure; None where none."""

    what: str
    measured: str
    must: str = ""
    ratio: float | None = None


def print_table(rows: Sequence[Row]) -> None:
    """A Markdown table, aligned."""
    cells = [("what", "measured", "must", "times ODK Central")]
    cells += [(row.what, row.measured, row.must, f"{row.ratio:.1f}" if row.ratio else "") for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    lines.insert(1, " | ".join("-" * width for width in widths))
    print("\n".join(f"| {line} |" for line in lines), flush=True)
