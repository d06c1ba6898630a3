"""Problems with what is counted."""

INDICATORS: dict[str, tuple[int | None, str, str, str]] = {
    "indicators_wrong": (
        None,
        "ملف المؤشرات غير صالح: {reason}.",
        "Le fichier des indicateurs n’est pas valable : {reason}.",
        "The indicators file is not valid: {reason}.",
    ),
    "period_unknown": (
        422,
        "هذه الفترة غير معروفة. اختر all أو سنة (2026) أو فصلاً (2026-Q4) أو شهراً (2026-10).",
        "Cette période n’existe pas. Choisissez all, une année (2026), un trimestre (2026-Q4) ou un mois (2026-10).",
        "There is no such period. Choose all, a year (2026), a quarter (2026-Q4) or a month (2026-10).",
    ),
}
