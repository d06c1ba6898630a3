"""Problems of a folded record: everything is kept, the record shows `hasIssues`. A form's own message stands first."""

RECORDS: dict[str, tuple[int | None, str, str, str]] = {
    "required": (
        None,
        "هذا السؤال إلزامي ولم يُجب عنه.",
        "Cette question est obligatoire et n’a pas de réponse.",
        "This question is required and has no answer.",
    ),
    "constraint": (
        None,
        "الجواب لا يحترم شرط السؤال.",
        "La réponse ne respecte pas la condition de la question.",
        "The answer does not meet the question's condition.",
    ),
    "not_relevant": (
        None,
        "هذا السؤال لا ينطبق حسب الأجوبة الأخرى، ومع ذلك له جواب.",
        "D’après les autres réponses, cette question ne s’applique pas ; elle a pourtant une réponse.",
        "By the other answers this question does not apply, yet it has an answer.",
    ),
    "choice_not_offered": (
        None,
        "هذا الاختيار غير متاح مع الأجوبة الأخرى، كجماعة خارج الإقليم المختار.",
        "Ce choix n’est pas proposé avec les autres réponses, comme une commune hors de la province choisie.",
        "This choice is not offered with the other answers, like a commune outside the chosen province.",
    ),
    "repeat_count": (
        None,
        "عدد التكرارات لا يوافق العدد المصرّح به.",
        "Le nombre de répétitions ne correspond pas au nombre annoncé.",
        "There are not as many occurrences as the form's count says.",
    ),
    "rule_failed": (
        None,
        "تعذّر حساب قاعدة هذا السؤال. أبلغ مصمّم الاستمارة.",
        "La règle de cette question n’a pas pu être calculée. Prévenez le concepteur du formulaire.",
        "This question's rule could not be worked out. Tell the form's designer.",
    ),
    "possible_duplicate": (
        None,
        "يوجد تقرير آخر بالمفاتيح نفسها. تحقق من أنهما ليسا تقريراً واحداً.",
        "Un autre rapport porte les mêmes clés. Vérifiez qu’il ne s’agit pas du même.",
        "Another report has the same keys. Check that they are not the same report.",
    ),
    "same_content_again": (
        None,
        "أرسل الجهاز نفسه هذا المحتوى من قبل. تحقق من أنه لم يُرسل مرتين.",
        "Le même appareil a déjà envoyé ce contenu. Vérifiez qu’il n’a pas été envoyé deux fois.",
        "The same device has sent this content before. Check that it was not sent twice.",
    ),
    "came_apart": (
        None,
        "وصل تعديل لهذا التقرير قبله، وبقي وحده تقريراً آخر. اقرأ ما قيل عنه هناك.",
        "Une modification de ce rapport est arrivée avant lui et a formé un autre rapport. Lisez ce qui en a été dit là.",
        "An edit of this report came before it and stood as another report. Read what was said about it there.",
    ),
    "possibly_same": (
        None,
        "قد يكون هذا السجل مكررا للسجل {record}. تأكد من أنه ليس نفس الشخص أو نفس التعاونية.",
        "Peut-être la même personne ou coopérative que la fiche {record}. Vérifiez avant de continuer.",
        "Perhaps the same person or cooperative as record {record}. Check before you go on.",
    ),
    "bad_entity": (
        None,
        "تعذّر إنشاء الكيان أو تحديثه في القائمة {list}: معرّفه أو تسميته غير صالح.",
        "L’entité de la liste {list} n’a pu être créée ni mise à jour : identifiant ou libellé invalide.",
        "The entity of list {list} could not be created or updated: its id or label is not valid.",
    ),
}
