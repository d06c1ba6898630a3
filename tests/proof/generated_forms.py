"""Forms that nobody designed, by a seed: groups, nested repeats, cascades, files, rules, entities, three languages."""

from dataclasses import dataclass, field
from functools import cache
from random import Random

from fieldsync.core.form_findings import form_findings
from fieldsync.core.forms import Finding, Form
from fieldsync.core.media import media_findings, media_name
from fieldsync.core.xform import read_form
from fieldsync.core.xlsform import Sheets
from fieldsync.core.xlsform_findings import sheet_findings
from fieldsync.services.conversion_worker import to_xform
from fieldsync.services.publishing import Definition
from tests.proof.expressions import CHOICES, Asked, Writer

LANGUAGES = ("العربية (ar)", "Français (fr)", "English (en)")
ENTITIES = "people"
MARKETS = (
    "name,label,region,stalls\n"
    'm1,Souk el Had,haouz,12\nm2,Souk الثلاثاء,souss,3\nm3,Marché du Rif,rif,0\nm4,"Asni, haut",haouz,7\n'
)
PICTURE = b"\x89PNG\r\n\x1a\n"
REGION_OF = {"asni": "haouz", "ijoukak": "haouz", "tafraout": "souss", "tiznit": "souss", "chaouen": "rif",
             "azilal": "haouz"}  # fmt: skip
DEPTH_MAX = 3
QUESTIONS_MAX = 22
PLAIN_KINDS = ("text", "text", "integer", "integer", "decimal", "date", "time", "dateTime", "geopoint", "geotrace",
               "geoshape", "image", "audio", "file", "barcode", "acknowledge", "range", "note")  # fmt: skip
CHOICE_KINDS = ("select_one", "select_one", "select_multiple", "rank", "select_one_from_file", "cascade", "entity")
KIND_OF = {"image": "file", "audio": "file", "barcode": "text", "acknowledge": "trigger", "range": "integer"}

Row = dict[str, str]


@dataclass(frozen=True)
class Generated:
    """A form of a seed: its sheets, and the files that it names."""

    seed: int
    sheets: Sheets
    media: dict[str, bytes]


@dataclass
class _Designer:
    """Writes one form, question by question."""

    dice: Random
    rows: list[Row] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    entities: list[Row] = field(default_factory=list)
    count: int = 0
    saved: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.writer = Writer(self.dice)

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def name(self, letter: str) -> str:
        self.count += 1
        return f"{letter}{self.count}"

    def seen(self, nest: tuple[str, ...]) -> list[Asked]:
        """What can be named from here: what stands in the same repeats or around them."""
        return [each for each in self.asked if nest[: len(each.nest)] == each.nest]

    def below(self, nest: tuple[str, ...]) -> list[Asked]:
        """What stands one repeat further in."""
        return [each for each in self.asked if len(each.nest) == len(nest) + 1 and each.nest[: len(nest)] == nest]

    def block(self, depth: int, nest: tuple[str, ...]) -> None:
        """A few questions, groups and repeats."""
        for _ in range(self.dice.randint(2, 5)):
            if self.count >= QUESTIONS_MAX:
                break
            if depth < DEPTH_MAX and self.chance(0.3):
                self.inner(depth, nest)
            else:
                self.question(nest)

    def inner(self, depth: int, nest: tuple[str, ...]) -> None:
        """A group or a repeat with a block of its own, and at times something that sums it up."""
        repeat = self.chance(0.55)
        name = self.name("r" if repeat else "g")
        row = self.labelled("begin_repeat" if repeat else "begin_group", name, nest)
        if self.chance(0.35):
            row["relevant"] = self.writer.truth(self.seen(nest))
        if repeat and self.chance(0.25):
            numbers = [each for each in self.seen(nest) if each.kind == "integer"]
            row["repeat_count"] = f"${{{self.dice.choice(numbers).name}}} mod 3" if numbers else "2"
        self.rows.append(row)
        within = (*nest, name) if repeat else nest
        self.question(within, shown=True)
        self.block(depth + 1, within)
        self.rows.append({"type": "end_repeat" if repeat else "end_group"})
        if repeat and self.below(nest):
            self.calculation(nest)

    def labelled(self, kind: str, name: str, nest: tuple[str, ...]) -> Row:
        """A row with its texts in every language; a label may show an answer."""
        row = {"type": kind, "name": name}
        shown = [each for each in self.seen(nest) if each.kind in ("text", "integer", "number")]
        said = f" ${{{self.dice.choice(shown).name}}}" if shown and self.chance(0.15) else ""
        for language, word in zip(LANGUAGES, ("سؤال", "Question", "Question"), strict=True):
            row[f"label::{language}"] = f"{word} <{name}> & “{self.count}”{said}"
            if self.count % 4 == 0:
                row[f"hint::{language}"] = f"{word} ؟ ?"
        return row

    def question(self, nest: tuple[str, ...], shown: bool = False) -> None:
        """One question of any kind, or, unless it must be `shown`, a calculation."""
        if not shown and self.asked and self.chance(0.2):
            self.calculation(nest)
            return
        kind = self.dice.choice(PLAIN_KINDS if self.chance(0.6) else CHOICE_KINDS)
        name = self.name("q")
        row, asked = self.choosing(kind, name, nest) if kind in CHOICE_KINDS else self.plain(kind, name, nest)
        if kind not in ("note", "acknowledge"):
            self.ruled(row, asked, nest)
        if self.chance(0.3):
            row["relevant"] = self.writer.truth(self.seen(nest))
        self.rows.append(row)
        if kind != "note":
            self.asked.append(asked)

    def plain(self, kind: str, name: str, nest: tuple[str, ...]) -> tuple[Row, Asked]:
        row = self.labelled(kind, name, nest)
        if kind == "range":
            row["parameters"] = "start=0 end=12 step=1"
        if kind in ("text", "image") and self.chance(0.2):
            row["appearance"] = {"text": "multiline", "image": "annotate"}[kind]
        if self.chance(0.12) and kind in ("text", "integer", "date"):
            row["default"] = {"text": "مرحبا", "integer": "4", "date": "today()"}[kind]
        if self.chance(0.1):
            row |= {f"media::image::{language}": "sign.png" for language in LANGUAGES}
        return row, Asked(name, KIND_OF.get(kind, kind), nest)

    def choosing(self, kind: str, name: str, nest: tuple[str, ...]) -> tuple[Row, Asked]:
        """A question with choices: from the sheet, from a file, from an entity list, by a cascade."""
        if kind == "select_one_from_file":
            row = self.labelled("select_one_from_file markets.csv", name, nest)
            if self.chance(0.4):
                row["choice_filter"] = "stalls > 2"
            return row, Asked(name, "select_one", nest, "market")
        if kind == "entity":
            return self.labelled(f"select_one_from_file {ENTITIES}.csv", name, nest), Asked(name, "person", nest)
        if kind == "cascade":
            several = self.chance(0.3)
            row = self.labelled(f"{'select_multiple' if several else 'select_one'} town", name, nest)
            regions = [each for each in self.seen(nest) if each.choices == "region"]
            if regions:
                region = self.dice.choice(regions)
                one = f"region = ${{{region.name}}}"
                row["choice_filter"] = one if region.kind == "select_one" else f"selected(${{{region.name}}}, region)"
            return row, Asked(name, "select_multiple" if several else "select_one", nest, "town")
        choices = self.dice.choice(("colour", "region"))
        return self.labelled(f"{kind} {choices}", name, nest), Asked(name, kind, nest, choices)

    def ruled(self, row: Row, asked: Asked, nest: tuple[str, ...]) -> None:
        """Required, constraint, read-only: each at times, with messages in every language."""
        if self.chance(0.25):
            row["required"] = "yes" if self.chance(0.6) or not self.seen(nest) else self.writer.truth(self.seen(nest))
            row |= {f"required_message::{language}": f"! {asked.name}" for language in LANGUAGES}
        constraint = self.writer.constraint(asked) if self.chance(0.4) else None
        if constraint:
            row["constraint"] = constraint
            row |= {f"constraint_message::{language}": f"؟ {asked.name} < >" for language in LANGUAGES}
        if self.chance(0.05) and self.seen(nest):
            row["read_only"] = self.writer.truth(self.seen(nest))
        if not nest and asked.kind in ("text", "integer", "select_one") and self.chance(0.5):
            row["save_to"] = asked.name

    def calculation(self, nest: tuple[str, ...]) -> None:
        name = self.name("c")
        is_number = self.chance(0.5)
        seen, below = self.seen(nest), self.below(nest)
        formula = self.writer.number(seen, below) if is_number else self.writer.word(seen, below)
        if nest and self.chance(0.1):
            formula, is_number = "position(..)", True
        markets = [each for each in seen if each.choices == "market"]
        if markets and self.chance(0.3):
            formula, is_number = f"pulldata('markets', 'region', 'name', ${{{markets[0].name}}})", False
        row = {"type": "calculate", "name": name, "calculation": formula}
        if self.chance(0.2):
            row["relevant"] = self.writer.truth(seen)
        self.rows.append(row)
        self.asked.append(Asked(name, "number" if is_number else "word", nest))

    def finish(self) -> None:
        """An entity that the form makes, and one that it changes, at times."""
        texts = [each for each in self.asked if each.kind == "text" and not each.nest]
        people = [each for each in self.asked if each.kind == "person" and not each.nest]
        saves = any("save_to" in row for row in self.rows)
        if not texts or not (saves or self.chance(0.5)):
            for row in self.rows:
                row.pop("save_to", None)
            return
        label = f"concat(${{{texts[0].name}}}, ' +')"
        condition = f"${{{texts[0].name}}} != ''"
        entity = {"list_name": ENTITIES, "create_if": condition, "label": label}
        if people:
            person = f"${{{people[0].name}}}"
            entity |= {"entity_id": f"coalesce({person}, uuid())", "create_if": f"{person} = ''"}
            entity |= {"update_if": f"{person} != ''"}
        self.entities.append(entity)


def _choices(dice: Random) -> list[Row]:
    rows = []
    for choices, names in CHOICES.items():
        for name in names:
            row = {"list_name": choices, "name": name, "region": REGION_OF.get(name, "")}
            row |= {f"label::{language}": f"{name} {word}" for language, word in zip(LANGUAGES, "اéE", strict=True)}
            if dice.random() < 0.1:
                row |= {f"media::image::{language}": "sign.png" for language in LANGUAGES}
            rows.append(row)
    return rows


def _sheet(rows: list[Row]) -> list[list[str]]:
    header = list(dict.fromkeys(column for row in rows for column in row))
    return [header, *([row.get(column, "") for column in header] for row in rows)]


@cache
def generated(seed: int) -> Generated:
    """The form of a seed."""
    dice = Random(seed)
    designer = _Designer(dice)
    if dice.random() < 0.3:
        designer.rows += [{"type": kind, "name": kind} for kind in ("start", "end", "today", "deviceid")]
    designer.block(0, ())
    designer.question(())
    designer.finish()
    for row in designer.rows:
        if row["type"] not in ("end_group", "end_repeat"):
            row["bind::fs:class"] = "P1"
    settings = {"form_id": f"made_{seed}", "form_title": f"Made {seed}", "version": "1",
                "default_language": dice.choice(LANGUAGES), "namespaces": 'fs="urn:fieldsync:form"'}  # fmt: skip
    sheets = {"survey": designer.rows, "choices": _choices(dice), "settings": [settings]}
    if designer.entities:
        sheets["entities"] = designer.entities
    media = {"markets.csv": MARKETS.encode(), "sign.png": PICTURE}
    return Generated(seed, {name: _sheet(rows) for name, rows in sheets.items()}, media)


@cache
def definition(seed: int) -> Definition:
    """The form of a seed, ready to publish: nothing stands in its way."""
    made = generated(seed)
    xform, findings = to_xform(made.sheets)
    form = read_form(xform)
    assert isinstance(form, Form), (findings, form)
    named = {name for name in map(media_name, form.media) if name is not None}
    media = {name: data for name, data in made.media.items() if name in named}
    found = [*sheet_findings(made.sheets), *findings, *form_findings(form), *media_findings(form, media, (ENTITIES,))]
    errors: list[Finding] = [finding for finding in found if finding.severity == "error"]
    assert not errors, errors
    return Definition(form, xform, None, xform, "xml", tuple(found), media)
