"""Companions whose records have photos, by OpenRosa and by tus: early, late, in pieces, twice, or never."""

import base64
import hashlib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from fieldsync.client.transport import Answer, LinkDown
from tests.collect import wire
from tests.simulation.collectors import SUBMISSION, enrolled
from tests.simulation.ledger import DURABLE
from tests.simulation.network import Request
from tests.simulation.questionnaire import ALBUM, FIRST, PHOTOS, VILLAGES

if TYPE_CHECKING:
    from tests.simulation.world import World

UPLOADS = "/api/v1/attachments"
PHOTO_BYTES = (1, 6000)


@dataclass
class Photo:
    """A photo under a name of its own; `lost`: no phone has it any more; `stays`: its card comes when all is calm."""

    name: str
    data: bytes
    lost: bool = False
    stays: bool = False
    where: str = ""
    offset: int = 0
    is_sure: bool = True
    """Whether its phone knows how far it has come."""
    is_up: bool = False

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def forget(self) -> None:
        """Its phone knows nothing of what came of it."""
        self.where, self.offset, self.is_sure, self.is_up = "", 0, True, False


@dataclass
class Album:
    """A finished record and its photos by question; `instance`: its own name, or its record's where it goes by tus."""

    instance: str
    content: bytes
    photos: dict[str, Photo]
    by_tus: bool = False
    replaces: str = ""
    is_sent: bool = False

    @property
    def brought(self) -> list[Photo]:
        return [photo for photo in self.photos.values() if not photo.lost]


class Photographer:
    """A phone that has both doors, and the hands on it."""

    def __init__(self, world: "World", name: str) -> None:
        self._world = world
        self._dice: random.Random = world.dice
        self.name = name
        self.author, self.token = enrolled(world, name)
        self.albums: list[Album] = []
        self.strays: list[bytes] = []
        """What lay in a record's folder and is named by no record."""
        self._said = 0
        self._shots = 0
        self._is_calm = False

    def act(self) -> str:
        """One of the things that people do with photos; its name."""
        acts: list[tuple[int, Callable[[], None]]] = [
            (30, self.take), (14, self.edit), (30, self.send), (25, self.carry), (10, self.speak),
        ]  # fmt: skip
        weights, possible = zip(*acts, strict=True)
        act = self._dice.choices(possible, weights)[0]
        self.try_to(act)
        return str(act.__name__)

    def rest(self) -> bool:
        """All is calm: what was away is brought, and everything is sent; whether nothing is left to do."""
        if not self._is_calm:
            self._is_calm = True
            for album in self.albums:
                for photo in album.photos.values():
                    photo.stays = False
        for _ in range(len(self.albums)):
            self.send()
            self.carry()
        self.speak()
        return all(album.is_sent for album in self.albums) and not self._to_carry()

    def send_again(self) -> None:
        """The server was put back to its copy: what it may not have is sent again."""
        for album in self.albums:
            album.is_sent = False
            for photo in album.photos.values():
                photo.forget()

    def try_to(self, act: Callable[[], None]) -> None:
        """Nothing that a link or a proxy does ends more than this attempt."""
        try:
            act()
        except LinkDown as error:
            self._world.trace(f"{self.name}: {error}")

    # Records.

    def take(self) -> None:
        """A record with photos; by tus its photos may go before it."""
        asked = self._dice.sample(PHOTOS, self._dice.randint(1, len(PHOTOS)))
        photos = {question: self._shot() for question in sorted(asked)}
        if self._dice.random() < 0.2 and len(photos) > 1:  # one photo for two questions
            first, second = sorted(photos)[:2]
            photos[second].data = photos[first].data
        if self._dice.random() < 0.5:
            self.albums.append(self._written(self._uuid(), photos))
        else:
            self.albums.append(self._told(self._uuid(), photos))

    def edit(self) -> None:
        """A record is opened again, and a photo taken anew."""
        replaced = {album.replaces for album in self.albums}
        known = [album for album in self.albums if not album.by_tus and album.instance not in replaced]
        if known:
            album = self._dice.choice(known)
            photos = {**album.photos, self._dice.choice(PHOTOS): self._shot()}
            self.albums.append(self._written(self._uuid(), photos, album.instance))

    def _shot(self) -> Photo:
        self._shots += 1
        known = [photo.data for album in self.albums for photo in album.brought]
        again = known and self._dice.random() < 0.15
        data = self._dice.choice(known) if again else self._dice.randbytes(self._dice.randint(*PHOTO_BYTES))
        away = self._dice.random()
        return Photo(f"{self.name}-{self._shots}.jpg", data, lost=away < 0.06, stays=0.06 <= away < 0.2)

    def _written(self, instance: str, photos: dict[str, Photo], replaces: str = "") -> Album:
        answers = "".join(f"<{question}>{photo.name}</{question}>" for question, photo in sorted(photos.items()))
        replaced = f"<deprecatedID>uuid:{replaces}</deprecatedID>" if replaces else ""
        content = (
            f'<data id="{ALBUM}" version="{FIRST}"><village>{self._dice.choice(VILLAGES)}</village>{answers}<meta>'
            f"<instanceID>uuid:{instance}</instanceID>{replaced}</meta></data>"
        )
        return Album(instance, content.encode(), photos, replaces=replaces)

    def _told(self, record: str, photos: dict[str, Photo]) -> Album:
        self._said += 1
        named = {
            question: {"file": photo.name, "sha256": photo.sha256, "size": len(photo.data), "type": "image/jpeg"}
            for question, photo in photos.items()
        }
        said = {
            "id": [self.author, self._said], "kind": "submission", "of": ALBUM, "record": record, "version": FIRST,
            "stamp": [self._world.now_ms, self._said], "writes": {"village": self._dice.choice(VILLAGES), **named},
        }  # fmt: skip
        return Album(record, msgspec.json.encode(said), photos, by_tus=True)

    # By OpenRosa.

    def send(self) -> None:
        """A record that waits, with the photos that are at hand, in some requests; what failed begins anew."""
        waiting = [album for album in self.albums if not album.by_tus and not album.is_sent]
        if not waiting:
            return
        album = self._dice.choice(waiting)
        photos = [photo for photo in album.brought if not photo.stays]
        files = [(photo.name, photo.data) for photo in photos]
        if self._dice.random() < 0.2:
            self.strays.append(self._dice.randbytes(50))
            files.append(("stray.txt", self.strays[-1]))
        self._dice.shuffle(files)
        marks = self._dice.random() < 0.5
        while True:
            count = self._dice.randint(1, 3)
            parts = [wire.part("xml_submission_file", "submission.xml", "text/xml", album.content)]
            parts += [wire.part(name, name, "image/jpeg", data) for name, data in files[:count]]
            files = files[count:]
            body = wire.body([*parts, wire.INCOMPLETE] if files and marks else parts)
            headers = {"Content-Type": f"multipart/form-data; boundary={wire.BOUNDARY}", "X-OpenRosa-Version": "1.0"}
            if self._ask("POST", f"/v1/key/{self.token}{SUBMISSION}", headers, body).status != 201:
                return
            if not files:
                break
        album.is_sent = len(photos) == len(album.brought)

    # By tus.

    def carry(self) -> None:
        """Some steps of a photo's way."""
        photos = self._to_carry()
        if photos:
            photo = self._dice.choice(photos)
            for _ in range(self._dice.randint(1, 6)):
                if not photo.is_up:
                    self._step(photo)

    def speak(self) -> None:
        """The records whose photos go by tus, whether they have come or not."""
        waiting = [album for album in self.albums if album.by_tus and not album.is_sent]
        if not waiting:
            return
        operations = b",".join(album.content for album in waiting)
        body = b'{"protocol":1,"now":%d,"pull":"none","operations":[%s]}' % (self._world.now_ms, operations)
        answer = self._ask("POST", "/api/v1/sync", {**self._bearer, "Content-Type": "application/json"}, body)
        for album, result in zip(waiting, _results(answer), strict=False):
            album.is_sent = result.get("status") in DURABLE

    def _to_carry(self) -> list[Photo]:
        photos = [photo for album in self.albums if album.by_tus for photo in album.brought]
        return [photo for photo in photos if not photo.stays and not photo.is_up]

    def _step(self, photo: Photo) -> None:
        if not photo.where:
            named = {"sha256": photo.sha256, "filename": photo.name}
            said = ",".join(f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in named.items())
            answer = self._tus("POST", UPLOADS, {"Upload-Length": str(len(photo.data)), "Upload-Metadata": said})
            if answer.status == 201:
                photo.where = urlsplit(answer.header("Location") or "").path
        elif not photo.is_sure:
            answer = self._tus("HEAD", photo.where)
        else:
            size = self._dice.choice((1, 100, 1000, len(photo.data)))
            photo.is_sure = False  # until it is answered
            piece = photo.data[photo.offset : photo.offset + size]
            headers = {"Upload-Offset": str(photo.offset), "Content-Type": "application/offset+octet-stream"}
            answer = self._tus("PATCH", photo.where, headers, piece)
        if answer.status in (404, 410, 422):
            photo.forget()
        elif answer.header("Upload-Offset") is not None:
            photo.offset, photo.is_sure = int(answer.header("Upload-Offset") or ""), True
            photo.is_up = photo.offset == len(photo.data)

    def _tus(self, method: str, path: str, headers: Mapping[str, str] = {}, body: bytes = b"") -> Answer:
        return self._ask(method, path, {**self._bearer, "Tus-Resumable": "1.0.0", **headers}, body)

    @property
    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def _ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        return self._world.network.carry(Request(self.name, method, path, body, headers))

    def _uuid(self) -> str:
        return str(UUID(int=self._dice.getrandbits(128), version=4))


def _results(answer: Answer) -> list[dict[str, Any]]:
    if answer.status != 200:
        return []
    try:
        results: list[dict[str, Any]] = msgspec.json.decode(answer.body)["results"]
    except (msgspec.DecodeError, KeyError):
        return []
    return results
