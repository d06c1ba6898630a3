"""`fieldsync submission`: what OpenRosa clients handed in, as it came, and what of it is encrypted."""

from pathlib import Path

import click

from fieldsync.app import now_ms
from fieldsync.cli.operating import Operator, Refused, association_of, operated
from fieldsync.core.problems import Problem, render
from fieldsync.services import auditing, submission_files
from fieldsync.services.submission_files import Decrypted
from fieldsync.services.uploads import open_files

Folder = click.Path(file_okay=False, path_type=Path)


@click.group("submission")
def submission() -> None:
    """Submissions of ODK Collect and Enketo, as they came."""


@submission.command("export")
@click.argument("form")
@click.option("--association", "slug", required=True, help="The association's slug.")
@click.option("--out", "target", required=True, type=Folder, help="A folder for them; it must be new or empty.")
@operated
def export(operator: Operator, form: str, slug: str, target: Path) -> None:
    """Put every submission of a form, its XML and its files, into a folder each; encrypted ones stay encrypted.

    \b
    Example:
      fieldsync submission export f9_sealed --association rifq --out /media/stick/sealed
    """
    if target.exists() and any(target.iterdir()):
        raise Refused(Problem("folder_not_empty", detail={"folder": str(target)}))
    files = open_files(operator.settings)
    with operator.database() as database:
        with database.read() as session:
            owner = association_of(session, slug)
            written = list(submission_files.write_all(session, files, owner.id, form, target))
        database.write(
            lambda session: auditing.note(
                session, owner.id, auditing.OPERATOR, "exported", f"form:{form}", now_ms(), detail=str(len(written))
            )
        )
    missing = sum(len(each.missing) for each in written)
    found = {"submissions": len(written), "missing_files": missing}
    operator.show(found, f"{len(written)} submissions in {target}; {missing} files have not come yet")


@submission.command("decrypt")
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--key", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="RSA, PEM.")
@click.option("--passphrase", envvar="FIELDSYNC_KEY_PASSPHRASE", default="", help="The key's, if it has one.")
@operated
def decrypt(operator: Operator, source: Path, key: Path, passphrase: str) -> None:
    """Open exported submissions with the private key, each into `decrypted` in its folder. Needs no server.

    What its signature contradicts goes into `doubtful` instead. Each one that is not wholly opened is named with the
    reason, and the command ends with 1. Do this on a machine that is not connected; keep the key away from the server.

    \b
    Example:
      fieldsync submission decrypt /media/stick/sealed --key private.pem
    """
    private_key, word = key.read_bytes(), passphrase.encode() or None
    told: list[tuple[Path, Problem]] = []
    opened = failed = plain = 0
    for folder in sorted(path.parent for path in source.glob(f"*/{submission_files.RECORD}")):
        found = submission_files.decrypt(folder, private_key, word)
        problems = _problems_of(found)
        if any(each.code == "private_key_unreadable" for each in problems):
            raise Refused(problems[0])
        is_plain = any(each.code == "not_sealed" for each in problems)
        opened, plain = opened + (not isinstance(found, Problem)), plain + is_plain
        failed += isinstance(found, Problem) and not is_plain
        told += [(folder, each) for each in problems if not is_plain]
    for folder, problem in told:
        operator.note(f"{folder.name}: {render(problem, operator.language)}")
    counted = {"opened": opened, "failed": failed} | ({"plain": plain} if plain else {})
    named = [{"folder": folder.name, "code": each.code, **each.detail} for folder, each in told]
    text = f"{opened} opened, {failed} could not be, {plain} are in clear"
    operator.show(counted | ({"problems": named} if named else {}), text)
    if told:
        raise SystemExit(1)


def _problems_of(found: Decrypted | Problem) -> list[Problem]:
    if isinstance(found, Problem):
        return [found]
    missing = [Problem("sealed_file_missing", detail={"file": name}) for name in found.missing]
    return [*([Problem("signature_differs")] if found.is_doubtful else []), *missing]
