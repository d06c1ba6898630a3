"""`fieldsync form`: definitions become published versions."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from fieldsync.app import now_ms
from fieldsync.cli.operating import Operator, Refused, association_of, lines, operated
from fieldsync.core.finding_texts import message, repair
from fieldsync.core.forms import Finding
from fieldsync.core.media import media_name
from fieldsync.core.problems import Problem
from fieldsync.services import publishing
from fieldsync.services.conversion import Converted, definition_kind
from fieldsync.services.entity_lists import convert_with_lists, known_lists
from fieldsync.services.form_publication import findings_told
from fieldsync.services.odk_validate import validate
from fieldsync.services.publishing import Definition
from fieldsync.store import form_versions

MEDIA_BYTES_MAX = 64 * 1024 * 1024
"""All files beside a form together: a film or two, or some thousand douars many times over."""


@click.group()
def form() -> None:
    """Forms: publish, retire, export."""


@form.command("publish")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--media", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder of its pictures, sounds and CSV files; those that the form names are taken.")  # fmt: skip
@click.option("--association", "slug", required=True, help="The association's slug.")
@click.option("--entity-list", "lists", multiple=True, metavar="NAME",
              help="A list whose CSV the server makes, and that no published form makes; may be repeated.")  # fmt: skip
@click.option("--odk-validate", is_flag=True, help="Let ODK Validate look at it first; needs Java.")
@operated
def publish(
    operator: Operator, file: Path, media: Path | None, slug: str, lists: tuple[str, ...], odk_validate: bool
) -> None:
    """Publish a form version from FILE (.xlsx, .csv, .md, .yaml, or an XForm .xml).

    A CSV file that is not in the media folder is taken for an entity list, and a warning says so. What is wrong with
    the form is listed with sheet, row, column and advice, and nothing is published until it is mended.
    The same content again changes nothing; other content under the same version is refused.

    \b
    Example:
      fieldsync form publish forms/f4_participant.yaml --media forms/media --association rifq
    """
    kind = definition_kind(file.name)
    if kind is None:
        raise Refused(Problem("kind_of_file_unknown", detail={"file": file.name}))
    with operator.database() as database:
        with database.read() as session:
            owner = association_of(session, slug)
            known = known_lists(session, owner.id)
        source = file.read_bytes()
        files = read_media(media)
        made = convert_with_lists(source, kind, files, [*lists, *known], operator.settings)
        findings = [each for each in made.findings if each.code != "media_unused"]
        definition = _definition(made, findings, source, kind, files or {})
        if odk_validate:
            _let_validate(file.name, definition.xform)
        row = database.write(lambda session: publishing.publish(session, owner.id, definition, now_ms()))
    if isinstance(row, Problem):
        raise Refused(row, {"findings": findings_told(findings)})
    found = {"form": row.form, "version": row.version, "hash": row.hash}
    operator.show({**found, "findings": findings_told(findings)}, "\n".join([lines(found), *map(told, findings)]))


def _definition(
    made: Converted, findings: Sequence[Finding], source: bytes, kind: str, files: Mapping[str, bytes]
) -> Definition:
    if made.form is None:
        text = "\n".join(map(told, findings))
        raise Refused(Problem("form_has_errors", detail=_count(findings)), {"findings": findings_told(findings)}, text)
    named = {name for name in map(media_name, made.form.media) if name is not None}
    wanted = {name: data for name, data in files.items() if name in named}
    return Definition(made.form, made.xform, made.xlsx, source, kind, tuple(findings), wanted)


def _let_validate(name: str, xform: bytes) -> None:
    refused = validate({name: xform})
    if isinstance(refused, Problem):
        raise Refused(refused)
    if refused:
        raise Refused(Problem("odk_validate_refuses"), {"odk_validate": refused[name]}, refused[name])


def _count(findings: Sequence[Finding]) -> dict[str, str]:
    return {"count": str(sum(each.severity == "error" for each in findings))}


def read_media(folder: Path | None) -> dict[str, bytes] | None:
    """The files of a folder by name; those below it are not looked at. None without a folder."""
    if folder is None:
        return None
    files = sorted(path for path in folder.iterdir() if path.is_file())
    if sum(path.stat().st_size for path in files) > MEDIA_BYTES_MAX:
        raise Refused(Problem("media_too_large", detail={"limit": f"{MEDIA_BYTES_MAX} B"}))
    return {path.name: path.read_bytes() for path in files}


def told(finding: Finding) -> str:
    """A finding on one line: where, what, and what to do."""
    parts = [finding.sheet, f"row {finding.row}" if finding.row else None, finding.column, finding.path]
    where = ", ".join(part for part in parts if part)
    return f"{finding.severity}: {where}{': ' if where else ''}{message(finding).text} {repair(finding).text}".strip()


@form.command("list")
@click.option("--association", "slug", required=True, help="The association's slug.")
@operated
def listed(operator: Operator, slug: str) -> None:
    """List an association's form versions, oldest first."""
    with operator.database() as database, database.read() as session:
        rows = form_versions.versions(session, association_of(session, slug).id)
    found = [{"form": row.form, "version": row.version, "state": row.state, "hash": row.hash} for row in rows]
    operator.show({"forms": found}, "\n".join(f"{row.form} {row.version}  {row.state}  {row.title}" for row in rows))


@form.command("retire")
@click.argument("form_id", metavar="FORM")
@click.argument("version")
@click.option("--association", "slug", required=True, help="The association's slug.")
@operated
def retire(operator: Operator, form_id: str, version: str, slug: str) -> None:
    """Offer a version to phones no longer; it still receives what they have filled."""
    with operator.database() as database:
        with database.read() as session:
            owner = association_of(session, slug)
        row = database.write(lambda session: publishing.retire(session, owner.id, form_id, version, now_ms()))
    if row is None:
        raise Refused(_unknown(form_id, version))
    found = {"form": form_id, "version": version, "state": publishing.RETIRED}
    operator.show(found, lines(found))


@form.command("export")
@click.argument("form_id", metavar="FORM")
@click.argument("version")
@click.option("--association", "slug", required=True, help="The association's slug.")
@click.option("--to", "target", type=click.Path(dir_okay=False, path_type=Path), required=True,
              help="A .xlsx, an .xml (the XForm), or another name: the definition as it came.")  # fmt: skip
@operated
def export(operator: Operator, form_id: str, version: str, slug: str, target: Path) -> None:
    """Write a published version into a file, to look at it or to make the next version from it.

    \b
    Example:
      fieldsync form export f4_participant 2026112301 --association rifq --to participant.xlsx
    """
    with operator.database() as database, database.read() as session:
        row = form_versions.find(session, association_of(session, slug).id, form_id, version)
        if row is None:
            raise Refused(_unknown(form_id, version))
        content = form_versions.content(session, row.id)
    wanted = {".xlsx": content.xlsx, ".xml": content.xform}.get(target.suffix.lower(), content.source)
    if wanted is None:
        raise Refused(Problem("no_workbook", detail={"form": form_id}))
    target.write_bytes(wanted)
    found = {"form": form_id, "version": version, "file": str(target), "bytes": len(wanted)}
    operator.show(found, lines(found))


def _unknown(form_id: str, version: str) -> Problem:
    return Problem("form_unknown", detail={"form": form_id, "version": version})
