"""Seeded bugs: each breaks one promise in the real code, and the judges must notice."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock


@dataclass(frozen=True)
class Mutation:
    """A bug with a name; `breaks` says which promise. `plant` puts it into the real code for as long as it is open."""

    name: str
    breaks: str
    plant: Callable[[], AbstractContextManager[object]]
    collects: bool = False
    """Whether companions with ODK Collect are needed to show it."""
    decides: bool = False
    """Whether coordinators who decide on pairs are needed to show it."""
    likely: int = 0
    """A seed that showed it once, and is tried first: late ones only, for histories change with the product."""

    def seeds(self, first: int, count: int) -> list[int]:
        """So many schedules from the first, the likely one before the others."""
        return sorted(range(first, first + count), key=lambda seed: seed != self.likely)


MUTATIONS: list[Mutation] = []


def seeded(
    name: str, breaks: str, collects: bool = False, likely: int = 0, decides: bool = False
) -> Callable[[Callable[[], list[Any]]], Callable[[], list[Any]]]:
    """Register a function that lists the patches of one bug."""

    def register(patches: Callable[[], list[Any]]) -> Callable[[], list[Any]]:
        @contextmanager
        def plant() -> Iterator[None]:
            with ExitStack() as stack:
                for patch in patches():
                    stack.enter_context(patch)
                yield

        MUTATIONS.append(Mutation(name, breaks, plant, collects, decides, likely))
        return patches

    return register


def instead(owner: Any, name: str, replacement: Any) -> Any:
    """A patch that puts something in the place of a real function, class attribute or constant."""
    return mock.patch.object(owner, name, replacement)


def around(owner: Any, name: str, wrapper: Callable[..., Any]) -> Any:
    """A patch whose `wrapper` is given the real function first, then the call's own arguments."""
    real = getattr(owner, name)
    return mock.patch.object(owner, name, lambda *args, **kwargs: wrapper(real, *args, **kwargs))
