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
}
