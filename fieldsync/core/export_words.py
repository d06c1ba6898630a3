"""The words of an export that are no question's: its own columns and the review states, in each language."""

from collections.abc import Mapping

from fieldsync.core.messages import LANGUAGES

COLUMNS: Mapping[str, tuple[str, str, str]] = {
    "record": ("السجل", "Fiche", "Record"),
    "state": ("حالة المراجعة", "État de revue", "Review state"),
    "version": ("نسخة الاستمارة", "Version du formulaire", "Form version"),
    "received_at": ("تاريخ الاستلام", "Reçu le", "Received at"),
    "changed_at": ("تاريخ آخر تعديل", "Modifié le", "Changed at"),
    "sent_by": ("أرسله الجهاز", "Envoyé par l’appareil", "Sent by the phone"),
    "position": ("الترتيب", "Rang", "Position"),
    "occurrence": ("المعرّف داخل القائمة", "Occurrence", "Occurrence"),
    "inside": ("ضمن", "Dans", "Inside"),
    "entity": ("معرّف الكيان", "Entité", "Entity"),
    "count": ("العدد", "nombre", "count"),
    "latitude": ("خط العرض", "latitude", "latitude"),
    "longitude": ("خط الطول", "longitude", "longitude"),
    "altitude": ("الارتفاع", "altitude", "altitude"),
    "accuracy": ("الدقة", "précision", "accuracy"),
    "label": ("الاسم الظاهر", "Libellé", "Label"),
    "watermark": ("علامة التصدير", "Marque de l’export", "Mark of the export"),
    "records": ("السجلات", "Fiches", "Records"),
}

STATES: Mapping[str, tuple[str, str, str]] = {
    "received": ("مستلمة", "Reçu", "Received"),
    "hasIssues": ("للتصحيح", "À corriger", "To correct"),
    "edited": ("معدّلة", "Modifié", "Edited"),
    "approved": ("مصادق عليها", "Approuvé", "Approved"),
    "rejected": ("مرفوضة", "Rejeté", "Rejected"),
}


def word(table: Mapping[str, tuple[str, str, str]], name: str, language: str) -> str:
    """A word in a language; English where it is none of ours."""
    return table[name][LANGUAGES.index(language) if language in LANGUAGES else -1]
