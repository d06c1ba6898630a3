"""What roles, associations and places are called in the reader's language."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fieldsync.core.form_texts import FormText, in_three
from fieldsync.core.roles import Role
from fieldsync.core.short_codes import short_code
from fieldsync.core.shown_values import TEXT, ShownValue
from fieldsync.routes.pages import language
from fieldsync.routes.pages.speech import _
from fieldsync.routes.pages.words import AGE_GROUPS, LISTS, PROPERTIES, TECHNICAL
from fieldsync.services import places, role_book
from fieldsync.store import associations, form_versions

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch


@dataclass(frozen=True)
class Spoken:
    """A text with its language where that is known, so that it is drawn in its own direction."""

    text: str
    lang: str = ""
    dir: str = ""


def role(session: Any, code: str) -> str:
    """A role's name; the code of one that the book does not know."""
    found = role_book.book(session).role(code)
    return code if found is None else role_name(found)


def role_name(found: Role) -> str:
    """A role's name."""
    return str(getattr(found, language.chosen()))


def association(slug: str, name: str) -> Spoken:
    """An association's name: the programme's in the reader's language, else the one it was added under."""
    known = places.association_names().get(slug.lower())
    chosen = language.chosen()
    return Spoken(known[chosen], chosen, language.DIRECTIONS[chosen]) if known else Spoken(name)


def is_of_programme(slug: str) -> bool:
    """Whether everybody may know that there is an association: the programme names it."""
    return slug.lower() in places.association_names()


def association_of_slug(session: Any, slug: str | None) -> Spoken | None:
    """The name of the association of that slug."""
    found = associations.find(session, slug) if slug else None
    return None if found is None else association(found.slug, found.name)


def associations_by_id(session: Any) -> dict[int, Spoken]:
    """Every association's name by its row id; a programme has tens of them."""
    return {row.id: association(row.slug, row.name) for row in associations.everyone(session)}


def place(code: str) -> str:
    """A place's name, or its code where the programme does not name it."""
    found = places.by_code().get(code)
    return code if found is None else found.name(language.chosen())


def place_choices() -> list[tuple[str, str]]:
    """(code, name) of the places to choose from, provinces before what lies in them.

    A province and the commune in it that bear one name say which they are.
    """
    named = {each.code: each.name(language.chosen()) for each in places.everywhere()}
    often = Counter(named.values())
    twice = {code for code, name in named.items() if often[name] > 1}
    return [(code, _place_of_its_kind(code, name) if code in twice else name) for code, name in named.items()]


def _place_of_its_kind(code: str, name: str) -> str:
    is_commune = places.by_code()[code].level == "commune"
    return _("%(place)s (commune)", place=name) if is_commune else _("%(place)s (province)", place=name)


def form(title: str, code: str) -> Spoken:
    """A form's title; of one written in three languages («… · … · …»), the reader's."""
    parts, chosen = in_three(title), language.chosen()
    return Spoken(parts[chosen], chosen, language.DIRECTIONS[chosen]) if parts else Spoken(title or code)


def entity_list(code: str) -> Spoken:
    """An entity list's name, or its code where the programme does not name it."""
    known = LISTS.get(code)
    chosen = language.chosen()
    return Spoken(code) if known is None else Spoken(str(known), chosen, language.DIRECTIONS[chosen])


def entity_property(name: str, asked: FormText) -> FormText | Spoken:
    """What a property is called: as the question that writes it, else by the programme's word for it."""
    known, chosen = PROPERTIES.get(name), language.chosen()
    if known is None or asked.text != name:
        return asked
    return Spoken(str(known), chosen, language.DIRECTIONS[chosen])


def answer(path: str, asked: FormText) -> FormText | Spoken:
    """What an answer of a form or a list is called; what no form asks, by the programme's word for it."""
    known = TECHNICAL.get(path) if asked.text == path else None
    if known is None:
        return entity_property(path, asked)
    return Spoken(str(known), language.chosen(), language.DIRECTIONS[language.chosen()])


def property_value(name: str, value: ShownValue | None) -> ShownValue | None:
    """What a form worked out, as people say it: an age group in words, entities by their short codes."""
    if value is None or value.kind != TEXT:
        return value
    if name == "band" and value.text in AGE_GROUPS:
        return value._replace(text=str(AGE_GROUPS[value.text]))
    named = value.text.split()
    if not named or not all(map(_UUID, named)):
        return value
    return value._replace(text=_(", ").join(map(short_code, named)))


def collection(kind: str, of: str, titles_here: Mapping[str, Spoken]) -> Spoken:
    """What a form or an entity list is called; its code where nobody named it."""
    return entity_list(of) if kind == "entity" else titles_here.get(of) or Spoken(of)


def titles(session: Any, association_id: int) -> dict[str, Spoken]:
    """The titles of an association's forms, each as its last version has it."""
    return {row.form: form(row.title, row.form) for row in form_versions.versions(session, association_id)}
