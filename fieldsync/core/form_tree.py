"""The primary instance of a form as a tree of paths: what a step of an expression leads to."""

from fieldsync.core.forms import Form, Question


class FormTree:
    """Every node of a form's primary instance by its path ("" is the root), with the repeats around it."""

    __slots__ = ("form", "nests", "questions", "repeats")

    def __init__(self, form: Form) -> None:
        """Groups are known by what stands in them."""
        self.form = form
        self.repeats = frozenset(repeat.path for repeat in form.repeats)
        self.questions: dict[str, Question] = {question.path: question for question in form.questions}
        self.nests: dict[str, tuple[str, ...]] = {"": ()}
        for path in [*self.questions, *self.repeats, *_other_paths(form)]:
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

    def holds_answer(self, path: str) -> bool:
        """Whether a path is a question's or an entity declaration's attribute or label."""
        return path in self.questions or (path in self.nests and self._is_entity_part(path))

    def _is_entity_part(self, path: str) -> bool:
        return any(path.startswith(f"{entity.path}/") for entity in self.form.entities)


def _other_paths(form: Form) -> list[str]:
    paths = ["meta/instanceID", "meta/deprecatedID", "meta/instanceName"]
    for entity in form.entities:
        paths.append(entity.path)
        paths += [f"{entity.path}/@{name}" for name in ENTITY_ATTRIBUTES]
        paths.append(f"{entity.path}/label")
    for question in form.questions:
        paths += [context for context, _ in question.relevant if context]
    return paths


ENTITY_ATTRIBUTES = ("dataset", "id", "create", "update", "baseVersion", "trunkVersion", "branchId")
