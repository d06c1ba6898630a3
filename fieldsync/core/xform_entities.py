"""Entity declarations of an XForm (the ODK entities specification, 2022.1 to 2025.1)."""

from collections.abc import Mapping

from fieldsync.core.forms import EntityDeclaration
from fieldsync.core.xform_binds import Binds
from fieldsync.core.xform_xml import Element, attribute

ENTITY_ATTRIBUTES = ("id", "create", "update", "baseVersion", "trunkVersion", "branchId", "dataset")
"""What a submission may write on an entity node."""


def read_declaration(entity: Element, path: str, repeats: tuple[str, ...], binds: Binds) -> EntityDeclaration:
    """The declaration in one entity node; its properties are added by `with_properties`."""
    scope = path.removesuffix("meta/entity").rstrip("/")
    return EntityDeclaration(
        list=attribute(entity, "dataset") or "",
        path=path,
        scope=scope,
        repeats=repeats,
        create=_switch(entity, path, "create", binds),
        update=_switch(entity, path, "update", binds),
        id=binds.of(f"{path}/@id").calculate,
        label=binds.of(f"{path}/label").calculate,
    )


def _switch(entity: Element, path: str, name: str, binds: Binds) -> str | None:
    """The expression that decides; "true()" for a constant, None where the attribute is absent or false."""
    bind = binds.of(f"{path}/@{name}")
    stated = attribute(entity, name)
    if bind.calculate is not None:
        return bind.calculate
    if stated is None:
        return None
    if bind.relevant is not None:
        return bind.relevant
    return "true()" if stated in ("1", "true") else None


def with_properties(
    declarations: list[EntityDeclaration], saved: Mapping[str, str]
) -> tuple[tuple[EntityDeclaration, ...], tuple[str, ...]]:
    """Declarations with their properties, and the question paths that save to no declaration.

    `saved` maps question path to property. A property belongs to the nearest declaration around its question.
    """
    by_scope = {declaration.scope: index for index, declaration in enumerate(declarations)}
    properties: list[dict[str, str]] = [{} for _ in declarations]
    lost = []
    for path, name in saved.items():
        index = _nearest(path, by_scope)
        if index is None:
            lost.append(path)
        else:
            properties[index][name] = path
    complete = tuple(
        EntityDeclaration(
            list=one.list,
            path=one.path,
            scope=one.scope,
            repeats=one.repeats,
            create=one.create,
            update=one.update,
            id=one.id,
            label=one.label,
            properties=own,
        )
        for one, own in zip(declarations, properties, strict=True)
    )
    return complete, tuple(lost)


def _nearest(path: str, by_scope: Mapping[str, int]) -> int | None:
    scope = path
    while scope:
        scope = scope.rpartition("/")[0]
        if scope in by_scope:
            return by_scope[scope]
    return None


def entity_paths(path: str) -> tuple[str, ...]:
    """The paths that a submission may write under one entity node."""
    return (*(f"{path}/@{name}" for name in ENTITY_ATTRIBUTES), f"{path}/label")
