"""What devices and hubs speak, for the OpenAPI document only: the hot path reads it with msgspec (core.batches)."""

from marshmallow import Schema, fields, validate

from fieldsync.core.batches import FORMS_MAX, PROTOCOL
from fieldsync.routes.schemas import FoundProblemSchema, OpenSchema, operation_id

STATUSES = ("applied", "duplicate", "held", "quarantined", "retry")
PULLS = ("records", "operations", "none")


class ReportSchema(OpenSchema):
    """How a phone is, for the coordinator's list."""

    unsent = fields.Integer(allow_none=True, validate=validate.Range(min=0))
    oldest_ms = fields.Integer(allow_none=True, validate=validate.Range(min=0))
    app = fields.String(allow_none=True)
    storage_free = fields.Integer(allow_none=True, validate=validate.Range(min=0))
    forms = fields.List(
        fields.List(fields.String(), validate=validate.Length(equal=2)),
        allow_none=True,
        validate=validate.Length(max=FORMS_MAX),
    )


class SyncRequestSchema(OpenSchema):
    """A batch (docs/protocol.md section 2). An operation may be odd inside: each gets a result of its own."""

    protocol = fields.Integer(required=True, validate=validate.OneOf((PROTOCOL,)))
    now = fields.Integer(required=True, validate=validate.Range(min=0), metadata={"description": "ms since 1970"})
    epoch = fields.String(allow_none=True)
    cursor = fields.String(allow_none=True)
    limit = fields.Integer(load_default=200, validate=validate.Range(1, 1000))
    pull = fields.String(load_default="records", validate=validate.OneOf(PULLS))
    operations = fields.List(fields.Dict(), required=True)
    void = fields.List(fields.List(fields.Raw(), validate=validate.Length(min=2, max=3)))
    report = fields.Nested(ReportSchema)
    witness = fields.String(allow_none=True)


class ResultSchema(Schema):
    """What became of one operation; `was` is the present status of a duplicate."""

    id = operation_id(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    was = fields.String()
    problems = fields.List(fields.Nested(FoundProblemSchema))


class OpenFormSchema(Schema):
    """A form version that is open to the sender."""

    id = fields.String(required=True)
    version = fields.String(required=True)
    hash = fields.String(required=True)
    media = fields.List(fields.Dict(), required=True)


class DeviceStateSchema(Schema):
    """Whether the sender may go on, and until when it may keep its data without syncing (server time, ms)."""

    status = fields.String(required=True, validate=validate.OneOf(("active", "revoked")))
    lease_until = fields.Integer(required=True)
    wipe = fields.Boolean(required=True)


class SyncResponseSchema(Schema):
    """The answer (docs/protocol.md section 3): `records` or `operations` as asked, `forms` when they changed."""

    protocol = fields.Integer(required=True)
    epoch = fields.String(required=True)
    now = fields.Integer(required=True)
    results = fields.List(fields.Nested(ResultSchema), required=True)
    records = fields.List(fields.Dict())
    operations = fields.List(fields.Dict())
    cursor = fields.String(required=True, allow_none=True)
    more = fields.Boolean(required=True)
    durable_through = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    known_through = fields.Integer(required=True)
    forms = fields.List(fields.Nested(OpenFormSchema))
    device = fields.Nested(DeviceStateSchema, required=True)
    witness = fields.String(required=True)


class EnrolRequestSchema(OpenSchema):
    """A one-time code; or no code, a further author, and the token of a known device in the header."""

    code = fields.String(allow_none=True)
    author = fields.String(allow_none=True)
    key = fields.String(allow_none=True)


class EnrolledSchema(Schema):
    """A device that may sync; the token is shown this once."""

    author = fields.String(required=True)
    token = fields.String(required=True)
    association = fields.String(required=True)
    openrosa_url = fields.String(required=True)
    qr = fields.String()


class HealthSchema(Schema):
    """Whether the server serves."""

    status = fields.String(required=True, validate=validate.OneOf(("ok", "setting_up")))
