"""What goes out where figures are read."""

from marshmallow import Schema, fields, validate

from fieldsync.core.indicators import OPERATORS, PERIODS, UNITS

UNITS_SHOWN = (*UNITS, "events")


class PeriodQuerySchema(Schema):
    """A fixed period: `all`, a year (2026), a quarter (2026-Q4) or a month (2026-10)."""

    period = fields.String(load_default="all", validate=validate.Length(max=10))


class FigureSchema(Schema):
    """A figure. `number` is null where it is hidden, or a share of nothing; money is in centimes.

    `to_review`, `rejected`: what the records of that state would add. `months`: [month (202610), number], oldest first.
    """

    figure = fields.String(required=True)
    unit = fields.String(required=True, validate=validate.OneOf(UNITS_SHOWN))
    number = fields.Float(required=True, allow_none=True)
    hidden = fields.Boolean(required=True)
    to_review = fields.Integer(required=True)
    rejected = fields.Integer(required=True)
    months = fields.List(fields.List(fields.Float(allow_none=True)), required=True)


class DivisionSchema(Schema):
    """A figure divided. A cell names a value of each dimension, and its `number`.

    Whoever is told in lots finds small values under `others`, and under `later` how many are not told apart yet;
    `dropped`: dimensions of which nothing was told so far.
    """

    part = fields.String(required=True)
    dropped = fields.List(fields.String(), required=True)
    cells = fields.List(fields.Dict(keys=fields.String()), required=True)


class TargetSchema(Schema):
    """What is aimed at."""

    operator = fields.String(required=True, validate=validate.OneOf(OPERATORS))
    target = fields.Integer(required=True)
    period = fields.String(required=True, validate=validate.OneOf(PERIODS))


class IndicatorSchema(Schema):
    """An indicator with its figures, the main one first. `published` is false while nothing of it was published."""

    indicator = fields.String(required=True)
    funder_code = fields.String(required=True, allow_none=True)
    association = fields.String(required=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    definition = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    unit = fields.String(required=True)
    basis = fields.String(required=True)
    suppression = fields.String(required=True)
    target = fields.Nested(TargetSchema, required=True, allow_none=True)
    has_form = fields.Boolean(required=True)
    published = fields.Boolean(required=True)
    figures = fields.List(fields.Nested(FigureSchema), required=True)
    divisions = fields.List(fields.Nested(DivisionSchema), required=True)


class QualitySchema(Schema):
    """How submissions of an association (empty: of all that are seen) came and were reviewed."""

    association = fields.String(required=True)
    figures = fields.List(fields.Nested(FigureSchema), required=True)


class BoardSchema(Schema):
    """Every indicator that the reader may see.

    `until`: the present month (202611). `threshold`: fewer persons are hidden. `behind`: changes not counted yet.
    `published_until`: the last month of the edition from which published figures are.
    """

    period = fields.String(required=True)
    until = fields.Integer(required=True)
    threshold = fields.Integer(required=True)
    behind = fields.Integer(required=True)
    published_ms = fields.Integer(required=True, allow_none=True)
    published_until = fields.Integer(required=True, allow_none=True)
    indicators = fields.List(fields.Nested(IndicatorSchema), required=True)
    quality = fields.List(fields.Nested(QualitySchema), required=True)
