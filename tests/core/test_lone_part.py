"""A body with one file alone is read at one glance, and never otherwise than by the full parser."""

import io

from hypothesis import given
from hypothesis import strategies as st
from werkzeug.formparser import FormDataParser

from fieldsync.core.lone_part import first_part, lone_part

NAME = "xml_submission_file"
PIECES = st.sampled_from((
    b"--b", b"--b--", b"\r\n", b"\r\n\r\n", b"\n", b" ", b"--", b"<data/>", b"\x00", b"--bc", b";",
    b"Content-Length: 3",
    b'Content-Disposition: form-data; name="xml_submission_file"; filename="r.xml"', b"Content-Type: text/xml", b'"',
    b'content-disposition: form-data; name="xml_submission_file"', b'; filename="a\\"b"', b"; filename*=utf-8''x",
))  # fmt: skip
CONTENTS = st.one_of(st.binary(max_size=60), st.lists(PIECES, max_size=4).map(b"".join))


def by_the_full_parser(body: bytes, boundary: str) -> list[bytes]:
    kind = {"boundary": boundary}
    _, _, files = FormDataParser().parse(io.BytesIO(body), "multipart/form-data", None, kind)
    return [each.stream.read() for each in files.getlist(NAME)]


def written(boundary: bytes, head: bytes, content: bytes, end: bytes = b"--\r\n") -> bytes:
    return b"--%s\r\n%s\r\n\r\n%s\r\n--%s%s" % (boundary, head, content, boundary, end)


HEADS = (
    b'Content-Disposition: form-data; name="xml_submission_file"; filename="r.xml"',
    b'Content-Disposition: form-data; name="xml_submission_file"; filename="r.xml"\r\nContent-Type: text/xml\r\n'
    b"Content-Length: 12",
    b'content-disposition: form-data; name="xml_submission_file"; filename="r.xml"\r\ncontent-type: text/xml',
)


@given(st.sampled_from(HEADS), CONTENTS, st.sampled_from((b"--\r\n", b"--")))
def test_the_record_alone_is_read_at_one_glance(head: bytes, content: bytes, end: bytes) -> None:
    body = written(b"b0undary", head, content, end)
    for spelled in ("multipart/form-data; boundary=b0undary", 'multipart/form-data;boundary="b0undary"'):
        assert lone_part(spelled, body, NAME) == lone_part(spelled, b"\r\n" + body, NAME) == content
    assert by_the_full_parser(b"\r\n" + body, "b0undary") == [content]
    assert by_the_full_parser(body, "b0undary") == [content]


@given(st.one_of(
    st.lists(PIECES, max_size=12).map(b"".join),
    st.builds(written, st.just(b"b"), st.one_of(st.sampled_from(HEADS), st.lists(PIECES, max_size=5).map(b"".join)),
              CONTENTS, st.sampled_from((b"--\r\n", b"--", b"", b"\r\n", b"--x"))),
))  # fmt: skip
def test_what_is_read_at_one_glance_is_read_the_same_by_the_full_parser(body: bytes) -> None:
    found = lone_part("multipart/form-data; boundary=b", body, NAME)
    assert found is None or by_the_full_parser(body, "b") == [found]


def test_anything_else_takes_a_closer_look() -> None:
    kind, good = "multipart/form-data; boundary=b", written(b"b", HEADS[0], b"<data/>")
    assert lone_part(kind, good, NAME) == b"<data/>"
    for spelled in ("multipart/mixed; boundary=b", "multipart/form-data", "text/xml", kind + "; charset=utf-8", ""):
        assert lone_part(spelled, good, NAME) is None
    second = good.replace(b"--b--", b"--b") + HEADS[0] + b"\r\n\r\nmore\r\n--b--\r\n"
    for body in (
        second,
        b"\r\n\r\n" + good,
        b"\n" + good,
        good + b"more",
        good.replace(b"filename", b"file"),
        good[:-4],
        b"",
    ):
        assert lone_part(kind, body, NAME) is None
    assert lone_part(kind, good, "xml_submission") is None


def test_of_a_body_that_was_cut_the_first_part_is_read_where_it_is_whole() -> None:
    kind, head = (
        "multipart/form-data; boundary=b",
        f'--b\r\nContent-Disposition: form-data; name="{NAME}"; filename="r"',
    )
    begun = f"{head}\r\n\r\n<data/>\r\n--b\r\nContent-Disposition: form-data; name=film".encode()
    whole = begun.index(b"--b\r\nContent-Disposition: form-data; name=film") + len(b"--b\r\n")
    for end in range(len(begun) + 1):
        assert first_part(kind, begun[:end], NAME) == (b"<data/>" if end >= whole else None)
    assert first_part(kind, b"\r\n" + begun, NAME) == b"<data/>"
    assert first_part(kind, begun.replace(NAME.encode(), b"film"), NAME) is None
    assert first_part("text/xml", begun, NAME) is None


def test_a_boundary_longer_than_the_70_characters_that_rfc_2046_allows_costs_nobody_the_record() -> None:
    for length in (70, 71, 200):
        boundary = "b" * length
        body = written(boundary.encode(), HEADS[0], b"<data/>")
        assert lone_part(f"multipart/form-data; boundary={boundary}", body, NAME) == b"<data/>"
        assert by_the_full_parser(body, boundary) == [b"<data/>"]
