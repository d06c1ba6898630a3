"""Problems with taking records out as a file."""

EXPORTS: dict[str, tuple[int | None, str, str, str]] = {
    "export_restricted": (
        403,
        "هذه الاستمارة فيها أجوبة مقيّدة، ولا تُستخرج أبدا في ملف.",
        "Ce formulaire contient des réponses restreintes ; elles ne sortent jamais dans un fichier.",
        "This form holds restricted answers; they never leave as a file.",
    ),
    "export_needs_person": (
        403,
        "الأجوبة الشخصية لا تُستخرج برمز برنامج. سجّل الدخول بنفسك.",
        "Les réponses personnelles ne sortent pas avec le jeton d’un script. Connectez-vous vous-même.",
        "Personal answers do not leave with a script's token. Sign in yourself.",
    ),
    "export_reason_needed": (
        422,
        "الأجوبة الشخصية تحتاج إلى سبب: اختر سببا واكتب من {least} إلى {most} حرفا.",
        "Les réponses personnelles demandent une raison : choisissez-la et écrivez de {least} à {most} caractères.",
        "Personal answers need a reason: choose one, and write {least} to {most} characters.",
    ),
    "exports_too_many": (
        429,
        "لديك {number} من الملفات قيد الإعداد أو جاهزة. انتظر، أو احذف واحدا منها.",
        "Vous avez {number} exports en cours ou prêts. Attendez, ou supprimez-en un.",
        "You have {number} exports under way or ready. Wait, or remove one.",
    ),
    "exports_busy": (
        503,
        "الخادم مشغول بملفات كثيرة. أعد المحاولة بعد دقائق.",
        "Le serveur prépare déjà beaucoup d’exports. Réessayez dans quelques minutes.",
        "The server is making many exports already. Try again in some minutes.",
    ),
    "export_not_ready": (
        409,
        "الملف غير جاهز.",
        "Le fichier n’est pas prêt.",
        "The file is not ready.",
    ),
    "export_gone": (
        410,
        "انتهت صلاحية الملف وحُذف. اطلب ملفا جديدا.",
        "Le fichier a expiré et a été supprimé. Demandez-en un nouveau.",
        "The file has expired and was removed. Ask for a new one.",
    ),
    "export_failed": (
        None,
        "تعذّر إعداد الملف. أعد المحاولة.",
        "L’export a échoué. Réessayez.",
        "The export failed. Try again.",
    ),
    "export_interrupted": (
        None,
        "توقف الخادم أثناء إعداد الملف. أعد المحاولة.",
        "Le serveur s’est arrêté pendant l’export. Réessayez.",
        "The server stopped during the export. Try again.",
    ),
    "export_too_long": (
        None,
        "السجلات أكثر مما تسعه ورقة جدول. اختر CSV أو فترة أقصر.",
        "Il y a plus de fiches qu’une feuille de calcul n’en contient. Choisissez CSV ou une période plus courte.",
        "There are more records than a spreadsheet holds. Choose CSV, or fewer days.",
    ),
    "export_too_wide": (
        None,
        "الأعمدة أكثر مما تسعه الملفات. اطلب الملف دون تقسيم الاختيارات.",
        "Il y a trop de colonnes. Demandez l’export sans diviser les choix multiples.",
        "There are too many columns. Ask without splitting the multiple choices.",
    ),
    "export_unknown": (
        None,
        "لا توجد استمارة أو لائحة باسم {of} في هذه الجمعية.",
        "Cette association n’a ni formulaire ni liste du nom de {of}.",
        "This association has no form or list called {of}.",
    ),
}
