"""What every command shares: settings, the database, one way to answer and one way to refuse."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fieldsync.app import open_database
from fieldsync.config import Settings, load
from fieldsync.core.messages import LANGUAGES
from fieldsync.core.problems import Problem, render
from fieldsync.services import own_names
from fieldsync.services.signing import canonical
from fieldsync.store import associations, people
from fieldsync.store.associations import AssociationRow
from fieldsync.store.db import Busy, Database
from fieldsync.store.people import PersonRow

REFUSED = 1
USAGE = 2


class Refused(Exception):
    """A command that ends without doing what was asked; `members` stand beside the problem in the JSON."""

    def __init__(self, problem: Problem, members: Mapping[str, Any] | None = None, text: str = "") -> None:
        super().__init__(problem.code)
        self.problem = problem
        self.members = dict(members or {})
        self.text = text


@dataclass(frozen=True)
class Operator:
    """Who gave the command: with which settings, how to answer, in which language."""

    settings: Settings
    as_json: bool
    language: str

    @contextmanager
    def database(self, make: bool = False) -> Iterator[Database]:
        """The database; without `make` it must be there already."""
        if not make and not self.settings.database_url and not sqlite_file(self.settings).exists():
            raise Refused(Problem("no_database", detail={"folder": str(self.settings.data)}))
        database = open_database(self.settings)
        try:
            yield database
        finally:
            database.close()

    def show(self, found: object, text: str) -> None:
        """The answer: one JSON value, or text for people."""
        click.echo(as_bytes(found) if self.as_json else text)

    def note(self, text: str) -> None:
        """Something to know on the way; never on standard output."""
        click.echo(text, err=True)


def sqlite_file(settings: Settings) -> Path:
    """The SQLite database of a data folder."""
    return settings.data / "fieldsync.db"


def as_bytes(found: object) -> bytes:
    """JSON in UTF-8, on one line, whatever the terminal's encoding is."""
    return json.dumps(found, ensure_ascii=False, default=_plain).encode()


def _plain(value: object) -> object:
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    return str(value)


def association_of(session: Session, slug: str) -> AssociationRow:
    """The association of that slug, or a refusal that names those that are there."""
    found = associations.find(session, slug)
    if found is None:
        known = ", ".join(row.slug for row in associations.everyone(session)) or "-"
        raise Refused(Problem("association_unknown", detail={"slug": slug, "known": known}))
    return found


def person_of(session: Session, email: str) -> PersonRow:
    """The person of that e-mail address, or a refusal."""
    found = people.find(session, canonical(email))
    if found is None:
        raise Refused(Problem("person_unknown"))
    return found


def lines(found: Mapping[str, object]) -> str:
    """Names and values, one a line, for people: no names without a value, and times as they are read."""
    told = dict(_told(name, value) for name, value in found.items() if value is not None)
    width = max(map(len, told), default=0) + 2
    return "\n".join(f"{name + ':':<{width}}{value}" for name, value in told.items())


def _told(name: str, value: object) -> tuple[str, object]:
    if name.endswith("_ms") and isinstance(value, int):
        return name.removesuffix("_ms"), datetime.fromtimestamp(value / 1000, UTC).isoformat(" ", "minutes")
    return name, value


def public_url(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command --public-url, which it finds in its settings."""

    @click.option("--public-url", help="Address under which phones reach the server.")
    @wraps(command)
    def gather(public_url: str | None, **arguments: Any) -> None:
        command(flags={"public_url": public_url}, **arguments)

    return gather


def operated(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command --json, --data and --config, and hand it an Operator; end it with a clear message and code."""

    @click.option("--json", "as_json", is_flag=True, help="Print exactly one JSON value and nothing else.")
    @click.option("--data", type=click.Path(file_okay=False), help="Folder of the database and its settings.")
    @click.option("--config", type=click.Path(dir_okay=False), help="Settings file instead of the folder's own.")
    @wraps(command)
    def run(as_json: bool, data: str | None, config: str | None, **arguments: Any) -> None:
        language = spoken_language(os.environ)
        flags = {"data": data, **arguments.pop("flags", {})}
        settings = own_names.with_names(load(os.environ, Path(config) if config else None, flags))
        if isinstance(settings, list):
            _end(Refused(settings[0]), [render(each, language) for each in settings], as_json, USAGE)
        else:
            _run(command, Operator(settings, as_json, language), arguments)

    return run


def _run(command: Callable[..., None], operator: Operator, arguments: Mapping[str, Any]) -> None:
    try:
        command(operator, **arguments)
    except Refused as refused:
        problem = refused
    except Busy:
        problem = Refused(Problem("busy"))
    except DBAPIError as error:
        problem = Refused(Problem("database_unreachable", detail={"kind": type(error.orig).__name__}))
    except BrokenPipeError:
        sys.exit(0)
    except OSError as error:
        detail = {"file": str(error.filename or "-"), "reason": error.strerror or type(error).__name__}
        problem = Refused(Problem("file_unusable", detail=detail))
    else:
        return
    _end(problem, [render(problem.problem, operator.language)], operator.as_json, REFUSED)


def _end(refused: Refused, messages: list[str], as_json: bool, status: int) -> None:
    if refused.text:
        click.echo(refused.text, err=True)
    for message in messages:
        click.echo(message, err=True)
    if as_json:
        click.echo(as_bytes({"error": refused.problem.code, "message": "\n".join(messages), **refused.members}))
    sys.exit(status)


def spoken_language(environ: Mapping[str, str]) -> str:
    """ar, fr or en by the usual variables of the terminal."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        spoken = environ.get(variable, "")[:2].lower()
        if spoken in LANGUAGES:
            return spoken
        if environ.get(variable):
            break
    return "en"
