"""How the walk over the borders asks for each page: one module a section, found by being here (docs/web.md)."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.world import World

Names = dict[str, str]
"""What can be named in one association, by the word for it: a person's UUID, a phone's author, a record …"""

Fill = Callable[[World, int], Names]
"""Puts something into an association, and says by which names it can be asked for."""


@dataclass(frozen=True)
class Page:
    """One view. The variable parts of its address are filled from `Names`, under their own words or under `named`.

    `form`: what it is posted with; `queries`: what is asked of it behind `?`. `{word}` stands for a name in both, so
    that a filter, a search, or a form that names many records is walked like an address.
    """

    named: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    queries: Sequence[str] = ()


@dataclass(frozen=True)
class Section:
    """The pages of one section by endpoint, without the blueprint's name; what must be there for them to show."""

    pages: Mapping[str, Page]
    fill: Fill
    absent: Names
    """The same names of what is nowhere."""


def sections() -> list[Section]:
    """Every module of this folder."""
    names = sorted(each.name for each in pkgutil.iter_modules(__path__))
    return [importlib.import_module(f"{__name__}.{name}").SECTION for name in names]
