"""Which answers of a form or list a reader is not shown, in any version of it: the one place for all readers."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.core import access
from fieldsync.core.access import Scope
from fieldsync.core.forms import Form, legal_paths
from fieldsync.core.masking import PERSONAL, RESTRICTED, paths_of_class
from fieldsync.core.roles import CLEAR, HIDDEN, MASKED
from fieldsync.services.published import published
from fieldsync.services.readers import Reader
from fieldsync.store import form_versions


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
        self._found: dict[tuple[str, str], Paths] = {}

    def paths(self, kind: str, of: str) -> Paths:
        """The paths of a form, in all its versions together, or of an entity list."""
        name = (kind, of)
        if name not in self._found:
            self._found[name] = self._of_list(of) if kind == "entity" else self._of_form(of)
        return self._found[name]

    def _of_list(self, name: str) -> Paths:
        rows = form_versions.properties(self._session, self._association_id, name)
        classes = {row.name: row.sensitivity for row in rows}
        restricted, personal = (paths_of_class(classes, each) for each in (RESTRICTED, PERSONAL))
        label = frozenset({"label"})
        return Paths(
            frozenset(classes) | label,
            restricted | label if restricted else restricted,
            personal | label if personal and not restricted else personal,
        )

    def _of_form(self, form_id: str) -> Paths:
        known: set[str] = set()
        restricted: set[str] = set()
        personal: set[str] = set()
        for row in form_versions.versions(self._session, self._association_id, form_id):
            found = published(self._session, self._association_id, row.form, row.version)
            assert found is not None
            known |= legal_paths(found.form) | {repeat.path for repeat in found.form.repeats}
            restricted |= set(_of_class(found.form, RESTRICTED))
            personal |= set(_of_class(found.form, PERSONAL))
        return Paths(frozenset(known), frozenset(restricted), frozenset(personal - restricted))


def _of_class(form: Form, sensitivity: str) -> Iterator[str]:
    """Questions of a class; with them the labels of the form's entities, which may copy their answers."""
    hidden = {question.path for question in form.questions if question.sensitivity == sensitivity}
    yield from hidden
    for declaration in form.entities:
        if declaration.label is not None and hidden:
            yield f"{declaration.path}/label"
