"""Names of the High Atlas, in Arabic and as French registers spell them; for simulated answers only."""

from typing import TypeAlias

Name: TypeAlias = tuple[str, tuple[str, ...]]
"""Arabic spelling, and the Latin spellings in use."""


def _names(text: str) -> tuple[Name, ...]:
    """Read lines of `Arabic: Latin, Latin; Arabic: Latin`."""
    pairs = (entry.partition(":") for line in text.strip().splitlines() for entry in line.split(";") if entry.strip())
    return tuple((arabic.strip(), tuple(word.strip() for word in latin.split(","))) for arabic, _, latin in pairs)


WOMEN = _names("""
فاطمة: Fatima, Fatema, Fatma; فاطمة الزهراء: Fatima Zahra, Fatima Ezzahra, Fatimazahra
خديجة: Khadija, Khadijah, Kadija; عائشة: Aicha, Aïcha, Aisha; زينب: Zineb, Zaynab, Zainab
مريم: Meryem, Mariam, Maryam; أمينة: Amina, Aamina; حليمة: Halima, Halimah; رقية: Rkia, Roqia, Rokaya
نعيمة: Naima, Naïma; سعيدة: Saida, Saïda; رشيدة: Rachida; لطيفة: Latifa; مليكة: Malika; نزهة: Nezha, Nouzha
حفيظة: Hafida; فتيحة: Fatiha; جميلة: Jamila; كريمة: Karima; حسناء: Hasna, Hasnaa; السعدية: Saadia, Essaadia
الزهرة: Zahra, Ezzahra; زهرة: Zohra, Zahra; يامنة: Yamna; ميلودة: Milouda; مباركة: Mbarka, Mbarca
إيجة: Ijja, Yijja; تودة: Touda, Toda; يطو: Itto, Yetto; فاضمة: Fadma; إبا: Ibba; تاكمة: Tagma
خدوج: Khaddouj, Khadouj; عبوش: Abbouch; هنية: Hniya, Haniya; محجوبة: Mahjouba; سكينة: Soukaina, Sakina
هاجر: Hajar, Hajer; سلمى: Salma, Selma; إكرام: Ikram; إيمان: Imane, Iman; أسماء: Asma, Asmae; سناء: Sanaa, Sana
هند: Hind; حنان: Hanane, Hanan; نادية: Nadia; سميرة: Samira; بشرى: Bouchra, Bushra; غزلان: Ghizlane, Rizlane
لمياء: Lamia, Lamiae; وفاء: Wafaa, Wafa; هدى: Houda, Hoda; نجاة: Najat, Najate; نجية: Najia
ربيعة: Rabia, Rabiaa; ثورية: Touria, Thouria; زهور: Zhour, Zouhour; عزيزة: Aziza; حياة: Hayat
سعاد: Souad, Souaad; سهام: Siham; رجاء: Rajae, Rajaa; كوثر: Kaoutar, Kawtar; شيماء: Chaimaa, Chaima
دعاء: Douae, Doua; آية: Aya; ملاك: Malak; يسرى: Yousra, Yosra; صفاء: Safae, Safaa; وئام: Wiam, Wiame
وصال: Wissal; ابتسام: Ibtissam; نورة: Noura, Nora; بديعة: Badia, Badiaa; حبيبة: Habiba; عتيقة: Atika, Atiqa
مينة: Mina; يزة: Yezza, Izza; تلايتماس: Tlaytmas; حادة: Hadda; طامو: Tamou, Tammou; راضية: Radia
سلوى: Saloua, Salwa; صباح: Sabah; فوزية: Fouzia, Faouzia; خدجو: Khadjou; كلثوم: Keltoum, Kalthoum
مماس: Mamas, Mammas; عيشة: Icha, Aicha; جليلة: Jalila; شادية: Chadia; ليلى: Leila, Layla, Laila; أمل: Amal
منى: Mouna, Mona; حورية: Houria; خولة: Khaoula, Khawla; إلهام: Ilham; مونية: Mounia; سمية: Soumaya, Soumia
إحسان: Ihssane, Ihsan; تيليلا: Tilila; تودرت: Toudert; تيفاوين: Tifawin; كنزة: Kenza; نسيمة: Nassima
زبيدة: Zoubida; بهيجة: Bahija; ماجدة: Majda; الضاوية: Daouia, Edaouia; العالية: Alia, El Alia
""")

MEN = _names("""
محمد: Mohamed, Mohammed, Mouhamed; امحمد: M'hamed, Mhamed; أحمد: Ahmed, Ahmad
الحسين: Lahoucine, El Houssine, Houssine; الحسن: Lahcen, El Hassan; حسن: Hassan; عمر: Omar, Aomar; علي: Ali
إبراهيم: Brahim, Ibrahim; عبد الله: Abdellah, Abdallah; عبد الرحمان: Abderrahmane, Abderrahman
عبد الرحيم: Abderrahim; عبد الكريم: Abdelkrim, Abdelkarim; عبد العزيز: Abdelaziz; عبد الهادي: Abdelhadi
عبد اللطيف: Abdellatif; عبد الجليل: Abdeljalil; رشيد: Rachid; سعيد: Said, Saïd; جمال: Jamal
خالد: Khalid, Khaled; يوسف: Youssef, Yousef; ياسين: Yassine; أيوب: Ayoub; حمزة: Hamza; أنس: Anas, Anass
زكرياء: Zakaria; إسماعيل: Ismail, Smail; مصطفى: Mustapha, Mostafa; مبارك: Mbark, Moubarak; بلعيد: Belaid
موحا: Moha; حماد: Hammad, Hmad; باسو: Bassou; إيدر: Ider, Idir; يحيى: Yahya; لحبيب: Lahbib; كمال: Kamal
نور الدين: Noureddine; عز الدين: Azzeddine; صلاح: Salah; هشام: Hicham; منير: Mounir; طارق: Tarik, Tariq
عادل: Adil; كريم: Karim; مراد: Mourad; توفيق: Toufik; المهدي: Mehdi, El Mehdi; عثمان: Othmane, Otmane
بوجمعة: Boujemaa, Boujamaa; ميلود: Miloud; العربي: Larbi, El Arbi; المعطي: Maati
""")

FAMILIES = _names("""
أيت لحسن: Ait Lahcen, Aït Lahcen; أيت بلا: Ait Bella; أيت علي: Ait Ali; أيت القاضي: Ait El Cadi, Ait Lkadi
أيت واعراب: Ait Ouarab; أيت باها: Ait Baha; أيت سعيد: Ait Said; أيت حمو: Ait Hammou; أيت إحيا: Ait Ihya
أيت مبارك: Ait Mbark; أيت عدي: Ait Addi; بلعيد: Belaid; بوزيان: Bouziane; بوعزة: Bouazza; بوشتى: Bouchta
بنعلي: Benali, Ben Ali; بنحدو: Benhaddou; بنعمر: Benomar, Ben Omar; بنطالب: Bentaleb
المنصوري: El Mansouri, Mansouri; الإدريسي: El Idrissi, Idrissi; العلوي: El Alaoui, Alaoui
الفاسي: El Fassi, Fassi; المراكشي: El Marrakchi; الورزازي: Ouarzazi; السوسي: Soussi, Essoussi; الحوزي: El Haouzi
الشياظمي: Chiadmi; الرحماني: Rahmani; السباعي: Sbai, Sbaï; البوزيدي: El Bouzidi; الزيتوني: Zitouni
أمغار: Amghar; أوبلا: Oubella; أوحمو: Ouhammou; أوعلي: Ouali, Ou Ali; أوبراهيم: Oubrahim; أوسعيد: Oussaid
أوبها: Oubaha; أكوجيل: Agoujil; أزناك: Aznag, Aznague; أمزيل: Amzil; أكناو: Agnaou; إزم: Izem; أورير: Ourir
تكوشت: Tagoucht; أسكور: Askour; الكنتافي: El Goundafi, Goundafi; المتوكي: Mtougui; الكلاوي: Glaoui, El Glaoui
الدمناتي: Demnati; الكدميوي: Guedmioui; المسفيوي: Mesfioui; الأوريكي: Ouriki; الغيغائي: Ghighai
الأسناوي: Asnaoui; الأمزميزي: Amizmizi; حداد: Haddad; النجار: Najjar, Ennajjar; الحداوي: Haddaoui
الفلاح: Fellah, El Fellah; الراعي: Errai; العسري: El Asri; القادري: Kadiri, El Kadiri; الناصري: Naciri, Ennaciri
الصالحي: Salhi; الشرقاوي: Cherkaoui; البركاوي: Berkaoui; التازي: Tazi; الوردي: El Ouardi; زروال: Zeroual
حمداوي: Hamdaoui; يعقوبي: Yacoubi; مستقيم: Moustakim; بوهوش: Bouhouch; كروم: Guerroum; لعروسي: Laaroussi
لمرابط: Lamrabet, El Mrabet; لخضر: Lakhdar; الطاهري: Tahiri; العمراني: El Amrani, Amrani; الزهراوي: Zahraoui
الخياطي: Khiati
""")

DOUARS = (
    "أيت وكستيت",
    "تيزي نتاست",
    "إمي نتالا",
    "أكرسيف",
    "تنرت",
    "إغرم",
    "Tinmel",
    "Ait Zitoun",
    "Imi n'Tala",
    "Tafgha",
)

SCHOOLS = ("مدرسة الأطلس", "م.م أسيف المال", "إعدادية الأرز", "ثانوية الحوز", "Collège Al Amal", "École Tizi")

GROUP_NAMES: tuple[tuple[str, str], ...] = (
    ("تعاونية تيفاوين", "Coopérative Tifawin"),
    ("تعاونية الأمل", "Coopérative Al Amal"),
    ("تعاونية تودرت", "Coopérative Toudert"),
    ("مجموعة أركان", "Groupement Argane"),
    ("تعاونية نساء الأطلس", "Coopérative Femmes de l'Atlas"),
    ("تعاونية الزربية", "Coopérative Azetta"),
    ("مجموعة الرافيا", "Groupement Raphia"),
    ("تعاونية تاضفي", "Coopérative Tadfi"),
    ("تعاونية إتران", "Coopérative Itran"),
    ("تعاونية تامونت", "Coopérative Tamount"),
    ("مجموعة الفضة", "Groupement Lfdda"),
    ("تعاونية الخير", "Coopérative Al Khair"),
)

PRODUCTS: tuple[tuple[str, str, int], ...] = (
    ("قفة رافيا", "piece", 120),
    ("زربية", "metre", 650),
    ("خلخال فضة", "piece", 300),
    ("كسكس", "kg", 25),
    ("زيت الجوز", "litre", 140),
    ("بلغة", "pair", 110),
    ("Tapis noué", "metre", 700),
    ("Miel de thym", "kg", 220),
)
"""Product, unit, usual price of one unit in dirhams."""

IDEAS = (
    "تربية الأرانب",
    "تثمين الجوز",
    "ورشة خياطة",
    "مأوى قروي",
    "نقل مدرسي",
    "حديقة مدرسية",
    "Apiculture au thym",
    "Confiture de figues",
    "Café internet du souk",
)

THEMES = (
    "روح المقاولة",
    "التدبير المالي",
    "الثقة في النفس",
    "Gestion de coopérative",
    "Premiers secours",
    "تسويق المنتوجات",
)
TRIBUNALS = ("المحكمة الابتدائية بمراكش", "المحكمة الابتدائية بإمنتانوت", "Tribunal de première instance de Marrakech")
