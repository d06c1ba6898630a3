"""The form of these stories as ODK Collect writes it when it is finished."""

from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

LIST = "poor"


def census(
    instance: str,
    answers: Mapping[str, str],
    entity: Mapping[str, str] | None = None,
    deprecated: str = "",
    version: str = "1",
) -> str:
    """A finished form; `entity`: the attributes of what it declares."""
    said = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in answers.items())
    declared = ""
    if entity is not None:
        attributes = " ".join(f"{name}={quoteattr(text)}" for name, text in entity.items())
        label = f"<label>{escape(answers['head'])}</label>" if "head" in answers else "<label/>"
        declared = f'<entity dataset="{LIST}" {attributes}>{label}</entity>'
    replaced = f"<deprecatedID>uuid:{deprecated}</deprecatedID>" if deprecated else ""
    return (
        f'<?xml version=\'1.0\' ?><data id="census" version="{version}">{said}<meta>{declared}'
        f"<instanceID>uuid:{instance}</instanceID>{replaced}</meta></data>"
    )
