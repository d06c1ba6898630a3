"""Films and sounds as recorders write them, with a place in every corner where one can stand."""

import io
import struct
import wave
from collections.abc import Iterable

from PIL import Image

PLACE = b"+31.2000-008.2372/ Canon of Amina"
FRAMES = bytes(range(256)) * 40
"""What is played; it must not change, nor move."""


def box(kind: bytes, *content: bytes) -> bytes:
    """A box of ISO 14496-12."""
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def wide_box(kind: bytes, *content: bytes) -> bytes:
    """The same with a size of 64 bits."""
    body = b"".join(content)
    return struct.pack(">I4sQ", 1, kind, 16 + len(body)) + body


def track(handler: bytes = b"vide", *more: bytes) -> bytes:
    """A track whose samples stand in the media data, recorded at a certain second."""
    table = box(b"stbl", box(b"stsd", bytes(16)), box(b"stco", struct.pack(">III", 0, 1, 48)), box(b"udta", PLACE))
    media = box(
        b"mdia",
        box(b"mdhd", struct.pack(">IIIII", 0, 3_800_000_000, 3_800_000_000, 1000, 5000)),
        box(b"hdlr", bytes(8), handler, bytes(12), b"VideoHandle of Amina\0"),
        box(b"minf", box(b"vmhd", bytes(12)), box(b"dinf", bytes(8)), table),
    )
    header = box(b"tkhd", struct.pack(">BBHQQII", 1, 0, 3, 3_800_000_000, 3_800_000_000, 1, 0), bytes(72))
    return box(b"trak", header, media, *more)


def film(*tracks: bytes, brand: bytes = b"mp42", beside: Iterable[bytes] = ()) -> bytes:
    """An Android phone's film: places in `udta/©xyz`, `loci`, `meta`, `uuid`, free space, a track, and at the end."""
    told = box(b"udta", box(b"\xa9xyz", b"\x00\x12\x15\xc7", PLACE), box(b"loci", bytes(4), PLACE))
    keys = box(b"meta", box(b"hdlr", bytes(8), b"mdta", bytes(13)), box(b"keys", PLACE), box(b"ilst", PLACE))
    header = box(b"mvhd", struct.pack(">IIIII", 0, 3_800_000_000, 3_800_000_000, 1000, 5000), bytes(80))
    everything = tracks or (track(b"vide", box(b"udta", PLACE), box(b"meta", PLACE)), track(b"soun"))
    return b"".join(
        (
            box(b"ftyp", brand, bytes(4), b"isom"),
            wide_box(b"mdat", FRAMES),
            box(b"moov", header, *everything, told, keys, box(b"uuid", bytes(16), PLACE)),
            box(b"free", PLACE),
            box(b"sefd", PLACE),
            *beside,
        )
    )


def avif() -> bytes:
    """A picture in the container of HEIC, with EXIF and XMP as items of their own."""
    exif = Image.Exif()
    exif[0x010F] = PLACE.decode()
    output = io.BytesIO()
    picture = Image.linear_gradient("L").resize((64, 48)).convert("RGB")
    picture.save(output, "AVIF", exif=exif, xmp=b"<x:xmpmeta>" + PLACE + b"</x:xmpmeta>", quality=60)
    return output.getvalue()


def wav() -> bytes:
    """A sound with notes before and behind it."""
    output = io.BytesIO()
    with wave.open(output, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(FRAMES)
    data = output.getvalue()
    note = struct.pack("<4sI", b"bext", len(PLACE)) + PLACE + bytes(len(PLACE) % 2)
    body = data[8:12] + note + data[12:] + note.replace(b"bext", b"LIST")
    return struct.pack("<4sI", b"RIFF", len(body)) + body + PLACE


def flac() -> bytes:
    """A sound of FLAC with a comment and a picture."""

    def block(kind: int, body: bytes) -> bytes:
        return struct.pack(">I", kind << 24 | len(body)) + body

    return b"fLaC" + block(0, bytes(34)) + block(4, PLACE) + block(6 | 128, PLACE) + b"\xff\xf8" + FRAMES


def mp3() -> bytes:
    """A sound with a tag before it and two behind it."""
    tag = b"ID3\x04\x00\x00" + bytes([0, 0, len(PLACE) >> 7, len(PLACE) & 127]) + PLACE
    ape = struct.pack("<8sIIII", b"APETAGEX", 2000, len(PLACE) + 32, 1, 0) + bytes(8)
    return tag + b"\xff\xfb\x90\x00" + FRAMES + PLACE + ape + (b"TAG" + PLACE).ljust(128, b"\0")
