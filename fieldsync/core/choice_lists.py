"""The rows that choices and look-ups come from: inside the form, or in its CSV attachments."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from fieldsync.core.forms import Form, Question

Row = Mapping[str, str]

ROWS_MAX = 200_000
"""Rows read of one CSV attachment; far above every list of villages, and a bound on memory."""


class ChoiceLists:
    """Secondary instances by id and CSV attachments by file name; `rows` is None for what is not known here.

    `declared` are the ids of the form's secondary instances.
    """

    __slots__ = ("_by_instance", "_files", "_parsed", "declared")

    def __init__(self, form: Form, files: Mapping[str, bytes]) -> None:
        """Files are read when first asked for."""
        self._files = files
        self._parsed: dict[str, Sequence[Row] | None] = {}
        self._by_instance = {instance.id: instance for instance in form.instances}
        self.declared = frozenset(self._by_instance)

    def rows(self, instance_id: str) -> Sequence[Row] | None:
        """The rows of a secondary instance, in order."""
        instance = self._by_instance.get(instance_id)
        if instance is None:
            return self.file_rows(instance_id)
        if instance.source is None:
            return instance.rows
        return self.file_rows(instance.source.rsplit("/", 1)[-1])

    def file_rows(self, name: str) -> Sequence[Row] | None:
        """The rows of a CSV attachment, with or without ".csv" in its name."""
        file_name = name if name in self._files else f"{name}.csv"
        if file_name not in self._parsed:
            content = self._files.get(file_name)
            self._parsed[file_name] = None if content is None else _read_csv(content)
        return self._parsed[file_name]

    def names(self, question: Question) -> frozenset[str] | None:
        """Every choice of a question's list, whatever its filter; None where the list is not known here."""
        if "search(" in question.appearance:
            return None
        if question.choices:
            return frozenset(choice.name for choice in question.choices)
        rows = self.choice_rows(question)
        return None if rows is None else frozenset(name for name, _ in rows)

    def choice_rows(self, question: Question) -> Sequence[tuple[str, Row]] | None:
        """(choice name, row) of a question's itemset."""
        itemset = question.itemset
        if itemset is None or not itemset.instance:
            return None
        rows = self.rows(itemset.instance)
        return None if rows is None else [(row.get(itemset.value, ""), row) for row in rows]


def _read_csv(content: bytes) -> Sequence[Row] | None:
    try:
        text = content.decode("utf-8-sig")
        header = text.partition("\n")[0]
        delimiter = ";" if ";" in header and "," not in header else ","
        return list(islice(_csv_rows(text, delimiter), ROWS_MAX))
    except (UnicodeDecodeError, csv.Error):
        return None


def _csv_rows(text: str, delimiter: str) -> Iterator[Row]:
    records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns = [column.strip() for column in next(records, [])]
    for cells in records:
        if any(cells):
            yield dict(zip(columns, cells + [""] * (len(columns) - len(cells)), strict=False))
