"""The desk's list: pages show what a plain look at all rows finds, whatever the filter, the order and the reader."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.inbox import EVERYWHERE, GONE, OPEN, SORTS, STATES, WITH_GONE, Filter, parse, query
from fieldsync.services import inbox, inbox_cursors
from fieldsync.services.inbox import Cursor
from fieldsync.services.readers import Reader
from fieldsync.store import inbox_query
from fieldsync.store.inbox import InboxRow
from tests.services.desk_of_rows import FLAGS, NAMES, PLACES, DeskOfRows, fill
from tests.world import World


@pytest.fixture
def desk(world: World) -> DeskOfRows:
    """A list full of rows."""
    return fill(world)


def filters(desk: DeskOfRows) -> st.SearchStrategy[Filter]:
    """Filters that ask for what there is, and now and then for what there is not."""
    kinds = st.sampled_from([("", ""), ("submission", ""), ("entity", ""), *(name for name in NAMES if name[1])])
    days = st.sampled_from(["", "", "2026-09-21", "2026-09-22", "2026-09-23"])
    return st.builds(
        lambda kind, **rest: Filter(kind=kind[0], of=kind[1], **rest),
        kinds,
        association=st.sampled_from(["", "", "amal", "elsewhere", EVERYWHERE, "nowhere"]),
        place=st.sampled_from(["", "", *PLACES[:-1]]),
        companion=st.sampled_from(["", "", "", *desk.carriers.values()]),
        device=st.sampled_from(["", "", "", *desk.phones, "0" * 32]),
        state=st.sampled_from(["", "", OPEN, *STATES]),
        since=days,
        until=days,
        flag=st.sampled_from(["", "", "", *FLAGS]),
        conflict=st.sampled_from([False, False, False, True]),
        held=st.sampled_from([False, False, False, True]),
        incomplete=st.sampled_from([False, False, False, True]),
        gone=st.sampled_from(["", "", *GONE, WITH_GONE]),
        sort=st.sampled_from(SORTS),
        ascending=st.booleans(),
    )


def walked(session: object, reader: Reader, wanted: Filter, limit: int) -> Iterator[inbox.Page]:
    """Every page, first to last; what an address carries from one to the next is read back from it."""
    at: Cursor | None = None
    while True:
        found = inbox.page(session, reader, wanted, at, limit)  # type: ignore[arg-type]
        yield found
        if found.after is None:
            return
        at = inbox_cursors.read(session, reader, wanted, inbox_cursors.write(session, reader, wanted, found.after))  # type: ignore[arg-type]
        assert at == found.after


def backwards(session: object, reader: Reader, wanted: Filter, last: inbox.Page, limit: int) -> list[InboxRow]:
    """What stands before a page, walking back to the first."""
    rows: list[InboxRow] = []
    found = last
    while found.before is not None:
        found = inbox.page(session, reader, wanted, found.before, limit)  # type: ignore[arg-type]
        rows = found.rows + rows
    return rows


def test_pages_show_what_a_plain_look_finds(desk: DeskOfRows, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rows looked up at once, or many in order, or so many that pages stay short: all the same rows, each once."""

    @given(
        wanted=filters(desk),
        who=st.integers(0, len(desk.readers) - 1),
        limit=st.sampled_from([1, 5, 50]),
        bounds=st.sampled_from(
            [(4000, 20_000, 3000, 60_000), (0, 0, 5, 60_000), (0, 12, 5, 60_000), (0, 0, 9, 9), (12, 12, 9, 9)]
        ),
    )
    def check(wanted: Filter, who: int, limit: int, bounds: tuple[int, int, int, int]) -> None:
        for name, bound in zip(("RARE_MAX", "MIDDLE_MAX", "FIRST_LOOK", "SCANNED_MAX"), bounds, strict=True):
            monkeypatch.setattr(inbox_query, name, bound)
        reader = desk.readers[who]
        expected = desk.expected(reader, wanted)
        with desk.world.database.read() as session:
            pages = list(walked(session, reader, wanted, limit))
            assert [row for page in pages for row in page.rows] == expected
            if bounds[3] > len(desk.rows):
                assert all(len(page.rows) == limit for page in pages[:-1])
                assert inbox.count(session, reader, wanted) == inbox.Count(len(expected))
            before = backwards(session, reader, wanted, pages[-1], limit)
            assert before + pages[-1].rows == expected or not pages[-1].rows

    check()


def test_all_of_a_filter_chunk_by_chunk(desk: DeskOfRows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "CHUNK_ROWS", 7)
    reader, wanted = desk.readers[0], Filter(gone=WITH_GONE)
    expected = desk.expected(reader, wanted)
    assert len(expected) > 30
    with desk.world.database.read() as session:
        assert list(inbox.each(session, reader, wanted)) == expected
        assert list(inbox.each(session, reader, wanted, 20)) == expected[:20]


@given(
    given=st.dictionaries(
        st.sampled_from(["of", "place", "state", "since", "flag", "gone", "sort", "search", "conflict", "device"]),
        st.one_of(st.text(max_size=20), st.sampled_from(["submission.visit", "entity", "open", "2026-11-28", "1"])),
    )
)
def test_an_address_says_a_filter_and_is_read_back(given: dict[str, str]) -> None:
    wanted = parse(given)
    assert parse(query(wanted)) == wanted
