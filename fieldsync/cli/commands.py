"""All commands, put together."""

import sys

import click

from fieldsync import __version__
from fieldsync.cli.associations import association
from fieldsync.cli.audit import audit
from fieldsync.cli.checking import doctor, settings
from fieldsync.cli.copies import backup, restore
from fieldsync.cli.demonstration import demo
from fieldsync.cli.devices import device
from fieldsync.cli.duplicates import duplicate
from fieldsync.cli.exporting import export
from fieldsync.cli.forms import form
from fieldsync.cli.indicators import indicator
from fieldsync.cli.linkage import linkage
from fieldsync.cli.outlines import outline
from fieldsync.cli.people import person
from fieldsync.cli.records import record
from fieldsync.cli.roles import role
from fieldsync.cli.running import run, worker
from fieldsync.cli.submissions import submission
from fieldsync.cli.tokens import token


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="fieldsync")
def main() -> None:
    """Offline-first field data collection: forms go out, batches come in, records merge, nothing is lost.

    \b
    First steps on a new server:
      fieldsync association add rifq --name "جمعية الرفق" --data /srv/fieldsync
      fieldsync form publish forms/f7_profile.yaml --media forms/media --association rifq --data /srv/fieldsync
      fieldsync device enrol --association rifq --name "Phone 1" --data /srv/fieldsync
      fieldsync run --data /srv/fieldsync

    Every command takes --data DIR, or FIELDSYNC_DATA or FIELDSYNC_DATABASE_URL from the environment. Exit codes:
    0 done, 1 refused or broken, 2 called wrongly.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


for command in (
    *(association, audit, backup, demo, device, doctor, duplicate, export, form, indicator, linkage, outline),
    *(person, record, restore, role, run, settings, submission, token, worker),
):
    main.add_command(command)
