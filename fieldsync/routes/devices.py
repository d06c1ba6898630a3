"""The association's phones and hubs, for those who look after them."""

from typing import Any

from flask import Response

from fieldsync.core.access import SEE_DEVICES
from fieldsync.routes.access import access, reader
from fieldsync.routes.arguments import ApiBlueprint
from fieldsync.routes.description import refuses
from fieldsync.routes.paging import paged
from fieldsync.routes.schemas import DeviceSchema, PageQuerySchema, page_of
from fieldsync.services import desk_lists

blueprint = ApiBlueprint("devices", __name__, url_prefix="/api/v1/devices", description="Phones and hubs")


@blueprint.get("")
@access("reader", SEE_DEVICES)
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, page_of(DeviceSchema))
@refuses(400)
def list_devices(asked: dict[str, Any]) -> Response:
    """Each with its last sync, how wrong its clock is, what it has not sent yet by its own account."""
    who = reader()
    return paged("devices", asked, lambda session, after, limit: desk_lists.devices_page(session, who, after, limit))
