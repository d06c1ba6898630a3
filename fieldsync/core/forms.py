"""A form version as the server understands it, read from its XForm."""

from collections.abc import Mapping

import msgspec

Texts = Mapping[str, str]
"""Language code ("ar", "fr", "en"; "" where the form declares none) to text."""

OCCURRENCE_NODE = "__occurrence"
"""The node in a repeat that holds the UUID of the occurrence; it is no question."""


class Choice(msgspec.Struct, frozen=True):
    """One choice of a list; `columns` are its further columns, used by choice filters (cascades)."""

    name: str
    labels: Texts = {}
    columns: Mapping[str, str] = {}


class Itemset(msgspec.Struct, frozen=True):
    """Where a select's choices come from.

    `instance` is the id of the secondary instance (empty: the choices stand in the question itself);
    `filter` is the XPath predicate of a cascade, or None; `value` and `label` are the columns used.
    `nodeset` is the whole expression, for choices that come from the answers themselves (a repeat).
    """

    instance: str = ""
    filter: str | None = None
    value: str = "name"
    label: str = "label"
    nodeset: str = ""


class Question(msgspec.Struct, frozen=True):
    """One node of the primary instance that can hold an answer.

    `path` is protocol form: group and question names joined by "/", without the root, repeats unindexed.
    `sensitivity` is what the form says, or P3 where the answer is worked out from one (core.copied_classes).
    `type` is one of: text, integer, decimal, date, time, dateTime, select_one, select_multiple, rank, geopoint,
    geotrace, geoshape, file, boolean, note, calculate. A calculate's answer may be of any simple type.
    `repeats` are the paths of the repeats around it, outermost first.
    `relevant` holds its own and its ancestors' expressions, outermost first; all must be true.
    """

    path: str
    type: str
    repeats: tuple[str, ...] = ()
    labels: Texts = {}
    hints: Texts = {}
    required: str | None = None
    required_message: Texts = {}
    relevant: tuple[tuple[str, str], ...] = ()
    """(context path, expression) pairs: the node that bears the expression, and the XPath itself."""
    constraint: str | None = None
    constraint_message: Texts = {}
    calculate: str | None = None
    readonly: str | None = None
    default: str | None = None
    """The text that a new record starts with."""
    initial: str | None = None
    """XPath evaluated once for a new record or occurrence (a dynamic default), or None."""
    save_to: str | None = None
    sensitivity: str = "P2"
    declared_sensitivity: bool = False
    protective: tuple[str, ...] = ()
    key: bool = False
    place: bool = False
    part: str = ""
    """Which part the property that it saves to plays when two entities are compared (core.linkage_features.PARTS)."""
    project: bool = False
    keep_metadata: bool = False
    """Whether a picture keeps the place and time that its camera wrote into it."""
    choices: tuple[Choice, ...] = ()
    itemset: Itemset | None = None
    appearance: str = ""


class Repeat(msgspec.Struct, frozen=True):
    """A repeated group; `count` is its jr:count expression, or None.

    `occurrence` is the path of the node that holds an occurrence's UUID, "" in forms that have none.
    """

    path: str
    labels: Texts = {}
    count: str | None = None
    relevant: tuple[tuple[str, str], ...] = ()
    sensitivity: str = "P2"
    declared_sensitivity: bool = False
    occurrence: str = ""


class Group(msgspec.Struct, frozen=True):
    """A group that is not repeated; `relevant` as in Question."""

    path: str
    labels: Texts = {}
    relevant: tuple[tuple[str, str], ...] = ()
    sensitivity: str = "P2"
    declared_sensitivity: bool = False


class EntityDeclaration(msgspec.Struct, frozen=True):
    """What a form says about one entity list (the ODK entities specification).

    `path` is the path of the declaration's `entity` node ("meta/entity", "members/meta/entity").
    `scope` is the group or repeat it speaks for ("" for the form). `properties` maps property to question path.
    """

    list: str
    path: str
    scope: str = ""
    repeats: tuple[str, ...] = ()
    create: str | None = None
    update: str | None = None
    id: str | None = None
    label: str | None = None
    properties: Mapping[str, str] = {}


class Instance(msgspec.Struct, frozen=True):
    """A secondary instance: inside the form (`rows` filled) or a file (`source` is its jr:// address)."""

    id: str
    rows: tuple[Mapping[str, str], ...] = ()
    source: str | None = None


class Form(msgspec.Struct, frozen=True):
    """A form version. Questions are in the order of the primary instance.

    `meta_paths` are the paths beside the questions that a submission may write, repeats unindexed.
    `media` are the jr:// addresses of the files that the form names, in order, each once.
    """

    id: str
    version: str
    title: str
    root: str
    languages: tuple[str, ...]
    default_language: str
    questions: tuple[Question, ...]
    repeats: tuple[Repeat, ...] = ()
    entities: tuple[EntityDeclaration, ...] = ()
    instances: tuple[Instance, ...] = ()
    namespaces: Mapping[str, str] = {}
    groups: tuple[Group, ...] = ()
    meta_paths: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    entities_version: str = ""
    hollow: tuple[str, ...] = ()
    """Groups and repeats that show nothing."""
    public_key: str = ""
    """In base64 (RSA, DER), where phones are to encrypt whole submissions (core.odk_encryption)."""
    instance_name: str | None = None
    """The expression by which a submission names itself."""


Blanks = tuple[tuple[str, str], ...]
"""What fills the blanks of a text: (name, value) pairs, so that findings can be compared and counted once."""


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is wrong or doubtful in a form definition, and where.

    `severity` is "error" or "warning"; `row` counts from 1 with the header as row 1; `column` is the header's text.
    `path` is the question's or group's path, where one is meant. `message` and `advice` are English texts of
    core/finding_messages, whose blanks `detail` fills; core/finding_texts puts them into words.
    """

    severity: str
    code: str
    message: str
    advice: str = ""
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    path: str | None = None
    detail: Blanks = ()


def blanks(**values: object) -> Blanks:
    """What fills the blanks of a finding's texts, by name."""
    return tuple((name, str(value)) for name, value in values.items())


def legal_paths(form: Form) -> frozenset[str]:
    """Every path, repeats unindexed, that a submission of this form may write."""
    return frozenset(question.path for question in form.questions).union(form.meta_paths)
