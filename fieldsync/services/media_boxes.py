"""What cameras write into MP4, MOV, 3GP, M4A, HEIC and AVIF (ISO 14496-12, 23008-12), taken out in place.

A box that is not needed to play or draw becomes an empty one of the same size, so that no position changes.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO

BEGINNINGS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
"""Kinds of a first box."""

BOXES_MAX = 20_000

_CHUNK = 1 << 20

_KEPT: Mapping[bytes, frozenset[bytes]] = {
    b"moov": frozenset((b"mvhd", b"trak", b"mvex")),
    b"trak": frozenset((b"tkhd", b"mdia", b"edts", b"tref", b"tapt")),
    b"mdia": frozenset((b"mdhd", b"hdlr", b"minf", b"elng")),
    b"minf": frozenset((b"vmhd", b"smhd", b"hdlr", b"dinf", b"stbl")),
    b"stbl": frozenset(
        (
            *(b"stsd", b"stts", b"ctts", b"stsc", b"stsz", b"stz2", b"stco", b"co64", b"stss", b"stps", b"sdtp"),
            *(b"sgpd", b"sbgp", b"saiz", b"saio", b"cslg", b"subs", b"padb", b"stsh"),
        )
    ),
    b"moof": frozenset((b"mfhd", b"traf")),
    b"traf": frozenset((b"tfhd", b"tfdt", b"trun", b"sdtp", b"sgpd", b"sbgp", b"saiz", b"saio", b"senc", b"subs")),
    b"meta": frozenset((b"hdlr", b"pitm", b"iinf", b"iloc", b"iprp", b"iref", b"idat", b"dinf", b"grpl")),
}
"""What is needed of a box that holds others; the rest of it is emptied."""

_TOP = frozenset((b"ftyp", b"styp", b"mdat", b"moov", b"moof", b"mfra", b"sidx", b"pdin", b"meta"))
_TIMED = frozenset((b"mvhd", b"tkhd", b"mdhd"))
_TRACKS = frozenset((b"vide", b"soun"))
_DRAWN = frozenset((b"hvc1", b"av01", b"avc1", b"grid", b"iden", b"iovl", b"unci", b"tmap"))
_TOLD = frozenset((b"Exif", b"mime", b"uri "))
"""Items of a picture file that tell of the picture."""

_EMPTY_EXIF = bytes(4) + b"II*\0\x08\0\0\0" + bytes(6)
"""Where the TIFF header begins; the header; no entries; no further directory."""

Cleaner = Callable[[IO[bytes]], None]
"""Takes out of a file what tells of its recording, in place; raises NotUnderstoodError."""


class NotUnderstoodError(Exception):
    """What a file holds cannot be told apart safely."""


@dataclass(frozen=True)
class Box:
    """Where a box begins, where its content does, where it ends, in bytes."""

    kind: bytes
    start: int
    body: int
    end: int


def clean(file: IO[bytes]) -> None:
    """Take out what tells of the recording; raises NotUnderstoodError, and the file is worthless then."""
    found = _Cleaning(file)
    end = file.seek(0, 2)
    for box in found.boxes(0, end):
        if box.kind == b"meta" and found.handler(box, box.body + 4) == b"pict":
            found.items(box)
        elif box.kind not in _TOP or box.kind == b"meta":
            found.blank(box)
        else:
            found.inside(box)
    if not found.shows:
        raise NotUnderstoodError


class _Cleaning:
    """One file; `shows`: whether something in it plays or is drawn."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.left = BOXES_MAX
        self.shows = False

    def boxes(self, start: int, end: int) -> Iterator[Box]:
        while start < end:
            self.left -= 1
            if self.left < 0:
                raise NotUnderstoodError
            size, kind = struct.unpack(">I4s", self.bytes_at(start, 8))
            body = start + 8
            if size == 1:
                [size] = struct.unpack(">Q", self.bytes_at(body, 8))
                body += 8
            elif size == 0:
                size = end - start
            if start + size < body or start + size > end:
                raise NotUnderstoodError
            yield Box(kind, start, body, start + size)
            start += size

    def inside(self, box: Box) -> None:
        """Keep of a box what is needed, and empty what tells."""
        if box.kind in _TIMED:
            wide = self.bytes_at(box.body, 1) == b"\x01"
            self.zero(box.body + 4, box.body + (20 if wide else 12))
        if box.kind == b"trak":
            self.track(box)
        if box.kind == b"hdlr":
            self.zero(min(box.body + 24, box.end), box.end)
        if box.kind in _KEPT:
            self.children(box, box.body)

    def children(self, box: Box, start: int) -> None:
        for each in self.boxes(start, box.end):
            if each.kind in _KEPT[box.kind]:
                self.inside(each)
            else:
                self.blank(each)

    def track(self, box: Box) -> None:
        """Sound and film; other tracks may tell a place at each moment, in bytes that stand elsewhere."""
        media = next((each for each in self.boxes(box.body, box.end) if each.kind == b"mdia"), None)
        if media is None or self.handler(media, media.body) not in _TRACKS:
            raise NotUnderstoodError
        self.shows = True

    def handler(self, box: Box, start: int) -> bytes:
        """What kind of thing a box describes."""
        found = next((each for each in self.boxes(start, box.end) if each.kind == b"hdlr"), None)
        return self.bytes_at(found.body + 8, 4) if found else b""

    def items(self, meta: Box) -> None:
        """A picture file: empty the items that tell of the picture, wherever they lie."""
        inner = {each.kind: each for each in self.boxes(meta.body + 4, meta.end)}
        if b"iinf" not in inner or b"iloc" not in inner:
            raise NotUnderstoodError
        kinds = dict(self.item_kinds(inner[b"iinf"]))
        if not set(kinds.values()) <= _DRAWN | _TOLD:
            raise NotUnderstoodError
        data = inner.get(b"idat")
        places, emptied = _Places(self, inner[b"iloc"]), set[int]()
        for item, start, length, is_inside in places.extents():
            if kinds.get(item) in _TOLD:
                if is_inside and data is None:
                    raise NotUnderstoodError
                begin = start + (data.body if data is not None and is_inside else 0)
                if not 0 < length <= self.file.seek(0, 2) - begin:
                    raise NotUnderstoodError
                self.zero(begin, begin + length)
                self.say_nothing(begin, length, kinds[item], item not in emptied)
                emptied.add(item)
        self.children(meta, meta.body + 4)
        self.shows = self.shows or bool(_DRAWN & set(kinds.values()))

    def say_nothing(self, start: int, length: int, kind: bytes, is_first: bool) -> None:
        """Decoders refuse a picture whose EXIF is no EXIF: it becomes one without entries."""
        if kind == b"Exif" and is_first:
            if length < len(_EMPTY_EXIF):
                raise NotUnderstoodError
            self.file.seek(start)
            self.file.write(_EMPTY_EXIF)

    def item_kinds(self, box: Box) -> Iterator[tuple[int, bytes]]:
        version = self.bytes_at(box.body, 1)[0]
        for each in self.boxes(box.body + (6 if version == 0 else 8), box.end):
            version = self.bytes_at(each.body, 1)[0]
            if each.kind != b"infe" or version not in (2, 3):
                raise NotUnderstoodError
            width = 2 if version == 2 else 4
            item = int.from_bytes(self.bytes_at(each.body + 4, width))
            yield item, self.bytes_at(each.body + 6 + width, 4)

    def blank(self, box: Box) -> None:
        """Make a box an empty one of the same size."""
        self.file.seek(box.start + 4)
        self.file.write(b"free")
        self.zero(box.body, box.end)

    def zero(self, start: int, end: int) -> None:
        self.file.seek(start)
        while start < end:
            count = min(_CHUNK, end - start)
            self.file.write(bytes(count))
            start += count

    def bytes_at(self, start: int, count: int) -> bytes:
        self.file.seek(start)
        data = self.file.read(count)
        if len(data) != count:
            raise NotUnderstoodError
        return data


class _Places:
    """Reads an item location box from its beginning to its end."""

    def __init__(self, cleaning: _Cleaning, box: Box) -> None:
        self._data = cleaning.bytes_at(box.body, box.end - box.body)
        self._at = 4
        self._version = self._data[0] if self._data else 9
        if self._version > 2:
            raise NotUnderstoodError

    def _take(self, count: int) -> int:
        if self._at + count > len(self._data):
            raise NotUnderstoodError
        self._at += count
        return int.from_bytes(self._data[self._at - count : self._at])

    def extents(self) -> Iterator[tuple[int, int, int, bool]]:
        """(item, position, length, whether that is inside the picture's own data box)."""
        sizes = self._take(2)
        offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
        wide = 4 if self._version == 2 else 2
        for _ in range(self._take(wide)):
            item = self._take(wide)
            method = self._take(2) & 15 if self._version else 0
            if self._take(2) or method > 1:
                raise NotUnderstoodError
            start = self._take(base)
            for _ in range(self._take(2)):
                self._take(index if self._version else 0)
                yield item, start + self._take(offset), self._take(length), method == 1
