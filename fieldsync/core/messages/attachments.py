"""Problems with files on their way (docs/attachments.md)."""

ATTACHMENTS: dict[str, tuple[int | None, str, str, str]] = {
    "upload_wrong": (
        400,
        "ترويسة الإرسال غير صالحة: {where}.",
        "L’en-tête d’envoi n’est pas valide : {where}.",
        "The upload's header is not valid: {where}.",
    ),
    "upload_version": (
        412,
        "يُنتظر بروتوكول tus بالإصدار 1.0.0. حدّث التطبيق؛ ملفاتك محفوظة.",
        "Le protocole tus 1.0.0 est attendu. Mettez l’application à jour ; vos fichiers sont conservés.",
        "The protocol tus 1.0.0 is expected. Update the app; your files stay.",
    ),
    "upload_elsewhere": (
        409,
        "وصل الملف إلى موضع آخر. اسأل عن الموضع ثم واصل منه.",
        "Le fichier en est à une autre position. Demandez-la, puis continuez de là.",
        "The file stands at another position. Ask where, and go on from there.",
    ),
    "upload_in_use": (
        423,
        "يُستقبل هذا الملف الآن من اتصال آخر. أعد المحاولة بعد قليل.",
        "Ce fichier arrive déjà par une autre connexion. Réessayez dans un instant.",
        "This file is coming by another connection already. Try again in a moment.",
    ),
    "upload_expired": (
        410,
        "انتهت مدة هذا الإرسال. ابدأه من جديد؛ الملف محفوظ على الهاتف.",
        "Cet envoi a expiré. Recommencez-le ; le fichier reste sur le téléphone.",
        "This upload has expired. Begin again; the file stays on the phone.",
    ),
    "uploads_full": (
        413,
        "ملفات هذا الهاتف قيد الإرسال كثيرة (الحد {limit}). أكمل ما بدأ قبل المزيد.",
        "Ce téléphone a trop de fichiers en cours d’envoi (limite {limit}). Terminez-les d’abord.",
        "This phone has too many files on their way (limit {limit}). Finish those first.",
    ),
    "files_of_day": (
        429,
        "أرسل هذا الهاتف اليوم ملفات كثيرة (الحد {limit}). يُرسل الباقي تلقائياً غداً؛ لا شيء ضاع.",
        "Ce téléphone a envoyé beaucoup de fichiers aujourd’hui (limite {limit}). Le reste partira demain ; rien n’est perdu.",
        "This phone has sent many files today (limit {limit}). The rest goes tomorrow; nothing is lost.",
    ),
    "files_left_out": (
        413,
        "وصلت الأجوبة وحُفظت. لا مكان الآن لكل الملفات المرفقة: تبقى على الهاتف ويُعاد إرسالها لاحقاً.",
        "Les réponses sont reçues et enregistrées. Il n’y a pas de place pour tous les fichiers : ils restent sur le téléphone, à renvoyer plus tard.",
        "The answers were received and are kept. There is no room for all the files now: they stay on the phone, to be sent again later.",
    ),
    "file_left_out": (
        413,
        "وصلت الأجوبة وحُفظت. أحد الملفات أكبر من الحد ({limit}) ولم يُحفظ: يبقى على الهاتف، فأخبر المنسّق.",
        "Les réponses sont reçues et enregistrées. Un fichier dépasse la limite ({limit}) et n’est pas gardé : il reste sur le téléphone. Prévenez le coordinateur.",
        "The answers were received and are kept. A file is larger than the limit ({limit}) and was not: it stays on the phone. Tell the coordinator.",
    ),
    "request_left_out": (
        413,
        "وصلت الأجوبة وحُفظت. حجم هذا الإرسال كله مع ملفاته يتجاوز الحد ({limit})، فلم تُحفظ الملفات: تبقى على الهاتف. أرسلها في عدة دفعات، وإن كان ملفاً واحداً فأخبر المنسّق.",
        "Les réponses sont reçues et enregistrées. L’envoi avec tous ses fichiers dépasse la limite ({limit}) : les fichiers ne sont pas gardés et restent sur le téléphone. Envoyez-les en plusieurs fois ; si c’est un seul fichier, prévenez le coordinateur.",
        "The answers were received and are kept. What was sent takes more, with all its files, than the limit ({limit}): the files were not kept and stay on the phone. Send them in several parts; if it is a single file, tell the coordinator.",
    ),
    "checksum_differs": (
        460,
        "تغيّرت البيانات في الطريق ولم تُحفظ. أعد إرسال هذا الجزء.",
        "Les données ont changé en chemin et n’ont pas été gardées. Renvoyez cette partie.",
        "The data changed on the way and was not kept. Send this part again.",
    ),
    "file_differs": (
        422,
        "محتوى الملف لا يطابق بصمته المعلنة، فلم يُحفظ. أرسله من جديد.",
        "Le fichier ne correspond pas à l’empreinte annoncée ; il n’a pas été gardé. Renvoyez-le.",
        "The file is not what its digest announced, and was not kept. Send it again.",
    ),
}
