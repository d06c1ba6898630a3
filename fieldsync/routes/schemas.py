"""What goes in and comes out by the reading API, as marshmallow schemas: the OpenAPI document is made from them."""

from functools import cache
from typing import Any

from marshmallow import INCLUDE, Schema, fields, validate

from fieldsync.core.acts import NAMED_MAX, REVIEW_STATES
from fieldsync.services.reading import PAGE_ROWS_MAX

KINDS = ("submission", "entity")
TEXT_LENGTH_MAX = 10_000
NAME_LENGTH_MAX = 200
CURSOR_LENGTH_MAX = 64


class FoundProblemSchema(Schema):
    """Something wrong with an operation or a record."""

    code = fields.String(required=True)
    path = fields.String(required=True, allow_none=True)
    message = fields.String(required=True)
    about = fields.UUID()


class FindingSchema(Schema):
    """Something wrong or doubtful in a form definition, and where."""

    severity = fields.String(required=True, validate=validate.OneOf(("error", "warning")))
    code = fields.String(required=True)
    message = fields.String(required=True)
    advice = fields.String()
    sheet = fields.String()
    row = fields.Integer()
    column = fields.String()
    path = fields.String()


class ProblemSchema(Schema):
    """Why a request was refused (RFC 9457); `code` is stable, `title` is for people."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True)
    limits = fields.String()
    problems = fields.List(fields.Nested(FoundProblemSchema))
    findings = fields.List(fields.Nested(FindingSchema))
    ticket = fields.String()


def operation_id(required: bool = False) -> fields.List[Any]:
    """[author, counter] or [author, counter, n]."""
    return fields.List(fields.Raw(), required=required, validate=validate.Length(2, 3))


class ConflictValueSchema(Schema):
    """One of the values in conflict."""

    value = fields.Raw(required=True, allow_none=True)
    id = operation_id(required=True)
    stamp = fields.List(fields.Integer(), required=True)


class ReviewSchema(Schema):
    """Where the review of a record stands."""

    state = fields.String(required=True, validate=validate.OneOf(sorted({*REVIEW_STATES, "held"})))
    comments = fields.List(fields.Dict(), required=True)


class RecordSchema(Schema):
    """A folded record (docs/protocol.md section 5); `withheld` names answers that the caller may not read.

    `masked` names personal answers that `POST …/reveal` shows, and notes.
    """

    record = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    of = fields.String(required=True)
    version = fields.String(required=True, allow_none=True)
    heads = fields.List(operation_id(), required=True)
    fields_ = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), required=True, data_key="fields")
    conflicts = fields.Dict(keys=fields.String(), values=fields.List(fields.Nested(ConflictValueSchema)), required=True)
    deleted = fields.Boolean(required=True)
    delete_conflict = fields.Boolean(required=True)
    merged_into = fields.UUID(required=True, allow_none=True)
    problems = fields.List(fields.Nested(FoundProblemSchema), required=True)
    review = fields.Nested(ReviewSchema, required=True)
    withheld = fields.List(fields.String(), required=True)
    masked = fields.List(fields.String(), required=True)


class RecordsSchema(Schema):
    """The records that bear one UUID, where they are several."""

    records = fields.List(fields.Nested(RecordSchema), required=True)


class OpenSchema(Schema):
    """What further members may stand in: operations are kept and relayed as they were said."""

    class Meta:
        """Further members are no mistake."""

        unknown = INCLUDE


class OperationSchema(OpenSchema):
    """An operation as it was said, with what became of it; `waits` says what a held one waits for."""

    id = operation_id(required=True)
    record = fields.UUID()
    kind = fields.String()
    of = fields.String()
    version = fields.String(allow_none=True)
    stamp = fields.List(fields.Integer())
    seen = fields.List(operation_id(), allow_none=True)
    writes = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), allow_none=True)
    bases = fields.Dict(keys=fields.String(), values=fields.List(operation_id()), allow_none=True)
    delete = fields.Boolean(allow_none=True)
    act = fields.Dict(allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(("applied", "held")))
    author = fields.String(required=True)
    received_ms = fields.Integer(required=True, allow_none=True)
    waits = fields.List(fields.List(fields.String()))
    withheld = fields.List(fields.String(), required=True)


class OriginalSchema(Schema):
    """A submission as it came by OpenRosa; `digest` is that of its content."""

    digest = fields.String(required=True)
    status = fields.String(required=True)
    received_ms = fields.Integer(required=True, allow_none=True)


class OriginalsSchema(Schema):
    """The submissions behind a record, in the order in which they came."""

    items = fields.List(fields.Nested(OriginalSchema), required=True)


class QuarantinedSchema(Schema):
    """An operation that is wrong in itself; `quarantined` names it in the addresses of its verdicts."""

    quarantined = fields.String(required=True)
    record = fields.UUID(required=True, allow_none=True)
    kind = fields.String(required=True)
    of = fields.String(required=True)
    id = operation_id(required=True)
    digest = fields.String(required=True)
    status = fields.String(required=True)
    author = fields.String(required=True)
    received_ms = fields.Integer(required=True)
    problems = fields.List(fields.Nested(FoundProblemSchema), required=True)
    said = fields.Dict(required=True)
    withheld = fields.List(fields.String(), required=True)


class VerdictSchema(Schema):
    """What became of a quarantined operation."""

    quarantined = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(("released", "rejected")))


class VerdictActSchema(Schema):
    """Why somebody judges what is quarantined so."""

    note = fields.String(load_default="", validate=validate.Length(max=TEXT_LENGTH_MAX))


class DeviceSchema(Schema):
    """A phone or a hub, and what it last said of itself."""

    author = fields.String(required=True, allow_none=True)
    former = fields.List(fields.String(), required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(("device", "hub")))
    status = fields.String(required=True, validate=validate.OneOf(("active", "revoked")))
    enrolled_ms = fields.Integer(required=True)
    last_sync_ms = fields.Integer(required=True, allow_none=True)
    clock_error_ms = fields.Integer(required=True)
    known_through = fields.Integer(required=True)
    durable_through = fields.Integer(required=True)
    views = fields.List(fields.String(), required=True)
    report = fields.Dict(required=True, allow_none=True)
    role = fields.String(required=True)
    team = fields.String(required=True)
    holder = fields.UUID(required=True, allow_none=True)


class ReaderSchema(Schema):
    """Who the caller is, and what the caller may do."""

    kind = fields.String(required=True, validate=validate.OneOf(("person", "device", "hub")))
    name = fields.String(required=True)
    association = fields.String(required=True, allow_none=True)
    roles = fields.List(fields.String(), required=True)
    permissions = fields.List(fields.String(), required=True)
    views = fields.List(fields.String(), required=True)
    second_factor = fields.Boolean(required=True)
    must_enrol = fields.Boolean(required=True)
    fresh = fields.Boolean(required=True)


class SessionSchema(Schema):
    """A person's token; `expires` is in milliseconds since 1970."""

    token = fields.String(required=True)
    expires = fields.Integer(required=True)


class ReviewActSchema(Schema):
    """A review state, with a note for the companion."""

    state = fields.String(required=True, validate=validate.OneOf(sorted(REVIEW_STATES)))
    note = fields.String(load_default="", validate=validate.Length(max=TEXT_LENGTH_MAX))


class CommentActSchema(Schema):
    """Something to say about a record."""

    text = fields.String(required=True, validate=validate.Length(1, TEXT_LENGTH_MAX))


class CorrectActSchema(Schema):
    """Other values: path to value, null clears; with a note where what changes is approved."""

    writes = fields.Dict(
        keys=fields.String(validate=validate.Length(1, TEXT_LENGTH_MAX)),
        values=fields.Raw(allow_none=True),
        required=True,
        validate=validate.Length(min=1),
    )
    note = fields.String(load_default="", validate=validate.Length(max=TEXT_LENGTH_MAX))


class MergeActSchema(Schema):
    """Entities of the same list that are the same as this one."""

    records = fields.List(fields.UUID(), required=True, validate=validate.Length(1, NAMED_MAX - 1))


class WhichQuerySchema(Schema):
    """Chooses between records that bear the same UUID."""

    kind = fields.String(validate=validate.OneOf(KINDS))
    of = fields.String(validate=validate.Length(1, NAME_LENGTH_MAX))


class PageQuerySchema(Schema):
    """Which page of a list: `next` of the page before as `cursor`."""

    cursor = fields.String(validate=validate.Length(1, CURSOR_LENGTH_MAX))
    limit = fields.Integer(load_default=100, validate=validate.Range(1, PAGE_ROWS_MAX))


class HistoryQuerySchema(PageQuerySchema, WhichQuerySchema):
    """Which page of what was said about which record."""


class RecordsQuerySchema(PageQuerySchema):
    """Which records; `all` adds those that were deleted or merged into another."""

    review = fields.String(validate=validate.OneOf(sorted(REVIEW_STATES)))
    all = fields.Boolean(load_default=False)


class SubmissionsQuerySchema(RecordsQuerySchema):
    """Which submissions: of one form, or of all."""

    form = fields.String(validate=validate.Length(1, NAME_LENGTH_MAX))


class EntitiesQuerySchema(RecordsQuerySchema):
    """Which entities: of one list, or of all."""

    list = fields.String(validate=validate.Length(1, NAME_LENGTH_MAX))


@cache
def page_of(item: type[Schema]) -> type[Schema]:
    """The schema of one page of a list; `next` is null at its end. A page may be short and still have a next one."""
    members: dict[str, fields.Field] = {  # type: ignore[type-arg]
        "items": fields.List(fields.Nested(item), required=True),
        "next": fields.String(required=True, allow_none=True),
    }
    return Schema.from_dict(members, name=f"{item.__name__.removesuffix('Schema')}PageSchema")
