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
}
