"""`fieldsync outline`: outlines of communes, for the map and for the rule about points far from their place."""

from pathlib import Path

import click
from sqlalchemy.orm import Session

from fieldsync.app import now_ms
from fieldsync.cli.operating import Operator, Refused, operated
from fieldsync.core.outlines import Read, read
from fieldsync.core.problems import Problem
from fieldsync.services import auditing, places
from fieldsync.store import outlines as store
from fieldsync.store.outlines import OutlineRow

FILE_BYTES_MAX = 64 * 1024 * 1024
"""All communes of Morocco in some detail are half of that."""


@click.group()
def outline() -> None:
    """Outlines of places: imported from a file of yours, never invented."""


@outline.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--code-property", default="", help="The property that holds a place's code; else code, place or name.")
@operated
def imported(operator: Operator, file: Path, code_property: str) -> None:
    """Keep the outlines of a GeoJSON file (polygons in degrees); they replace those of the same places.

    \b
    Example:
      fieldsync outline import communes.geojson --code-property code_commune
    """
    with file.open("rb") as opened:
        content = opened.read(FILE_BYTES_MAX + 1)
    found = None if len(content) > FILE_BYTES_MAX else read(content, code_property)
    if found is None:
        raise Refused(Problem("outlines_unreadable", detail={"file": str(file)}))

    def work(session: Session) -> int:
        store.replace(session, [OutlineRow(each.place, *each.box, each.rings) for each in found.outlines])
        kept = len(store.places(session))
        detail = str(len(found.outlines))
        auditing.note(session, None, auditing.OPERATOR, "outlines_imported", "", now_ms(), detail=detail)
        return kept

    with operator.database() as database:
        kept = database.write(work)
    operator.show({"imported": len(found.outlines), "kept": kept, "left_out": found.faults, **_unknown(found)},
                  _told(found, kept))  # fmt: skip


@outline.command("list")
@operated
def listed(operator: Operator) -> None:
    """List the places that have an outline."""
    with operator.database() as database, database.read() as session:
        found = store.places(session)
    told = [{"place": place, "bytes": size} for place, size in found]
    operator.show({"outlines": told}, "\n".join(f"{place}  {size} bytes" for place, size in found))


@outline.command("clear")
@operated
def cleared(operator: Operator) -> None:
    """Forget all outlines."""

    def work(session: Session) -> int:
        count = store.clear(session)
        auditing.note(session, None, auditing.OPERATOR, "outlines_imported", "", now_ms(), detail="0")
        return count

    with operator.database() as database:
        count = database.write(work)
    operator.show({"forgotten": count}, f"{count} outlines forgotten")


def _unknown(found: Read) -> dict[str, list[str]]:
    known = places.by_code()
    return {"unknown_places": [each.place for each in found.outlines if each.place not in known]}


def _told(found: Read, kept: int) -> str:
    unknown = _unknown(found)["unknown_places"]
    lines = [f"{len(found.outlines)} outlines imported; {kept} in all."]
    if unknown:
        lines.append(f"{len(unknown)} of them are of places that the programme does not name, such as {unknown[0]}.")
    lines += [f"Left out: {fault}" for fault in found.faults]
    if found.left_out > len(found.faults):
        lines.append(f"… and {found.left_out - len(found.faults)} more.")
    return "\n".join(lines)
