"""The texts of an XForm in each of its languages."""

import re

from fieldsync.core.forms import Texts
from fieldsync.core.xform_xml import Element, attribute, child, children, local_name

MISSING = "-"
"""What pyxform writes for a translation that the designer left empty."""

_CODE = re.compile(r"\(([^()]+)\)\s*$")
_REFERENCE = re.compile(r"^\s*jr:itext\(\s*(?:'([^']*)'|\"([^\"]*)\")\s*\)\s*$")
_SPACE = re.compile(r"\s+")


def language_code(name: str) -> str:
    """ "ar" for "العربية (ar)"; the whole name where it has no parentheses."""
    found = _CODE.search(name)
    return found.group(1).strip() if found else name.strip()


class Translations:
    """An XForm's itext: languages in order, and the texts of each id."""

    def __init__(self, itext: Element | None) -> None:
        self.languages: tuple[str, ...] = ()
        self.default_language = ""
        self.media: list[str] = []
        self._texts: dict[str, dict[str, str]] = {}
        for translation in children(itext, "translation") if itext is not None else ():
            self._add(translation)
        self.default_language = self.default_language or next(iter(self.languages), "")

    def _add(self, translation: Element) -> None:
        code = language_code(attribute(translation, "lang") or "")
        if code not in self.languages:
            self.languages += (code,)
        if attribute(translation, "default") and not self.default_language:
            self.default_language = code
        for text in children(translation, "text"):
            for value in children(text, "value"):
                self._add_value(attribute(text, "id") or "", code, value)

    def _add_value(self, text_id: str, code: str, value: Element) -> None:
        form = attribute(value, "form")
        plain = plain_text(value)
        if form is None or form == "long":
            if plain and plain != MISSING:
                self._texts.setdefault(text_id, {})[code] = plain
        elif plain.startswith("jr://"):
            self.media.append(plain)

    def of_id(self, text_id: str) -> Texts:
        """The texts under an id, language code to text; empty where there are none."""
        return self._texts.get(text_id, {})

    def of_attribute(self, text: str | None) -> Texts:
        """The texts of an attribute such as jr:constraintMsg: a reference, or the text itself."""
        if text is None:
            return {}
        reference = referred_id(text)
        if reference is not None:
            return self.of_id(reference)
        return {} if text.strip() == MISSING else {"": text.strip()}

    def of_element(self, element: Element | None) -> Texts:
        """The texts of a label or hint element."""
        if element is None:
            return {}
        reference = referred_id(attribute(element, "ref") or "")
        if reference is not None:
            return self.of_id(reference)
        plain = plain_text(element)
        return {"": plain} if plain and plain != MISSING else {}

    def of_child(self, element: Element, name: str) -> Texts:
        """The texts of an element's label or hint child."""
        return self.of_element(child(element, name))


def referred_id(text: str) -> str | None:
    """The id in jr:itext('id'), or None."""
    found = _REFERENCE.match(text)
    return (found.group(1) or found.group(2) or "") if found else None


def plain_text(element: Element) -> str:
    """An element's text; an output of another answer stands as ${path}, or ${expression} where it is none."""
    parts = [element.text or ""]
    for inner in element:
        if isinstance(inner.tag, str) and local_name(inner) == "output":
            parts.append(output_text(attribute(inner, "value") or attribute(inner, "ref") or ""))
        parts.append(inner.tail or "")
    return "".join(parts).strip()


def output_text(expression: str) -> str:
    """${visit/date} for /data/visit/date; ${expression} otherwise."""
    flat = _SPACE.sub(" ", expression).strip()
    steps = flat.split("/")
    if flat.startswith("/") and len(steps) > 2 and all(re.fullmatch(r"[\w.:-]+", step) for step in steps[1:]):
        return "${" + "/".join(steps[2:]) + "}"
    return "${" + flat + "}"


def in_language(texts: Texts, language: str, default: str = "") -> str:
    """The text to show: in the language, else the default language, else without language, else any."""
    for code in (language, default, ""):
        if code in texts:
            return texts[code]
    return next(iter(texts.values()), "")
