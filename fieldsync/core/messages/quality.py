"""Flags of the quality rules, in words: why somebody should look. None of them holds an answer.

A code with `_numbers` is said after its flag where the numbers may be told.
"""

QUALITY: dict[str, tuple[int | None, str, str, str]] = {
    "filled_too_fast": (
        None,
        "مُلئت في وقت أقل بكثير من المعتاد لهذه الاستمارة.",
        "Rempli en bien moins de temps que ce formulaire n’en demande d’habitude.",
        "Filled in much less time than this form usually takes.",
    ),
    "filled_too_fast_numbers": (
        None,
        "{seconds} ثانية؛ والمعتاد {usual} ثانية.",
        "{seconds} s ; d’habitude {usual} s.",
        "{seconds} s; usually {usual} s.",
    ),
    "filled_at_night": (
        None,
        "فُتحت الاستمارة ليلا حسب التوقيت المحلي.",
        "Formulaire ouvert la nuit, à l’heure locale.",
        "Opened at night, by local time.",
    ),
    "filled_at_night_numbers": (None, "الساعة {hour}.", "À {hour}.", "At {hour}."),
    "far_from_place": (
        None,
        "النقطة بعيدة عن المكان المصرّح به، أو خارج حدوده.",
        "Le point est loin du lieu indiqué, ou hors de son contour.",
        "The point is far from the stated place, or outside its outline.",
    ),
    "far_from_place_numbers": (
        None,
        "أكثر من {kilometres} كلم.",
        "À plus de {kilometres} km.",
        "More than {kilometres} km away.",
    ),
    "same_answers": (
        None,
        "أجوبة تكاد تطابق أجوبة استمارات أخرى للمرافق نفسه.",
        "Presque les mêmes réponses que d’autres envois du même téléphone.",
        "Nearly the same answers as other submissions from the same phone.",
    ),
    "same_answers_numbers": (
        None,
        "عدد الاستمارات السابقة المشابهة: {count}.",
        "Envois précédents semblables : {count}.",
        "Earlier ones alike: {count}.",
    ),
    "far_from_usual": (
        None,
        "«{question}»: عدد بعيد جدا عن المعتاد لهذا السؤال.",
        "« {question} » : un nombre très éloigné de l’habitude pour cette question.",
        "“{question}”: a number very far from what this question usually gets.",
    ),
    "far_from_usual_numbers": (
        None,
        "{value}؛ والمعتاد نحو {usual}.",
        "{value} ; d’habitude environ {usual}.",
        "{value}; usually about {usual}.",
    ),
    "clock_far_off": (
        None,
        "كانت ساعة الهاتف بعيدة عن ساعة الخادم عند الإرسال؛ لا يُعتمد على أوقاته.",
        "L’heure du téléphone était loin de celle du serveur à l’envoi ; ses heures ne sont pas fiables.",
        "The phone's clock was far from the server's when it sent; its times are not to be relied on.",
    ),
    "clock_far_off_numbers": (
        None,
        "الفارق بالدقائق: {minutes}.",
        "Écart en minutes : {minutes}.",
        "Minutes apart: {minutes}.",
    ),
    "many_at_one_point": (
        None,
        "استمارات كثيرة من الهاتف نفسه في النقطة نفسها تقريبا.",
        "Beaucoup d’envois du même téléphone presque au même point.",
        "Many submissions from the same phone at nearly the same point.",
    ),
    "many_at_one_point_numbers": (
        None,
        "{count} قبلها، في حدود {metres} مترا تقريبا.",
        "{count} avant celui-ci, à {metres} m près.",
        "{count} before this one, within about {metres} m.",
    ),
    "flag_reason_needed": (
        422,
        "اكتب سبب صرف النظر، في {limit} حرف على الأكثر.",
        "Dites pourquoi ce signalement est écarté, en {limit} caractères au plus.",
        "Say why the flag is dismissed, in at most {limit} characters.",
    ),
    "outlines_unreadable": (
        None,
        "الملف {file} ليس مجموعة GeoJSON من المضلعات، أو هو أكبر من المسموح. لم يتغير شيء.",
        "Le fichier {file} n’est pas une collection GeoJSON de polygones, ou il est trop grand. Rien n’a changé.",
        "The file {file} is no GeoJSON collection of polygons, or too large. Nothing was changed.",
    ),
    "map_view_wrong": (
        400,
        "حدود الخريطة المطلوبة غير صالحة.",
        "Les limites de carte demandées ne sont pas valables.",
        "The edges of the map that was asked for are not valid.",
    ),
    "threshold_wrong": (
        422,
        "القيمة المسموح بها بين {least} و{most}.",
        "La valeur admise va de {least} à {most}.",
        "The value may be from {least} to {most}.",
    ),
}
