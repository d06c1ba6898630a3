"""A form with what correcting needs: a cascade, relevance, rules, a repeat, calculations; converted once a process."""

from functools import cache

from pyxform.xls2xform import convert as to_xform

from fieldsync.services.conversion import convert
from fieldsync.services.publishing import Definition

COLUMNS = ("type", "name", "label", "hint", "required", "relevant", "constraint", "constraint_message",
           "choice_filter", "calculation", "bind::fs:class")  # fmt: skip

SURVEY: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("today", "today", "", {}),
    ("select_one province", "province", "Province", {"required": "yes"}),
    ("select_one commune", "commune", "Commune", {"required": "yes", "choice_filter": "province = ${province}"}),
    ("text", "seller", "Seller", {"hint": "Her name", "bind::fs:class": "P2"}),
    ("select_one yes_no", "stall", "Has a stall", {}),
    ("text", "number", "Stall number", {"required": "yes", "relevant": "${stall} = 'yes'"}),
    ("select_multiple goods", "goods", "Goods", {}),
    ("decimal", "fee", "Fee", {"constraint": ". < 100", "constraint_message": "Below 100."}),
    ("date", "day", "Day", {}),
    ("dateTime", "opened", "Opened", {}),
    ("geopoint", "spot", "Spot", {}),
    ("begin_repeat", "sales", "Sales", {}),
    ("text", "what", "What", {"required": "yes"}),
    ("integer", "price", "Price", {}),
    ("end_repeat", "", "", {"bind::fs:class": ""}),
    ("calculate", "total", "", {"calculation": "sum(${price})"}),
    ("calculate", "drawn", "", {"calculation": "uuid()"}),
)

CHOICES = """
| choices |
|  | list_name | name | label | province |
|  | yes_no | yes | Yes | |
|  | yes_no | no | No | |
|  | province | haouz | Al Haouz | |
|  | province | safi | Safi | |
|  | commune | asni | Asni | haouz |
|  | commune | ijouk | Ijoukak | haouz |
|  | commune | jemaa | Jemaa | safi |
|  | goods | wool | Wool | |
|  | goods | salt | Salt | |
| settings |
|  | form_id | form_title | version | namespaces |
|  | market | Market | 1 | fs="urn:fieldsync:form" |
"""


def _line(kind: str, name: str, label: str, further: dict[str, str]) -> str:
    given = {"type": kind, "name": name, "label": label, "bind::fs:class": "P1", **further}
    return "|  | " + " | ".join(given.get(column, "") for column in COLUMNS) + " |"


@cache
def market() -> Definition:
    """Ready to publish, as form `market`, version 1."""
    rows = ["| survey |", "|  | " + " | ".join(COLUMNS) + " |", *(_line(*each) for each in SURVEY)]
    text = "\n".join(rows) + CHOICES
    xform = to_xform(xlsform=text, file_type=".md").xform.encode()
    made = convert(xform, "xml")
    assert made.form is not None, made.findings
    return Definition(made.form, made.xform, None, text.encode(), "md", tuple(made.findings))
