"""The survey sheet: its groups, names and types, and what is wrong in them."""

import difflib
import re
from dataclasses import dataclass, field

from fieldsync.core.forms import Blanks, Finding, blanks
from fieldsync.core.xlsform import Row, Table

MAX_GROUPS_DEEP = 50
"""Groups in groups; usual forms stay under 6."""

MAX_TYPE = 300
"""Characters of a type cell that are looked at: a type, a list or file, or_other."""

# fmt: off
_TYPES = frozenset((
    "text", "string", "integer", "int", "decimal", "date", "time", "dateTime", "datetime", "note", "calculate",
    "geopoint", "geotrace", "geoshape", "image", "photo", "audio", "video", "file", "barcode", "acknowledge", "trigger",
    "range", "hidden", "start", "end", "today", "deviceid", "phonenumber", "username", "email", "subscriberid",
    "simserial", "audit", "start-geopoint", "background-audio", "background-geopoint", "csv-external",
    "xml-external", "percentage", "imei", "osm",
))
# fmt: on
_OLD_TYPES = (
    "add ",
    "q ",
    "get ",
    "number of ",
    "uri:",
    "date time",
    "start time",
    "end time",
    "phone number",
    "device id",
    "sim id",
    "subscriber id",
    "gps",
    "location",
)  # fmt: skip
_SELECT = re.compile(
    r"(select one from(?! file)|select all that apply(?: from)?|add select (?:one|multiple) prompt using"
    r"|select[_ ](?:one|multiple)(?:[_ ]from[_ ]file|[_ ]external)?|select1|rank)\s+(\S.*?)"
    r"(\s+or_other|\s+or specify other)?"
)
_SELECT_WORD = re.compile(r"(select[_ ]\w+|select1|rank)\b")
_GROUP = re.compile(r"(begin|end)[_ ](group|repeat|loop|lgroup)\b.*")
_OTHER = re.compile(r"\s(or_other|or specify other)$")
_NAME = re.compile(r"[^\W\d][\w.-]*")
_FILE = re.compile(r"[\w.\- ]+\.(csv|xml|geojson)")
_UNNAMED = ("audit",)


@dataclass
class Survey:
    """What the survey sheet declares: names, and the row of each path."""

    names: set[str] = field(default_factory=set)
    rows: dict[str, int] = field(default_factory=dict)

    def nearest(self, name: str) -> str | None:
        """The declared name that looks most like this one."""
        return next(iter(difflib.get_close_matches(name[:100], sorted(self.names)[:2000], 1)), None)


@dataclass
class _Open:
    kind: str
    row: Row
    name: str
    names: set[str] = field(default_factory=set)


class _Reading:
    def __init__(self, table: Table, lists: frozenset[str]) -> None:
        self.table = table
        self.lists = lists
        self.survey = Survey()
        self.findings: list[Finding] = []
        self.open = [_Open("survey", Row(1, {}), "")]

    def add(self, row: Row, column: str, code: str, message: str, advice: str, detail: Blanks = ()) -> None:
        header = self.table.headers.get(column, column)
        self.findings.append(
            Finding("error", code, message, advice, self.table.name, row.number, header, detail=detail)
        )

    def row(self, row: Row) -> None:
        """Read one row: a group's begin or end, or a question."""
        kind = row.get("type")[:MAX_TYPE]
        group = _GROUP.fullmatch(kind)
        if group is not None and group.group(1) == "end":
            self._end(row, group.group(2))
        elif not kind:
            self._untyped(row)
        elif group is not None:
            self._name(row)
            self._begin(row, group.group(2))
        else:
            self._type(row, kind)
            self._name(row)

    def _untyped(self, row: Row) -> None:
        if row.get("name") or any(column.partition("::")[0] == "label" for column in row.cells):
            self.add(row, "type", "missing_type", "The row has no type.", "Fill it in, or empty the row.")

    def _begin(self, row: Row, kind: str) -> None:
        if len(self.open) > MAX_GROUPS_DEEP:
            self.add(
                row,
                "type",
                "too_deep",
                "More than {most} groups stand in each other.",
                "Use fewer.",
                detail=blanks(most=MAX_GROUPS_DEEP),
            )
        self.open.append(_Open(kind, row, row.get("name")))

    def _end(self, row: Row, kind: str) -> None:
        last = self.open[-1]
        if len(self.open) == 1:
            self.add(
                row,
                "type",
                "unbalanced",
                "end_{kind} closes nothing.",
                "Remove it, or add a begin_{kind}.",
                detail=blanks(kind=kind),
            )
            return
        if last.kind != kind:
            detail = blanks(found=kind, kind=last.kind, name=last.name, row=last.row.number)
            message = "end_{found} closes the {kind} {name} of row {row}."
            self.add(row, "type", "unbalanced", message, "Write end_{kind} here.", detail)
        self.open.pop()

    def _name(self, row: Row) -> None:
        name = row.get("name")
        if not name:
            if row.get("type") not in _UNNAMED:
                self.add(row, "name", "missing_name", "The row has no name.", "Give it a name of letters and digits.")
            return
        if not _NAME.fullmatch(name):
            self.add(
                row,
                "name",
                "name",
                "The name {name} cannot be used.",
                "Begin with a letter; use letters, digits, _ . and -",
                detail=blanks(name=repr(name[:60])),
            )
        around = self.open[-1]
        if name in around.names:
            self.add(
                row,
                "name",
                "duplicate_name",
                "The name {name} stands twice in this group.",
                "Rename one of them.",
                detail=blanks(name=name),
            )
        around.names.add(name)
        self.survey.names.add(name)
        path = "/".join([*(group.name for group in self.open[1:]), name])
        self.survey.rows.setdefault(path, row.number)
        self._generated(row, name)

    def _generated(self, row: Row, name: str) -> None:
        """Names that the conversion adds by itself."""
        if _OTHER.search(row.get("type")):
            self.survey.names.add(f"{name}_other")
        if row.get("repeat_count"):
            self.survey.names.add(f"{name}_count")

    def _type(self, row: Row, kind: str) -> None:
        select = _SELECT.fullmatch(kind)
        if select is not None:
            self._select(row, select)
        elif _SELECT_WORD.match(kind):
            self.add(
                row,
                "type",
                "choice_list_missing",
                "{kind} names no list.",
                "Write select_one and the list's name.",
                detail=blanks(kind=repr(kind)),
            )
        elif kind.split()[0] not in _TYPES and not kind.startswith(_OLD_TYPES):
            close = difflib.get_close_matches(kind[:60], sorted(_TYPES | {"select_one", "select_multiple"}), 1)
            advice = "Did you mean {close}?" if close else "Use a type of XLSForm, such as text or select_one."
            self.add(
                row,
                "type",
                "unknown_type",
                "{kind} is no type of question.",
                advice,
                detail=blanks(kind=repr(kind[:60]), **_close(close)),
            )

    def _select(self, row: Row, select: re.Match[str]) -> None:
        kind, source = select.group(1).replace(" ", "_"), select.group(2)
        if kind.endswith("_external"):
            self.add(row, "type", "select_external", "select_one_external is not offered.",
                     "Use select_one_from_file and a CSV file.")  # fmt: skip
        elif kind.endswith("_from_file"):
            if not _FILE.fullmatch(source):
                self.add(
                    row,
                    "type",
                    "media_name",
                    "{source} is no name of a CSV, XML or GeoJSON file.",
                    "Write the file's name without a folder.",
                    detail=blanks(source=repr(source[:60])),
                )
        elif not source.startswith("${") and source not in self.lists:
            close = difflib.get_close_matches(source, sorted(self.lists)[:2000], 1)
            advice = "Did you mean {close}?" if close else "Add the list on the choices sheet."
            self.add(
                row,
                "type",
                "choice_list_missing",
                "There is no list of choices called {source}.",
                advice,
                detail=blanks(source=source, **_close(close)),
            )


def _close(found: list[str]) -> dict[str, str]:
    return {"close": found[0]} if found else {}


def survey_findings(table: Table, lists: frozenset[str]) -> tuple[Survey, list[Finding]]:
    """What the survey sheet declares, and what is wrong in it; `lists` are those of the choices sheet."""
    reading = _Reading(table, lists)
    for row in table.rows:
        reading.row(row)
    for left in reading.open[1:]:
        detail = blanks(kind=left.kind, name=left.name)
        message = "begin_{kind} {name} is never closed."
        reading.add(left.row, "type", "unbalanced", message, "Add an end_{kind}.", detail)
    return reading.survey, reading.findings
