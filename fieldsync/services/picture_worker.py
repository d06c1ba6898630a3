"""The pictures' own process: a picture on standard input, the same without what its camera wrote into it, and a small
one, on standard output, within limits.

Run as `python -m fieldsync.services.picture_worker SECONDS MEMORY_MIB`. What it reads is anybody's file.
"""

import io
import resource
import sys

import msgspec

PIXELS_MAX = 50_000_000
"""Cameras of phones make 12 to 50 million."""

THUMBNAIL_PIXELS = 480
"""The longer side of a small picture."""

QUALITY, THUMBNAIL_QUALITY = 90, 80

FORMATS = ("JPEG", "PNG", "WEBP")
"""What phones take pictures in; read and written by the same library."""


class Picture(msgspec.Struct):
    """`clean`: the picture without metadata, upright. `thumbnail`: a small JPEG of it."""

    clean: bytes
    thumbnail: bytes


def made_of(data: bytes) -> Picture:
    """A picture from nothing but its pixels, and a small one of it; raises where it is none."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = PIXELS_MAX // 2  # Pillow refuses at twice this number
    with Image.open(io.BytesIO(data), formats=FORMATS) as found:
        kind = found.format or "JPEG"
        upright = ImageOps.exif_transpose(found)
    if upright.mode.startswith("I"):  # sixteen bits of grey, of which a conversion would keep the lowest eight
        upright = upright.point(lambda grey: grey / 256).convert("L")
    clear = kind != "JPEG" and upright.has_transparency_data
    plain = kind == "JPEG" or upright.mode in ("CMYK", "P")
    pixels = upright.convert("RGBA" if clear else "RGB") if clear or plain else upright
    clean = Image.new(pixels.mode, pixels.size)
    clean.paste(pixels)
    clean.info = {}
    small = clean.convert("RGBA" if clear else "RGB")
    small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    if clear:  # a signature is black on nothing
        small = Image.alpha_composite(Image.new("RGBA", small.size, "white"), small).convert("RGB")
    return Picture(_written(clean, kind, QUALITY), _written(small, "JPEG", THUMBNAIL_QUALITY))


def _written(picture: "object", kind: str, quality: int) -> bytes:
    output = io.BytesIO()
    picture.save(output, kind, quality=quality)  # type: ignore[attr-defined]
    return output.getvalue()


def main() -> None:
    """Read, make, write; whatever goes wrong ends the process with a status."""
    seconds, memory = int(sys.argv[1]), int(sys.argv[2]) * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    sys.stdout.buffer.write(msgspec.msgpack.encode(made_of(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
