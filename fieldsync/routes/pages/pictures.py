"""QR codes as pictures of their own address: nothing inline, nothing kept."""

import io

import segno
from flask import Response

QUIET_ZONE = 2
"""Modules of white around; the page adds more."""


def qr(text: str) -> Response:
    """A QR code, black on white, as SVG."""
    picture = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        picture, kind="svg", border=QUIET_ZONE, dark="#000", light="#fff", xmldecl=False, svgclass=None, lineclass=None,
        omitsize=True,
    )  # fmt: skip
    return Response(picture.getvalue(), mimetype="image/svg+xml")
