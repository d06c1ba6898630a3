"""What findings about forms tell to do: English text, as the rules have it, to (Arabic, French)."""

REPAIRS: dict[str, tuple[str, str]] = {
    "Ask something in it, or take its calculations out of it.": (
        "ضعوا فيها سؤالا، أو أخرجوا حساباتها منها.",
        "Posez-y une question, ou sortez-en ses calculs.",
    ),
    "Add a row of the type csv-external with the name {list}.": (
        "أضيفوا سطرا من نوع csv-external باسم {list}.",
        "Ajoutez une ligne de type csv-external nommée {list}.",
    ),
    "Give an RSA public key in base64, without the lines around it.": (
        "يُنتظر مفتاح RSA عمومي بصيغة base64 دون السطور المحيطة به.",
        "Donnez une clé publique RSA en base64, sans les lignes qui l’entourent.",
    ),
    "Keep the private key safe, in two places: without it the answers are lost.": (
        "يجب حفظ المفتاح الخاص في مكانين آمنين: بدونه تضيع الأجوبة.",
        "Gardez la clé privée en lieu sûr, à deux endroits : sans elle, les réponses sont perdues.",
    ),
    "Add a question.": ("المطلوب إضافة سؤال.", "Ajoutez une question."),
    "Add an end_{kind}.": ("المطلوب إضافة end_{kind}.", "Ajoutez un end_{kind}."),
    "Add it to the first row.": ("يُضاف في السطر الأول.", "Ajoutez-la à la première ligne."),
    "Add the column.": ("المطلوب إضافة العمود.", "Ajoutez la colonne."),
    "Add the list on the choices sheet, or correct its name.": (
        "المطلوب إضافة اللائحة في ورقة choices أو تصحيح اسمها.",
        "Ajoutez la liste à la feuille choices, ou corrigez son nom.",
    ),
    "Add the list on the choices sheet.": (
        "المطلوب إضافة اللائحة في ورقة choices.",
        "Ajoutez la liste à la feuille choices.",
    ),
    "Add them on the choices sheet.": ("المطلوب إضافتها في ورقة choices.", "Ajoutez-les à la feuille choices."),
    "Begin each row with a dash.": ("يبدأ كل سطر بعارضة.", "Commencez chaque ligne par un tiret."),
    "Begin it with a sheet called survey.": ("يبدأ بورقة اسمها survey.", "Commencez-le par une feuille nommée survey."),
    "Begin it with survey: and a list of rows.": (
        "يبدأ بـ survey: ثم لائحة أسطر.",
        "Commencez-le par survey: et une liste de lignes.",
    ),
    "Begin with a letter; use letters, digits, _ . and -": (
        "البداية بحرف؛ ثم حروف وأرقام و_ . و-",
        "Commencez par une lettre ; puis lettres, chiffres, _ . et -",
    ),
    "Check its brackets, quotes and commas.": (
        "المطلوب مراجعة الأقواس وعلامات الاقتباس والفواصل.",
        "Vérifiez parenthèses, guillemets et virgules.",
    ),
    "Check its indents, and put : and # in quotes.": (
        "المطلوب مراجعة المسافات البادئة ووضع : و# بين علامتي اقتباس.",
        "Vérifiez ses retraits, et mettez : et # entre guillemets.",
    ),
    "Check its name.": ("المطلوب مراجعة اسمه.", "Vérifiez son nom."),
    "Choose a form exported as XForm.": (
        "المطلوب اختيار استمارة مصدّرة بصيغة XForm.",
        "Choisissez un formulaire exporté en XForm.",
    ),
    "Choose another name.": ("المطلوب اسم آخر.", "Choisissez un autre nom."),
    "Choose the form's file again.": (
        "المطلوب اختيار ملف الاستمارة من جديد.",
        "Choisissez à nouveau le fichier du formulaire.",
    ),
    "Correct it.": ("المطلوب تصحيحه.", "Corrigez-la."),
    "Correct its name, or add the list or file.": (
        "المطلوب تصحيح اسمها أو إضافة اللائحة أو الملف.",
        "Corrigez son nom, ou ajoutez la liste ou le fichier.",
    ),
    "Correct its nodeset.": ("المطلوب تصحيح nodeset.", "Corrigez son nodeset."),
    "Correct or remove it.": ("المطلوب تصحيحه أو حذفه.", "Corrigez-le ou retirez-le."),
    "Correct the name, or add the column on the choices sheet.": (
        "المطلوب تصحيح الاسم أو إضافة العمود في ورقة choices.",
        "Corrigez le nom, ou ajoutez la colonne à la feuille choices.",
    ),
    "Correct the name, or add the question.": (
        "المطلوب تصحيح الاسم أو إضافة السؤال.",
        "Corrigez le nom, ou ajoutez la question.",
    ),
    "Correct the name.": ("المطلوب تصحيح الاسم.", "Corrigez le nom."),
    "Declare the entity list on the entities sheet.": (
        "المطلوب إعلان لائحة الكيانات في ورقة entities.",
        "Déclarez la liste d’entités dans la feuille entities.",
    ),
    "Did you mean ${{{close}}}?": ("هل المقصود ${{{close}}}؟", "Vouliez-vous dire ${{{close}}} ?"),
    "Did you mean {close}?": ("هل المقصود {close}؟", "Vouliez-vous dire {close} ?"),
    "Export the form again.": ("المطلوب تصدير الاستمارة من جديد.", "Exportez le formulaire à nouveau."),
    "Fill create_if or update_if.": ("المطلوب ملء create_if أو update_if.", "Remplissez create_if ou update_if."),
    "Fill form_id with 1 to 100 of the letters A-Z and a-z, digits, and _ . : -": (
        "يُملأ form_id بـ 1 إلى 100 من الحروف A-Z وa-z والأرقام و_ . : -",
        "Remplissez form_id de 1 à 100 lettres A-Z et a-z, chiffres, et _ . : -",
    ),
    "Fill it in, or empty the row.": ("المطلوب ملؤه أو إفراغ السطر.", "Remplissez-le, ou videz la ligne."),
    "Fill it in.": ("المطلوب ملؤه.", "Remplissez-le."),
    "Fill the label column.": ("المطلوب ملء العمود label.", "Remplissez la colonne label."),
    "Filter them by an earlier answer from a CSV file, or shorten the list.": (
        "يُستحسن تصفيتها بجواب سابق من ملف CSV أو اختصار اللائحة.",
        "Filtrez-les par une réponse précédente depuis un CSV, ou raccourcissez la liste.",
    ),
    "Give each change a new one.": ("لكل تغيير رقم نسخة جديد.", "Donnez-en une nouvelle à chaque changement."),
    "Give it a name of letters and digits.": (
        "المطلوب اسم من حروف وأرقام.",
        "Donnez-lui un nom de lettres et de chiffres.",
    ),
    "Give it a name.": ("المطلوب إعطاؤه اسما.", "Donnez-lui un nom."),
    "Give it one, and a new one with each change, such as 2026112301.": (
        "المطلوب رقم نسخة، وآخر مع كل تغيير، مثل 2026112301.",
        "Donnez-lui une version, et une nouvelle à chaque changement, comme 2026112301.",
    ),
    "Give it one.": ("المطلوب إعطاؤها عنوانا.", "Donnez-lui-en un."),
    "Join the two.": ("المطلوب ضمهما.", "Réunissez les deux."),
    "Keep one: the most exact place of the record.": (
        "يبقى واحد: أدق مكان للسجل.",
        "Gardez-en une : le lieu le plus précis de la fiche.",
    ),
    "Let one of them not refer to the others in relevant or calculation.": (
        "المطلوب ألا يشير أحدها إلى البقية في relevant أو calculation.",
        "Que l’un d’eux ne renvoie pas aux autres dans relevant ou calculation.",
    ),
    "Look for an unusual cell, and report it if there is none.": (
        "المطلوب البحث عن خلية غير معتادة، والإبلاغ إن لم توجد.",
        "Cherchez une cellule inhabituelle, et signalez-le s’il n’y en a pas.",
    ),
    "Make it smaller.": ("المطلوب تصغيرها.", "Réduisez-le."),
    "Make the form smaller; move long lists to CSV files.": (
        "المطلوب تصغير الاستمارة ونقل اللوائح الطويلة إلى ملفات CSV.",
        "Réduisez le formulaire ; déplacez les longues listes dans des CSV.",
    ),
    "Mark a question outside every repeat.": (
        "يُوسم سؤال خارج كل تكرار.",
        "Marquez une question hors de toute répétition.",
    ),
    "Move long choice lists to a CSV file.": (
        "تُنقل لوائح الخيارات الطويلة إلى ملف CSV.",
        "Déplacez les longues listes de choix dans un CSV.",
    ),
    "Move long lists to a CSV.": ("تُنقل اللوائح الطويلة إلى ملف CSV.", "Déplacez les longues listes dans un CSV."),
    "Move the list to a CSV file.": ("تُنقل اللائحة إلى ملف CSV.", "Déplacez la liste dans un CSV."),
    "Name its choices, the most protective first, with spaces between.": (
        "تُذكر خياراته مفصولة بفراغ، الأكثر حماية أولا.",
        "Nommez ses choix, le plus protecteur d’abord, séparés par des espaces.",
    ),
    "Name or empty it.": ("المطلوب تسميته أو إفراغه.", "Nommez-la ou videz-la."),
    "Name the sheet of questions survey.": ("تُسمى ورقة الأسئلة survey.", "Nommez survey la feuille des questions."),
    "Open it in a spreadsheet program and save it as .xlsx.": (
        "يُفتح في برنامج جداول ويُحفظ بصيغة .xlsx.",
        "Ouvrez-le dans un tableur et enregistrez-le en .xlsx.",
    ),
    "Publish the form for tests only.": (
        "يمكن نشر الاستمارة للتجربة فقط.",
        "Publiez le formulaire pour des essais seulement.",
    ),
    "Put it with the other files if it is none.": (
        "يُرفع مع بقية الملفات إن لم يكن كذلك.",
        "Joignez-le aux autres fichiers si ce n’en est pas une.",
    ),
    "Put its value there instead (paste special, values).": (
        "توضع قيمتها مكانها (لصق خاص، قيم).",
        "Mettez-y sa valeur (collage spécial, valeurs).",
    ),
    "Remove empty ones.": ("المطلوب حذف الفارغة.", "Retirez les colonnes vides."),
    "Remove empty rows, pictures and other sheets.": (
        "المطلوب حذف الأسطر الفارغة والصور والأوراق الأخرى.",
        "Retirez lignes vides, images et autres feuilles.",
    ),
    "Write one of: {parts}.": ("المطلوب أحد هذه: {parts}.", "Écrivez l’un de ceux-ci : {parts}."),
    "Save it to an entity with save_to, or remove fs:part here.": (
        "المطلوب حفظه في كيان عبر save_to، أو حذف fs:part هنا.",
        "Enregistrez-la dans une entité avec save_to, ou retirez fs:part ici.",
    ),
    "Remove fs:protective here.": ("المطلوب حذف fs:protective هنا.", "Retirez fs:protective ici."),
    "Remove it, or add a begin_{kind}.": (
        "المطلوب حذفه أو إضافة begin_{kind}.",
        "Retirez-le, ou ajoutez un begin_{kind}.",
    ),
    "Remove last-saved.": ("المطلوب حذف last-saved.", "Retirez last-saved."),
    "Remove one of them.": ("المطلوب حذف واحد منها.", "Retirez-en un."),
    "Remove one, or give it another name.": (
        "المطلوب حذف أحدهما أو تغيير اسمه.",
        "Retirez-en un, ou donnez-lui un autre nom.",
    ),
    "Remove one.": ("المطلوب حذف أحدهما.", "Retirez-en une."),
    "Remove pictures from it.": ("المطلوب حذف الصور منه.", "Retirez-en les images."),
    "Remove the lines that start with <!DOCTYPE.": (
        "المطلوب حذف الأسطر التي تبدأ بـ <!DOCTYPE.",
        "Retirez les lignes qui commencent par <!DOCTYPE.",
    ),
    "Remove what is not needed from it.": ("المطلوب حذف ما لا حاجة إليه منه.", "Retirez-en ce qui ne sert pas."),
    "Rename one of the two.": ("المطلوب تغيير اسم أحدهما.", "Renommez l’un des deux."),
    "Rename one of them.": ("المطلوب تغيير اسم أحدهما.", "Renommez l’un des deux."),
    "Save it again as CSV, encoding UTF-8.": (
        "يُحفظ من جديد بصيغة CSV وترميز UTF-8.",
        "Enregistrez-le à nouveau en CSV, encodage UTF-8.",
    ),
    "Save it again with the encoding UTF-8.": (
        "يُحفظ من جديد بترميز UTF-8.",
        "Enregistrez-le à nouveau avec l’encodage UTF-8.",
    ),
    "Save it as .xlsx, which holds none.": (
        "يُحفظ بصيغة .xlsx التي لا تحويها.",
        "Enregistrez-le en .xlsx, qui n’en contient pas.",
    ),
    "Save it without one.": ("يُحفظ بدونها.", "Enregistrez-le sans mot de passe."),
    "Save the file again as CSV.": ("يُحفظ الملف من جديد بصيغة CSV.", "Enregistrez à nouveau le fichier en CSV."),
    "Shorten it.": ("المطلوب اختصاره.", "Raccourcissez-le."),
    "Split it in several calculations.": ("تُقسّم إلى عدة حسابات.", "Partagez-la en plusieurs calculs."),
    "Split it in several forms.": ("تُقسّم إلى عدة استمارات.", "Partagez-le en plusieurs formulaires."),
    "Translate it.": ("المطلوب ترجمته.", "Traduisez-le."),
    "Try again later.": ("المطلوب إعادة المحاولة لاحقا.", "Réessayez plus tard."),
    "Type the cell again.": ("تُكتب الخلية من جديد.", "Retapez la cellule."),
    "Upload it with the form.": ("يُرفع مع الاستمارة.", "Déposez-le avec le formulaire."),
    "Use 1 to 100 of the letters A-Z and a-z, digits, and _ . : -": (
        "من 1 إلى 100 من الحروف A-Z وa-z والأرقام و_ . : -",
        "De 1 à 100 lettres A-Z et a-z, chiffres, et _ . : -",
    ),
    "Use a type of XLSForm, such as text or select_one.": (
        "المطلوب نوع من XLSForm مثل text أو select_one.",
        "Prenez un type de XLSForm, comme text ou select_one.",
    ),
    "Use at most 100 characters, none of them / \\ ? # %": (
        "100 حرف على الأكثر، بلا / \\ ? # %",
        "100 caractères au plus, sans / \\ ? # %",
    ),
    "Use fewer groups in groups.": ("المطلوب تقليل المجموعات داخل المجموعات.", "Emboîtez moins de groupes."),
    "Use fewer.": ("المطلوب تقليلها.", "Mettez-en moins."),
    "Use letters, digits, _ and -, beginning with a letter.": (
        "حروف وأرقام و_ و-، والبداية بحرف.",
        "Lettres, chiffres, _ et -, en commençant par une lettre.",
    ),
    "Use select_one_from_file and a CSV file.": (
        "المطلوب select_one_from_file مع ملف CSV.",
        "Prenez select_one_from_file et un CSV.",
    ),
    "Use xlsx, csv, md, yaml, xml.": ("المتاح xlsx وcsv وmd وyaml وxml.", "Prenez xlsx, csv, md, yaml, xml."),
    "Use {known_entity_versions}.0 or older.": (
        "المطلوب {known_entity_versions}.0 أو أقدم.",
        "Prenez {known_entity_versions}.0 ou plus ancien.",
    ),
    "Write ${name}.": ("يُكتب ${name}.", "Écrivez ${name}."),
    "Write ${{{text}}}, or put it in quotes.": (
        "يُكتب ${{{text}}} أو يوضع بين علامتي اقتباس.",
        "Écrivez ${{{text}}}, ou mettez-le entre guillemets.",
    ),
    "Write P0, P1, P2 or P3 in the column bind::fs:class.": (
        "يُكتب P0 أو P1 أو P2 أو P3 في العمود bind::fs:class.",
        "Écrivez P0, P1, P2 ou P3 dans la colonne bind::fs:class.",
    ),
    "Write P0, P1, P2 or P3.": ("يُكتب P0 أو P1 أو P2 أو P3.", "Écrivez P0, P1, P2 ou P3."),
    "Write a list of rows under each sheet.": (
        "تُكتب لائحة أسطر تحت كل ورقة.",
        "Écrivez une liste de lignes sous chaque feuille.",
    ),
    "Write all rows as column: value.": (
        "تُكتب كل الأسطر على شكل عمود: قيمة.",
        "Écrivez toutes les lignes comme colonne: valeur.",
    ),
    "Write end_{kind} here.": ("يُكتب end_{kind} هنا.", "Écrivez end_{kind} ici."),
    'Write fs="{namespace_form}" in the column namespaces.': (
        'يُكتب fs="{namespace_form}" في العمود namespaces.',
        'Écrivez fs="{namespace_form}" dans la colonne namespaces.',
    ),
    "Write it with the functions that ODK's documentation lists.": (
        "تُكتب بالدوال التي تذكرها وثائق ODK.",
        "Écrivez-la avec les fonctions que liste la documentation d’ODK.",
    ),
    "Write it without spaces; the label may have them.": (
        "يُكتب بلا فراغ؛ والنص المعروض قد يحويه.",
        "Écrivez-le sans espace ; le libellé peut en avoir.",
    ),
    "Write its name without spaces; the label may have them.": (
        "يُكتب اسمه بلا فراغ؛ والنص المعروض قد يحويه.",
        "Écrivez son nom sans espace ; le libellé peut en avoir.",
    ),
    "Write one text.": ("يُكتب نص واحد.", "Écrivez un seul texte."),
    "Write select_one and the list's name.": (
        "يُكتب select_one ثم اسم اللائحة.",
        "Écrivez select_one et le nom de la liste.",
    ),
    "Write the file's name without a folder.": ("يُكتب اسم الملف بلا مجلد.", "Écrivez le nom du fichier sans dossier."),
    "Write the value again.": ("تُكتب القيمة من جديد.", "Écrivez la valeur à nouveau."),
}
