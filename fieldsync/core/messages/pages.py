"""Problems of the pages that people use."""

PAGES: dict[str, tuple[int | None, str, str, str]] = {
    "nothing_ticked": (
        422,
        "لم تُختر أي استمارة. يلزم تأشير واحدة على الأقل.",
        "Rien n’est coché. Cochez au moins un envoi.",
        "Nothing is ticked. Tick at least one record.",
    ),
    "form_not_ours": (
        403,
        "لم تأت هذه الاستمارة من صفحة مفتوحة هنا، أو بقيت مفتوحة طويلاً. لم يتغيّر شيء؛ افتح الصفحة من جديد.",
        "Ce formulaire ne vient pas d’une page ouverte ici, ou il est resté ouvert trop longtemps. Rien n’a changé ; rouvrez la page.",
        "This form does not come from a page that is open here, or it stayed open for too long. Nothing was changed; open the page again.",
    ),
    "stale_page": (
        409,
        "تغيّر السجل منذ فُتحت هذه الصفحة. لم يُكتب شيء؛ افتحها من جديد ثم اختر.",
        "La fiche a changé depuis l’ouverture de cette page. Rien n’a été écrit ; rouvrez-la, puis choisissez.",
        "The record has changed since this page was opened. Nothing was written; open it again, then choose.",
    ),
    "nothing_to_bring_back": (
        409,
        "ليس في هذا السجل جواب يُعاد كتابته، فلا يمكن إرجاعه من هنا.",
        "Cette fiche n’a aucune réponse à redire : elle ne peut pas être rétablie d’ici.",
        "This record has no answer to say again, so it cannot be brought back from here.",
    ),
    "reason_missing": (
        422,
        "اكتب السبب: سيقرؤه من ينظر في السجل بعدك.",
        "Écrivez la raison : qui regarde la fiche après vous la lira.",
        "Write the reason: whoever looks at the record after you reads it.",
    ),
    "not_correctable": (
        409,
        "لا تحمل هذه العملية أجوبة يمكن تصحيحها هنا. يمكن الإفراج عنها أو رفضها.",
        "Cette opération ne porte pas de réponses à corriger ici. Elle peut être libérée ou rejetée.",
        "This operation carries no answers that could be corrected here. It can be released or rejected.",
    ),
}
