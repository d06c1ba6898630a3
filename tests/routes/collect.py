"""A phone with ODK Collect: what it asks for, and what its finished forms look like."""

import io
import re

from lxml import etree
from werkzeug.test import TestResponse

from tests.routes.callers import person
from tests.world import Json, Phone, World

XFORMS_LIST = "{http://openrosa.org/xforms/xformsList}"
MANIFEST = "{http://openrosa.org/xforms/xformsManifest}"


class Collect:
    """Speaks OpenRosa with a device's token in the address."""

    def __init__(self, world: World, phone: Phone | None = None) -> None:
        self.world = world
        self.phone = phone or world.phone()
        self.base = f"/v1/key/{self.phone.token}"
        self.client = world.app.test_client()

    def get(self, path: str, **headers: str) -> TestResponse:
        """A GET below the base, or of an absolute address."""
        path = re.sub(r"^https?://[^/]+", "", path)
        path = path if path.startswith("/v1/") else f"{self.base}/{path}"
        named = {"X-OpenRosa-Version": "1.0"} | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, headers=named)

    def forms(self, path: str = "formList") -> list[Json]:
        """The entries of the form list."""
        response = self.get(path)
        assert response.status_code == 200, response.text
        return [{etree.QName(one).localname: one.text for one in each} for each in etree.fromstring(response.data)]

    def send(
        self, xml: str | bytes, files: Json | None = None, language: str = "en", more: bool = False
    ) -> TestResponse:
        """A POST as Collect makes it: the record in one part, each file in another; `more` will follow."""
        body = xml.encode() if isinstance(xml, str) else xml
        parts: Json = {"xml_submission_file": (io.BytesIO(body), "record.xml", "text/xml")}
        parts |= {name: (io.BytesIO(data), name, "image/jpeg") for name, data in (files or {}).items()}
        parts |= {"*isIncomplete*": "yes"} if more else {}
        headers = {"X-OpenRosa-Version": "1.0", "Accept-Language": language}
        path = f"{self.base}/submission?deviceID=collect%3A1"
        return self.client.post(path, data=parts, headers=headers, content_type="multipart/form-data")

    def sends(self, xml: str | bytes) -> str:
        """A record that is taken; what the phone shows."""
        response = self.send(xml)
        assert response.status_code == 201, response.text
        return message(response)


def message(response: TestResponse) -> str:
    """The message of an OpenRosaResponse."""
    assert response.content_type == "text/xml; charset=utf-8"
    assert response.headers["X-OpenRosa-Version"] == "1.0"
    root = etree.fromstring(response.data)
    assert root.tag == "{http://openrosa.org/http/response}OpenRosaResponse"
    return root.findtext("{http://openrosa.org/http/response}message") or ""


def visit(
    instance: str, answers: str = "<name>Amina</name>", deprecated: str = "", form: str = "visit", version: str = "1"
) -> str:
    """A finished form; `instance` and `deprecated` without "uuid:" where they are UUIDs."""
    replaced = f"<orx:deprecatedID>{_named(deprecated)}</orx:deprecatedID>" if deprecated else ""
    stated = f"<orx:instanceID>{_named(instance)}</orx:instanceID>" if instance else ""
    return (
        f'<?xml version="1.0"?><data xmlns:orx="http://openrosa.org/xforms" id="{form}" version="{version}">{answers}'
        f"<orx:meta>{stated}{replaced}</orx:meta></data>"
    )


def _named(instance: str) -> str:
    return f"uuid:{instance}" if re.fullmatch("[0-9a-fA-F-]{36}", instance) else instance


def said_of(world: World, record: str) -> list[Json]:
    """The operations of a record, as coordinators see them."""
    hub = world.hub()
    return [each for each in hub.pulls() if each["record"] == record]


def writes_of(world: World, record: str) -> list[Json]:
    """What each of them writes."""
    return [each["writes"] for each in said_of(world, record)]


def quarantined(world: World) -> list[Json]:
    """What waits for the coordinator: kind of problem and body."""
    return person(world, "coordinator").pages("quarantine")
