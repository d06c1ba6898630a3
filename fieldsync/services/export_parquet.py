"""Parquet, the part of it that a table of plain columns needs: optional values, PLAIN pages packed by zstandard.

The format is that of Apache Parquet (parquet-format 2.x: README.md, Encodings.md, parquet.thrift); its metadata are
structs of Thrift's compact protocol. A library for all of it takes more memory than an export may, and 150 MB of disk.
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import IO, BinaryIO

import zstandard

from fieldsync.core.export_cells import Cell, is_number
from fieldsync.core.export_plan import Plan, Row
from fieldsync.services.export_files import About, Archive, file_names, tables_apart

GROUP_ROWS = 4000
"""Rows of a row group: what stays in memory."""

_MAGIC = b"PAR1"
_PACKING = 3
_OPTIONAL, _DATA_PAGE, _PLAIN, _RLE, _ZSTD = 1, 0, 0, 3, 6
_EPOCH_DAYS = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class _Type:
    """A physical type (Type in parquet.thrift), what it stands for (ConvertedType), cell to value, values to bytes."""

    physical: int
    converted: int | None
    value: Callable[[Cell], object]
    plain: Callable[[Sequence[object]], bytes]


def _texts(values: Sequence[object]) -> bytes:
    pieces: list[bytes] = []
    for value in values:
        data = str(value).encode()
        pieces += (len(data).to_bytes(4, "little"), data)
    return b"".join(pieces)


def _packed(code: str) -> Callable[[Sequence[object]], bytes]:
    return lambda values: struct.pack(f"<{len(values)}{code}", *values)


def _whole(cell: Cell) -> object:
    return int(cell) if isinstance(cell, int) else None


def _double(cell: Cell) -> object:
    return float(cell) if isinstance(cell, int | float) or (isinstance(cell, str) and is_number(cell)) else None


def _day(cell: Cell) -> object:
    try:
        return date.fromisoformat(str(cell)).toordinal() - _EPOCH_DAYS
    except ValueError:
        return None


def _millisecond(cell: Cell) -> object:
    return int(datetime.fromisoformat(str(cell)).timestamp() * 1000)


_TYPES = {
    "text": _Type(6, 0, str, _texts),
    "integer": _Type(2, None, _whole, _packed("q")),
    "flag": _Type(2, None, _whole, _packed("q")),
    "number": _Type(5, None, _double, _packed("d")),
    "date": _Type(1, 6, _day, _packed("i")),
    "moment": _Type(2, 9, _millisecond, _packed("q")),
}
"""Kind of a column (core.export_plan.Column) to its type."""


class ParquetWriter:
    """One table as it is, several in a zip."""

    def __init__(self, file: BinaryIO, plan: Plan, about: About) -> None:
        several = len(plan.tables) > 1
        self.ending = "zip" if several else "parquet"
        names = file_names([table.name for table in plan.tables], "parquet")
        self._archive = Archive(file, names) if several else None
        parts = self._archive.parts if self._archive else [file]
        told = {"title": about.title, "number": about.number, "made_at": about.made_at, "mark": about.mark}
        self._tables = [
            _Table(part, plan.headings(table), [_TYPES[column.kind] for column in table.columns], told)
            for part, table in zip(parts, plan.tables, strict=True)
        ]

    def add(self, rows: Sequence[tuple[int, Row]]) -> None:
        """More rows."""
        for table, found in zip(self._tables, tables_apart(rows, len(self._tables)), strict=True):
            table.add(found)

    def finish(self) -> None:
        """Bring everything into the file."""
        for table in self._tables:
            table.finish()
        if self._archive:
            self._archive.finish()


@dataclass
class _Table:
    """One Parquet file; it is written from the beginning to the end, without going back."""

    part: IO[bytes]
    names: Sequence[str]
    types: Sequence[_Type]
    told: dict[str, str]
    waiting: list[Row] = field(default_factory=list)
    groups: list[bytes] = field(default_factory=list)
    count: int = 0
    at: int = 0

    def __post_init__(self) -> None:
        self._pack = zstandard.ZstdCompressor(level=_PACKING).compress
        self._write(_MAGIC)

    def add(self, rows: Sequence[Row]) -> None:
        self.waiting += rows
        while len(self.waiting) >= GROUP_ROWS:
            self._group(self.waiting[:GROUP_ROWS])
            del self.waiting[:GROUP_ROWS]

    def finish(self) -> None:
        if self.waiting:
            self._group(self.waiting)
        root = _struct((4, _binary("schema")), (5, _integer(len(self.names))))
        schema = [root, *map(_element, self.names, self.types)]
        told = [_struct((1, _binary(name)), (2, _binary(text))) for name, text in self.told.items() if text]
        footer = _struct(
            (1, _integer(1)), (2, _list(_STRUCT, schema)), (3, _long(self.count)), (4, _list(_STRUCT, self.groups)),
            (5, _list(_STRUCT, told)), (6, _binary("fieldsync")),
        )  # fmt: skip
        self._write(footer + len(footer).to_bytes(4, "little") + _MAGIC)

    def _group(self, rows: Sequence[Row]) -> None:
        before = self.at
        columns = [
            self._column(name, kind, cells)
            for name, kind, cells in zip(self.names, self.types, zip(*rows, strict=True), strict=True)
        ]
        size = self.at - before
        self.groups.append(_struct((1, _list(_STRUCT, columns)), (2, _long(size)), (3, _long(len(rows)))))
        self.count += len(rows)

    def _column(self, name: str, kind: _Type, cells: Sequence[Cell]) -> bytes:
        """Write a column chunk of one page; its metadata."""
        values = [None if cell is None else kind.value(cell) for cell in cells]
        there = _presence(values)
        page = len(there).to_bytes(4, "little") + there + kind.plain([each for each in values if each is not None])
        packed = self._pack(page)
        data = _struct((1, _integer(len(cells))), (2, _integer(_PLAIN)), (3, _integer(_RLE)), (4, _integer(_RLE)))
        header = _struct(
            (1, _integer(_DATA_PAGE)), (2, _integer(len(page))), (3, _integer(len(packed))), (5, (_STRUCT, data))
        )
        start = self.at
        self._write(header + packed)
        encodings = _list(_I32, [_varint(_PLAIN << 1), _varint(_RLE << 1)])
        told = _struct(
            (1, _integer(kind.physical)), (2, encodings), (3, _list(_BINARY, [_binary(name)[1]])),
            (4, _integer(_ZSTD)), (5, _long(len(cells))), (6, _long(len(header) + len(page))),
            (7, _long(len(header) + len(packed))), (9, _long(start)),
        )  # fmt: skip
        return _struct((2, _long(start)), (3, (_STRUCT, told)))

    def _write(self, data: bytes) -> None:
        self.part.write(data)
        self.at += len(data)


def _element(name: str, kind: _Type) -> bytes:
    converted = [] if kind.converted is None else [(6, _integer(kind.converted))]
    return _struct((1, _integer(kind.physical)), (3, _integer(_OPTIONAL)), (4, _binary(name)), *converted)


def _presence(values: Sequence[object]) -> bytes:
    """Definition levels: one bit a value, 1 where it is there, in groups of eight."""
    bits = "".join(["0" if value is None else "1" for value in reversed(values)])
    groups = -(-len(values) // 8)
    return _varint(groups << 1 | 1) + int(bits, 2).to_bytes(groups, "little")


# Thrift's compact protocol: (type, bytes) a field; numbers as zigzag varints.
_I32, _I64, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12

_Field = tuple[int, tuple[int, bytes]]


def _struct(*fields: _Field) -> bytes:
    """Fields in rising order of their ids, none more than fifteen after the one before."""
    written, last = bytearray(), 0
    for number, (kind, data) in fields:
        written.append((number - last) << 4 | kind)
        written += data
        last = number
    return bytes(written) + b"\x00"


def _integer(value: int) -> tuple[int, bytes]:
    return _I32, _varint(value << 1)


def _long(value: int) -> tuple[int, bytes]:
    return _I64, _varint(value << 1)


def _binary(text: str) -> tuple[int, bytes]:
    data = text.encode()
    return _BINARY, _varint(len(data)) + data


def _list(kind: int, items: Sequence[bytes]) -> tuple[int, bytes]:
    count = len(items)
    head = bytes([count << 4 | kind]) if count < 15 else bytes([0xF0 | kind]) + _varint(count)
    return _LIST, head + b"".join(items)


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
