"""Files of exports as they are written, row after row: what every format promises, and CSV."""

import csv
import io
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Protocol, cast

from fieldsync.core.export_plan import Plan, Row
from fieldsync.core.problems import Problem

COPY_BYTES = 1024 * 1024
PACKING = 1
"""zlib's fastest level: a table shrinks to a seventh, the slower levels cost three times as much for a tenth less."""


class CannotExport(Exception):
    """The export cannot be made as it was asked for."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


@dataclass(frozen=True)
class About:
    """What a file tells of itself: a title without names, its number, when it was made, its watermark if it has one."""

    title: str
    number: str
    made_at: str
    mark: str = ""


class Writer(Protocol):
    """Writes tables into one file; `ending` is the end of the file's name."""

    ending: str

    def add(self, rows: Sequence[tuple[int, Row]]) -> None:
        """More rows, each with the number of its table."""

    def finish(self) -> None:
        """Everything was added."""


Opener = Callable[[BinaryIO, Plan, About], Writer]


def scratch(beside: BinaryIO) -> BinaryIO:
    """A file that has no name, on the same disk; it goes when it is closed, or with the process."""
    return cast(BinaryIO, tempfile.TemporaryFile(dir=Path(beside.name).parent))


def tables_apart(rows: Sequence[tuple[int, Row]], count: int) -> list[list[Row]]:
    """The rows of each table."""
    if count == 1:
        return [[row for _number, row in rows]]
    apart: list[list[Row]] = [[] for _ in range(count)]
    for number, row in rows:
        apart[number].append(row)
    return apart


class Archive:
    """A zip whose parts grow at the same time: the first goes straight into it, the others wait in scratch files.

    `late`: small parts, name and content, that stand at the end.
    """

    def __init__(self, file: BinaryIO, names: Sequence[str]) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=PACKING)
        self._names = names
        self.late: list[tuple[str, bytes]] = []
        self.parts: list[IO[bytes]] = [self._open(names[0]), *(scratch(file) for _ in names[1:])]

    def finish(self) -> None:
        """Bring the waiting parts in."""
        self.parts[0].close()
        for name, part in zip(self._names[1:], self.parts[1:], strict=True):
            part.seek(0)
            with self._open(name) as target:
                while piece := part.read(COPY_BYTES):
                    target.write(piece)
            part.close()
        for name, content in self.late:
            self._zip.writestr(zipfile.ZipInfo(name, _NO_DATE), content, zipfile.ZIP_DEFLATED)
        self._zip.close()

    def _open(self, name: str) -> IO[bytes]:
        found = zipfile.ZipInfo(name, _NO_DATE)
        found.compress_type = zipfile.ZIP_DEFLATED
        found._compresslevel = PACKING  # type: ignore[attr-defined]
        return self._zip.open(found, "w", force_zip64=True)


_NO_DATE = (1980, 1, 1, 0, 0, 0)


class CsvWriter:
    """CSV (RFC 4180): one table as it is, several in a zip."""

    def __init__(self, file: BinaryIO, plan: Plan, about: About) -> None:
        several = len(plan.tables) > 1
        self.ending = "zip" if several else "csv"
        self._archive = Archive(file, file_names([table.name for table in plan.tables])) if several else None
        parts = self._archive.parts if self._archive else [file]
        encoding = "utf-8-sig" if plan.options.mark else "utf-8"
        self._texts = [io.TextIOWrapper(part, encoding, newline="", write_through=False) for part in parts]
        self._writers = [csv.writer(text, delimiter=plan.options.separator) for text in self._texts]
        for table, writer in zip(plan.tables, self._writers, strict=True):
            writer.writerow(plan.headings(table))

    def add(self, rows: Sequence[tuple[int, Row]]) -> None:
        """More rows."""
        for writer, found in zip(self._writers, tables_apart(rows, len(self._writers)), strict=True):
            writer.writerows(found)

    def finish(self) -> None:
        """Bring everything into the file."""
        for text in self._texts:
            text.flush()
            text.detach()
        if self._archive:
            self._archive.finish()


def file_names(names: Sequence[str], ending: str = "csv") -> list[str]:
    """Names of files inside an archive: plain letters and digits, each once."""
    found: list[str] = []
    for name in names:
        plain = plain_name(name) or "table"
        made, number = plain, 1
        while f"{made}.{ending}" in found:
            number += 1
            made = f"{plain}-{number}"
        found.append(f"{made}.{ending}")
    return found


def plain_name(text: str, most: int = 60) -> str:
    """A text as part of a file's name: letters and digits of ASCII, _ and -, none of these at its ends."""
    kept = "".join(each if each.isascii() and (each.isalnum() or each == "_") else "-" for each in text.lower())
    return "-".join(filter(None, kept.split("-")))[:most].strip("-_")
