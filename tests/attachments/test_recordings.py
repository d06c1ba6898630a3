"""Films, sounds and pictures of other kinds say what they show, and not where; or they stay with who may know."""

import hashlib
import io
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fieldsync.services import media_worker, picture_worker, pictures, uploads
from fieldsync.services.media_worker import CLEANED, UNKNOWN, cleaned
from fieldsync.store import attachments
from fieldsync.store.attachments import READY, UNCLEANED
from fieldsync.store.file_store import key_of
from tests.attachments import photos, recordings
from tests.attachments.photos import Photo
from tests.attachments.recordings import FRAMES, PLACE, avif, box, film, flac, mp3, track, wav
from tests.routes import callers
from tests.web.visitor import visitor
from tests.world import World

MATROSKA = b"\x1a\x45\xdf\xa3" + PLACE * 9
TIMED = box(b"trak", box(b"mdia", box(b"hdlr", bytes(8), b"meta", bytes(13))))


def after(data: bytes) -> tuple[bytes, bytes]:
    """What is said of a file, and what is in it then."""
    file = io.BytesIO(data)
    return cleaned(file), file.getvalue()


@pytest.mark.parametrize(
    "data", [film(), film(brand=b"qt  "), film(brand=b"3gp4"), film(track(b"soun"), brand=b"M4A ")]
)
def test_a_film_plays_as_before_and_tells_no_place_nor_time(data: bytes) -> None:
    said, clean = after(data)
    assert (said, len(clean)) == (CLEANED, len(data))
    assert clean.index(FRAMES) == data.index(FRAMES)
    for word in (PLACE, b"Amina", (3_800_000_000).to_bytes(4)):
        assert word not in clean
    assert b"stsd" in clean and b"stco" in clean


@pytest.mark.parametrize(
    "data",
    [
        film(track(), TIMED),
        film(track(), track(b"tmcd")),
        film(track())[:-20],
        film(beside=[b"\0\0\0\x02junk"]),
        box(b"ftyp", b"isom") + box(b"mdat", FRAMES),
        MATROSKA,
        b"OggS" + PLACE,
        b"GIF89a" + PLACE,
        b"II*\0" + PLACE,
        b"RIFF\0\0\0\0AVI " + PLACE,
        b"ID3\x04\x00\x00\0\0\0\x01x" + PLACE,
    ],
    ids=[
        "timed places",
        "time code",
        "cut off",
        "junk behind",
        "no film",
        "matroska",
        "ogg",
        "gif",
        "tiff",
        "avi",
        "id3",
    ],
)
def test_what_cannot_be_told_apart_safely_is_not_said_to_be_clean(data: bytes) -> None:
    assert after(data)[0] == UNKNOWN


def test_a_picture_in_the_container_of_heic_is_drawn_as_before_without_exif_and_xmp() -> None:
    data = avif()
    assert Image.open(io.BytesIO(data)).getexif()
    said, clean = after(data)
    assert said == CLEANED
    assert PLACE not in clean and PLACE[:20] not in clean
    before, now = (Image.open(io.BytesIO(each)).convert("RGB") for each in (data, clean))
    assert before.tobytes() == now.tobytes()


def test_sounds_lose_their_notes_and_keep_their_sound() -> None:
    for data in (wav(), flac(), mp3(), b"#!AMR\n" + FRAMES):
        said, clean = after(data)
        assert said == CLEANED
        assert PLACE not in clean
        assert FRAMES in clean
    with wave.open(io.BytesIO(after(wav())[1])) as sound:
        assert sound.readframes(sound.getnframes()) == FRAMES
    assert after(mp3())[1] == b"\xff\xfb\x90\x00" + FRAMES


@given(st.integers(0, len(film()) - 1), st.integers(0, 255), st.sampled_from(["film", "avif", "wav", "flac", "mp3"]))
def test_whatever_is_wrong_in_a_file_it_is_cleaned_or_not_understood(at: int, value: int, kind: str) -> None:
    data = bytearray(MADE[kind])
    data[at % len(data)] = value
    assert after(bytes(data))[0] in (CLEANED, UNKNOWN)


MADE = {"film": film(), "avif": avif(), "wav": wav(), "flac": flac(), "mp3": mp3()}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_drawn_anew_has_no_text_no_profile_and_nothing_behind_it(kind: str) -> None:
    told = PngInfo()
    told.add_text("Comment", PLACE.decode())
    told.add_itxt("XML:com.adobe.xmp", PLACE.decode())
    extra = {"pnginfo": told} if kind == "PNG" else {"xmp": PLACE, "icc_profile": PLACE}
    output = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(output, kind, **extra)
    data = output.getvalue() + recordings.film()  # a motion photo: a film behind the picture
    assert PLACE in data
    assert PLACE not in picture_worker.made_of(data).clean


def drawn(picture: Image.Image, **extra: int) -> tuple[Image.Image, Image.Image]:
    """A PNG as the server draws it anew, and its small picture."""
    output = io.BytesIO()
    picture.save(output, "PNG", **extra)
    made = picture_worker.made_of(output.getvalue())
    return Image.open(io.BytesIO(made.clean)), Image.open(io.BytesIO(made.thumbnail))


def test_a_scan_in_sixteen_bits_of_grey_keeps_its_shades() -> None:
    scan = Image.new("I;16", (256, 1))
    scan.putdata([shade * 257 for shade in range(256)])
    clean, _ = drawn(scan)
    assert [clean.getpixel((at, 0)) for at in range(256)] == list(range(256))


def test_a_signature_is_black_on_nothing_and_its_small_picture_black_on_white() -> None:
    of_colours = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    of_colours.paste((0, 0, 0, 255), (20, 0, 40, 40))
    of_a_palette = Image.new("P", (40, 40), 0)
    of_a_palette.putpalette([0, 0, 0, 0, 0, 0])
    of_a_palette.paste(1, (20, 0, 40, 40))
    for clean, small in (drawn(of_colours), drawn(of_a_palette, transparency=0)):
        assert clean.convert("RGBA").getpixel((5, 5)) == (0, 0, 0, 0)
        assert clean.convert("RGBA").getpixel((35, 5)) == (0, 0, 0, 255)
        first_row = small.convert("L").tobytes()[:40]
        assert first_row[5] > 250 and first_row[35] < 5


def named(world: World, photo: Photo) -> str:
    """A visit with a file that has come; the record."""
    phone = world.phone()
    visit = phone.says(writes={"colour": "red", "photo": photo.answer()})
    phone.tells(visit)
    photos.send(phone, photo)
    record: str = visit["record"]
    return record


def state(world: World, photo: Photo) -> str:
    row = world.read(lambda session: attachments.find(session, world.amal, photo.sha256))
    assert row is not None
    return row.state


def test_a_film_is_cleaned_by_the_job_and_what_came_is_gone(world: World) -> None:
    photo = Photo(film(), "clip.mp4")
    record = named(world, photo)
    files = uploads.open_files(world.settings)
    assert pictures.make_all_ready(world.database, files) == 1
    assert state(world, photo) == READY
    assert files.store.size(key_of(world.amal, photo.sha256)) is None
    reviewer = callers.person(world, "association_reviewer")
    read = reviewer.call("GET", f"records/{record}/files/{photo.sha256}")
    assert read.status_code == 200 and PLACE not in read.data and FRAMES in read.data
    assert not list(files.partial.folder.glob("looked-at-*"))


def test_a_film_that_may_tell_a_place_is_read_by_who_reads_personal_answers(world: World) -> None:
    photo = Photo(MATROSKA, "clip.webm")
    record = named(world, photo)
    path = f"records/{record}/files/{photo.sha256}"
    reviewer = callers.person(world, "association_reviewer")
    read = reviewer.call("GET", path)
    assert (read.status_code, read.data, state(world, photo)) == (200, MATROSKA, UNCLEANED)
    assert callers.person(world, "coordinator", also=()).get(path, 404)["code"] == "not_found"

    page = f"/submissions/visit/{record}"
    shown = visitor(world, "association_reviewer").opens(page, Accept_Language="en").text
    assert "may tell where it was made" in shown and "not open to you" not in shown


def test_a_picture_that_cannot_be_drawn_is_not_called_missing(world: World) -> None:
    record = named(world, Photo(b"\xff\xd8\xff no picture", "cut.jpg"))
    pictures.make_all_ready(world.database, uploads.open_files(world.settings))
    shown = visitor(world, "association_reviewer").opens(f"/submissions/visit/{record}", Accept_Language="en").text
    assert "arrived, but cannot be opened" in shown and "not here yet" not in shown


def test_a_masked_film_opens_with_the_click_that_is_written_down(world: World) -> None:
    photo = Photo(MATROSKA, "clip.webm")
    record = named(world, photo)
    pictures.make_all_ready(world.database, uploads.open_files(world.settings))
    coordinator, page = visitor(world, "coordinator"), f"/submissions/visit/{record}"
    assert hashlib.sha256(MATROSKA).hexdigest() not in coordinator.opens(page).text
    revealed = coordinator.fills(f"{page}/reveal", page=page).text
    address = next(part for part in revealed.split('"') if f"/files/{photo.sha256}" in part).replace("&amp;", "&")
    assert coordinator.opens(address).data == MATROSKA


def test_papers_are_kept_byte_for_byte(world: World) -> None:
    for data in (b"%PDF-1.7 a paper", b"PK\x03\x04 a letter", b"name;age", b""):
        assert media_worker.cleaner_of(data[:16]) is None
    photo = Photo(b"%PDF-1.7 a paper", "paper.pdf")
    record = named(world, photo)
    read = callers.person(world, "association_reviewer").call("GET", f"records/{record}/files/{photo.sha256}")
    assert (read.data, state(world, photo)) == (photo.data, READY)
