"""Why two records may be one, in words: how strongly each comparison speaks, and all of it in one sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fieldsync.core.form_texts import FormText
from fieldsync.core.linkage import HOUSEHOLD, START
from fieldsync.routes.pages import charts, language, pair_words
from fieldsync.routes.pages.charts import Step, Waterfall
from fieldsync.routes.pages.labels import Spoken
from fieldsync.routes.pages.speech import Words, _, _l, ngettext
from fieldsync.services.deciding import Pair
from fieldsync.services.pair_told import SAME, Row
from fieldsync.services.reports import SAME_CONTENT_AGAIN
from fieldsync.store.pairs import RARITY, PairRow

REASONS_MAX = 3
"""Of each side in the sentence; the waterfall has all of them."""

STRENGTHS: tuple[tuple[float, Words, Words], ...] = (
    (6.0, _l("strongly for"), _l("strongly against")),
    (2.0, _l("for"), _l("against")),
    (0.3, _l("a little for"), _l("a little against")),
)
"""From how many bits on: the words for it, and against it."""

AGREES, NEAR, DIFFERS = "ok", "info", "warn"
"""The tones of levels (pair_words.LEVELS)."""

REASONS: Mapping[tuple[str, str], Words] = {
    ("whole_name", AGREES): _l("the same name"),
    ("whole_name", NEAR): _l("a similar name"),
    ("whole_name", DIFFERS): _l("another name"),
    ("given_name", AGREES): _l("the same given name"),
    ("given_name", NEAR): _l("a similar given name"),
    ("given_name", DIFFERS): _l("another given name"),
    ("given_name", "exchanged"): _l("given and family name exchanged"),
    ("family_name", AGREES): _l("the same family name"),
    ("family_name", NEAR): _l("a similar family name"),
    ("family_name", DIFFERS): _l("another family name"),
    ("family_name", "married"): _l("another family name (perhaps by marriage)"),
    ("name", AGREES): _l("the same name"),
    ("name", NEAR): _l("a similar name"),
    ("name", DIFFERS): _l("another name"),
    ("birth", AGREES): _l("the same date of birth"),
    ("birth", "same_year"): _l("the same year of birth"),
    ("birth", "slip"): _l("dates of birth a digit apart"),
    ("birth", "compatible"): _l("an age that fits"),
    ("birth", NEAR): _l("years of birth close together"),
    ("birth", DIFFERS): _l("another year of birth"),
    ("phone", AGREES): _l("the same phone number"),
    ("phone", "shared"): _l("a phone number that several share"),
    ("phone", NEAR): _l("phone numbers one digit apart"),
    ("phone", DIFFERS): _l("another phone number"),
    ("national_id", AGREES): _l("the same identity card"),
    ("national_id", NEAR): _l("identity cards one character apart"),
    ("national_id", DIFFERS): _l("another identity card"),
    ("register_number", AGREES): _l("the same register number"),
    ("register_number", NEAR): _l("register numbers one character apart"),
    ("register_number", DIFFERS): _l("another register number"),
    ("activity", AGREES): _l("the same activity"),
    ("activity", NEAR): _l("some activities in common"),
    ("activity", DIFFERS): _l("another activity"),
    ("members", AGREES): _l("many members in common"),
    ("members", NEAR): _l("some members in common"),
    ("members", DIFFERS): _l("no member in common"),
    ("place", AGREES): _l("the same place"),
    ("place", "commune"): _l("the same commune"),
    ("place", "province"): _l("the same province, another commune"),
    ("place", "moved"): _l("another place (perhaps by marriage)"),
    ("place", DIFFERS): _l("another place"),
    ("sex", AGREES): _l("the same sex"),
    ("sex", DIFFERS): _l("another sex"),
    ("relatives", AGREES): _l("the same relative"),
    ("relatives", DIFFERS): _l("another relative"),
    ("relatives", "related"): _l("a family link between the two"),
}
"""What a comparison says in a sentence, by its level or else by the level's tone."""


@dataclass(frozen=True)
class Bar:
    """One line of the waterfall: what was compared, how it agrees, how strongly that speaks, its weight in bits."""

    what: str
    agrees: str
    strength: str
    weight: float
    step: Step
    fill: str


@dataclass(frozen=True)
class Evidence:
    """Why a pair is proposed. `summary`: the sentence; `bounds`: why the pair is never merged without a person.

    The cap of a household alone is no such reason.
    """

    bars: Sequence[Bar]
    chart: Waterfall
    weight: float
    chance: str
    likely: str
    summary: str
    bounds: Sequence[str]
    threshold: float | None


def evidence(pair: Pair, threshold: float | None) -> Evidence | None:
    """The waterfall of two entities, and what it says; None of two submissions, of which nothing is weighed."""
    if pair.row is None or pair.left.kind == "submission":
        return None
    told, weight = pair.row.comparisons, pair.row.weight
    chart = charts.waterfall([each[2] for each in told], threshold)
    bars = [_bar(*each, step) for each, step in zip(told, chart.steps, strict=True)]
    chance = 100 / (1 + 2 ** -max(-60.0, min(60.0, weight)))
    shown = "> 99,9" if chance > 99.9 else "< 0,1" if chance < 0.1 else language.number(round(chance, 1))
    bounds = [pair_words.bound(each) for each in pair.row.bounds if each != HOUSEHOLD]
    likely = pair_words.likelihood(weight)
    return Evidence(bars, chart, weight, shown, likely, summary(pair.row), bounds, threshold)


def strength(weight: float) -> str:
    """How strongly a weight speaks, in a word or two."""
    for least, pro, contra in STRENGTHS:
        if abs(weight) >= least:
            return str(pro if weight > 0 else contra)
    return _("says little")


def summary(row: PairRow) -> str:
    """What speaks for one and what against it, the strongest first, as a sentence that names no answer."""
    found = sorted(_reasons(row), key=lambda each: -abs(each[1]))
    pro, contra = (
        [reason for reason, weight in found if weight * sign >= STRENGTHS[-1][0]][:REASONS_MAX] for sign in (1, -1)
    )
    said = []
    if pro:
        said.append(ngettext("%(what)s speaks for it.", "%(what)s speak for it.", len(pro), what=_listed(pro)))
    if contra:
        said.append(
            ngettext("%(what)s speaks against it.", "%(what)s speak against it.", len(contra), what=_listed(contra))
        )
    sentences = [each[:1].upper() + each[1:] for each in said]
    return " ".join(sentences) or _("Nothing that was compared says much.")


def _reasons(row: PairRow) -> list[tuple[str, float]]:
    """(words, weight) of each comparison; how rare a name is belongs to the name."""
    weights: dict[str, float] = {}
    for name, _level, weight in row.comparisons:
        weights[name] = weights.get(name, 0.0) + weight
    levels = {name: level for name, level, _weight in row.comparisons if level not in ("", RARITY)}
    names = [each for each in ("given_name", "family_name") if each in levels]
    if len(names) == 2 and _is_told_together([levels[each] for each in names]):
        levels = {"whole_name": levels["given_name"], **{k: v for k, v in levels.items() if k not in names}}
        weights["whole_name"] = sum(weights[each] for each in names)
    said = ((words_of(name, level), name) for name, level in levels.items())
    return [(str(words), weights[name]) for words, name in said if words]


def words_of(name: str, level: str) -> Words | None:
    """What a comparison says in a sentence; None of one that no sentence names."""
    return REASONS.get((name, level)) or REASONS.get((name, _tone(level)))


def _is_told_together(levels: Sequence[str]) -> bool:
    return len({_tone(each) for each in levels}) == 1 and not {"exchanged", "married"} & set(levels)


def _tone(level: str) -> str:
    return pair_words.level(level)[0]


def _listed(said: Sequence[str]) -> str:
    *some, last = said
    return _("%(some)s and %(last)s", some=_(", ").join(some), last=last) if some else last


def _bar(name: str, level: str, weight: float, step: Step) -> Bar:
    what = pair_words.comparison(name)
    if name in (START, HOUSEHOLD):
        return Bar(what, pair_words.beside(name), "", weight, step, "g-start")
    return Bar(
        what, pair_words.level(level, weight)[2], strength(weight), weight, step, "g-up" if step.is_up else "g-down"
    )


@dataclass(frozen=True)
class Verdict:
    """What stands above all: how likely it is, in words and as a share in percent (empty of reports), and why."""

    title: str
    text: str
    chance: str = ""


def verdict(
    pair: Pair, found: Evidence | None, rows: Sequence[Row], keys: Sequence[Spoken | FormText]
) -> Verdict | None:
    """What a pair's page says first; None of two of which nothing was compared."""
    if found is not None:
        title, _mark, rest = found.likely.partition(". ")
        return Verdict(title, f"{found.summary} {rest}", found.chance)
    if pair.left.kind != "submission":
        return None
    others = sum(row.level != SAME and not row.is_heading for row in rows)
    differs = (
        ngettext("%(num)s answer differs.", "%(num)s answers differ.", others) if others else _("No answer differs.")
    )
    return Verdict(likely(pair, keys) or _("Nobody took them for the same before"), differs)


def likely(pair: Pair, keys: Sequence[Spoken | FormText]) -> str:
    """How likely it is, in a word or two; of a repeated report, what makes it one."""
    if pair.row is None:
        return ""
    if pair.left.kind == "entity":
        return pair_words.likelihood(pair.row.weight).partition(".")[0]
    if any(name == SAME_CONTENT_AGAIN for name, _level, _weight in pair.row.comparisons):
        return _("The whole content again")
    return _("The same key: %(what)s", what=_(", ").join(each.text for each in keys)) if keys else _("The same key")
