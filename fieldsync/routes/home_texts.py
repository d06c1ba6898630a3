"""What the first page says, in the three languages of the programme."""

NAMES = {"ar": "العربية", "fr": "Français", "en": "English"}

TEXTS: dict[str, dict[str, str]] = {
    "ar": {
        "dir": "rtl",
        "title": "خادم جمع المعطيات الميدانية",
        "lead": "تُملأ الاستمارات على الهاتف دون شبكة، وتصل إلى هنا عند توفر الاتصال. لا يضيع شيء ولا يُحتسب أحد مرتين.",
        "up": "الخادم يعمل",
        "languages": "اللغة",
        "people": "للمواكبين والمنسقين",
        "people_text": "اطلب من منسّق جمعيتك رمز تسجيل الهاتف أو حساباً. لا تُعرض هنا أي معطيات.",
        "builders": "للمطوّرين",
        "builders_text": "واجهة برمجية موصوفة بـ OpenAPI: المزامنة والقراءة والمراجعة ونشر الاستمارات.",
        "api": "وصف الواجهة البرمجية",
        "docs": "التوثيق مرفق بالبرنامج في المجلد",
    },
    "fr": {
        "dir": "ltr",
        "title": "Serveur de collecte de terrain",
        "lead": "Les formulaires se remplissent hors ligne sur le téléphone et arrivent ici dès que le réseau revient. "
        "Rien ne se perd, personne n’est compté deux fois.",
        "up": "Le serveur fonctionne",
        "languages": "Langue",
        "people": "Accompagnateurs et coordinateurs",
        "people_text": "Demandez au coordinateur de votre association un code pour le téléphone ou un compte. "
        "Aucune donnée ne s’affiche ici.",
        "builders": "Développeurs",
        "builders_text": "Une API décrite en OpenAPI : synchroniser, lire, réviser, publier des formulaires.",
        "api": "Description de l’API",
        "docs": "La documentation accompagne le programme, dans le dossier",
    },
    "en": {
        "dir": "ltr",
        "title": "Field data server",
        "lead": "Forms are filled offline on the phone and arrive here once there is a network. "
        "Nothing is lost, nobody is counted twice.",
        "up": "The server is up",
        "languages": "Language",
        "people": "Companions and coordinators",
        "people_text": "Ask your association's coordinator for a phone code or an account. No data is shown here.",
        "builders": "Developers",
        "builders_text": "An API described in OpenAPI: sync, read, review, publish forms.",
        "api": "The API's description",
        "docs": "The documentation comes with the program, in the folder",
    },
}
