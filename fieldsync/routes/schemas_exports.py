"""What goes in and comes out where records are taken out as a file."""

from marshmallow import Schema, fields, validate

from fieldsync.core.export_options import (
    FORMATS,
    IDS,
    LAYOUTS,
    NARROWING,
    POINTS,
    REASON_TEXT_MAX,
    REASONS,
    SEPARATORS,
    STATES,
)
from fieldsync.core.messages import LANGUAGES
from fieldsync.routes.schemas import KINDS, NAME_LENGTH_MAX


class OptionsSchema(Schema):
    """What an export is of and how it looks (docs/desk.md, "Exports"); `since` and `until` are days."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    of = fields.String(required=True, validate=validate.Length(1, NAME_LENGTH_MAX))
    format = fields.String(load_default="csv", validate=validate.OneOf(list(FORMATS)))
    layout = fields.String(load_default="tables", validate=validate.OneOf(LAYOUTS))
    labels = fields.Boolean(load_default=False)
    language = fields.String(load_default="en", validate=validate.OneOf(LANGUAGES))
    split = fields.Boolean(load_default=False)
    free_text = fields.Boolean(load_default=False)
    points = fields.String(load_default="none", validate=validate.OneOf(POINTS))
    ids = fields.String(load_default="association", validate=validate.OneOf(IDS))
    personal = fields.Boolean(load_default=False)
    states = fields.List(
        fields.String(validate=validate.OneOf(STATES)),
        load_default=["approved"],
        validate=validate.Length(1, len(STATES)),
    )
    since = fields.Date(load_default=None, allow_none=True)
    until = fields.Date(load_default=None, allow_none=True)
    separator = fields.String(load_default=",", validate=validate.OneOf(SEPARATORS))
    mark = fields.Boolean(load_default=True)
    narrowed = fields.Dict(
        keys=fields.String(validate=validate.OneOf(NARROWING)),
        values=fields.String(validate=validate.Length(1, NAME_LENGTH_MAX)),
        load_default={},
    )


class AskExportSchema(OptionsSchema):
    """With the reason that is owed where it shows personal answers, exact points, or the records' own ids."""

    reason = fields.String(load_default="", validate=validate.OneOf(("", *REASONS)))
    reason_text = fields.String(load_default="", validate=validate.Length(max=REASON_TEXT_MAX))


class ExportProblemSchema(Schema):
    """Why there is no file."""

    code = fields.String(required=True)
    message = fields.String(required=True)


class ExportSchema(Schema):
    """An export of one's own; `state` is asked, waiting, running, ready, failed, cancelled or expired."""

    export = fields.UUID(required=True)
    number = fields.String(required=True)
    state = fields.String(required=True)
    options = fields.Dict(required=True)
    tells_of_people = fields.Boolean(required=True)
    asked_ms = fields.Integer(required=True)
    ended_ms = fields.Integer(required=True, allow_none=True)
    expires_ms = fields.Integer(required=True, allow_none=True)
    percent = fields.Integer(required=True)
    records = fields.Integer(required=True)
    bytes = fields.Integer(required=True)
    file_name = fields.String(required=True, allow_none=True)
    problem = fields.Nested(ExportProblemSchema, required=True, allow_none=True)
