"""The files that a form names: which are missing, and which do not fit."""

import csv
import io
from collections.abc import Collection, Iterator, Mapping

from fieldsync.core.forms import Finding, Form, blanks

MEDIA_MISSING = "media_missing"

MAX_HEADER_BYTES = 64 * 1024
"""Bytes of a CSV file that its header must end in."""


def media_name(address: str) -> str | None:
    """The file's name in jr://file-csv/douars.csv; None for an address that names no file."""
    if not address.startswith("jr://") or address.startswith("jr://instance/"):
        return None
    return address.rsplit("/", 1)[-1] or None


def media_findings(form: Form, media: Mapping[str, bytes], lists: Collection[str] = ()) -> list[Finding]:
    """Missing and unusable files; `lists` are the entity lists whose CSV the server makes."""
    made = {f"{name}.csv" for name in (*lists, *(entity.list for entity in form.entities))}
    names = dict.fromkeys(name for name in map(media_name, form.media) if name is not None)
    findings = [_missing(name) for name in names if name not in media and name not in made]
    findings.extend(_unused(name) for name in media if name not in names)
    for instance in form.instances:
        name = media_name(instance.source or "")
        if name is not None and name in media and name.endswith(".csv"):
            findings.extend(_csv_findings(form, instance.id, name, media[name]))
    return list(dict.fromkeys(findings))


def _missing(name: str) -> Finding:
    message = "The form needs the file {name}."
    return Finding(
        "error", MEDIA_MISSING, message, "Upload it with the form.", sheet="survey", detail=blanks(name=name)
    )


def missing_file(finding: Finding) -> str | None:
    """The name of the file that a finding misses; None for other findings."""
    return dict(finding.detail).get("name") if finding.code == MEDIA_MISSING else None


def _unused(name: str) -> Finding:
    return Finding(
        "warning", "media_unused", "The form does not use the file {name}.", "Check its name.", detail=blanks(name=name)
    )


def _csv_findings(form: Form, instance: str, name: str, data: bytes) -> Iterator[Finding]:
    header = _header(data)
    if header is None:
        yield Finding(
            "error",
            "media_unreadable",
            "{name} is no CSV file in UTF-8 with a header.",
            "Save it again as CSV, encoding UTF-8.",
            detail=blanks(name=name),
        )
        return
    for question in form.questions:
        itemset = question.itemset
        if itemset is None or itemset.instance != instance:
            continue
        for column in (itemset.value, itemset.label):
            if column not in header:
                yield Finding(
                    "error",
                    "media_column",
                    "{name} has no column {column}, which {path} shows.",
                    "Add the column.",
                    sheet="survey",
                    path=question.path,
                    detail=blanks(name=name, column=column, path=question.path),
                )


def _header(data: bytes) -> list[str] | None:
    try:
        text = data[:MAX_HEADER_BYTES].decode("utf-8-sig", "strict" if len(data) <= MAX_HEADER_BYTES else "ignore")
        header = next(csv.reader(io.StringIO(text, newline="")), [])
    except (UnicodeDecodeError, csv.Error):
        return None
    return [cell.strip() for cell in header] if any(header) and "\x00" not in text else None
