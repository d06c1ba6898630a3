"""Occurrences without a name of their own keep the names they had in the version that an edit replaces."""

from collections.abc import Callable, Collection, Mapping

from fieldsync.core.answer_paths import occurrence_id, occurrences_of, unindexed
from fieldsync.core.operations import Value

Fields = Mapping[str, Value]


class Named:
    """Gives names to occurrences, and remembers which it gave."""

    def __init__(self, new_uuid: Callable[[], str]) -> None:
        self._new_uuid = new_uuid
        self.given: set[str] = set()

    def __call__(self) -> str:
        """The next name."""
        name = self._new_uuid()
        self.given.add(name)
        return name


def aligned(after: Fields, before: Fields, given: Collection[str]) -> dict[str, Value]:
    """`after` with the occurrences named in `given` renamed to those of `before` that they are.

    That is the one with the same answers, or else the one at the same position, each once.
    """
    known = occurrences_of(before)
    renamed: dict[str, str] = {}
    found = occurrences_of(after)
    for repeat in sorted(found, key=lambda path: (path.count("["), path)):
        prefixes = found[repeat]
        candidates = known.get(_in_new_names(repeat, renamed), [])
        stated = {_in_new_names(each, renamed) for each in prefixes if occurrence_id(each) not in given}
        unnamed = {place: each for place, each in enumerate(prefixes) if occurrence_id(each) in given}
        free = [each for each in candidates if each not in stated]
        renamed |= _matched(unnamed, candidates, free, after, before)
        for prefix in prefixes:
            renamed.setdefault(prefix, _in_new_names(prefix, renamed))
    return {_in_new_names(path, renamed): value for path, value in after.items()}


def _matched(
    unnamed: Mapping[int, str], candidates: list[str], free: list[str], after: Fields, before: Fields
) -> dict[str, str]:
    matched: dict[str, str] = {}
    contents = {each: _content(before, each) for each in free}
    left = dict(unnamed)
    for place, prefix in unnamed.items():
        content = _content(after, prefix)
        same = next((each for each in contents if contents[each] == content), None)
        if same is not None:
            matched[prefix] = same
            del contents[same], left[place]
    for place, prefix in left.items():
        if place < len(candidates) and candidates[place] in contents:
            matched[prefix] = candidates[place]
            del contents[candidates[place]]
    return matched


def _content(fields: Fields, prefix: str) -> list[tuple[str, str]]:
    """The answers inside an occurrence, occurrences further inside without their names."""
    inside = prefix + "/"
    return sorted(
        (unindexed(path[len(prefix) :]), repr(value)) for path, value in fields.items() if path.startswith(inside)
    )


def _in_new_names(path: str, renamed: Mapping[str, str]) -> str:
    end = path.rfind("]") + 1
    while end:
        if path[:end] in renamed:
            return renamed[path[:end]] + path[end:]
        end = path.rfind("]", 0, end - 1) + 1
    return path
