"""A phone with ODK Collect, written from its documentation and the OpenRosa standard (docs/openrosa.md); no copy of it.

It asks before it sends, splits by what the server takes, keeps whatever was not answered with 201 or 202 and sends
it again from its first file, knows changed forms and lists by their hashes, and works on entities offline.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from lxml import etree

from fieldsync.client.transport import Answer, LinkDown
from tests.collect import wire
from tests.collect.entities import Entities
from tests.collect.wire import ACCEPTED_BYTES, BOUNDARY, Ask, Listed, Media, Refused


@dataclass
class Form:
    """A form on the phone; `files` by name, `lists`: the hash with which each entity list came."""

    id: str
    version: str
    xml: bytes
    files: dict[str, bytes] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)


@dataclass
class Finished:
    """A finished form in the outbox. `shown`: what the phone says of the last attempt, "" once it is sent."""

    instance: str
    xml: bytes
    files: Mapping[str, bytes] = field(default_factory=dict)
    shown: str = "finalized"

    @property
    def is_sent(self) -> bool:
        return not self.shown


class CollectPhone:
    """What the phone keeps; every method that asks the server may raise LinkDown or Refused, and can be tried again."""

    def __init__(self, code: str, ask: Ask, new_uuid: Callable[[], str], device: str = "collect:dTqxVb1") -> None:
        self.settings = wire.read_settings(code)
        self.new_uuid = new_uuid
        self.forms: dict[str, Form] = {}
        self.outbox: list[Finished] = []
        self.entities: dict[str, Entities] = {}
        self._ask = ask
        self._device = device
        self._cache: dict[str, tuple[str, Answer]] = {}

    # Forms.

    def listed(self) -> list[Listed]:
        """The forms that the server offers."""
        return wire.read_forms(self._get(f"{self.settings.url}/formList"))

    def updated(self) -> list[Listed]:
        """Which of them are not on the phone as they are offered: the form, a file of it or a list that it reads."""
        return [each for each in self.listed() if not self._is_here(each)]

    def match(self) -> None:
        """Get what is offered, as `match_exactly` does; a form is exchanged as a whole or not at all."""
        offered = self.listed()
        for each in offered:
            if not self._is_here(each):
                self._download(each)
        for gone in self.forms.keys() - {each.id for each in offered}:
            del self.forms[gone]

    def _is_here(self, listed: Listed) -> bool:
        known = self.forms.get(listed.id)
        if known is None or known.version != listed.version or _hash(known.xml) != listed.hash:
            return False
        files = self._manifest(listed)
        return all(
            known.lists.get(each.name) == each.hash if each.kind else _hash(known.files.get(each.name)) == each.hash
            for each in files
        )

    def _download(self, listed: Listed) -> None:
        form = Form(listed.id, listed.version, self._file(listed.download, listed.hash))
        lists = []
        for each in self._manifest(listed):
            if each.kind:
                lists.append((each, self._file(each.download)))
                form.lists[each.name] = each.hash
            else:
                form.files[each.name] = self._file(each.download, each.hash)
        for each, data in lists:
            self._take_list(each, data)
        self.forms[listed.id] = form

    def _manifest(self, listed: Listed) -> list[Media]:
        return wire.read_manifest(self._get(listed.manifest)) if listed.manifest else []

    def _file(self, address: str, stated: str = "") -> bytes:
        answer = self._get(address)
        if answer.status != 200 or (stated and _hash(answer.body) != stated):
            raise Refused(f"a file is not what was said: {answer.status}")
        return answer.body

    def _take_list(self, media: Media, data: bytes) -> None:
        """Entities of its own that the list does not name are asked after: they may be gone, or not sent yet."""
        kept = self.list_of(media.name.removesuffix(".csv"))
        absent = kept.take(data)
        if absent:
            root = wire.document(self._get(f"{media.integrity}?id={quote(','.join(absent))}"))
            said = {each.get("id"): each.findtext("deleted") for each in root.iterfind("entities/entity")}
            assert set(said.values()) <= {"true", "false"}
            kept.forget([id for id in absent if said.get(id) == "true"])

    def list_of(self, name: str) -> Entities:
        """An entity list."""
        return self.entities.setdefault(name, Entities(self.new_uuid))

    # Records.

    def finish(self, xml: str, files: Mapping[str, bytes] | None = None) -> Finished:
        """A form is finished: it waits in the outbox from now on."""
        root = etree.fromstring(xml.encode())
        instance = next(each.text for each in root.iter() if etree.QName(each).localname == "instanceID")
        self.outbox.append(Finished(instance or "", xml.encode(), dict(files or {})))
        return self.outbox[-1]

    def waiting(self) -> list[Finished]:
        """What was not acknowledged yet."""
        return [each for each in self.outbox if not each.is_sent]

    def send_all(self) -> bool:
        """Send what waits, each once, in the order in which it was finished; whether nothing waits any more."""
        for each in self.waiting():
            try:
                self.send(each)
            except (LinkDown, Refused) as error:
                each.shown = str(error) or type(error).__name__
        return not self.waiting()

    def send(self, record: Finished) -> None:
        """Ask how much the server takes, then send it, in one request or a series."""
        address, accepted = self._asked()
        for body in wire.bodies(record.xml, record.files, accepted):
            headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
            answer = self._call("POST", address, headers, body)
            if answer.status == 200:
                raise Refused("network login failure?")
            if answer.status not in (201, 202):
                raise Refused(wire.message(answer) or f"answered {answer.status}")
        record.shown = ""

    def _asked(self) -> tuple[str, int]:
        address = f"{self.settings.url}/submission?deviceID={quote(self._device)}"
        answer = self._call("HEAD", address)
        if answer.status == 204:
            stated = answer.header("X-OpenRosa-Accept-Content-Length")
            return answer.header("Location") or address, int(stated) if stated else ACCEPTED_BYTES
        if 200 <= answer.status < 300 or answer.status == 401:
            raise Refused("is this an OpenRosa submission endpoint?")
        return address, ACCEPTED_BYTES

    # The link.

    def _get(self, address: str) -> Answer:
        """A GET through the cache that Collect's HTTP library keeps: 304 renews what was answered before."""
        joined = f"{address}{'&' if '?' in address else '?'}deviceID={quote(self._device)}"
        etag, before = self._cache.get(address, ("", Answer(0)))
        answer = self._call("GET", joined, {"If-None-Match": etag} if etag else {})
        if answer.status == 304:
            return Answer(before.status, {**before.headers, **answer.headers}, before.body)
        stated = answer.header("ETag")
        if answer.status == 200 and stated:
            self._cache[address] = (stated, answer)
        return answer

    def _call(self, method: str, address: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Answer:
        sent = {"X-OpenRosa-Version": "1.0", "User-Agent": "org.odk.collect.android/v2026.2.1", **(headers or {})}
        return self._ask(method, address, sent, body)


def _hash(data: bytes | None) -> str:
    return "" if data is None else f"md5:{hashlib.md5(data, usedforsecurity=False).hexdigest()}"
