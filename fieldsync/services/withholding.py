"""Which answers of a form or list a reader is not shown, in any version of it: the one place for all readers."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.core import access
from fieldsync.core.access import Scope
from fieldsync.core.copied_classes import CopiedClasses
from fieldsync.core.forms import Form
from fieldsync.core.masking import PERSONAL, RESTRICTED, paths_of_class
from fieldsync.core.roles import CLEAR, HIDDEN, MASKED
from fieldsync.services.published import form_of
from fieldsync.services.readers import Reader
from fieldsync.store import form_versions

Name = tuple[str, str]
"""submission and a form's id, or entity and a list's name."""

OPEN = "P0"

ASSOCIATIONS_MAX = 64
"""Associations whose classes a process remembers; a programme has seven."""

_remembered: OrderedDict[tuple[str, ...], Mapping[Name, Mapping[str, str]]] = OrderedDict()
_guard = threading.Lock()


@dataclass(frozen=True)
class Paths:
    """What is known of a form or list: all its paths, those whose answers are restricted (P3) and personal (P2).

    Repeats are unindexed.
    """

    known: frozenset[str] = frozenset()
    restricted: frozenset[str] = frozenset()
    personal: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Hidden:
    """What one reader is not shown within one scope: left out for good, or until a click that is audited."""

    withheld: frozenset[str]
    masked: frozenset[str]
    discloses: frozenset[str]
    """Restricted paths that are shown: reading them is audited."""


NOTHING_HIDDEN = Hidden(frozenset(), frozenset(), frozenset())


def hidden_from(reader: Reader, scope: Scope, paths: Paths, revealed: bool = False) -> Hidden:
    """What a reader is not shown. A script is never shown what is restricted, nor what is masked.

    A phone has what it said itself; what others said that is restricted comes down only where its role says so.
    """
    if reader.sender is not None:
        shows = reader.sender.sees_restricted or scope.own
        return NOTHING_HIDDEN if shows else Hidden(paths.restricted, frozenset(), frozenset())
    shows_restricted = access.restricted(reader.grants, scope) and reader.token is None
    personal = access.personal(reader.grants, scope)
    shows_personal = personal == CLEAR or (personal == MASKED and revealed)
    withheld = frozenset() if shows_restricted else paths.restricted
    if personal == HIDDEN:
        withheld |= paths.personal
    masked = paths.personal if personal == MASKED and not shows_personal else frozenset()
    return Hidden(withheld, masked, paths.restricted if shows_restricted else frozenset())


class Withholding:
    """Looks each form or list of an association up once."""

    def __init__(self, session: Session, association_id: int) -> None:
        self._session = session
        self._association_id = association_id
        self._known: Mapping[Name, Mapping[str, str]] | None = None
        self._found: dict[Name, Paths] = {}

    def classes(self, kind: str, of: str) -> Mapping[str, str]:
        """Path → class of a form, the strictest of all its versions, or property → class of an entity list."""
        if self._known is None:
            self._known = _classes(self._session, self._association_id)
        return self._known.get((kind, of), {})

    def paths(self, kind: str, of: str) -> Paths:
        """The paths of a form, in all its versions together, or of an entity list."""
        name = (kind, of)
        if name not in self._found:
            classes = self.classes(kind, of)
            restricted, personal = (paths_of_class(classes, each) for each in (RESTRICTED, PERSONAL))
            self._found[name] = Paths(frozenset(classes), restricted, personal)
        return self._found[name]


def _classes(session: Session, association_id: int) -> Mapping[Name, Mapping[str, str]]:
    """All classes of an association's forms and lists, read anew when it has published another version."""
    rows = form_versions.versions(session, association_id)
    name = tuple(row.hash for row in rows)
    with _guard:
        if name in _remembered:
            _remembered.move_to_end(name)
            return _remembered[name]
    known = _read([form_of(session, row) for row in rows])
    with _guard:
        _remembered[name] = known
        while len(_remembered) > ASSOCIATIONS_MAX:
            _remembered.popitem(last=False)
    return known


def _read(forms: Sequence[Form]) -> Mapping[Name, Mapping[str, str]]:
    copied = CopiedClasses(forms)
    found: dict[Name, dict[str, str]] = {}
    for number, form in enumerate(forms):
        known = found.setdefault(("submission", form.id), {})
        beside = dict.fromkeys([*form.meta_paths, *(repeat.path for repeat in form.repeats)], OPEN)
        answers = dict(copied.answers(number))
        if form.public_key:  # what phones were to seal and comes in clear is for few to read
            answers = dict.fromkeys(answers.keys() - beside.keys(), RESTRICTED)
        for path, sensitivity in (beside | answers).items():
            known[path] = max(known.get(path, OPEN), sensitivity)
    return found | {("entity", each): dict(copied.properties(each)) for each in copied.lists}
