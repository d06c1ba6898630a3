"""`fieldsync form`: definitions become published versions."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from fieldsync.app import now_ms
from fieldsync.cli.operating import Operator, Refused, association_of, lines, operated
from fieldsync.core.forms import Finding
from fieldsync.core.media import media_name
from fieldsync.core.problems import Problem
from fieldsync.services import publishing
from fieldsync.services.conversion import Converted, convert, definition_kind, limits_of
from fieldsync.services.publishing import Definition

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
@click.option("--p3-for-tests", is_flag=True, help="Let a form with restricted questions (P3) in, for tests only.")
@operated
def publish(operator: Operator, file: Path, media: Path | None, slug: str, p3_for_tests: bool) -> None:
    """Publish a form version from FILE (.xlsx, .csv, .md, .yaml, or an XForm .xml).

    What is wrong with it is listed with sheet, row, column and advice, and nothing is published until it is mended.
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
        source = file.read_bytes()
        files = read_media(media)
        made = convert(source, kind, files, p3_allowed=p3_for_tests, limits=limits_of(operator.settings))
        findings = [each for each in made.findings if each.code != "media_unused"]
        definition = _definition(made, findings, source, kind, files)
        row = database.write(lambda session: publishing.publish(session, owner.id, definition, now_ms()))
    if isinstance(row, Problem):
        raise Refused(row, {"findings": _plain(findings)})
    found = {"form": row.form, "version": row.version, "hash": row.hash}
    operator.show({**found, "findings": _plain(findings)}, "\n".join([lines(found), *map(told, findings)]))


def _definition(
    made: Converted, findings: Sequence[Finding], source: bytes, kind: str, files: dict[str, bytes]
) -> Definition:
    if made.form is None:
        text = "\n".join(map(told, findings))
        raise Refused(Problem("form_has_errors", detail=_count(findings)), {"findings": _plain(findings)}, text)
    named = {name for name in map(media_name, made.form.media) if name is not None}
    wanted = {name: data for name, data in files.items() if name in named}
    return Definition(made.form, made.xform, made.xlsx, source, kind, tuple(findings), wanted)


def _count(findings: Sequence[Finding]) -> dict[str, str]:
    return {"count": str(sum(each.severity == "error" for each in findings))}


def read_media(folder: Path | None) -> dict[str, bytes]:
    """The files of a folder by name; those below it are not looked at."""
    files = sorted(path for path in folder.iterdir() if path.is_file()) if folder else []
    if sum(path.stat().st_size for path in files) > MEDIA_BYTES_MAX:
        raise Refused(Problem("media_too_large", detail={"limit": f"{MEDIA_BYTES_MAX} B"}))
    return {path.name: path.read_bytes() for path in files}


def _plain(findings: Sequence[Finding]) -> list[Any]:
    return [msgspec.to_builtins(each) for each in findings]


def told(finding: Finding) -> str:
    """A finding on one line: where, what, and what to do."""
    parts = [finding.sheet, f"row {finding.row}" if finding.row else None, finding.column, finding.path]
    where = ", ".join(part for part in parts if part)
    return f"{finding.severity}: {where}{': ' if where else ''}{finding.message} {finding.advice}".strip()
