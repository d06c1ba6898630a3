"""A picture says what it shows, and not where and when it was taken."""

import io

import pytest
from PIL import Image

from fieldsync.core.xform import read_form
from fieldsync.services import pictures, publishing, uploads
from fieldsync.services.conversion import convert
from fieldsync.services.publishing import Definition
from fieldsync.store import attachments
from fieldsync.store.attachments import AttachmentRow
from fieldsync.store.file_store import key_of, thumbnail_key
from tests.attachments import photos
from tests.attachments.photos import Photo
from tests.routes import callers
from tests.tiny_forms import VISIT
from tests.world import World

SECRET = b"Canon of Amina"
GPS = 0x8825


def taken(kind: str = "JPEG", size: tuple[int, int] = (900, 600), orientation: int = 6) -> bytes:
    """A picture as a phone takes it: lying on its side, with a place, a maker and a comment."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, SECRET.decode()
    exif.get_ifd(GPS).update({1: "N", 2: (31.0, 12.0, 7.0), 3: "W", 4: (8.0, 14.0, 2.0)})
    output = io.BytesIO()
    picture = Image.linear_gradient("L").resize(size).convert("RGB")
    picture.save(output, kind, exif=exif, **({"comment": SECRET} if kind == "JPEG" else {}))
    return output.getvalue()


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def row_of(world: World, photo: Photo) -> AttachmentRow:
    row = world.read(lambda session: attachments.find(session, world.amal, photo.sha256))
    assert row is not None
    return row


def kept(world: World, key: str) -> bytes:
    return b"".join(uploads.open_files(world.settings).store.read(key) or ())


@pytest.fixture
def named(world: World) -> tuple[World, Photo, str]:
    """A visit with a picture that has come."""
    phone, photo = world.phone(), Photo(taken())
    visit = phone.says(writes={"name": "Amina", "photo": photo.answer()})
    phone.tells(visit)
    photos.send(phone, photo)
    return world, photo, visit["record"]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_place_time_and_maker_are_taken_out_and_the_picture_stands_upright(world: World, kind: str) -> None:
    phone, photo = world.phone(), Photo(taken(kind))
    assert SECRET in photo.data
    visit = phone.says(writes={"name": "Amina", "photo": photo.answer()})
    phone.tells(visit)
    photos.send(phone, photo)
    reviewer = callers.person(world, "association_reviewer")
    read = reviewer.call("GET", f"records/{visit['record']}/files/{photo.sha256}").data
    assert SECRET not in read
    shown = opened(read)
    assert (shown.format, shown.size, dict(shown.getexif())) == (kind, (600, 900), {})
    row = row_of(world, photo)
    assert row.kept_sha256 != photo.sha256
    assert kept(world, key_of(world.amal, photo.sha256)) == b""


def test_a_job_does_the_same_before_anybody_reads(named: tuple[World, Photo, str]) -> None:
    world, photo, _ = named
    files = uploads.open_files(world.settings)
    assert pictures.make_all_ready(world.database, files) == 1
    assert pictures.make_all_ready(world.database, files) == 0
    row = row_of(world, photo)
    assert SECRET not in kept(world, key_of(world.amal, row.kept_sha256))
    small = opened(kept(world, thumbnail_key(world.amal, photo.sha256)))
    assert (small.format, max(small.size)) == ("JPEG", 480)


def test_a_picture_that_nobody_has_named_yet_waits_as_it_came(world: World) -> None:
    phone, photo = world.phone(), Photo(taken())
    photos.send(phone, photo)
    assert pictures.make_all_ready(world.database, uploads.open_files(world.settings)) == 0
    phone.tells(phone.says(writes={"name": "Amina", "photo": photo.answer()}))
    assert pictures.make_all_ready(world.database, uploads.open_files(world.settings)) == 1


@pytest.mark.parametrize("first", ["record", "picture"])
def test_a_form_may_want_the_place_that_the_camera_wrote(world: World, first: str) -> None:
    text = VISIT.format(more="", version="9").replace("bind::fs:place |", "bind::fs:place | bind::fs:keep_metadata |")
    lines = []
    for line in text.splitlines():
        if "| image " in line:
            line += " yes |"
        lines.append(line)
    made = convert("\n".join(lines).encode(), "md")
    assert made.form is not None, made.findings
    assert [question.path for question in made.form.questions if question.keep_metadata] == ["photo"]
    definition = Definition(made.form, made.xform, None, b"", "md")
    world.write(lambda session: publishing.publish(session, world.amal, definition, world.now_ms))
    phone, photo = world.phone(), Photo(taken())
    visit = phone.says(version="9", writes={"name": "Amina", "photo": photo.answer()})
    if first == "picture":
        photos.send(phone, photo)
    phone.tells(visit)
    if first == "record":
        photos.send(phone, photo)
    read = callers.person(world, "association_reviewer").call("GET", f"records/{visit['record']}/files/{photo.sha256}")
    assert read.data == photo.data
    assert row_of(world, photo).thumbnail


@pytest.mark.parametrize(
    "data",
    [b"\xff\xd8\xff no picture", taken()[:700], b"RIFF....WEBPVP8 ....", b"\x89PNG\r\n\x1a\n" + b"\0" * 40],
    ids=["words", "cut", "webp", "png"],
)
def test_what_only_looks_like_a_picture_is_kept_and_shown_to_nobody(world: World, data: bytes) -> None:
    phone, photo = world.phone(), Photo(data)
    visit = phone.says(writes={"name": "Amina", "photo": photo.answer()})
    phone.tells(visit)
    photos.send(phone, photo)
    reviewer = callers.person(world, "association_reviewer")
    assert reviewer.call("GET", f"records/{visit['record']}/files/{photo.sha256}").status_code == 404
    assert kept(world, key_of(world.amal, photo.sha256)) == data


def test_a_picture_of_too_many_points_ends_its_own_process_only(world: World) -> None:
    output = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(output, "PNG")
    phone, photo = world.phone(), Photo(output.getvalue())
    phone.tells(phone.says(writes={"name": "Amina", "photo": photo.answer()}))
    photos.send(phone, photo)
    assert pictures.make_all_ready(world.database, uploads.open_files(world.settings)) == 1
    assert row_of(world, photo).state == "unreadable"


def test_other_files_are_kept_byte_for_byte(world: World) -> None:
    phone, page = world.phone(), Photo(b"<script>alert(1)</script>", "page.html")
    visit = phone.says(writes={"name": "Amina", "photo": {**page.answer(), "type": "text/html"}})
    phone.tells(visit)
    photos.send(phone, page)
    response = callers.person(world, "association_reviewer").call(
        "GET", f"records/{visit['record']}/files/{page.sha256}"
    )
    assert (response.data, response.mimetype) == (page.data, "application/octet-stream")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{page.sha256[:12]}.html"'


def test_an_xform_says_so_too() -> None:
    made = convert(VISIT.format(more="", version="1").encode(), "md")
    marked = made.xform.replace(b'nodeset="/data/photo"', b'nodeset="/data/photo" fs:keep_metadata="yes"')
    form = read_form(marked)
    assert not isinstance(form, list)
    assert [question.path for question in form.questions if question.keep_metadata] == ["photo"]


def test_two_processes_that_look_at_the_same_picture_agree(named: tuple[World, Photo, str]) -> None:
    world, photo, _ = named
    files, row = uploads.open_files(world.settings), row_of(world, photo)
    assert [pictures.make_ready(world.database, files, row) for _ in range(2)] == [row_of(world, photo)] * 2
    assert kept(world, key_of(world.amal, row_of(world, photo).kept_sha256)) != b""
