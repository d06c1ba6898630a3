"""How names were seen written: tables held apart from the rules that they are to prove."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ARABIC, LATIN, TIFINAGH = "arabic", "latin", "tifinagh"

_GROUPS = Path(__file__).parent.parent / "vectors" / "names"

PET_FORMS = {
    "فاطمة": ("Fadma", "Fatna", "فاضمة", "Fatouma"),
    "خديجة": ("Khadouj", "خدوج", "Khdija"),
    "عائشة": ("Aicho", "عيشة", "Aouicha"),
    "محمد": ("Moha", "موحى", "Mohand", "Med"),
    "أحمد": ("Hmad", "حماد", "Hmida"),
    "زهرة": ("Zhour", "Zahira"),
    "حليمة": ("Hlima", "حلومة"),
    "جميلة": ("Jmila",),
    "إبراهيم": ("Brahim", "برو"),
    "عبد الله": ("Abdou",),
    "عبد القادر": ("Kaddour", "قدور"),
}

COMMON = {
    "f": {
        "فاطمة": ("Fatima", "Fatma", "Fatema", "ⴼⴰⵟⵉⵎⴰ", "فاطمه"),
        "خديجة": ("Khadija", "Khadidja", "Khadijah", "خديجه", "ⵅⴰⴷⵉⵊⴰ"),
        "عائشة": ("Aicha", "Aïcha", "عايشة", "Aycha", "عائشه"),
        "زهرة": ("Zahra", "Zohra", "زهره", "ⵣⴰⵀⵔⴰ"),
        "فاطمة الزهراء": ("Fatima Zahra", "Fatima Ezzahra", "Fatima-Zohra", "Fatimazahra", "فاطمة الزهرة", "F. Zahra"),
        "رقية": ("Rkia", "Rqia", "Roqia", "Rokia", "رقيه"),
        "مليكة": ("Malika", "مليكه", "Malikah"),
        "نعيمة": ("Naima", "Naïma", "نعيمه"),
        "سعيدة": ("Saida", "Saïda", "سعيده"),
        "حليمة": ("Halima", "حليمه"),
        "رشيدة": ("Rachida", "Rachyda", "رشيده"),
        "أمينة": ("Amina", "امينة", "امينه"),
        "مريم": ("Meryem", "Mariam", "Meriem", "Maryam"),
        "كلثوم": ("Keltoum", "Kaltoum", "Keltoume"),
        "جميلة": ("Jamila", "Djamila", "جميله"),
        "لطيفة": ("Latifa", "لطيفه"),
        "إيطو": ("Itto", "Yetto", "يطو", "ⵉⵜⵜⵓ"),
    },
    "m": {
        "محمد": ("Mohamed", "Mohammed", "Mouhamed", "ⵎⵓⵃⴰⵎⵎⴷ", "Muhammad"),
        "أحمد": ("Ahmed", "احمد", "Ahmad"),
        "الحسين": ("Lhoucine", "El Houssine", "Lhoussaine", "لحسين", "Houcine"),
        "الحسن": ("Lahcen", "Lahsen", "لحسن", "El Hassan"),
        "إبراهيم": ("Ibrahim", "ابراهيم", "Brahim"),
        "عبد الله": ("Abdellah", "عبدالله", "Abdallah"),
        "عبد القادر": ("Abdelkader", "Abdelqader", "عبدالقادر"),
        "حسن": ("Hassan", "Hasan", "Hassane"),
        "يوسف": ("Youssef", "Yousef", "Yussef"),
        "رشيد": ("Rachid", "Rashid", "Rachide"),
        "سعيد": ("Said", "Saïd", "Saeed"),
        "علي": ("Ali", "على", "Aly"),
        "امبارك": ("Mbarek", "M'barek", "Embarek", "مبارك"),
        "امحمد": ("M'hamed", "Mhamed", "أمحمد"),
        "عمر": ("Omar", "Oumar"),
        "خالد": ("Khalid", "Khaled"),
    },
}
"""The names that a village has most of; the others come from the groups of spellings."""


@dataclass(frozen=True)
class Spelled:
    """A name and how it was seen written, script by script."""

    arabic: tuple[str, ...]
    latin: tuple[str, ...]
    tifinagh: tuple[str, ...] = ()
    pets: tuple[str, ...] = ()

    def of(self, script: str) -> tuple[str, ...]:
        """Spellings of a script, or of another where it has none."""
        found = {ARABIC: self.arabic, LATIN: self.latin, TIFINAGH: self.tifinagh}[script]
        return found or self.latin or self.arabic


@cache
def given_names(sex: str) -> tuple[Spelled, ...]:
    """Given names, the commonest first."""
    common = [_spelled((name, *forms)) for name, forms in COMMON[sex].items()]
    known = {form for each in common for form in each.arabic + each.latin}
    others = [each for each in _groups("women" if sex == "f" else "men") if not known & {*each.arabic, *each.latin}]
    return (*common, *(each for each in others if each.arabic and each.latin))


@cache
def family_names() -> tuple[Spelled, ...]:
    """Family names: those of the groups, and those that are made of men's names, as villages have them."""
    groups = [each for each in _groups("families") if each.arabic and each.latin]
    men = given_names("m")
    made = [_made(each, *parts) for each in men for parts in (("أيت ", "Ait "), ("بن ", "Ben "), ("أو", "Ou"))]
    return tuple(each for pair in zip(made, groups * 10, strict=False) for each in pair)


def _made(name: Spelled, arabic: str, latin: str) -> Spelled:
    """Without the article, which none of them takes in the middle."""
    bare = [each for each in name.latin if not each.startswith(("El ", "Al "))]
    return Spelled(
        tuple(arabic + each.removeprefix("ال") for each in name.arabic),
        tuple(latin + each for each in bare or name.latin),
    )


@cache
def _groups(kind: str) -> tuple[Spelled, ...]:
    found = []
    for half in ("development", "held_out"):
        groups = json.loads((_GROUPS / f"{half}.json").read_text(encoding="utf-8"))["groups"]
        found += [each["script_forms"] for each in groups if each["kind"] == kind]
    return tuple(_spelled(tuple(forms)) for forms in sorted(found))


def _spelled(forms: tuple[str, ...]) -> Spelled:
    scripts: dict[str, list[str]] = {ARABIC: [], LATIN: [], TIFINAGH: []}
    for form in forms:
        scripts[script_of(form)].append(form)
    arabic, latin, tifinagh = map(tuple, scripts.values())
    return Spelled(arabic, latin, tifinagh, PET_FORMS.get(forms[0], ()))


def script_of(text: str) -> str:
    """The script of a name."""
    if any("\u0600" <= each <= "\u06ff" for each in text):
        return ARABIC
    return TIFINAGH if any("\u2d30" <= each <= "\u2d7f" for each in text) else LATIN
