"""Documentation is a tested promise: what is made from the code is up to date, and nothing is left out."""

import ast
from dataclasses import fields

import pytest

from fieldsync.config import Settings
from fieldsync.store.models import Base
from tests.house.generated import AREAS, SECTIONS, made
from tests.house.source import PACKAGE, python_files, shown, tree


@pytest.mark.parametrize("name", SECTIONS)
def test_a_made_part_is_up_to_date(name: str) -> None:
    """`make docs` writes it anew."""
    page, make = SECTIONS[name]
    assert made(name) == make().strip(), f"run `make docs`: {name} in {page} is out of date"


def test_every_module_says_what_it_is_for() -> None:
    silent = [shown(path) for path in python_files("fieldsync", "tests") if not ast.get_docstring(tree(path))]
    assert silent == []


def test_every_table_has_its_area() -> None:
    drawn = [name for names in AREAS.values() for name in names]
    assert sorted(drawn) == sorted(Base.metadata.tables)


def test_every_setting_is_read_somewhere() -> None:
    """A setting that nothing reads is a lie to the operator."""
    read = {
        node.attr
        for path in python_files("fieldsync")
        if path != PACKAGE / "config.py"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute)
    }
    unread = {item.name for item in fields(Settings)} - read - {"database_url", "exports"}  # read by Settings itself
    assert unread == set()
