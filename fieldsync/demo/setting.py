"""What the demo stands on: a folder of its own, the programme's associations, their forms."""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from fieldsync.app import now_ms
from fieldsync.config import program_folder
from fieldsync.core.media import media_name
from fieldsync.demo.accounts import new_passphrase
from fieldsync.services import publishing
from fieldsync.services.conversion import convert
from fieldsync.services.publishing import Definition
from fieldsync.store import associations
from fieldsync.store.db import Database

MARKER = "fieldsync-demo.json"
"""Lies in a folder that the demo made; nothing else is ever erased or filled with made-up people."""

FORMS = (
    *("f4_participant", "f5_activity", "f6_idea", "f6_visit", "f6_job", "f7_profile", "f7_monthly"),
    *("f8_application", "f8_score", "f8_decision", "f8_tranche"),
)
OWN_FORMS = ("f5_meeting_place", "f5_local_org", "f8_call")
"""The demo's own: the programme's forms ask for no point on the map, and make no local association and no call."""

LISTS = ("participants", "groups", "activities", "local_orgs", "ideas", "calls", "applications", "grants")
"""The programme's entity lists: their CSV files are different on every device."""

OWN_FOLDER = Path(__file__).parent


def is_ours(folder: Path) -> bool:
    """Whether the demo may use a folder: it is new, empty, or was made by the demo."""
    return not folder.exists() or (folder / MARKER).is_file() or not any(folder.iterdir())


def prepare(folder: Path, fresh: bool) -> int:
    """Make the folder where it is new, erase it where `fresh`; the number of this run, from 1."""
    if fresh and (folder / MARKER).is_file():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    marker = folder / MARKER
    known = json.loads(marker.read_text()) if marker.is_file() else {}
    runs = int(known.get("runs", 0)) + 1
    marker.write_text(json.dumps({"passphrase": known.get("passphrase") or new_passphrase(), "runs": runs}))
    return runs


def passphrase_of(folder: Path) -> str:
    """The passphrase of the accounts of a demo folder."""
    return str(json.loads((folder / MARKER).read_text())["passphrase"])


def programme() -> Any:
    """The programme as data."""
    return yaml.safe_load((program_folder("forms") / "programme.yaml").read_text(encoding="utf-8"))


def add_associations(database: Database) -> dict[str, int]:
    """The programme's associations: slug → row id."""
    wanted = {each["code"].lower(): each["ar"] for each in programme()["associations"]}

    def add(slug: str, name: str) -> int:
        return database.write(
            lambda session: associations.find(session, slug) or associations.add(session, slug, name)
        ).id

    return {slug: add(slug, name) for slug, name in sorted(wanted.items())}


def definitions(forms: Iterable[str] = (*FORMS, *OWN_FORMS), version: str | None = None) -> list[Definition]:
    """The programme's forms, converted; under another version where one is given."""
    return [_definition(form, version) for form in forms]


def _definition(form: str, version: str | None) -> Definition:
    folder = program_folder("forms")
    text = ((OWN_FOLDER if form in OWN_FORMS else folder) / f"{form}.yaml").read_text(encoding="utf-8")
    if version is not None:
        sheets = yaml.safe_load(text)
        sheets["settings"][0]["version"] = version
        text = yaml.safe_dump(sheets, allow_unicode=True, sort_keys=False)
    media = () if form in OWN_FORMS else sorted((folder / "media").iterdir())
    files = {path.name: path.read_bytes() for path in media}
    made = convert(text.encode(), "yaml", files, lists=LISTS, ours=True)
    assert made.form is not None, f"{form}: {made.findings[:3]}"
    named = {name for name in map(media_name, made.form.media) if name in files}
    return Definition(
        made.form, made.xform, made.xlsx, text.encode(), "yaml", tuple(made.findings),
        {name: files[name] for name in sorted(named)},
    )  # fmt: skip


def publish(database: Database, association_ids: Iterable[int], forms: Iterable[Definition]) -> int:
    """Publish forms for associations; what is published already stays as it is. How many there are."""
    published = [
        database.write(lambda session: publishing.publish(session, association_id, form, now_ms()))  # noqa: B023
        for association_id in association_ids
        for form in forms
    ]
    return len(published)
