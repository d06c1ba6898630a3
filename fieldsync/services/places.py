"""The programme's places and the names of its associations, as its file has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fieldsync.config import program_folder
from fieldsync.core.messages import LANGUAGES
from fieldsync.services import programme_files


@dataclass(frozen=True)
class Place:
    """A place by code; `level` is region, province or commune, `names` by language."""

    code: str
    level: str
    names: Mapping[str, str]

    def name(self, language: str) -> str:
        """What it is called: in French where a language has no name of its own for it."""
        return self.names.get(language) or self.names.get("fr") or self.code


def everywhere() -> tuple[Place, ...]:
    """Every place of the programme, in the order of its codes: a province before what lies in it."""
    return tuple(sorted(by_code().values(), key=lambda place: place.code))


@cache
def by_code() -> Mapping[str, Place]:
    """Every place of the programme."""
    return {
        row["code"]: Place(row["code"], row["level"], {name: row[name] for name in LANGUAGES if row.get(name)})
        for row in _programme().get("places", [])
        if row.get("code")
    }


@cache
def association_names() -> Mapping[str, Mapping[str, str]]:
    """The programme's associations: slug in lower case → name by language."""
    return {
        row["code"].lower(): {name: row[name] for name in LANGUAGES} for row in _programme().get("associations", [])
    }


@cache
def _programme() -> dict[str, Any]:
    return programme_files.read(program_folder("forms") / "programme.yaml") or {}
