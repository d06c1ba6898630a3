"""What OpenRosa clients (ODK Collect, Enketo) are told; a phone shows these words to the companion."""

OPENROSA: dict[str, tuple[int | None, str, str, str]] = {
    "unknown_address": (
        403,
        "عنوان الخادم هذا غير معروف أو استُبدل. اطلب من المنسّق رمز QR جديداً وامسحه؛ ما على الهاتف محفوظ.",
        "Cette adresse du serveur est inconnue ou a été remplacée. Demandez un nouveau code QR à votre coordinateur ; rien n’est perdu sur le téléphone.",
        "This server address is not known or was replaced. Ask your coordinator for a new QR code; nothing on the phone is lost.",
    ),
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
    "envelope_wrong": (
        400,
        "الاستمارة المشفّرة بلا مفتاح أو معرّف أو ملف. لم يُحفظ شيء، وتبقى على الهاتف.",
        "La fiche chiffrée n’a pas sa clé, son identifiant ou ses fichiers. Rien n’est enregistré ; elle reste sur le téléphone.",
        "The encrypted record lacks its key, its id or its files. Nothing was kept; it stays on the phone.",
    ),
    "envelope_closed": (
        None,
        "لا يفتح هذا المفتاح هذه الاستمارة: شُفّرت لمفتاح آخر، أو تغيّر غلافها.",
        "Cette clé n’ouvre pas cette fiche : elle a été chiffrée pour une autre clé, ou son enveloppe a changé.",
        "This key does not open this record: it was encrypted for another one, or its envelope was changed.",
    ),
    "not_encrypted": (
        None,
        "تطلب هذه الاستمارة تشفير أجوبتها على الهاتف، وقد وصلت غير مشفّرة. حُفظت جانباً ولا يراها إلا من يحق له الاطلاع على الأجوبة السرية؛ حدّث الاستمارة والتطبيق على الهاتف.",
        "Ce formulaire demande que le téléphone chiffre ses réponses, et elles sont arrivées en clair. Elles sont mises de côté et ne s’ouvrent qu’à qui peut lire les réponses confidentielles ; mettez à jour le formulaire et l’application du téléphone.",
        "This form asks phones to encrypt its answers, and they came in clear. They are set apart, open only to those who may read restricted answers; update the form and the app on the phone.",
    ),
    "not_sealed": (
        None,
        "هذه الاستمارة غير مشفّرة: تُقرأ كما هي.",
        "Cette fiche n’est pas chiffrée : elle se lit telle quelle.",
        "This record is not encrypted: it can be read as it is.",
    ),
    "sealed_file_changed": (
        None,
        "الملف {file} ليس ما شفّره الهاتف: تغيّر أو قُطع. لم يُكتب شيء؛ صدّره من جديد، أو أبعده لفتح الباقي.",
        "Le fichier {file} n’est pas celui que le téléphone a chiffré : il a changé ou il est coupé. Rien n’est écrit ; exportez-le de nouveau, ou écartez-le pour ouvrir le reste.",
        "The file {file} is not what the phone encrypted: it was changed or cut. Nothing was written; export it again, or take it away to open the rest.",
    ),
    "sealed_file_missing": (
        None,
        "الملف {file} غير موجود: فُتح الباقي من دونه.",
        "Le fichier {file} n’est pas là : le reste est ouvert sans lui.",
        "The file {file} is not here: the rest was opened without it.",
    ),
    "sealed_record_missing": (
        None,
        "الأجوبة نفسها ({file}) غير موجودة: لم يُكتب شيء.",
        "Les réponses elles-mêmes ({file}) ne sont pas là : rien n’est écrit.",
        "The answers themselves ({file}) are not here: nothing was written.",
    ),
    "signature_differs": (
        None,
        "لا يطابق توقيع الغلاف ما فيه: قد يكون شيء تغيّر بعد الهاتف. ما فُتح موجود في doubtful.",
        "La signature de l’enveloppe ne correspond pas à son contenu : quelque chose a pu changer après le téléphone. Ce qui est ouvert est dans doubtful.",
        "The envelope's signature does not fit what is in it: something may have been changed after the phone. What was opened is in doubtful.",
    ),
    "private_key_unreadable": (
        None,
        "لا يمكن قراءة المفتاح الخاص: يُنتظر مفتاح RSA بصيغة PEM، مع عبارة السر إن كانت له.",
        "La clé privée est illisible : il faut une clé RSA en PEM, avec sa phrase secrète si elle en a une.",
        "The private key cannot be read: an RSA key in PEM is expected, with its passphrase if it has one.",
    ),
    "original_closed": (
        403,
        "يحتوي ملف XML الأصلي على أجوبة ليست متاحة لك. اطلبه ممن يحق له الاطلاع على الاستمارة كلها.",
        "Le XML d’origine contient des réponses qui ne vous sont pas ouvertes. Demandez-le à qui peut lire toute la fiche.",
        "The original XML holds answers that are not open to you. Ask whoever may read the whole record.",
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
