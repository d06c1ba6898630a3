"""`fieldsync demo`."""

import signal
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from fieldsync.app import open_database
from fieldsync.cli.operating import Operator, Refused, operated
from fieldsync.cli.serving import stop_on_signal
from fieldsync.config import Settings
from fieldsync.core.problems import Problem
from fieldsync.core.validation import PROGRAMME_ZONE

FOLDER = Path(".demo")


@click.command("demo")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option("--fresh", is_flag=True, help="Erase what an earlier demo made in the folder, and start anew.")
@click.option("--once", is_flag=True, help="End after the summary.")
@operated
def demo(operator: Operator, port: int, fresh: bool, once: bool) -> None:
    """Show everything on one machine: a server, the programme's forms, six companions and a link that drops.

    Makes a folder of its own (.demo, or --data), and stays up until Ctrl-C. A second run goes on with the same data.

    \b
    Example:
      fieldsync demo --port 8000
    """
    from fieldsync.demo import server, setting

    folder = FOLDER if operator.settings.data == Settings.data else operator.settings.data
    if not setting.is_ours(folder):
        raise Refused(Problem("folder_not_a_demo", detail={"folder": str(folder)}))
    signal.signal(signal.SIGTERM, stop_on_signal)
    run = setting.prepare(folder, fresh)
    try:
        with server.running(folder, port) as process:
            url = _play(operator, folder, run, process)
            if not once:
                operator.note(f"The server stays up at {url}/sign-in; Ctrl-C ends it.")
                if process.wait() != 0:
                    raise Refused(Problem("server_did_not_start", detail={"reason": f"see {folder / server.LOG}"}))
    except server.NotStarted as error:
        raise Refused(Problem("server_did_not_start", detail={"reason": str(error).rstrip(".")})) from error
    except KeyboardInterrupt:
        operator.note("stopped")


def _play(operator: Operator, folder: Path, run: int, process: object) -> str:
    from fieldsync.demo import accounts, cast, listening, past, server, setting, story, summary

    say = operator.note if operator.as_json else click.echo
    say(f"{'making' if run == 1 else 'going on in'} {folder} (run {run})")
    forms = setting.definitions()
    url = server.url_of(process)  # type: ignore[arg-type]
    say(f"the server answers at {url}")
    database = open_database(replace(operator.settings, data=folder, database_url="", secret_key=""))
    try:
        known = setting.add_associations(database)
        count = setting.publish(database, known.values(), forms)
        say(f"{len(known)} associations; {count} forms published for them")
        passphrase = setting.passphrase_of(folder)
        made = accounts.prepare(database, known, passphrase)
        today = datetime.now(PROGRAMME_ZONE).date()
        if run == 1:
            past.lived(database, folder, known, today, say)
        players = cast.Cast(database, known, run, today)
        story.enter(players, folder, url, say)
        story.play(players, say)
        listening.visits(players, folder, url, say)
        told = {**summary.summarise(players, url), **accounts.told(made, passphrase, url)}
    finally:
        database.close()
    program = Path(sys.executable).parent / "fieldsync"
    operator.show(told, summary.as_text(told, str(program if program.exists() else "fieldsync"), str(folder)))
    return url
