"""What OpenRosa clients (ODK Collect, Enketo) are told; a phone shows these words to the companion."""

OPENROSA: dict[str, tuple[int | None, str, str, str]] = {
    "not_xml": (
        400,
        "المرسَل ليس ملف XML مقروءاً بترميز UTF-8. لم يُحفظ شيء، وتبقى النسخة على الهاتف.",
        "L’envoi n’est pas du XML lisible en UTF-8. Rien n’est enregistré ; la fiche reste sur le téléphone.",
        "What was sent is not readable XML in UTF-8. Nothing was kept; the record stays on the phone.",
    ),
    "xml_forbidden": (
        400,
        "يحتوي ملف XML على تعريف DOCTYPE، وهو غير مقبول. لم يُحفظ شيء.",
        "Le XML contient une déclaration DOCTYPE, qui n’est pas acceptée. Rien n’est enregistré.",
        "The XML has a DOCTYPE declaration, which is not accepted. Nothing was kept.",
    ),
    "xml_too_large": (
        400,
        "ملف XML أكبر أو أعمق مما تُنتجه استمارة. لم يُحفظ شيء.",
        "Le XML est plus grand ou plus profond que ce que produit un formulaire. Rien n’est enregistré.",
        "The XML is larger or deeper than a form makes. Nothing was kept.",
    ),
    "not_a_submission": (
        400,
        "لا يحتوي الطلب على جزء xml_submission_file واحد يحمل معرّف استمارة. لم يُحفظ شيء.",
        "La requête n’a pas une seule partie xml_submission_file portant l’identifiant d’un formulaire. Rien n’est enregistré.",
        "The request does not have exactly one part xml_submission_file that bears a form's id. Nothing was kept.",
    ),
    "submission_received": (
        None,
        "وصلت الاستمارة وحُفظت.",
        "La fiche est reçue et enregistrée.",
        "The record was received and is kept.",
    ),
    "submission_waits": (
        None,
        "وصلت الاستمارة وحُفظت، وتظهر عند نشر إصدار الاستمارة أو وصول ما بُنيت عليه.",
        "La fiche est reçue et enregistrée ; elle apparaîtra quand la version du formulaire ou ce qu’elle suit sera là.",
        "The record was received and is kept; it shows once its form version, or what it builds on, is here.",
    ),
    "submission_set_apart": (
        None,
        "وصلت الاستمارة وحُفظت جانباً لأن فيها ما يجب أن يراجعه المنسّق.",
        "La fiche est reçue et mise de côté : le coordinateur doit y vérifier quelque chose.",
        "The record was received and set apart: the coordinator must look at something in it.",
    ),
}
