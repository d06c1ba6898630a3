"""Problems that the operator of a server meets: settings, commands, files. They end a command; none has a status."""

OPERATING: dict[str, tuple[int | None, str, str, str]] = {
    "setting_unknown": (
        None,
        "الإعداد {setting} ({source}) غير معروف. لعلّ المقصود: {meant}.",
        "Le réglage {setting} ({source}) est inconnu. Vouliez-vous dire : {meant} ?",
        "The setting {setting} ({source}) is not known. Did you mean: {meant}?",
    ),
    "setting_wrong": (
        None,
        "قيمة الإعداد {setting} ({source}) غير مقبولة. المسموح: {allowed}.",
        "La valeur du réglage {setting} ({source}) n’est pas admise. Admis : {allowed}.",
        "The value of the setting {setting} ({source}) is not accepted. Allowed: {allowed}.",
    ),
    "settings_unreadable": (
        None,
        "تعذّرت قراءة ملف الإعدادات {file}: تحقق من وجوده ومن صيغة TOML.",
        "Le fichier de réglages {file} est illisible : vérifiez qu’il existe et que c’est du TOML valide.",
        "The settings file {file} cannot be read: check that it exists and is valid TOML.",
    ),
    "names_unreadable": (
        None,
        "تعذّرت قراءة قائمة الأسماء {file}: يجب أن تكون نصاً بترميز UTF-8 لا يتجاوز 1 ميبيبايت.",
        "La liste de noms {file} est illisible : il faut un texte en UTF-8 de 1 Mio au plus.",
        "The list of names {file} cannot be read: it must be text in UTF-8 of at most 1 MiB.",
    ),
    "names_wrong": (
        None,
        "تعذّرت قراءة السطر {line} من قائمة الأسماء {file}. يبدأ كل قسم باسمه، مثل [short]، كما في القائمة المرفقة "
        "بالبرنامج. تحت [written] و[short] و[with article]: اسم ثم نقطتان ثم كلمات بينها فواصل، وفي غيرها كلمات بينها فواصل.",
        "La ligne {line} de la liste de noms {file} est illisible. Chaque partie commence par son nom, comme [short], tel que "
        "dans la liste du programme. Sous [written], [short] et [with article] : un nom, deux-points et des mots séparés par "
        "des virgules ; ailleurs, des mots séparés par des virgules.",
        "Line {line} of the list of names {file} cannot be read. Each part begins with its name, such as [short], as in the "
        "program's list. Under [written], [short] and [with article]: a name, a colon and words parted by commas; elsewhere "
        "words parted by commas.",
    ),
    "no_database": (
        None,
        "لا توجد قاعدة بيانات في {folder}. شغّل fieldsync run أو أضف جمعية أولاً، أو حدّد المجلد بـ ‎--data.",
        "Il n’y a pas de base de données dans {folder}. Lancez d’abord fieldsync run ou ajoutez une association, ou indiquez le dossier avec --data.",
        "There is no database in {folder}. Start fieldsync run or add an association first, or name the folder with --data.",
    ),
    "database_unreachable": (
        None,
        "تعذّر الوصول إلى قاعدة البيانات ({kind}). تحقق من العنوان ومن أن الخادم يعمل.",
        "La base de données est injoignable ({kind}). Vérifiez son adresse et qu’elle fonctionne.",
        "The database cannot be reached ({kind}). Check its address and that it runs.",
    ),
    "file_unusable": (
        None,
        "تعذّر استعمال الملف أو المجلد {file}: {reason}.",
        "Le fichier ou dossier {file} est inutilisable : {reason}.",
        "The file or folder {file} cannot be used: {reason}.",
    ),
    "slug_wrong": (
        None,
        "اسم الجمعية المختصر غير مقبول. المسموح: من 1 إلى 32 من الحروف a-z والأرقام والواصلة.",
        "L’abrégé de l’association n’est pas admis. Admis : 1 à 32 lettres a-z, chiffres et traits d’union.",
        "The association's slug is not accepted. Allowed: 1 to 32 letters a-z, digits and hyphens.",
    ),
    "association_taken": (
        None,
        "توجد جمعية باسم {slug}.",
        "Une association {slug} existe déjà.",
        "There is an association {slug} already.",
    ),
    "association_unknown": (
        None,
        "لا توجد جمعية باسم {slug}. الموجود: {known}.",
        "Il n’y a pas d’association {slug}. Connues : {known}.",
        "There is no association {slug}. Known: {known}.",
    ),
    "java_missing": (
        None,
        "لا يعمل ODK Validate هنا: يحتاج إلى Java (الحزمة default-jre-headless).",
        "ODK Validate ne fonctionne pas ici : il lui faut Java (paquet default-jre-headless).",
        "ODK Validate does not run here: it needs Java (package default-jre-headless).",
    ),
    "odk_validate_refuses": (
        None,
        "يرفض ODK Validate هذه الاستمارة، ولا تُفتح في ODK Collect. لم يُنشر شيء.",
        "ODK Validate refuse ce formulaire, que ODK Collect n’ouvrirait pas. Rien n’est publié.",
        "ODK Validate refuses this form, and ODK Collect would not open it. Nothing was published.",
    ),
    "kind_of_file_unknown": (
        None,
        "لا يمكن قراءة تعريف استمارة من {file}. المقبول: ‎.xlsx و ‎.csv و ‎.md و ‎.yaml و ‎.xml.",
        "Un formulaire ne se lit pas dans {file}. Admis : .xlsx, .csv, .md, .yaml, .xml.",
        "A form cannot be read from {file}. Accepted: .xlsx, .csv, .md, .yaml, .xml.",
    ),
    "several_records": (
        None,
        "تحمل عدة سجلات هذا المعرّف. حدّد واحداً بـ ‎--association أو ‎--kind أو ‎--of.",
        "Plusieurs fiches portent cet identifiant. Choisissez-en une avec --association, --kind ou --of.",
        "Several records bear this UUID. Choose one with --association, --kind or --of.",
    ),
    "record_unknown": (
        None,
        "لا يوجد سجل بهذا المعرّف.",
        "Aucune fiche ne porte cet identifiant.",
        "No record bears this UUID.",
    ),
    "operation_unknown": (
        None,
        "لا توجد عملية محجورة أو معلّقة بهذا المعرّف.",
        "Aucune opération en quarantaine ou en attente ne porte cet identifiant.",
        "No quarantined or held operation has this id.",
    ),
    "device_unknown": (
        None,
        "لا يوجد جهاز كاتبه {author}.",
        "Aucun appareil n’a l’auteur {author}.",
        "There is no device whose author is {author}.",
    ),
    "form_unknown": (
        None,
        "لا يوجد إصدار {version} من الاستمارة {form} في هذه الجمعية.",
        "Cette association n’a pas la version {version} du formulaire {form}.",
        "This association has no version {version} of the form {form}.",
    ),
    "server_running": (
        None,
        "يعمل خادم على هذا المجلد بالفعل ({url}). أوقفه أولاً.",
        "Un serveur tourne déjà sur ce dossier ({url}). Arrêtez-le d’abord.",
        "A server already runs on this folder ({url}). Stop it first.",
    ),
    "address_in_use": (
        None,
        "لا يمكن الاستماع على {address}: {reason}.",
        "Impossible d’écouter sur {address} : {reason}.",
        "It is not possible to listen on {address}: {reason}.",
    ),
    "not_a_backup": (
        None,
        "الملف {file} ليس نسخة احتياطية سليمة: {reason}.",
        "Le fichier {file} n’est pas une sauvegarde saine : {reason}.",
        "The file {file} is not a sound backup: {reason}.",
    ),
    "backup_without_files": (
        None,
        "لا توجد ملفات النسخة الاحتياطية في {folder}. سمّ مجلدها بـ ‎--files، أو ‎--without-files إن كانت في مكانها.",
        "Les fichiers de la sauvegarde ne sont pas dans {folder}. Nommez leur dossier par --files ; --without-files s’ils sont déjà en place.",
        "The backup's files are not in {folder}. Name their folder by --files; --without-files where they are in place already.",
    ),
    "files_missing": (
        None,
        "كل ما عدا ذلك تم، لكن {count} من ملفات السجلات مفقودة أو متغيّرة. يسمّيها ‎fieldsync doctor.",
        "Tout le reste est fait, mais {count} fichiers de fiches manquent ou ont changé. fieldsync doctor les nomme.",
        "All else is done, but {count} files of records are missing or changed. fieldsync doctor names them.",
    ),
    "backup_newer": (
        None,
        "النسخة الاحتياطية من إصدار أحدث من البرنامج. حدّث fieldsync أولاً.",
        "La sauvegarde vient d’une version plus récente. Mettez d’abord fieldsync à jour.",
        "The backup comes from a newer version. Update fieldsync first.",
    ),
    "folder_not_empty": (
        None,
        "المجلد {folder} ليس فارغاً. اختر مجلداً جديداً.",
        "Le dossier {folder} n’est pas vide. Choisissez-en un nouveau.",
        "The folder {folder} is not empty. Choose a new one.",
    ),
    "database_not_empty": (
        None,
        "توجد بيانات في {folder}. استعمل ‎--replace لنقلها جانباً (لا شيء يُحذف)، أو اختر مجلداً آخر.",
        "Il y a des données dans {folder}. --replace les met de côté (rien n’est effacé) ; ou choisissez un autre dossier.",
        "There is data in {folder}. --replace moves it aside (nothing is deleted); or choose another folder.",
    ),
    "folder_not_a_demo": (
        None,
        "لم تنشئ التجربة المجلد {folder}، فلن تمسّه. اختر مجلداً آخر.",
        "La démonstration n’a pas fait le dossier {folder} et n’y touchera pas. Choisissez-en un autre.",
        "The folder {folder} was not made by the demo, which does not touch it. Choose another.",
    ),
    "server_did_not_start": (
        None,
        "لم يبدأ الخادم: {reason}.",
        "Le serveur n’a pas démarré : {reason}.",
        "The server did not start: {reason}.",
    ),
    "findings": (
        None,
        "وجد الفحص {count} من المخالفات.",
        "La vérification a trouvé {count} anomalies.",
        "The check found {count} things that are wrong.",
    ),
    "person_unknown": (
        None,
        "لا يوجد شخص بهذا البريد الإلكتروني.",
        "Personne n’a cette adresse électronique.",
        "There is no person with this e-mail address.",
    ),
    "media_too_large": (
        None,
        "ملفات الاستمارة أكبر من المسموح: {limit}.",
        "Les fichiers du formulaire dépassent la limite : {limit}.",
        "The form's files are larger than allowed: {limit}.",
    ),
    "backup_onto_itself": (
        None,
        "الملف {file} هو قاعدة البيانات نفسها. اختر ملفاً آخر للنسخة.",
        "Le fichier {file} est la base elle-même. Choisissez un autre fichier pour la sauvegarde.",
        "The file {file} is the database itself. Choose another file for the backup.",
    ),
    "no_workbook": (
        None,
        "وصلت الاستمارة {form} بصيغة XForm، ولا ورقة حساب لها. صدّرها إلى ملف ‎.xml.",
        "Le formulaire {form} est arrivé en XForm : il n’a pas de classeur. Exportez-le en .xml.",
        "The form {form} came as an XForm and has no workbook. Export it to an .xml file.",
    ),
    "splink_missing": (
        None,
        "التدريب يحتاج إلى هذه الوحدات: {modules}. ثبّت الإضافة linkage.",
        "L’apprentissage a besoin de ces modules : {modules}. Installez l’extra linkage.",
        "Training needs these modules: {modules}. Install the extra linkage.",
    ),
    "link_lost": (
        None,
        "تعذّر الوصول إلى {url}: {reason}.",
        "{url} est injoignable : {reason}.",
        "{url} cannot be reached: {reason}.",
    ),
}
