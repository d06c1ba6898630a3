"""Stories in a browser never look at a page that is being left, and run where a browser is."""

import ast
from pathlib import Path

import pytest

from tests.house.source import ROOT, calls, python_files, shown, tree

ACTS = ROOT / "tests" / "web" / "acts.py"

BY_ACTS_ONLY = {"click", "dblclick", "tap", "press", "press_sequentially", "go_back", "go_forward", "expect_navigation"}
"""What may lead away without waiting for the next page, or wait for it in a way of its own."""

LOOKING_ONCE = {"is_visible", "is_hidden", "is_enabled", "is_disabled", "is_checked", "wait_for_timeout", "networkidle"}
"""What reads the page as it happens to be; `expect` waits until it is as it should be."""


def has_browser(path: Path) -> bool:
    return any(
        isinstance(node, ast.ImportFrom) and (node.module or "").startswith("playwright") for node in tree(path).body
    )


STORIES = [path for path in python_files("tests") if has_browser(path)]


@pytest.mark.parametrize("path", [path for path in STORIES if path != ACTS], ids=lambda path: path.stem)
def test_whoever_clicks_says_whether_it_leads_away(path: Path) -> None:
    found = [f"{shown(path, call.lineno)} {name}" for call, name in calls(path) if name in BY_ACTS_ONLY | LOOKING_ONCE]
    assert found == [], "take `follow`, `press_on`, `leaving`, `touch` or `strike` of tests/web/acts.py, and `expect`"


@pytest.mark.parametrize(
    "path", [path for path in STORIES if path.stem.startswith("test_")], ids=lambda path: path.stem
)
def test_stories_in_a_browser_are_marked_so(path: Path) -> None:
    """The quick tests run where no browser is."""
    assert "pytestmark = pytest.mark.browser" in path.read_text(encoding="utf-8").splitlines()
