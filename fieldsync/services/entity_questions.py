"""The questions that write an entity list's properties: their labels, choices and types are the properties' own."""

from sqlalchemy.orm import Session

from fieldsync.core.declarations import LABEL
from fieldsync.core.forms import EntityDeclaration, Question
from fieldsync.services.published import Published, published
from fieldsync.store import form_versions

Written = dict[str, tuple[Published, Question]]
"""Property → the form version and the question that write it."""


def of_list(session: Session, association_id: int, list_name: str) -> Written:
    """What writes each property of a list, by the newest version of each form; the newest form's word counts.

    The label of an entity is worked out, so that no question stands for it.
    """
    newest = {row.form: row for row in form_versions.versions(session, association_id)}
    written: Written = {}
    for row in sorted(newest.values(), key=lambda row: row.id):
        found = published(session, association_id, row.form, row.version)
        if found is not None:
            questions = {question.path: question for question in found.form.questions}
            for declaration in found.form.entities:
                written.update(_of_declaration(found, declaration, list_name, questions))
    written.pop(LABEL, None)
    return written


def _of_declaration(
    found: Published, declaration: EntityDeclaration, list_name: str, questions: dict[str, Question]
) -> Written:
    if declaration.list != list_name:
        return {}
    return {name: (found, questions[path]) for name, path in declaration.properties.items() if path in questions}
