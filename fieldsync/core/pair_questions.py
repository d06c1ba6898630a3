"""Questions to the companions who registered two records that may be one: nothing in them tells of either record."""

from collections.abc import Mapping

QUESTIONS: Mapping[str, tuple[str, str, str]] = {
    "names": (
        "يرجى التحقق من الاسم الكامل بالحرفين العربي واللاتيني، ثم تصحيح الاستمارة.",
        "Merci de vérifier le nom complet, en lettres arabes et latines, puis de corriger la fiche.",
        "Please check the full name in Arabic and Latin letters, then correct the form.",
    ),
    "birth": (
        "يرجى السؤال عن تاريخ الميلاد أو سنته، ثم تصحيح الاستمارة.",
        "Merci de demander la date ou l’année de naissance, puis de corriger la fiche.",
        "Please ask for the date or the year of birth, then correct the form.",
    ),
    "phone": (
        "يرجى السؤال عمّن يستعمل رقم الهاتف المسجل، ثم تصحيح الاستمارة.",
        "Merci de demander qui utilise le numéro de téléphone noté, puis de corriger la fiche.",
        "Please ask who uses the phone number that is noted, then correct the form.",
    ),
    "place": (
        "يرجى التحقق من الدوار والجماعة، ثم تصحيح الاستمارة.",
        "Merci de vérifier le douar et la commune, puis de corriger la fiche.",
        "Please check the douar and the commune, then correct the form.",
    ),
}
"""Topic → the question in Arabic, French and English."""

LANGUAGES = ("ar", "fr", "en")

NAMES = tuple(f"{topic}.{language}" for topic in QUESTIONS for language in LANGUAGES)
"""How a form names a question in a language."""


def question(name: str, own_words: str = "") -> str:
    """A question by its name, and what whoever asks adds; own words alone where there is no such question."""
    topic, _, language = name.partition(".")
    told = QUESTIONS[topic][LANGUAGES.index(language)] if name in NAMES else ""
    return " ".join(each for each in (told, own_words.strip()) if each)
