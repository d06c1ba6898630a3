"""A multipart body that holds one file and nothing else, which is how most records come: read at one glance.

What is read here, a full parser reads the same; whatever is not plainly so is left to it.
"""

import re

_TYPE = re.compile(r"""multipart/form-data; ?boundary="?([0-9A-Za-z'()+_,./:=?-]{1,200})"?""").fullmatch
_HEAD = re.compile(
    rb'content-disposition: form-data; name="([0-9A-Za-z_]+)"; filename="[^"\\\r\n]+"'
    rb"(?:\r\ncontent-(?:type|length|transfer-encoding): [^\r\n]*)*",
    re.IGNORECASE,
).fullmatch


def lone_part(content_type: str, body: bytes, name: str) -> bytes | None:
    """The content of the only part, if it is a file of that name; None where it takes a closer look."""
    stated = _TYPE(content_type)
    if stated is None:
        return None
    mark, body = b"--" + stated[1].encode(), body.removeprefix(b"\r\n")
    after = len(mark) + 2
    if body.count(mark) != 2 or not body.startswith(mark + b"\r\n"):
        return None
    head, _, rest = body[after:].partition(b"\r\n\r\n")
    content, _, end = rest.partition(b"\r\n" + mark)
    found = _HEAD(head)
    is_it = found is not None and found[1] == name.encode() and end in (b"--", b"--\r\n")
    return content if is_it else None


def first_part(content_type: str, begun: bytes, name: str) -> bytes | None:
    """The content of the first part of a body that has only begun, if that part is whole and a file of that name."""
    stated = _TYPE(content_type)
    mark = b"\r\n--" + stated[1].encode() if stated else b""
    content, found, rest = begun.removeprefix(b"\r\n").partition(mark) if mark else (b"", b"", b"")
    if not found or not rest.startswith(b"\r\n"):
        return None
    return lone_part(content_type, content + mark + b"--", name)
