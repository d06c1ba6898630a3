"""How complete a form's translations are."""

from collections.abc import Iterator
from dataclasses import dataclass

from fieldsync.core.forms import Form, Texts


@dataclass(frozen=True)
class Completeness:
    """How many of a form's texts stand in a language; `code` is "" where the form declares no language."""

    code: str
    translated: int
    texts: int

    @property
    def percent(self) -> int:
        """Whole percent, rounded down: 100 only where nothing is missing."""
        return 100 * self.translated // self.texts if self.texts else 100


def completeness(form: Form) -> list[Completeness]:
    """Each language of a form with the texts that it has: labels, hints, messages of questions, groups and choices."""
    texts = [each for each in _texts(form) if each]
    languages = form.languages or ("",)
    return [Completeness(code, sum(_is_in(each, code) for each in texts), len(texts)) for code in languages]


def _is_in(texts: Texts, code: str) -> bool:
    """Whether a text stands in a language; one without language stands in all of them."""
    return code in texts or "" in texts


def _texts(form: Form) -> Iterator[Texts]:
    yield from (group.labels for group in form.groups)
    yield from (repeat.labels for repeat in form.repeats)
    seen: set[str] = set()
    for question in form.questions:
        yield from (question.labels, question.hints, question.constraint_message, question.required_message)
        source = question.itemset.instance if question.itemset else ""
        if source and source in seen:
            continue
        seen.add(source)
        yield from (choice.labels for choice in question.choices)
