"""What findings about forms say: English text, as the rules have it, to (Arabic, French); `{name}` is a blank of the finding.

A text that is not here, such as what the library of the conversion says, is shown as it came.
"""

FINDINGS: dict[str, tuple[str, str]] = {
    "{path} shows nothing: ODK Collect does not open a form with such a group.": (
        "لا يعرض {path} شيئا: لا يفتح ODK Collect استمارة فيها مجموعة كهذه.",
        "{path} n’affiche rien : ODK Collect n’ouvre pas un formulaire avec un tel groupe.",
    ),
    "{list} is updated, but the form does not read it: ODK Collect does not open such a form.": (
        "تُعدَّل القائمة {list} والاستمارة لا تقرؤها: لا يفتح ODK Collect استمارة كهذه.",
        "{list} est modifiée sans que le formulaire la lise : ODK Collect n’ouvre pas un tel formulaire.",
    ),
    "A bind names {nodeset}, which is not in the form.": (
        "يذكر bind المسار {nodeset}، وهو غير موجود في الاستمارة.",
        "Un bind nomme {nodeset}, qui n’est pas dans le formulaire.",
    ),
    "A name is longer than {max_node_name} characters.": (
        "يتجاوز أحد الأسماء {max_node_name} حرفا.",
        "Un nom dépasse {max_node_name} caractères.",
    ),
    "A reference ${ is not closed.": ("إشارة ${ غير مغلقة.", "Une référence ${ n’est pas fermée."),
    "A value is an alias (*) of another.": (
        "إحدى القيم إحالة (*) على أخرى.",
        "Une valeur est un alias (*) d’une autre.",
    ),
    "An entity property cannot be called {name}.": (
        "لا تُسمى خاصية كيان {name}.",
        "Une propriété d’entité ne peut pas s’appeler {name}.",
    ),
    "Column {place} has cells but no header.": (
        "في العمود {place} خلايا بلا عنوان.",
        "La colonne {place} a des cellules mais pas d’en-tête.",
    ),
    "Line {line_num} is not CSV: {failure}.": (
        "السطر {line_num} ليس CSV: {failure}.",
        "La ligne {line_num} n’est pas du CSV : {failure}.",
    ),
    "More than {most} groups stand in each other.": (
        "تتداخل أكثر من {most} مجموعة.",
        "Plus de {most} groupes s’emboîtent.",
    ),
    "No question is called {name}.": ("لا سؤال باسم {name}.", "Aucune question ne s’appelle {name}."),
    "Row {number} of {name} is not a row of texts.": (
        "السطر {number} من {name} ليس سطر نصوص.",
        "La ligne {number} de {name} n’est pas une ligne de textes.",
    ),
    "The XForm has a document type declaration.": (
        "في XForm إعلان نوع وثيقة (DOCTYPE).",
        "Le XForm a une déclaration de type de document.",
    ),
    "The XForm has too many elements.": ("في XForm عناصر أكثر من اللازم.", "Le XForm a trop d’éléments."),
    "The XForm is larger than {max_xform_bytes} bytes.": (
        "يتجاوز XForm {max_xform_bytes} بايت.",
        "Le XForm dépasse {max_xform_bytes} octets.",
    ),
    "The XForm is not UTF-8 text.": ("نص XForm ليس بترميز UTF-8.", "Le XForm n’est pas du texte UTF-8."),
    "The cell has more than {most} characters.": (
        "تتجاوز الخلية {most} حرفا.",
        "La cellule dépasse {most} caractères.",
    ),
    "The cell holds a control character that no form can carry.": (
        "في الخلية حرف تحكم لا تحمله أي استمارة.",
        "La cellule contient un caractère de contrôle qu’aucun formulaire ne porte.",
    ),
    "The cell holds a formula of the spreadsheet.": (
        "في الخلية صيغة حساب للجدول.",
        "La cellule contient une formule du tableur.",
    ),
    "The choice has no {column}.": ("لا {column} للخيار.", "Le choix n’a pas de {column}."),
    "The column {cell} stands twice.": ("يرد العمود {cell} مرتين.", "La colonne {cell} figure deux fois."),
    "The columns bind::fs:… need their namespace.": (
        "تحتاج الأعمدة bind::fs:… إلى فضاء أسمائها.",
        "Les colonnes bind::fs:… ont besoin de leur espace de noms.",
    ),
    "The conversion could not be started.": ("تعذر بدء التحويل.", "La conversion n’a pas pu démarrer."),
    "The conversion took too much time or memory and was ended.": (
        "أخذ التحويل وقتا أو ذاكرة أكثر من اللازم فأُوقف.",
        "La conversion a pris trop de temps ou de mémoire et a été arrêtée.",
    ),
    "The entities version {entities_version} is not known here.": (
        "نسخة الكيانات {entities_version} غير معروفة هنا.",
        "La version {entities_version} des entités n’est pas connue ici.",
    ),
    "The entity list's name {list} cannot be used.": (
        "اسم لائحة الكيانات {list} غير صالح.",
        "Le nom {list} de la liste d’entités ne convient pas.",
    ),
    "The expression has more than {most} characters.": (
        "تتجاوز العبارة {most} حرفا.",
        "L’expression dépasse {most} caractères.",
    ),
    "The file holds no sheet.": ("لا ورقة في الملف.", "Le fichier ne contient aucune feuille."),
    "The file is XML but holds no XForm.": (
        "الملف XML ولا استمارة XForm فيه.",
        "Le fichier est en XML mais ne contient pas de XForm.",
    ),
    "The file is an old .xls workbook.": ("الملف مصنف قديم .xls.", "Le fichier est un ancien classeur .xls."),
    "The file is empty.": ("الملف فارغ.", "Le fichier est vide."),
    "The file is larger than {most} bytes.": ("يتجاوز الملف {most} بايت.", "Le fichier dépasse {most} octets."),
    "The file is nested too deep.": ("تداخل الملف عميق جدا.", "Le fichier s’emboîte trop profondément."),
    "The file is no .xlsx workbook, or it is damaged.": (
        "الملف ليس مصنف .xlsx أو هو تالف.",
        "Le fichier n’est pas un classeur .xlsx, ou il est abîmé.",
    ),
    "The file is not UTF-8 text.": ("الملف ليس نصا بترميز UTF-8.", "Le fichier n’est pas du texte UTF-8."),
    "The file is not YAML (line {line}).": (
        "الملف ليس YAML (السطر {line}).",
        "Le fichier n’est pas du YAML (ligne {line}).",
    ),
    "The file is not YAML.": ("الملف ليس YAML.", "Le fichier n’est pas du YAML."),
    "The file is not well-formed XML (line {line}).": (
        "الملف ليس XML سليما (السطر {line}).",
        "Le fichier n’est pas du XML bien formé (ligne {line}).",
    ),
    "The file names no sheets.": ("لا يسمي الملف أي ورقة.", "Le fichier ne nomme aucune feuille."),
    "The form asks nothing.": ("لا سؤال في الاستمارة.", "Le formulaire ne demande rien."),
    "The form cannot be converted ({name}).": (
        "يتعذر تحويل الاستمارة ({name}).",
        "Le formulaire ne peut pas être converti ({name}).",
    ),
    "The form does not use the file {name}.": (
        "لا تستعمل الاستمارة الملف {name}.",
        "Le formulaire n’emploie pas le fichier {name}.",
    ),
    "The form has more than {max_questions} nodes.": (
        "في الاستمارة أكثر من {max_questions} عقدة.",
        "Le formulaire a plus de {max_questions} nœuds.",
    ),
    "Phones encrypt the answers of this form: the server cannot check, show, search or count them.": (
        "تشفّر الهواتف أجوبة هذه الاستمارة: لا يستطيع الخادم مراجعتها ولا عرضها ولا البحث فيها ولا عدّها.",
        "Les téléphones chiffrent les réponses : le serveur ne peut ni les vérifier, ni les montrer, ni les chercher, ni les compter.",
    ),
    "The public key cannot be read.": ("لا يمكن قراءة المفتاح العمومي.", "La clé publique est illisible."),
    "The form has no id.": ("لا معرّف للاستمارة.", "Le formulaire n’a pas d’identifiant."),
    "The form has no title.": ("لا عنوان للاستمارة.", "Le formulaire n’a pas de titre."),
    "The form has no version.": ("لا رقم نسخة للاستمارة.", "Le formulaire n’a pas de version."),
    "The form is nested deeper than {max_xform_depth} levels.": (
        "تتداخل الاستمارة أكثر من {max_xform_depth} مستوى.",
        "Le formulaire s’emboîte sur plus de {max_xform_depth} niveaux.",
    ),
    "The form needs the file {name}.": (
        "تحتاج الاستمارة إلى الملف {name}.",
        "Le formulaire a besoin du fichier {name}.",
    ),
    "The form reads the last saved record, which is not offered here.": (
        "تقرأ الاستمارة آخر سجل محفوظ، وهذا غير متاح هنا.",
        "Le formulaire lit la dernière fiche enregistrée, ce qui n’existe pas ici.",
    ),
    "The form takes too much memory to convert.": (
        "تحويل الاستمارة يأخذ ذاكرة أكثر من اللازم.",
        "Convertir ce formulaire prend trop de mémoire.",
    ),
    "The form's id {id} cannot be used.": (
        "معرّف الاستمارة {id} غير صالح.",
        "L’identifiant {id} du formulaire ne convient pas.",
    ),
    "The list {instance} has no column {column}.": (
        "لا عمود {column} في اللائحة {instance}.",
        "La liste {instance} n’a pas de colonne {column}.",
    ),
    "The list {instance} is not in the form.": (
        "اللائحة {instance} غير موجودة في الاستمارة.",
        "La liste {instance} n’est pas dans le formulaire.",
    ),
    "The list {list} has the choice {name} already.": (
        "في اللائحة {list} الخيار {name} من قبل.",
        "La liste {list} a déjà le choix {name}.",
    ),
    "The name {name} cannot be used.": ("الاسم {name} غير صالح.", "Le nom {name} ne convient pas."),
    "The name {name} stands twice in this group.": (
        "يرد الاسم {name} مرتين في هذه المجموعة.",
        "Le nom {name} figure deux fois dans ce groupe.",
    ),
    "The name {place} has a space.": ("في الاسم {place} فراغ.", "Le nom {place} contient un espace."),
    "The row has no name.": ("لا اسم للسطر.", "La ligne n’a pas de nom."),
    "The row has no type.": ("لا نوع للسطر.", "La ligne n’a pas de type."),
    "The sheet has more than {most} columns.": ("تتجاوز الورقة {most} عمودا.", "La feuille dépasse {most} colonnes."),
    "The sheet has more than {most} rows.": ("تتجاوز الورقة {most} سطرا.", "La feuille dépasse {most} lignes."),
    "The sheet has no column {column}.": ("لا عمود {column} في الورقة.", "La feuille n’a pas de colonne {column}."),
    "The sheet {name} stands twice.": ("ترد الورقة {name} مرتين.", "La feuille {name} figure deux fois."),
    "The version {version} cannot be used.": (
        "رقم النسخة {version} غير صالح.",
        "La version {version} ne convient pas.",
    ),
    "The workbook holds macros.": ("في المصنف ماكروهات.", "Le classeur contient des macros."),
    "The workbook holds too many files, or two of one name.": (
        "في المصنف ملفات أكثر من اللازم، أو اثنان باسم واحد.",
        "Le classeur contient trop de fichiers, ou deux du même nom.",
    ),
    "The workbook is damaged ({name}).": ("المصنف تالف ({name}).", "Le classeur est abîmé ({name})."),
    "The workbook is protected by a password.": (
        "المصنف محمي بكلمة سر.",
        "Le classeur est protégé par un mot de passe.",
    ),
    "The workbook takes too much memory.": ("يأخذ المصنف ذاكرة أكثر من اللازم.", "Le classeur prend trop de mémoire."),
    "The workbook unpacks to far more than a form needs.": (
        "حجم المصنف بعد فك الضغط أكبر بكثير مما تحتاجه استمارة.",
        "Décompressé, le classeur dépasse de loin ce qu’il faut à un formulaire.",
    ),
    "There is no list of choices called {source}.": (
        "لا لائحة خيارات باسم {source}.",
        "Aucune liste de choix ne s’appelle {source}.",
    ),
    "There is no sheet called survey.": ("لا ورقة باسم survey.", "Il n’y a pas de feuille nommée survey."),
    "These depend on each other, or on themselves: {shown}.": (
        "هذه تتوقف على بعضها أو على نفسها: {shown}.",
        "Ceux-ci dépendent les uns des autres, ou d’eux-mêmes : {shown}.",
    ),
    "begin_{kind} {name} is never closed.": (
        "لا إغلاق لـ begin_{kind} {name}.",
        "begin_{kind} {name} n’est jamais fermé.",
    ),
    "end_{found} closes the {kind} {name} of row {row}.": (
        "يغلق end_{found} ما فُتح بـ {kind} {name} في السطر {row}.",
        "end_{found} ferme {kind} {name} de la ligne {row}.",
    ),
    "end_{kind} closes nothing.": ("لا يغلق end_{kind} شيئا.", "end_{kind} ne ferme rien."),
    "fs:protective of {path} names {unknown}, which is not a choice.": (
        "تذكر fs:protective للسؤال {path} القيمة {unknown}، وهي ليست خيارا.",
        "fs:protective de {path} nomme {unknown}, qui n’est pas un choix.",
    ),
    "select_one_external is not offered.": ("select_one_external غير متاح.", "select_one_external n’est pas proposé."),
    "{column} cannot be read: {failure}.": ("تتعذر قراءة {column}: {failure}.", "{column} est illisible : {failure}."),
    "{column} holds no plain text.": ("لا نص بسيط في {column}.", "{column} ne contient pas de texte simple."),
    "{column} stands twice in a row.": ("يرد {column} مرتين في سطر.", "{column} figure deux fois dans une ligne."),
    "{column}: {fault}": ("{column}: {fault}", "{column} : {fault}"),
    "{found} more findings are not listed.": (
        "ملاحظات أخرى غير مدرجة، عددها {found}.",
        "{found} autres constats ne sont pas listés.",
    ),
    "{kind} is no kind of form definition.": (
        "{kind} ليس نوع تعريف استمارة.",
        "{kind} n’est pas un genre de définition de formulaire.",
    ),
    "{kind} is no type of question.": ("{kind} ليس نوع سؤال.", "{kind} n’est pas un type de question."),
    "{kind} names no list.": ("لا يذكر {kind} أي لائحة.", "{kind} ne nomme aucune liste."),
    "{list} is created without a label.": ("تُنشأ {list} بلا نص تعريف.", "{list} est créée sans libellé."),
    "{list} is neither created nor updated.": ("{list} لا تُنشأ ولا تُحدّث.", "{list} n’est ni créée ni mise à jour."),
    "{name} has no column {column}, which {path} shows.": (
        "لا عمود {column} في {name}، و{path} يعرضه.",
        "{name} n’a pas la colonne {column}, que {path} montre.",
    ),
    "{name} is no CSV file in UTF-8 with a header.": (
        "{name} ليس ملف CSV بترميز UTF-8 وسطر عناوين.",
        "{name} n’est pas un CSV en UTF-8 avec une ligne d’en-tête.",
    ),
    "{name} is not a list of rows.": ("{name} ليست لائحة أسطر.", "{name} n’est pas une liste de lignes."),
    "{name} mixes rows of two shapes.": ("تخلط {name} بين شكلين من الأسطر.", "{name} mêle des lignes de deux formes."),
    "{name}.csv is not among the files and is taken for the entity list {name}.": (
        "الملف {name}.csv ليس ضمن الملفات، فيُعدّ لائحة الكيانات {name}.",
        "{name}.csv n’est pas parmi les fichiers et passe pour la liste d’entités {name}.",
    ),
    "{path} has a choice without a name.": ("للسؤال {path} خيار بلا اسم.", "{path} a un choix sans nom."),
    "{path} has no choices.": ("لا خيارات للسؤال {path}.", "{path} n’a pas de choix."),
    "{path} has no label in {missing}; {labels} is shown.": (
        "لا نص للسؤال {path} باللغات: {missing}؛ يظهر {labels}.",
        "{path} n’a pas de libellé dans ces langues : {missing} ; {labels} s’affiche.",
    ),
    "{path} has no sensitivity class and counts as P2.": (
        "لا صنف حساسية للسؤال {path}، فيُعدّ P2.",
        "{path} n’a pas de classe de sensibilité et compte comme P2.",
    ),
    "{path} has the choice {spaced}, with a space in its name.": (
        "للسؤال {path} الخيار {spaced} وفي اسمه فراغ.",
        "{path} a le choix {spaced}, avec un espace dans son nom.",
    ),
    "{path} has the choice {twice} more than once.": (
        "للسؤال {path} الخيار {twice} أكثر من مرة.",
        "{path} a plusieurs fois le choix {twice}.",
    ),
    "{path} has the unknown sensitivity class {sensitivity}.": (
        "صنف الحساسية {sensitivity} للسؤال {path} غير معروف.",
        "{path} a la classe de sensibilité inconnue {sensitivity}.",
    ),
    "{path} is P3, and restricted answers cannot be sealed yet; questions of this class: {count}.": (
        "{path} من صنف P3، ولا يمكن ختم الأجوبة المقيدة بعد؛ عدد أسئلة هذا الصنف: {count}.",
        "{path} est de classe P3, et les réponses restreintes ne peuvent pas encore être scellées ; questions de cette classe : {count}.",
    ),
    "fs:part of {path} is {part}, which is none.": (
        "تذكر fs:part للسؤال {path} القيمة {part}، وهي ليست دورا معروفا.",
        "fs:part de {path} vaut {part}, qui n’en est pas un.",
    ),
    "{path} has fs:part and is saved to no entity, so nothing is compared by it.": (
        "للسؤال {path} دور fs:part ولا يُحفظ في أي كيان، فلا يُقارن به شيء.",
        "{path} porte fs:part et n’est enregistrée dans aucune entité : rien n’est comparé par elle.",
    ),
    "{path} is a second fs:place question.": (
        "{path} سؤال ثانٍ موسوم fs:place.",
        "{path} est une deuxième question fs:place.",
    ),
    "{path} is in a repeat and cannot be fs:{what}.": (
        "{path} داخل تكرار، فلا يكون fs:{what}.",
        "{path} est dans une répétition et ne peut pas être fs:{what}.",
    ),
    "{path} is no select_one, so no choice protects.": (
        "{path} ليس select_one، فلا خيار يحمي.",
        "{path} n’est pas un select_one : aucun choix ne protège.",
    ),
    "{path} is saved to an entity, but no entity is declared around it.": (
        "يُحفظ {path} في كيان، ولا كيان معلن حوله.",
        "{path} va dans une entité, mais aucune n’est déclarée autour.",
    ),
    "{path} is used but is not in the form.": (
        "يُستعمل {path} وهو غير موجود في الاستمارة.",
        "{path} est employé mais n’est pas dans le formulaire.",
    ),
    "{path} offers {choices} choices; over {most} are slow on a phone.": (
        "يعرض {path} عددا من الخيارات هو {choices}؛ وما فوق {most} بطيء على الهاتف.",
        "{path} propose {choices} choix ; au-delà de {most}, le téléphone est lent.",
    ),
    "{path} stands twice in the form.": (
        "يرد {path} مرتين في الاستمارة.",
        "{path} figure deux fois dans le formulaire.",
    ),
    "{path} takes its choices from {instance}, which is not in the form.": (
        "يأخذ {path} خياراته من {instance}، وهي غير موجودة في الاستمارة.",
        "{path} prend ses choix dans {instance}, qui n’est pas dans le formulaire.",
    ),
    "{source} is no name of a CSV, XML or GeoJSON file.": (
        "{source} ليس اسم ملف CSV أو XML أو GeoJSON.",
        "{source} n’est pas un nom de fichier CSV, XML ou GeoJSON.",
    ),
    "{text} is a name without ${{}}, and always empty.": (
        "{text} اسم بلا ${{}}، وهو فارغ دائما.",
        "{text} est un nom sans ${{}}, toujours vide.",
    ),
    "{text} is not in the form.": ("{text} غير موجود في الاستمارة.", "{text} n’est pas dans le formulaire."),
}
