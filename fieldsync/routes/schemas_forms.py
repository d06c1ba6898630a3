"""What goes in and comes out where forms are read and published."""

from marshmallow import Schema, fields, validate
from webargs.fields import DelimitedList

from fieldsync.routes.schemas import NAME_LENGTH_MAX, FindingSchema, PageQuerySchema

DEFINITION_KINDS = ("xlsx", "csv", "md", "yaml", "xml")
ENTITY_LISTS_MAX = 100
"""Entity lists that one form may be said to read."""

FORM_STATES = ("open", "retired")


def texts(**members: object) -> fields.Dict:
    """Language code to text; the empty code where the form declares no language."""
    return fields.Dict(keys=fields.String(), values=fields.String(), **members)  # type: ignore[arg-type]


class FormVersionSchema(Schema):
    """A published form version; it never changes. `counts`: submissions of the form by review state, where asked."""

    id = fields.String(required=True)
    version = fields.String(required=True)
    title = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(FORM_STATES))
    hash = fields.String(required=True)
    published_ms = fields.Integer(required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())


class ChoiceSchema(Schema):
    """One choice; `columns` are those that cascades filter by."""

    name = fields.String(required=True)
    labels = texts(required=True)
    columns = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class QuestionSchema(Schema):
    """A question with its rules as XPath; `sensitivity` is its class, P0 to P3 (docs/forms.md)."""

    path = fields.String(required=True)
    type = fields.String(required=True)
    repeats = fields.List(fields.String(), required=True)
    labels = texts(required=True)
    hints = texts(required=True)
    required = fields.String(required=True, allow_none=True)
    required_message = texts(required=True)
    relevant = fields.List(fields.List(fields.String()), required=True)
    constraint = fields.String(required=True, allow_none=True)
    constraint_message = texts(required=True)
    calculate = fields.String(required=True, allow_none=True)
    readonly = fields.String(required=True, allow_none=True)
    default = fields.String(required=True, allow_none=True)
    save_to = fields.String(required=True, allow_none=True)
    sensitivity = fields.String(required=True)
    declared_sensitivity = fields.Boolean(required=True)
    protective = fields.List(fields.String(), required=True)
    part = fields.String(required=True)
    key = fields.Boolean(required=True)
    place = fields.Boolean(required=True)
    choices = fields.List(fields.Nested(ChoiceSchema), required=True)
    itemset = fields.Dict(required=True, allow_none=True)


class FormFileSchema(Schema):
    """A media file or CSV attachment of a form version."""

    name = fields.String(required=True)
    sha256 = fields.String(required=True)


class FormSchema(FormVersionSchema):
    """A form version with its questions in order; `lists` are the choice lists inside the form."""

    languages = fields.List(fields.String(), required=True)
    default_language = fields.String(required=True)
    questions = fields.List(fields.Nested(QuestionSchema), required=True)
    repeats = fields.List(fields.Dict(), required=True)
    groups = fields.List(fields.Dict(), required=True)
    entities = fields.List(fields.Dict(), required=True)
    lists = fields.Dict(keys=fields.String(), values=fields.List(fields.Dict()), required=True)
    media = fields.List(fields.Nested(FormFileSchema), required=True)


class PublishedSchema(Schema):
    """What a definition became; `published` is false where it was only checked."""

    form = fields.String(required=True)
    version = fields.String(required=True)
    hash = fields.String(required=True)
    published = fields.Boolean(required=True)
    findings = fields.List(fields.Nested(FindingSchema), required=True)


class FormsQuerySchema(PageQuerySchema):
    """Which page of the forms, and whether with counts (for those who may see records)."""

    counts = fields.Boolean(load_default=False)


class PublishQuerySchema(Schema):
    """`check`: only look. `kind`: what a raw body is. `entity_lists`: lists whose CSV files nobody uploads."""

    check = fields.Boolean(load_default=False)
    kind = fields.String(validate=validate.OneOf(DEFINITION_KINDS))
    entity_lists = DelimitedList(
        fields.String(validate=validate.Length(1, NAME_LENGTH_MAX)),
        load_default=(),
        validate=validate.Length(max=ENTITY_LISTS_MAX),
    )


class DefinitionSchema(Schema):
    """A form definition and the files that it names, as a multipart upload."""

    definition = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})
    media = fields.List(fields.Raw(metadata={"type": "string", "format": "binary"}))
