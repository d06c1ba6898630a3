"""The primary instance of a form as a tree of paths: what a step of an expression leads to."""

from fieldsync.core.forms import Form, Question, legal_paths

META_PATHS = ("meta/instanceID", "meta/deprecatedID", "meta/instanceName")
"""What every form's answer sheet may hold, declared or not."""
ENTITY_ATTRIBUTES = ("dataset", "id", "create", "update", "baseVersion", "trunkVersion", "branchId")


class FormTree:
    """Every node of a form's primary instance by its path ("" is the root), with the repeats around it.

    `leaves` hold answers: questions, metadata, attributes ("meta/entity/@id") and labels of entity declarations.
    """

    __slots__ = ("children", "form", "leaves", "nests", "questions", "repeats")

    def __init__(self, form: Form) -> None:
        """A form is never changed."""
        self.form = form
        self.repeats = frozenset(repeat.path for repeat in form.repeats)
        self.questions: dict[str, Question] = {question.path: question for question in form.questions}
        self.leaves = frozenset([*legal_paths(form), *META_PATHS, *_entity_leaves(form)])
        self.nests: dict[str, tuple[str, ...]] = {"": ()}
        self.children: dict[str, list[str]] = {}
        others = sorted(self.leaves.difference(self.questions))
        groups = [group.path for group in form.groups]
        for path in [*self.questions, *groups, *(repeat.path for repeat in form.repeats), *others]:
            self._add(path)

    def _add(self, path: str) -> None:
        while path not in self.nests:
            self.nests[path] = self._nest_of(path)
            parent = path.rpartition("/")[0]
            self.children.setdefault(parent, []).append(path)
            path = parent

    def _nest_of(self, path: str) -> tuple[str, ...]:
        steps = path.split("/")
        prefixes = ("/".join(steps[: count + 1]) for count in range(len(steps)))
        return tuple(prefix for prefix in prefixes if prefix in self.repeats)


def _entity_leaves(form: Form) -> list[str]:
    names = [*(f"@{attribute}" for attribute in ENTITY_ATTRIBUTES), "label"]
    return [f"{entity.path}/{name}" for entity in form.entities for name in names]
