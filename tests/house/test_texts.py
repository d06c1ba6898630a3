"""What a clone carries: no machine path, no index host, no link to what is not there, no skipped test."""

import re
import tomllib
from pathlib import Path

from tests.house.source import ROOT, python_files, shown, texts

# Written in pieces, so that this file does not find itself.
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.])/(?:wo" r"rk/|ro" r"ot/\.|ho" r"me/\w+/|Us" r"ers/\w+/)"),
    "a host of a package index": re.compile(r"py" r"pi\.org|python" r"hosted|npm" r"js\.(?:org|com)|deb\.deb" r"ian"),
    "a folder that is not in the repository": re.compile(r"\.\./sha" r"red|(?<![\w/-])no" r"tes/\w|proto" r"types/"),
    "a task left in the code": re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b"),
}
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock")
SKIPS = re.compile(
    r"\b(?:mark\.(?:sk" r"ip|skip" r"if|xf" r"ail)|pytest\.(?:sk" r"ip|xf" r"ail|importor" r"skip)|unittest\.sk" r"ip)"
)


def test_no_file_names_a_machine_an_index_or_a_missing_folder() -> None:
    found = [
        f"{shown(path, text.count(chr(10), 0, match.start()) + 1)} {what}: {match.group()}"
        for path, text in texts()
        for what, pattern in FORBIDDEN.items()
        for match in pattern.finditer(text)
    ]
    assert found == []


def test_locks_pin_every_package_by_hash_and_name_no_host() -> None:
    for name in LOCKS:
        text = (ROOT / name).read_text()
        assert "://" not in text, name
        assert "--index-url" not in text, name
        pinned = [block for block in re.split(r"\n(?=[a-z0-9])", text) if not block.startswith("#")]
        assert [block.split()[0] for block in pinned if "--hash=sha256:" not in block or "==" not in block] == [], name


def test_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = {
        "requirements.lock": project["project"]["dependencies"],
        "requirements-dev.lock": project["project"]["dependencies"] + project["dependency-groups"]["dev"],
        "requirements-build.lock": project["dependency-groups"]["build"],
    }
    for name, requirements in asked.items():
        locked = set(re.findall(r"^([a-z0-9._-]+)(?:\[.*?\])?==", (ROOT / name).read_text(), re.MULTILINE))
        wanted = {re.split(r"[\[<>=!~; ]", requirement)[0].lower() for requirement in requirements}
        assert wanted <= locked, name


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    """A test that skips itself while running is failed by the root conftest."""
    skipped = [
        shown(path, number)
        for path in python_files("tests")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if SKIPS.search(line)
    ]
    assert skipped == []


def test_documentation_links_lead_somewhere() -> None:
    links = [
        (path, target)
        for path, text in texts()
        if path.suffix == ".md"
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    ]
    broken = [f"{shown(path)} → {target}" for path, target in links if not _exists(path, target)]
    assert broken == []


def test_documentation_names_only_files_that_exist() -> None:
    named = [
        (path, name)
        for path, text in texts()
        if path.suffix == ".md"
        for name in re.findall(r"`((?:fieldsync|tests|docs|migrations|forms)/[\w./-]*\w/?)`", text)
    ]
    assert [f"{shown(path)} names {name}" for path, name in named if not (ROOT / name).exists()] == []


def _exists(page: Path, target: str) -> bool:
    return target.startswith(("http://", "https://", "mailto:")) or (page.parent / target).exists()
