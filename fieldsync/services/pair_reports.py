"""Two submissions side by side: as their form asks, repeats by number, what nobody is asked apart."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.core.answer_paths import OCCURRENCE, occurrences_of
from fieldsync.core.form_texts import Choices, FormText, spoken
from fieldsync.services.answers_told import Words, words_of
from fieldsync.services.entity_labels import EntityLabels
from fieldsync.services.published import form_of, published
from fieldsync.services.readers import Reader
from fieldsync.store import form_versions

KEYS_MAX = 6
"""Key questions that are named."""

_NUMBER = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True)
class ReportForm:
    """The form of two submissions: its words, the order of its questions, and which of them bear a label."""

    words: Words
    order: Mapping[str, int]
    asked: Collection[str]

    def place(self, address: str) -> tuple[int, ...]:
        """Where an answer stands: a repeat where its first question does, then one occurrence after the other."""
        found: list[int] = []
        plain = ""
        *repeats, rest = _NUMBER.split(address)
        for part, number in zip(repeats[::2], repeats[1::2], strict=True):
            plain += part
            inner = (at for path, at in self.order.items() if path.startswith(f"{plain}/"))
            found += [min(inner, default=len(self.order)), int(number)]
        return (*found, self.order.get(plain + rest, len(self.order)) if rest else -1)

    def is_asked(self, address: str) -> bool:
        """Whether somebody is asked it, or it is an occurrence of a repeat."""
        return address.endswith("]") or _NUMBER.sub("", address) in self.asked


def form_of_reports(session: Session, reader: Reader, of: str, version: str | None, language: str) -> ReportForm:
    """The form version of a submission; of one that is not here, paths and plain values."""
    form = published(session, reader.association_id, of, version)
    if form is None:
        return ReportForm(words_of(None, None, language), {}, ())
    entities = EntityLabels(session, reader, language)
    choices = Choices(form.compiled.lists, language, form.form.default_language, entities.label)
    order = {each.path: number for number, each in enumerate(form.form.questions)}
    asked = {each.path for each in form.form.questions if each.labels}
    return ReportForm(words_of(form.form, choices, language), order, asked)


def addresses(shown: Mapping[str, Any]) -> dict[str, str]:
    """Address → path of a record's answers: "products[2]/sold" is what its second occurrence says.

    Each phone gives occurrences ids of its own, so that two reports of one month share none.
    """
    paths = [*shown["fields"], *shown["withheld"], *shown["masked"]]
    occurrences = occurrences_of({**dict.fromkeys(paths, True), **shown["fields"]})
    numbers = {prefix: number for each in occurrences.values() for number, prefix in enumerate(each, 1)}
    return {_numbered(path, numbers): path for path in paths}


def _numbered(path: str, numbers: Mapping[str, int]) -> str:
    return OCCURRENCE.sub(lambda found: f"[{numbers[path[: found.end()]]}]", path) if "[" in path else path


def key_labels(
    session: Session, reader: Reader, forms: Iterable[str], language: str
) -> dict[str, list[tuple[str, FormText]]]:
    """Form → path and label of its key questions: those that make two submissions the same report."""
    found = {}
    for name in set(forms):
        versions = form_versions.versions(session, reader.association_id, name)
        form = form_of(session, versions[-1]) if versions else None
        keys = [each for each in form.questions if each.key][:KEYS_MAX] if form else []
        default = form.default_language if form else ""
        found[name] = [(each.path, spoken(each.labels, language, each.path, default)) for each in keys]
    return found
