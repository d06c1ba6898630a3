"""The primary instance of a form as a tree of paths: what a step of an expression leads to."""

from fieldsync.core.forms import Form, Question


ENTITY_ATTRIBUTES = ("dataset", "id", "create", "update", "baseVersion", "trunkVersion", "branchId")
META_PATHS = ("meta/instanceID", "meta/deprecatedID", "meta/instanceName")
"""What every form's answer sheet may hold, declared or not."""


class FormTree:
    """Every node of a form's primary instance by its path ("" is the root), with the repeats around it."""

    __slots__ = ("form", "leaves", "nests", "questions", "repeats")

    def __init__(self, form: Form) -> None:
        """Groups are known by what stands in them."""
        self.form = form
        self.repeats = frozenset(repeat.path for repeat in form.repeats)
        self.questions: dict[str, Question] = {question.path: question for question in form.questions}
        self.leaves = frozenset([*self.questions, *META_PATHS, *_entity_leaves(form)])
        self.nests: dict[str, tuple[str, ...]] = {"": ()}
        for path in [*self.leaves, *self.repeats, *_group_paths(form)]:
            self._add(path)

    def _add(self, path: str) -> None:
        end = len(path)
        while end > 0 and path[:end] not in self.nests:
            self.nests[path[:end]] = self._nest_of(path[:end])
            end = path.rfind("/", 0, end)

    def _nest_of(self, path: str) -> tuple[str, ...]:
        steps = path.split("/")
        prefixes = ("/".join(steps[: count + 1]) for count in range(len(steps)))
        return tuple(prefix for prefix in prefixes if prefix in self.repeats)


def _entity_leaves(form: Form) -> list[str]:
    names = [f"@{attribute}" for attribute in ENTITY_ATTRIBUTES] + ["label"]
    return [f"{entity.path}/{name}" for entity in form.entities for name in names]


def _group_paths(form: Form) -> list[str]:
    contexts = [context for question in form.questions for context, _ in question.relevant]
    return [path for path in [*contexts, *(entity.path for entity in form.entities)] if path]
