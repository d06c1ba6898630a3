"""What a form says, in the reader's language: labels, hints, choices, with the direction that its language declares."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from fieldsync.core.answer_paths import unindexed
from fieldsync.core.choice_lists import ChoiceLists
from fieldsync.core.forms import Question, Texts
from fieldsync.core.occurrences import around

RIGHT_TO_LEFT = frozenset(("ar", "fa", "he", "ur"))
_QUOTED = re.compile(r"\$\{\s*([^{}]+?)\s*\}")
_NAME_IN = "name_"
"""How lists of places name a place in a language: `name_ar`, `name_fr`."""


IN_THREE = ("ar", "fr", "en")
"""In this order titles of forms and labels of places are written in three languages: «… · … · …»."""

_BETWEEN_LANGUAGES = " · "


class FormText(NamedTuple):
    """A text with its language and direction; both are "" where the form declares no language."""

    text: str
    lang: str = ""
    dir: str = ""


def spoken(texts: Texts, language: str, otherwise: str = "", default_language: str = "") -> FormText:
    """A text in the reader's language, else in the form's own, else in any; `otherwise` where nothing is said."""
    for wanted in (language, default_language, "", *texts):
        if texts.get(wanted):
            return FormText(texts[wanted], *_declared(wanted))
    return FormText(otherwise)


def filled(said: FormText, answer: Callable[[str], str]) -> FormText:
    """A text with the answers that it quotes (`${path}`, as core.itext has them); an ellipsis where there is none."""
    if "${" not in said.text:
        return said
    return said._replace(text=_QUOTED.sub(lambda match: answer(match[1]) or "…", said.text))


def quoted_path(quoted: str, path: str) -> str:
    """The question that a text at `path` quotes, which may be said from there: `../price` at `sales/what`."""
    steps = [*path.split("/"), *quoted.split("/")] if quoted.startswith("..") else quoted.split("/")
    found: list[str] = []
    for step in steps:
        if step == "..":
            found = found[:-1]
        else:
            found.append(step)
    return "/".join(found)


def near(question: Question, address: str) -> str:
    """The path of a question as seen from an address: in the same rows of the repeats around both."""
    rows = {unindexed(row): row for row in around(f"{address}/")}
    inner = question.repeats[-1] if question.repeats else ""
    return rows.get(inner, inner) + question.path[len(inner) :]


def _declared(language: str) -> tuple[str, str]:
    if not language:
        return "", ""
    return language, "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr"


def in_three(text: str) -> dict[str, str]:
    """A text that is written in three languages at once, by language; nothing of any other."""
    parts = text.split(_BETWEEN_LANGUAGES)
    return dict(zip(IN_THREE, parts, strict=True)) if len(parts) == len(IN_THREE) else {}


class Choices:
    """What the choices of a form's questions are called; each list is read once."""

    def __init__(
        self,
        lists: ChoiceLists,
        language: str,
        default_language: str,
        elsewhere: Callable[[Question, str], str] = lambda _question, _name: "",
    ) -> None:
        """`elsewhere` names a choice whose list is not here, as an entity's label; "" where it cannot."""
        self._lists = lists
        self._elsewhere = elsewhere
        self._language = language
        self._default = default_language
        self._labels: dict[tuple[str, str, str] | int, dict[str, FormText]] = {}

    def label(self, question: Question, name: str) -> FormText:
        """A choice's label, or its name where the list is not here."""
        return self._of(question).get(name) or FormText(self._elsewhere(question, name) or name)

    def pairs(self, question: Question) -> Sequence[tuple[str, FormText]]:
        """(name, label) of every choice, whatever its filter."""
        return list(self._of(question).items())

    def _of(self, question: Question) -> Mapping[str, FormText]:
        itemset = question.itemset
        key = id(question.choices) if question.choices or itemset is None else (
            itemset.instance, itemset.value, itemset.label
        )  # fmt: skip
        if key not in self._labels:
            self._labels[key] = self._read(question)
        return self._labels[key]

    def _read(self, question: Question) -> dict[str, FormText]:
        if question.choices:
            return {
                choice.name: spoken(choice.labels, self._language, choice.name, self._default)
                for choice in question.choices
            }
        rows = self._lists.choice_rows(question) or ()
        column = question.itemset.label if question.itemset else ""
        return {name: spoken(_row_texts(row, column), self._language, name, self._default) for name, row in rows}


def _row_texts(row: Mapping[str, str], column: str) -> dict[str, str]:
    """The label of a row of a CSV file: its column, or by language (`label::Français (fr)`, `name_fr`)."""
    label = row.get(column, "")
    texts = in_three(label) or ({"": label} if label else {})
    for name, text in row.items():
        if not text:
            continue
        if name.startswith(f"{column}::") and name.endswith(")"):
            texts[name[name.rindex("(") + 1 : -1]] = text
        elif name.startswith(_NAME_IN):
            texts.setdefault(name.removeprefix(_NAME_IN), text)
    return texts
