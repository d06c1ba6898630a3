"""What somebody asks of an export: of which records, in which shape, and how much it tells of people."""

from collections.abc import Mapping

import msgspec

FORMATS: Mapping[str, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "geojson": "application/geo+json",
    "parquet": "application/vnd.apache.parquet",
}
"""Format to media type."""

ZIP = "application/zip"

LAYOUTS = ("tables", "flat")
"""One table for the records and one for each repeat, or all of it in one."""

POINTS = ("none", "rounded", "exact")
IDS = ("association", "export", "record")
"""What stands for a record’s UUID: the same in all exports of an association, another in each, the UUID itself."""

SEPARATORS = (",", ";", "\t")
STATES = ("received", "hasIssues", "edited", "approved", "rejected")

REASONS = ("case_follow_up", "call_people_back", "correct_data", "legal_duty", "person_asked", "other")
"""Why personal answers leave the server, by code."""

REASON_TEXT_MIN, REASON_TEXT_MAX = 10, 300


NARROWING = ("place", "companion", "device", "flag", "conflict", "held", "incomplete", "search")
"""Members of the desk's filter that an export takes over from the list beside form, state and days."""


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One export. `kind` is submission or entity, `of` the form or list; `since` and `until` are days, or empty.

    `labels`: questions and choices by their labels in `language`, else by their names. `split`: a column of 0 and 1 for
    each choice of a select-multiple beside the joined one. `mark`: a CSV begins with the byte order mark by which
    Excel knows UTF-8. `narrowed`: what else the desk's list asks for (core.inbox.query), without form, state and days.
    """

    kind: str
    of: str
    format: str = "csv"
    layout: str = "tables"
    labels: bool = False
    language: str = "ar"
    split: bool = False
    free_text: bool = False
    points: str = "none"
    ids: str = "association"
    personal: bool = False
    states: tuple[str, ...] = ("approved",)
    since: str = ""
    until: str = ""
    separator: str = ","
    mark: bool = True
    narrowed: Mapping[str, str] = {}

    @property
    def tells_of_people(self) -> bool:
        """Whether it needs a reason: it shows personal answers, exact places, or ids that lead back to a record."""
        return self.personal or self.points == "exact" or self.ids == "record"

    @property
    def is_one_table(self) -> bool:
        """Whether repeats stand in the rows of their records."""
        return self.layout == "flat" or self.format == "geojson"
