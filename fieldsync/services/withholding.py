"""Which answers of a form or an entity list no person may read, in any version of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.core.access import RESTRICTED, restricted_among
from fieldsync.core.forms import Form, legal_paths
from fieldsync.services.published import published
from fieldsync.store import form_versions


@dataclass(frozen=True)
class Paths:
    """What is known of a form or list: all its paths, and those whose answers are restricted; repeats unindexed."""

    known: frozenset[str] = frozenset()
    restricted: frozenset[str] = frozenset()


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
        restricted = restricted_among(classes)
        return Paths(frozenset(classes) | {"label"}, restricted | {"label"} if restricted else restricted)

    def _of_form(self, form_id: str) -> Paths:
        known: set[str] = set()
        restricted: set[str] = set()
        for row in form_versions.versions(self._session, self._association_id, form_id):
            found = published(self._session, self._association_id, row.form, row.version)
            assert found is not None
            known |= legal_paths(found.form) | {repeat.path for repeat in found.form.repeats}
            restricted |= set(_restricted(found.form))
        return Paths(frozenset(known), frozenset(restricted))


def _restricted(form: Form) -> Iterator[str]:
    """Restricted questions; with them the labels of the form's entities, which may copy their answers."""
    hidden = {question.path for question in form.questions if question.sensitivity == RESTRICTED}
    yield from hidden
    for declaration in form.entities:
        if declaration.label is not None and hidden:
            yield f"{declaration.path}/label"
