"""One village for all stories of a module, and a link to it that stories cut."""

from collections.abc import Iterator

import pytest

from tests.collect.village import Village
from tests.cut_links import Link, link_to


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    """A server process with an association, its form and nothing else."""
    made = Village(tmp_path_factory.mktemp("village") / "data")
    yield made
    made.close()


@pytest.fixture
def link(village: Village) -> Iterator[Link]:
    """A whole link."""
    with link_to(village.port) as link:
        yield link
