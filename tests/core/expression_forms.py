"""A small form with groups, repeats within repeats and look-ups, for the tests of expressions."""

from datetime import UTC, tzinfo
from typing import Any

from fieldsync.core.choice_lists import ChoiceLists
from fieldsync.core.expression_code import Environment
from fieldsync.core.expressions import compile_expression, environment_of
from fieldsync.core.form_tree import FormTree
from fieldsync.core.forms import Choice, Form, Group, Instance, Itemset, Question, Repeat

CHOICES = (Choice("a", {"": "Anougal"}), Choice("b", {"": "Asni"}), Choice("c", {"": "Azgour"}))
COMMUNES = Instance(
    "communes",
    (
        {"name": "a", "label": "Anougal", "province": "haouz", "people": "6000"},
        {"name": "b", "label": "Asni", "province": "haouz", "people": "19000"},
        {"name": "m", "label": "Majjat", "province": "chichaoua"},
    ),
)
FORM = Form(
    "visits",
    "2026112301",
    "Visits",
    "data",
    ("",),
    "",
    (
        Question("name", "text"),
        Question("age", "integer"),
        Question("price", "decimal"),
        Question("born", "date"),
        Question("roles", "select_multiple", choices=CHOICES),
        Question("place", "select_one", choices=CHOICES),
        Question("home", "geopoint"),
        Question("g/note_text", "text"),
        Question("g/here", "text"),
        Question("members/name", "text", ("members",)),
        Question("members/age", "integer", ("members",)),
        Question("members/here", "text", ("members",)),
        Question("members/kids/name", "text", ("members", "members/kids")),
        Question("members/kids/here", "text", ("members", "members/kids")),
        Question("douar", "select_one", itemset=Itemset("communes", "province = /data/name")),
    ),
    repeats=(Repeat("members"), Repeat("members/kids")),
    groups=(Group("g"),),
    instances=(COMMUNES, Instance("people", source="jr://file-csv/people.csv")),
)
TREE = FormTree(FORM)
FILES = {"people.csv": b"name,label,band\np1,Aicha,adult\np2,Fadma,minor\n"}
LISTS = ChoiceLists(FORM, FILES)
STAMP_MS = 1_795_478_400_000
"""2026-11-24 00:00 UTC; in Casablanca an hour later."""
ONE, TWO, KID = (f"00000000-0000-7000-8000-00000000000{digit}" for digit in "123")
FAMILY: dict[str, Any] = {
    "name": "haouz",
    "age": 34,
    "price": "12.50",
    "born": "1992-03-08",
    "roles": {"set": ["a", "c"]},
    "place": "b",
    f"members[{TWO}]": 1,
    f"members[{ONE}]": 2,
    f"members[{ONE}]/name": "Aicha",
    f"members[{ONE}]/age": 40,
    f"members[{TWO}]/name": "Fadma",
    f"members[{TWO}]/age": 12,
    f"members[{ONE}]/kids[{KID}]": "m",
    f"members[{ONE}]/kids[{KID}]/name": "Ali",
}


def environment(fields: dict[str, Any], zone: tzinfo = UTC) -> Environment:
    return environment_of(fields, STAMP_MS, zone)


def value(text: str, fields: dict[str, Any] | None = None, context: str = "g/here", way: str | None = None) -> Any:
    """What an expression gives, in the first occurrence where its node is in a repeat; compiled and libxml2 agree."""
    around = environment(FAMILY if fields is None else fields)
    prefixes: tuple[str, ...] = ()
    for repeat in TREE.nests[context]:
        outer = prefixes[-1] if prefixes else ""
        done = len(TREE.nests[repeat][-2]) if len(TREE.nests[repeat]) > 1 else 0
        prefixes = (*prefixes, around.occurrences[outer + repeat[done:]][-1])
    ways = [way] if way else ["compiled", "libxml2"]
    found = [compile_expression(TREE, LISTS, context, text, one).evaluate(around, prefixes) for one in ways]
    assert repr(found[0]) == repr(found[-1]), f"{text}: compiled {found[0]!r}, libxml2 {found[-1]!r}"
    return found[0]
