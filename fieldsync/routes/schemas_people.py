"""What goes in and comes out about people, roles, devices and the audit log."""

from marshmallow import Schema, fields, validate

from fieldsync.core.passphrases import LENGTH_MAX as PASSPHRASE_LENGTH_MAX
from fieldsync.routes.schemas import NAME_LENGTH_MAX, PageQuerySchema
from fieldsync.services.auditing import ACTIONS
from fieldsync.services.device_care import VIEWS_MAX
from fieldsync.services.granting import PLACES_MAX
from fieldsync.services.tokens import DAYS_MAX

NO_NUL = validate.ContainsNoneOf("\0")
CODE_LENGTH_MAX = 64
PLACE_LENGTH_MAX = 40
TIME_MAX = 2**53 - 1


def text(required: bool = True, least: int = 1, most: int = NAME_LENGTH_MAX) -> fields.String:
    """A short text without U+0000."""
    return fields.String(required=required, validate=[validate.Length(least, most), NO_NUL])


def secret(required: bool = True) -> fields.String:
    """A passphrase as it is typed; how good a new one is, is said by its own problems."""
    return fields.String(required=required, validate=[validate.Length(1, PASSPHRASE_LENGTH_MAX), NO_NUL])


def place_codes() -> fields.List[str]:
    """Places by code; without one, all."""
    code = fields.String(validate=validate.Regexp(r"[a-z0-9.-]{1,40}\Z"))
    return fields.List(code, load_default=list, validate=validate.Length(max=PLACES_MAX))


class CredentialsSchema(Schema):
    """What a person signs in with; `code` where she has a second factor."""

    email = text()
    password = secret()
    code = text(required=False, most=CODE_LENGTH_MAX)


class TicketSchema(Schema):
    """A ticket of a sign-in that is half way, and the code that it owes."""

    ticket = text()
    code = text(most=CODE_LENGTH_MAX)


class ConfirmationSchema(Schema):
    """What proves again who somebody is."""

    password = secret()
    code = text(required=False, most=CODE_LENGTH_MAX)


class LinkTokenSchema(Schema):
    """What a link carries."""

    link = text()


class AcceptSchema(LinkTokenSchema):
    """What a link carries, and the passphrase that is chosen with it."""

    password = secret()


class EmailSchema(Schema):
    """An e-mail address."""

    email = text()


class LinkSchema(Schema):
    """What a link is for."""

    purpose = fields.String(required=True, validate=validate.OneOf(("invitation", "reset")))
    email = fields.String(required=True)
    association = fields.String(required=True, allow_none=True)
    roles = fields.List(fields.String(), required=True)
    expires_ms = fields.Integer(required=True)


class OfferedLinkSchema(Schema):
    """A link for somebody, shown this once: `link` is what it carries."""

    link = fields.String(required=True)
    expires_ms = fields.Integer(required=True)


class OwnSessionSchema(Schema):
    """Where somebody is signed in."""

    session = fields.UUID(required=True)
    agent = fields.String(required=True)
    made_ms = fields.Integer(required=True)
    seen_ms = fields.Integer(required=True)
    expires_ms = fields.Integer(required=True)
    present = fields.Boolean(required=True)


class OwnSessionsSchema(Schema):
    """All of somebody's sessions, newest first."""

    items = fields.List(fields.Nested(OwnSessionSchema), required=True)


class EndedSchema(Schema):
    """How many sessions were ended."""

    ended = fields.Integer(required=True)


class AssociationChoiceSchema(Schema):
    """An association in which somebody may work."""

    association = fields.String(required=True)
    name = fields.String(required=True)
    present = fields.Boolean(required=True)


class AssociationChoicesSchema(Schema):
    """The associations in which somebody may work."""

    items = fields.List(fields.Nested(AssociationChoiceSchema), required=True)


class ChooseSchema(Schema):
    """The association to work in."""

    association = text(most=PLACE_LENGTH_MAX)


class PassphraseSchema(Schema):
    """The present passphrase and the one to come."""

    present = secret()
    wanted = secret()


class BegunSchema(Schema):
    """What an authenticator app needs, shown this once."""

    secret = fields.String(required=True)
    uri = fields.String(required=True)


class CodeSchema(Schema):
    """A code of an authenticator app."""

    code = text(most=CODE_LENGTH_MAX)


class RecoveryCodesSchema(Schema):
    """Recovery codes, shown this once."""

    codes = fields.List(fields.String(), required=True)


class NewTokenSchema(Schema):
    """A token to make: what it may do, for how many days."""

    name = text()
    permissions = fields.List(text(), required=True, validate=validate.Length(1, 50))
    days = fields.Integer(required=True, validate=validate.Range(1, DAYS_MAX))


class TokenSchema(Schema):
    """A token of a script, without the token itself."""

    token = fields.UUID(required=True)
    name = fields.String(required=True)
    permissions = fields.List(fields.String(), required=True)
    association = fields.String(required=True, allow_none=True)
    made_ms = fields.Integer(required=True)
    used_ms = fields.Integer(required=True, allow_none=True)
    expires_ms = fields.Integer(required=True)


class TokensSchema(Schema):
    """All of somebody's tokens, oldest first."""

    items = fields.List(fields.Nested(TokenSchema), required=True)


class MadeTokenSchema(TokenSchema):
    """A new token, with the token itself as `secret`, shown this once."""

    secret = fields.String(required=True)


class GrantSchema(Schema):
    """A role that somebody holds, or that waits for a second person."""

    grant = fields.UUID(required=True)
    role = fields.String(required=True)
    association = fields.String(required=True, allow_none=True)
    places = fields.List(fields.String(), required=True)
    team = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(("active", "proposed")))
    waiver = fields.String(required=True)
    granted_ms = fields.Integer(required=True)


class PersonSchema(Schema):
    """A person, with the roles that she holds where the caller works."""

    person = fields.UUID(required=True)
    email = fields.String(required=True)
    name = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(("invited", "active", "disabled")))
    association = fields.String(required=True, allow_none=True)
    created_ms = fields.Integer(required=True)
    signed_in_ms = fields.Integer(required=True, allow_none=True)
    reset_asked_ms = fields.Integer(required=True, allow_none=True)
    second_factor = fields.Boolean(required=True)
    grants = fields.List(fields.Nested(GrantSchema), required=True)


class NewGrantSchema(Schema):
    """A role to give, held where the caller works; one of the programme or the server is held everywhere."""

    role = text()
    places = place_codes()
    team = fields.String(load_default="", validate=[validate.Length(max=NAME_LENGTH_MAX), NO_NUL])
    waiver = fields.String(load_default="", validate=[validate.Length(max=NAME_LENGTH_MAX), NO_NUL])


class InvitationSchema(NewGrantSchema):
    """Somebody to invite, with a role."""

    email = text()
    name = fields.String(load_default="", validate=[validate.Length(max=NAME_LENGTH_MAX), NO_NUL])


class InvitedSchema(OfferedLinkSchema):
    """Somebody who was invited."""

    person = fields.Nested(PersonSchema, required=True)


class RenameSchema(Schema):
    """Another name."""

    name = text()


class PeopleQuerySchema(PageQuerySchema):
    """Which people: those whose name or e-mail address holds a text."""

    query = text(required=False)


class RoleSchema(Schema):
    """A role of the book, and whether the caller may give it."""

    role = fields.String(required=True)
    names = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    reach = fields.String(required=True)
    permissions = fields.List(fields.String(), required=True)
    families = fields.List(fields.String(), required=True)
    counts = fields.List(fields.String(), required=True)
    personal = fields.String(required=True)
    restricted = fields.Boolean(required=True)
    own = fields.Boolean(required=True)
    second_factor = fields.Boolean(required=True)
    grantable = fields.Boolean(required=True)
    waits_for_second = fields.Boolean(required=True)


class RolesSchema(Schema):
    """All roles, and what excludes what."""

    items = fields.List(fields.Nested(RoleSchema), required=True)
    exclusions = fields.List(fields.Dict(), required=True)


class OfferSchema(Schema):
    """A phone or hub to come: its name, what it may read (`all`, `own`, `place:CODE`), its role, team and bearer."""

    name = text()
    kind = fields.String(load_default="device", validate=validate.OneOf(("device", "hub")))
    views = fields.List(
        fields.String(validate=validate.Regexp(r"(?:all|own|place:[a-z0-9.-]{1,40})\Z")),
        load_default=list,
        validate=validate.Length(max=VIEWS_MAX),
    )
    role = fields.String(load_default="companion", validate=[validate.Length(1, NAME_LENGTH_MAX), NO_NUL])
    team = fields.String(load_default="", validate=[validate.Length(max=NAME_LENGTH_MAX), NO_NUL])
    holder = fields.UUID(load_default=None, allow_none=True)


class OfferedSchema(Schema):
    """A one-time code, and the link that carries it, shown this once."""

    offer = fields.UUID(required=True)
    code = fields.String(required=True)
    link = fields.String(required=True)
    expires_ms = fields.Integer(required=True)


class OfferStateSchema(Schema):
    """What became of a code; `device` is the author of the phone that it became."""

    offer = fields.UUID(required=True)
    state = fields.String(required=True, validate=validate.OneOf(("open", "used", "expired")))
    name = fields.String(required=True)
    expires_ms = fields.Integer(required=True)
    device = fields.String(required=True, allow_none=True)


class MoveSchema(Schema):
    """Another place, team, role or bearer (null: nobody); what is left out stays."""

    views = fields.List(
        fields.String(validate=validate.Regexp(r"(?:all|own|place:[a-z0-9.-]{1,40})\Z")),
        load_default=list,
        validate=validate.Length(max=VIEWS_MAX),
    )
    team = fields.String(load_default=None, allow_none=True, validate=[validate.Length(max=NAME_LENGTH_MAX), NO_NUL])
    role = fields.String(load_default=None, allow_none=True, validate=[validate.Length(1, NAME_LENGTH_MAX), NO_NUL])
    holder = fields.UUID(allow_none=True)


class RevokeSchema(Schema):
    """Whether the phone is also asked to erase what it has pulled."""

    wipe = fields.Boolean(load_default=False)


class AuditQuerySchema(PageQuerySchema):
    """Which events: of an action, an actor, about something, within a time (ms)."""

    action = fields.String(validate=validate.OneOf(sorted(ACTIONS)))
    actor = text(required=False)
    about = text(required=False)
    from_ms = fields.Integer(validate=validate.Range(0, TIME_MAX))
    to_ms = fields.Integer(validate=validate.Range(0, TIME_MAX))


class AuditRowSchema(Schema):
    """An event of the audit log: ids only; names are added for those whom the caller may know."""

    association = fields.String(required=True, allow_none=True)
    number = fields.Integer(required=True)
    at_ms = fields.Integer(required=True)
    actor = fields.String(required=True)
    actor_name = fields.String(required=True, allow_none=True)
    action = fields.String(required=True)
    about = fields.String(required=True)
    about_name = fields.String(required=True, allow_none=True)
    outcome = fields.String(required=True)
    detail = fields.String(required=True)
    mac = fields.String(required=True)


class HeadSchema(Schema):
    """Where a chain stands."""

    association = fields.String(required=True, allow_none=True)
    number = fields.Integer(required=True)
    mac = fields.String(required=True)


class AuditStateSchema(Schema):
    """Whether the chains hold, and where they stand."""

    ok = fields.Boolean(required=True)
    rows = fields.Integer(required=True)
    faults = fields.List(fields.Dict(), required=True)
    heads = fields.List(fields.Nested(HeadSchema), required=True)
