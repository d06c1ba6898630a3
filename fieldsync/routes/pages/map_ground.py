"""What a page with a map on it needs: outlines of places, the source of tiles, and leave to show those."""

from typing import Any
from urllib.parse import urlsplit

from flask import Response, request, url_for

from fieldsync.routes.context import context
from fieldsync.routes.pages import language, shell
from fieldsync.routes.pages.speech import _


def page(template: str, status: int = 200, has_map: bool = True, is_personal: bool = False, **values: Any) -> Response:
    """A page; `has_map`: whether there is anything on it for a map to show.

    `ground` are the attributes of the element that a map is made of (static/map_ground.js).
    `is_personal`: no source of tiles is asked, since its host would learn where somebody lives.
    """
    settings = context().settings
    tiles = settings.map_tiles if has_map and not is_personal else ""
    ground = {
        "dir": "ltr",  # Leaflet counts from the left in every language
        "data-direction": language.DIRECTIONS[language.chosen()],
        "data-outlines": url_for("pages.map_outlines"),
        "data-zoom-in": _("Closer"),
        "data-zoom-out": _("Farther"),
        **({"data-tiles": tiles, "data-attribution": settings.map_attribution} if tiles else {}),
    }
    response = shell.page(template, status, has_map=has_map, ground=ground, **values)
    if tiles:
        response.headers["Content-Security-Policy"] = shell.policy(request.path, images=_origin(tiles))
    return response


def _origin(address: str) -> str:
    """Scheme and host of the tiles: the one foreign origin that a page with a map may show pictures of."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
