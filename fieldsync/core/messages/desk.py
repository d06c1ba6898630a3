"""What keeps people at the desk from doing something to a record."""

DESK: dict[str, tuple[int | None, str, str, str]] = {
    "review_not_open": (
        409,
        "لا يمكن الانتقال إلى هذه الحالة من حالة المراجعة الحالية. أعد فتح الصفحة لرؤية ما وصلت إليه.",
        "Cet état ne peut pas suivre l’état de révision présent. Rouvrez la page pour voir où en est la fiche.",
        "This state cannot follow the present review state. Open the page again to see where the record is.",
    ),
    "conflicts_first": (
        409,
        "لا مصادقة ما دامت هناك قيم متعارضة: {count}. اختر أولاً القيمة التي تبقى.",
        "Pas d’approbation tant que des valeurs se contredisent : {count}. Choisissez d’abord celles qui restent.",
        "No approval while values are in conflict: {count}. Choose first which ones stay.",
    ),
    "quarantine_first": (
        409,
        "لا مصادقة ما دامت أجزاء من السجل محجورة: {count}. أفرج عنها أو ارفضها أولاً.",
        "Pas d’approbation tant que des parties de la fiche sont en quarantaine : {count}. Libérez-les ou rejetez-les d’abord.",
        "No approval while parts of the record are in quarantine: {count}. Release or reject them first.",
    ),
    "reason_due": (
        422,
        "اكتب السبب: ما صودق عليه لا يتغير إلا بسبب مكتوب.",
        "Indiquez la raison : ce qui est approuvé ne change qu’avec une raison écrite.",
        "Give the reason: what is approved changes only with a written reason.",
    ),
    "comment_due": (
        422,
        "اكتب ما يجب أن يعرفه من أرسل الاستمارة؛ يصله مع المزامنة القادمة.",
        "Écrivez ce que doit savoir la personne qui a envoyé la fiche ; elle le lit à sa prochaine synchronisation.",
        "Write what whoever sent the record should know; it reaches her phone with the next sync.",
    ),
    "comment_too_long": (
        422,
        "النص أطول من المسموح: {limit} حرفاً على الأكثر.",
        "Le texte est trop long : {limit} caractères au plus.",
        "The text is too long: {limit} characters at most.",
    ),
    "began_elsewhere": (
        409,
        "ما بدأ منه هذا التصحيح ليس هنا. أعد فتح الصفحة وابدأ من جديد؛ لم يتغير شيء.",
        "Ce dont part cette correction n’est pas ici. Rouvrez la page et recommencez ; rien n’a changé.",
        "What this correction began from is not here. Open the page again and start anew; nothing was changed.",
    ),
}
