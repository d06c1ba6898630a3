"""What keeps people from deciding on a pair, or from taking a decision back."""

PAIRS: dict[str, tuple[int | None, str, str, str]] = {
    "pair_decided": (
        409,
        "اتُّخذ قرار بشأن هذا الزوج بعد فتح الصفحة. اقرأ ما تقرر ثم قرّر من جديد إن لزم؛ لم يُكتب شيء.",
        "Une décision a été prise sur cette paire depuis l’ouverture de la page. Lisez-la, puis décidez à nouveau si besoin ; rien n’a été écrit.",
        "This pair was decided since the page was opened. Read what was decided, then decide again if need be; nothing was written.",
    ),
    "too_few_chosen": (
        422,
        "حدّدوا سجلين على الأقل؛ لم يُكتب شيء.",
        "Marquez au moins deux fiches ; rien n’a été écrit.",
        "Mark at least two records; nothing was written.",
    ),
    "pair_held_apart": (
        409,
        "لا دمج: قرّر شخص أن سجلين من هذه المجموعة مختلفان. خذوا ذلك القرار إلى الوراء أولاً إن كان خاطئاً.",
        "Pas de fusion : quelqu’un a décidé que deux fiches de ce groupe sont différentes. Annulez d’abord cette décision si elle est fausse.",
        "No merge: somebody decided that two records of this group are different. Take that decision back first if it is wrong.",
    ),
    "already_one": (
        409,
        "هذه السجلات سجل واحد أصلاً. يمكن التراجع عن الدمج إن كان خاطئاً.",
        "Ces fiches n’en font déjà qu’une. Annulez la fusion si elle est fausse.",
        "These records are one already. Undo the merge if it is wrong.",
    ),
    "pair_deleted": (
        409,
        "أحد السجلين محذوف، ولا يُدمج المحذوف. يعود السجل إذا كُتب فيه من جديد.",
        "L’une des deux fiches est supprimée ; on ne fusionne pas une fiche supprimée. Elle revient dès qu’on y écrit de nouveau.",
        "One of the two records is deleted; what is deleted is not merged. It comes back as soon as somebody writes to it.",
    ),
    "two_people_due": (
        409,
        "الدمج في هذه اللائحة يلزمه شخصان: قرّروا بشأن السجلين في «تكرار محتمل».",
        "Dans cette liste, une fusion demande deux personnes : décidez de ces deux fiches parmi les doublons possibles.",
        "Merges of this list need two people: decide on the two among the possible duplicates.",
    ),
    "second_person_due": (
        409,
        "اقترحتم هذا الدمج بأنفسكم؛ يلزم أن يؤكده شخص آخر.",
        "Vous avez proposé cette fusion ; une autre personne doit la confirmer.",
        "You proposed this merge yourself; another person must confirm it.",
    ),
    "weight_out_of_bounds": (
        422,
        "الدمج الآلي يبدأ من أحد هذه الأوزان: {weights}.",
        "La fusion automatique commence à l’un de ces poids : {weights}.",
        "Merging by itself begins at one of these weights: {weights}.",
    ),
    "weight_not_earned": (
        409,
        "لا يُفتح الدمج الآلي عند هذا الوزن بعد: من {decided} زوجاً قُرِّر كان {right} متطابقاً؛ يلزم {least} على الأقل بدقة 99,5 %.",
        "La fusion automatique n’est pas encore méritée à ce poids : sur {decided} paires décidées, {right} étaient une seule personne ; il en faut au moins {least}, justes à 99,5 %.",
        "Merging by itself is not earned at this weight yet: of {decided} decided pairs {right} were one; at least {least} are needed, right at 99.5 %.",
    ),
    "nothing_decided": (
        409,
        "لا قرار بشأن هذا الزوج يمكن التراجع عنه.",
        "Aucune décision sur cette paire ne peut être annulée.",
        "There is no decision on this pair to take back.",
    ),
    "mark_taken_back": (
        None,
        "تُراجع عن اعتبار هذه الاستمارة تكراراً؛ تُحسب كما كانت.",
        "Cette fiche n’est plus tenue pour une répétition ; elle compte comme avant.",
        "This form is no longer held to repeat another; it counts as before.",
    ),
    "marked_duplicate": (
        None,
        "هذه الاستمارة تكرار للاستمارة {record}؛ تُحسب تلك وحدها.",
        "Cette fiche répète la fiche {record} ; seule celle-là compte.",
        "This form repeats form {record}; only that one counts.",
    ),
}
