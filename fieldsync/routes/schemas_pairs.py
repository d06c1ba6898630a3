"""What goes in and comes out where people decide whether two records are one."""

from marshmallow import Schema, fields, validate

from fieldsync.core.acts import NAMED_MAX
from fieldsync.routes.schemas import NAME_LENGTH_MAX, PageQuerySchema, operation_id
from fieldsync.services.asking import QUESTION_MAX, SIDES
from fieldsync.services.deciding import DIFFERENT, SAME, UNSURE, WHY_MAX
from fieldsync.services.pair_queue import CURSOR_MAX

TURNS_MAX = 1_000_000
PATH_LENGTH_MAX = 1000


class PairQuerySchema(PageQuerySchema):
    """Which pairs are wanted: of one list or form, or all."""

    cursor = fields.String(validate=validate.Length(1, CURSOR_MAX))
    of = fields.String(load_default="", validate=validate.Length(max=NAME_LENGTH_MAX))


class VerdictOnPairSchema(Schema):
    """What somebody says of a pair. `turn`: how many decisions she had seen.

    `taken`: path → the operation whose value survives a merge; `duplicate`: of two submissions, the one not to count;
    `question`: where it is unsure, what those who registered them (`ask`: left, right) are asked with the next sync.
    """

    decision = fields.String(required=True, validate=validate.OneOf((SAME, DIFFERENT, UNSURE)))
    turn = fields.Integer(required=True, strict=True, validate=validate.Range(0, TURNS_MAX))
    why = fields.String(load_default="", validate=validate.Length(max=WHY_MAX))
    taken = fields.Dict(
        keys=fields.String(validate=validate.Length(1, PATH_LENGTH_MAX)),
        values=operation_id(),
        load_default=dict,
        validate=validate.Length(max=NAMED_MAX),
    )
    duplicate = fields.UUID()
    question = fields.String(load_default="", validate=validate.Length(max=QUESTION_MAX))
    ask = fields.List(
        fields.String(validate=validate.OneOf(SIDES)), load_default=list(SIDES), validate=validate.Length(1, 2)
    )


class AcrossVerdictSchema(Schema):
    """What somebody says of two records of two associations. `turn`: how many decisions she had seen."""

    decision = fields.String(required=True, validate=validate.OneOf((SAME, DIFFERENT, UNSURE)))
    turn = fields.Integer(required=True, strict=True, validate=validate.Range(0, TURNS_MAX))
    why = fields.String(load_default="", validate=validate.Length(max=WHY_MAX))


class UndoSchema(Schema):
    """Takes the last decision back. `turn`: how many decisions somebody had seen."""

    turn = fields.Integer(required=True, strict=True, validate=validate.Range(0, TURNS_MAX))


class ComparisonSchema(Schema):
    """One comparison: what, how it agrees, what that adds to the weight, in bits."""

    name = fields.String()
    level = fields.String()
    weight = fields.Float()


class DecisionSchema(Schema):
    """What was decided last: same, different, unsure, or open where it was taken back."""

    decision = fields.String()
    by = fields.String()
    at_ms = fields.Integer()
    why = fields.String()


class PairSchema(Schema):
    """Two records of one list or form that may be one; `changed`: what is compared otherwise since the decision."""

    records = fields.List(fields.UUID())
    kind = fields.String()
    of = fields.String()
    weight = fields.Float(allow_none=True)
    zone = fields.String(allow_none=True)
    comparisons = fields.List(fields.Nested(ComparisonSchema))
    bounds = fields.List(fields.String())
    turn = fields.Integer()
    decision = fields.Nested(DecisionSchema, allow_none=True)
    changed = fields.List(fields.String())


class AcrossPairSchema(PairSchema):
    """Two records of one list of two associations that may be one person; `associations`: whose each record is."""

    class Meta:
        exclude = ("kind",)

    associations = fields.List(fields.String())


class AcrossListSchema(Schema):
    """Pairs over a border that wait, the likeliest first, at most a hundred."""

    items = fields.List(fields.Nested(AcrossPairSchema))
