"""Entity operations that follow from a submission's operations (docs/protocol.md, section 6)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from fieldsync.core.causality import History, history, turn
from fieldsync.core.declarations import Place, Statement, declaration_problems, places, statements
from fieldsync.core.forms import Form
from fieldsync.core.merge import NONE, RecordState, begin, extend, fold
from fieldsync.core.operations import Operation, OperationId, Value
from fieldsync.core.registers import same

__all__ = ["declaration_problems", "derive"]

SEEN_MAX = 64
"""Heads that one operation may name."""


class _Told(NamedTuple):
    """An operation derived from the submission's operation at `position`."""

    position: int
    operation: Operation
    creates: bool


def derive(
    operation: Operation,
    past: Sequence[Operation],
    forms: Mapping[str | None, Form],
    passed_on: Mapping[OperationId, Sequence[OperationId]] = NONE,
) -> list[Operation]:
    """The entity operations of one submission operation.

    `past`: all of the submission's operations in its past; `forms`: the versions that they name, by version. The n of
    an id counts the form's declarations in document order, each occurrence of a repeat for one; a withdrawal from an
    entity counts on after them all.
    """
    if not _speaks(operation, forms):
        return []
    before = history(past, passed_on)
    telling = _Telling(before, forms, passed_on)
    for position, earlier in enumerate(before.operations):
        telling.told += telling.tell(earlier, before.pasts[position], position)
    everything = (1 << len(before.operations)) - 1
    return [told.operation for told in telling.tell(operation, everything, len(before.operations))]


def _speaks(operation: Operation, forms: Mapping[str | None, Form]) -> bool:
    """Deleting a submission leaves its entities; acts and forms without declarations do not touch any."""
    form = forms.get(operation.version)
    return form is not None and bool(form.entities) and bool(operation.writes) and not operation.delete


class _Telling:
    """What the operations of one submission tell of entities, one after the other."""

    def __init__(
        self,
        before: History,
        forms: Mapping[str | None, Form],
        passed_on: Mapping[OperationId, Sequence[OperationId]],
    ) -> None:
        self.told: list[_Told] = []
        self._history = before
        self._forms = forms
        self._passed_on = passed_on
        self._states: dict[tuple[int, str | None], RecordState] = {}

    def tell(self, operation: Operation, past: int, position: int) -> list[_Told]:
        """What one operation derives; `past` is a mask of the history's operations."""
        if not _speaks(operation, self._forms):
            return []
        form = self._forms[operation.version]
        before = self._state(past, form) if past else None
        after = self._after(before, operation, past, position, form)
        earlier = [told for told in self.told if past >> told.position & 1]
        said: dict[Place, Statement] = {}
        if before:
            old_form = self._forms.get(before.version, form)
            said = statements(before.fields, places(old_form, before.fields))
        at = places(form, after.fields, before.fields if before else {})
        says = statements(after.fields, at)
        derived = _Derived(operation, position, earlier, self._history)
        for number, (place, _) in enumerate(at, 1):
            derived.state(number, place, said.get(place), says.get(place))
        for number, (place, _) in enumerate(at, 1 + len(at)):
            derived.withdraw(number, place, said.get(place), says)
        return derived.told

    def _state(self, mask: int, form: Form) -> RecordState:
        key = (mask, form.version)
        if key not in self._states:
            operations = [each for place, each in enumerate(self._history.operations) if mask >> place & 1]
            self._states[key] = fold(operations, _protective(form), self._passed_on)
        return self._states[key]

    def _after(
        self, before: RecordState | None, operation: Operation, past: int, position: int, form: Form
    ) -> RecordState:
        after = extend(before, operation) if before else begin(operation)
        if after is None:
            earlier = [each for place, each in enumerate(self._history.operations) if past >> place & 1]
            heads = before.heads if before else ()
            last = Operation(
                operation.id,
                operation.record,
                operation.kind,
                operation.of,
                operation.version,
                operation.stamp,
                (*operation.seen, *heads),
                operation.writes,
            )
            after = fold([*earlier, last], _protective(form), self._passed_on)
        self._states[past | 1 << position, form.version] = after
        return after


def _protective(form: Form) -> Mapping[str, Sequence[str]]:
    return {question.path: question.protective for question in form.questions if question.protective}


class _Derived:
    """The operations derived from one operation, as they are found."""

    def __init__(self, operation: Operation, position: int, earlier: Sequence[_Told], past: History) -> None:
        self.told: list[_Told] = []
        self._operation = operation
        self._position = position
        self._earlier = earlier
        self._past = past

    def state(self, number: int, place: Place, said: Statement | None, says: Statement | None) -> None:
        """What a declaration newly says; all of it where it begins with this entity."""
        if says is None or says.entity is None:
            return
        if said is None or said.entity != says.entity:
            writes = {name: value for name, value in says.properties.items() if value is not None}
            if writes or says.creates:
                self._add(number, place.list, says.entity, writes, creates=says.creates)
            return
        writes = {name: value for name, value in says.properties.items() if not same(value, said.properties.get(name))}
        if writes:
            self._add(number, place.list, says.entity, writes, creates=says.creates)

    def withdraw(self, number: int, place: Place, said: Statement | None, all_say: Mapping[Place, Statement]) -> None:
        """What the submission wrote to an entity that the declaration at this place no longer means.

        It is null from now on, or what the submission's other declarations about the entity say.
        """
        says = all_say.get(place)
        if said is None or said.entity is None or (says is not None and says.entity == said.entity):
            return
        entity = said.entity
        told = [one for one in self._earlier if _about(one.operation, place.list, entity)]
        others = [one for at, one in all_say.items() if at.list == place.list and one.entity == entity]
        still = {name: value for one in others for name, value in one.properties.items() if value is not None}
        writes: dict[str, Value] = {name: still.get(name) for one in told for name in one.operation.writes}
        delete = not others and any(one.creates for one in told)
        if writes or delete:
            self._add(number, place.list, entity, writes, delete=delete)

    def _add(
        self,
        number: int,
        of: str,
        entity: str,
        writes: Mapping[str, Value],
        creates: bool = False,
        delete: bool = False,
    ) -> None:
        operation = self._operation
        derived = Operation(
            (operation.id[0], operation.id[1], number),
            entity,
            "entity",
            of,
            operation.version,
            operation.stamp,
            self._seen(of, entity),
            writes,
            delete=delete,
        )
        self.told.append(_Told(self._position, derived, creates))

    def _seen(self, of: str, entity: str) -> tuple[OperationId, ...]:
        """What the submission said of the entity last, and the heads that its author saw."""
        told = [one for one in self._earlier if _about(one.operation, of, entity)]
        last = set(self._past.latest({one.position for one in told}))
        own = sorted(one.operation.id for one in told if one.position in last)
        return tuple(dict.fromkeys([*own, *self._bases(entity)]))[:SEEN_MAX]

    def _bases(self, entity: str) -> Iterator[OperationId]:
        own = self._operation.id
        for base in self._operation.bases.get(entity, ()):
            if base[0] != own[0] or turn(base) < turn(own):
                yield base


def _about(derived: Operation, of: str, entity: str) -> bool:
    return derived.of == of and derived.record == entity
