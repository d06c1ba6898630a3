"""What goes in and comes out where people decide whether two records are one."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from fieldsync.core.acts import NAMED_MAX
from fieldsync.routes.schemas import NAME_LENGTH_MAX, PageQuerySchema, operation_id
from fieldsync.services.asking import QUESTION_MAX, SIDES
from fieldsync.services.deciding import DIFFERENT, SAME, UNSURE, WHY_MAX
from fieldsync.services.pair_clusters import SHOWN_MAX
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


class ClusterLineSchema(Schema):
    """Records of a list that hang together by pairs that wait, three or more; at most sixty are named.

    `size`: how many there are; `weight`: of their most useful pair.
    """

    of = fields.String()
    records = fields.List(fields.UUID())
    size = fields.Integer()
    weight = fields.Float()


class StepSchema(Schema):
    """What was decided in one step and holds still; its `turn` takes it back."""

    same = fields.List(fields.UUID())
    apart = fields.List(fields.UUID())
    by = fields.String()
    at_ms = fields.Integer()
    turn = fields.Integer()


class ClusterSchema(Schema):
    """Records that hang together by pairs that wait, the nearest to the one that was asked for first.

    `records`: those to decide on, at most six; `more`: how many hang on beyond them; `proposed`: those that hang
    together firmly; `seen`: the heads of all. `step`: the last of the one that was asked for, where there was any.
    """

    of = fields.String()
    records = fields.List(fields.UUID())
    proposed = fields.List(fields.UUID())
    more = fields.Integer()
    turn = fields.Integer()
    seen = fields.List(operation_id())
    pairs = fields.List(fields.Nested(PairSchema))
    step = fields.Nested(StepSchema, allow_none=True)


class VerdictOnClusterSchema(Schema):
    """What somebody says of a cluster: those of `same` are one, and none of `apart` is; the others stay undecided.

    `turn`: how many decisions she had seen; `seen`: the heads of its records as she saw them, to be held against now's.
    """

    same = fields.List(fields.UUID(), required=True, validate=validate.Length(1, SHOWN_MAX))
    apart = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=SHOWN_MAX))
    turn = fields.Integer(required=True, strict=True, validate=validate.Range(0, TURNS_MAX))
    seen = fields.List(operation_id(), validate=validate.Length(max=NAMED_MAX))

    @validates_schema
    def _names_nobody_twice(self, data: dict[str, Any], **_: Any) -> None:
        if set(data.get("same", ())) & set(data.get("apart", ())):
            raise ValidationError("A record is one of them or another, not both.", "apart")
