"""What Collect and Enketo insist on, or trip over, rule by rule, as far as no story tells it elsewhere.

Servers spell header names as they like; Collect reads them whatever their case.
"""

import hashlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree
from sqlalchemy import Engine
from waitress.server import create_server

from fieldsync.config import Settings
from tests.routes.collect import MANIFEST, XFORMS_LIST, Collect, message, visit
from tests.world import World

VERSION = "X-OpenRosa-Version"
PHOTO = b"\x00face" * 400


@pytest.fixture
def amina(world: World) -> Collect:
    return Collect(world)


def posted(amina: Collect, body: bytes, content_type: str, **headers: str) -> int:
    """A request as bytes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    path = f"{amina.base}/submission"
    response = amina.client.post(path, data=body, headers={VERSION: "1.0", **named}, content_type=content_type)
    assert response.status_code == 201, response.text
    return response.status_code


def multipart(*parts: tuple[bytes, bytes]) -> bytes:
    """(header, content) pairs as okhttp writes them."""
    return b"".join(b"--x\r\n" + head + b"\r\n\r\n" + body + b"\r\n" for head, body in parts) + b"--x--\r\n"


def record_part(xml: str, content_type: bytes = b"text/xml") -> tuple[bytes, bytes]:
    disposition = b'Content-Disposition: form-data; name="xml_submission_file"; filename="r.xml"'
    return disposition + b"\r\nContent-Type: " + content_type, xml.encode()


def test_every_answer_says_that_this_is_openrosa_an_unchanged_one_too(world: World, amina: Collect) -> None:
    base = next(each["manifestUrl"] or "" for each in amina.forms() if each["formID"] == "person").rpartition("/")[0]
    for path in ("formList", f"{base}/manifest", f"{base}/form.xml"):
        response = amina.get(f"{path}?deviceID=collect%3A1&verbose=true")
        assert response.status_code == 200, path
        assert response.headers[VERSION] == "1.0"
        head = amina.client.head(response.request.path, headers={VERSION: "1.0"})
        assert (head.status_code, head.data) == (200, b"")
    listed = amina.get("formList")
    unchanged = amina.get("formList", If_None_Match=listed.headers["ETag"])
    assert (unchanged.status_code, unchanged.headers[VERSION]) == (304, "1.0")
    assert "no-cache" in listed.headers["Cache-Control"]


def test_a_client_that_names_no_version_is_served(amina: Collect) -> None:
    assert amina.client.get(f"{amina.base}/formList").status_code == 200


def test_no_entry_of_the_list_or_of_a_manifest_lacks_what_would_fail_the_whole(world: World, amina: Collect) -> None:
    root = etree.fromstring(amina.get("formList").data)
    assert root.tag == f"{XFORMS_LIST}xforms" and len(root) > 0
    for each in root:
        for name in ("formID", "name", "downloadUrl", "hash"):
            assert (each.findtext(XFORMS_LIST + name) or "").strip(), name
        data = amina.get(each.findtext(f"{XFORMS_LIST}downloadUrl") or "").data
        assert each.findtext(f"{XFORMS_LIST}hash") == f"md5:{hashlib.md5(data).hexdigest()}"
        address = each.findtext(f"{XFORMS_LIST}manifestUrl")
        assert address is None or address.startswith("http")
        if address:
            for file in etree.fromstring(amina.get(address).data):
                for name in ("filename", "hash", "downloadUrl"):
                    assert (file.findtext(MANIFEST + name) or "").strip(), name
                assert (file.findtext(f"{MANIFEST}hash") or "").startswith("md5:")
                assert file.get("type") != "entityList" or file.findtext(f"{MANIFEST}integrityUrl")
    ids = [each.findtext(f"{XFORMS_LIST}formID") for each in root]
    assert len(ids) == len(set(ids))


def test_names_of_files_are_utf_8_and_the_name_of_the_part_counts(world: World, amina: Collect) -> None:
    record, name = world.uuid(), "صورة ١.jpg"
    head = f'Content-Disposition: form-data; name="{name}"; filename="other.jpg"\r\nContent-Type: image/jpeg'
    xml = visit(record, f"<name>Amina</name><photo>{name}</photo>")
    posted(amina, multipart(record_part(xml), (head.encode(), PHOTO)), "multipart/form-data; boundary=x")
    assert world.fields(record)["photo"]["file"] == name


def test_a_client_that_names_its_parts_as_it_likes_loses_no_file(world: World, amina: Collect) -> None:
    """Scripts and form data by hand call them file1, file2; KoboToolbox takes them by the names of the files."""
    record, other = world.uuid(), b"\x00other" * 300
    xml = visit(record, "<name>Amina</name><photo>a.jpg</photo>")
    heads = [f'Content-Disposition: form-data; name="file{n}"; filename="{n}.jpg"'.encode() for n in ("a", "b")]
    parts = (record_part(xml), (heads[0], PHOTO), (heads[1], other))
    posted(amina, multipart(*parts), "multipart/form-data; boundary=x")
    assert world.fields(record)["photo"]["sha256"] == hashlib.sha256(PHOTO).hexdigest()
    record = world.uuid()
    xml = visit(record, "<name>Amina</name><photo>a.jpg</photo>")
    right = (b'Content-Disposition: form-data; name="a.jpg"; filename="1.jpg"', other)
    posted(amina, multipart(record_part(xml), (heads[0], PHOTO), right), "multipart/form-data; boundary=x")
    assert world.fields(record)["photo"]["sha256"] == hashlib.sha256(other).hexdigest()
    record = world.uuid()
    bare = b'Content-Disposition: form-data; name="file1"; filename="a/b.jpg"'
    posted(amina, multipart(record_part(visit(record)), (bare, PHOTO)), "multipart/form-data; boundary=x")
    assert "photo" not in world.fields(record)


@pytest.mark.parametrize("content_type", [b"text/xml; charset=utf-8", b"text/xml;charset=UTF-8", b"application/xml"])
def test_the_record_may_come_with_a_charset(world: World, amina: Collect, content_type: bytes) -> None:
    record = world.uuid()
    posted(amina, multipart(record_part(visit(record), content_type)), "multipart/form-data; boundary=x")
    assert world.fields(record)["name"] == "Amina"


def test_the_record_may_stand_behind_its_files_and_beside_enketos_own_part(world: World, amina: Collect) -> None:
    record = world.uuid()
    token = (b'Content-Disposition: form-data; name="__csrf"', b"t" * 32)
    photo = (b'Content-Disposition: form-data; name="a.jpg"; filename="a.jpg"', PHOTO)
    xml = visit(record, "<name>Amina</name><photo>a.jpg</photo>")
    posted(amina, multipart(token, photo, record_part(xml)), "multipart/form-data; boundary=x", Date="12:00")
    assert world.fields(record)["photo"]["size"] == len(PHOTO)


def test_a_root_with_a_namespace_and_a_version_in_the_standards_own_is_read(world: World, amina: Collect) -> None:
    record = world.uuid()
    xml = (
        visit(record)
        .replace("<data ", '<data xmlns="http://example.org/form" ')
        .replace(' version="1"', ' orx:version="1"')
    )
    amina.sends(xml)
    assert world.fields(record)["name"] == "Amina"


def test_a_message_is_there_for_every_refusal_also_below_the_named_address(world: World, amina: Collect) -> None:
    for path, status in ((f"{amina.base}/nothing", 404), (f"/v1/device/{amina.phone.author}/formList", 401)):
        response = amina.client.get(path)
        assert response.status_code == status
        assert message(response)
    assert (
        amina.client.get(f"/v1/device/{amina.phone.author}/formList").headers["WWW-Authenticate"].startswith("Digest ")
    )


@pytest.fixture
def served(engine: Engine, tmp_path: Path) -> Iterator[tuple[World, int]]:
    """The server that `fieldsync run` starts, and its port."""
    world = World(engine, Settings(data=tmp_path))
    server = create_server(world.app, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield world, int(server.effective_port)
    server.close()
    thread.join(10)
    world.database.close()


def spoken(port: int, request: bytes) -> bytes:
    """What a server answers to bytes, until it closes."""
    with socket.create_connection(("127.0.0.1", port), 30) as link:
        link.sendall(request)
        answer = b""
        while data := link.recv(65536):
            answer += data
    return answer


def test_a_body_in_chunks_is_taken_and_every_answer_has_a_date(served: tuple[World, int]) -> None:
    world, port = served
    amina, record = Collect(world), world.uuid()
    body = multipart(record_part(visit(record)))
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[at : at + 50]), body[at : at + 50]) for at in range(0, len(body), 50))
    head = (
        f"POST {amina.base}/submission?deviceID=collect%3A1 HTTP/1.1\r\nHost: 127.0.0.1\r\n{VERSION}: 1.0\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    answer = spoken(port, head.encode() + chunks + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 201 ")
    assert b"\r\nDate: " in answer
    assert world.fields(record)["name"] == "Amina"
    asked = f"HEAD {amina.base}/submission HTTP/1.1\r\nHost: 127.0.0.1\r\n{VERSION}: 1.0\r\nConnection: close\r\n\r\n"
    told = spoken(port, asked.encode())
    assert told.startswith(b"HTTP/1.1 204 ")
    assert b"\r\nx-openrosa-accept-content-length: " in told.lower() and told.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("status", "rest"), [(431, b"X: " + b"a" * 2**18), (400, b"Transfer-Encoding: chunked\r\n\r\nno")]
)
def test_what_is_refused_before_our_code_is_said_in_plain_text_and_nothing_is_kept(
    served: tuple[World, int], status: int, rest: bytes
) -> None:
    world, port = served
    head = f"POST {Collect(world).base}/submission HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    answer = spoken(port, head.encode() + rest + b"\r\n\r\n")
    assert answer.split(b" ", 2)[1] == str(status).encode()
    assert b"\r\nContent-Type: text/plain" in answer
    assert world.hub().pulls() == []
