"""A gzip file made of parts is what one packed at once would be, to whoever unpacks it."""

import gzip
import zlib

from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.packed_parts import cut, part, whole


@given(st.lists(st.one_of(st.binary(max_size=400), st.text("abc,\n", max_size=4000).map(str.encode)), max_size=6))
def test_parts_unpack_to_what_they_were_made_of(contents: list[bytes]) -> None:
    packed = whole(map(part, contents))
    assert gzip.decompress(packed) == b"".join(contents)
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert unpacker.decompress(packed) == b"".join(contents)
    assert unpacker.eof and not unpacker.unused_data  # Okio takes one member and nothing after it


@given(st.lists(st.binary(max_size=400), max_size=6))
def test_parts_are_cut_out_again_as_they_were(contents: list[bytes]) -> None:
    parts = [part(each) for each in contents]
    assert cut(whole(parts), [len(each) for each in parts]) == parts
