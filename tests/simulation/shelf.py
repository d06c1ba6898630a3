"""Files as the server promised them, and as they lie on its disk: the judge of everything that is no row of a table."""

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy.orm import Session

from fieldsync.client.transport import Answer
from fieldsync.services import files_read, readers, uploads
from fieldsync.store import records
from fieldsync.store.file_store import key_of
from tests.collect.wire import BOUNDARY
from tests.simulation.collectors import SUBMISSION
from tests.simulation.network import Request
from tests.simulation.photographers import UPLOADS, Album, Photographer
from tests.simulation.questionnaire import ALBUM

if TYPE_CHECKING:
    from tests.simulation.world import World

DAY_MS = 24 * 3_600_000
ALL_OLD_MS = 100 * 365 * DAY_MS
"""By then everything is old, whatever the server's clock said when it came."""

_NAME = re.compile(rb'name="([^"]*)"').search


@dataclass
class Promises:
    """What the present history of the server has said of files."""

    kept: set[str] = field(default_factory=set)
    """Digests of files that it said it has."""
    reached: dict[str, int] = field(default_factory=dict)
    """Upload to the bytes that it said it has."""
    announced: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Upload to its digest and size."""


class Shelf:
    """Hears what is promised of files, and looks."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._machine = world.machine
        self.promises = Promises()

    def hear(self, request: Request, answer: Answer) -> None:
        """An answer leaves the server, whether somebody hears it or not."""
        path = request.path.partition("?")[0]
        if answer.status == 201 and path.endswith(SUBMISSION):
            self.promises.kept |= set(_files_named(request.body))
        elif path.startswith(UPLOADS) and answer.status in (200, 201, 204):
            self._hear_of_upload(path, request, answer)
        else:
            return
        self.judge_promises("when it was said")

    def _hear_of_upload(self, path: str, request: Request, answer: Answer) -> None:
        if path == UPLOADS:
            path = answer.header("Location") or ""
            said = dict(pair.split(" ") for pair in request.headers["Upload-Metadata"].split(","))
            sha256 = base64.b64decode(said["sha256"]).decode()
            self.promises.announced[path] = sha256, int(request.headers["Upload-Length"])
        offset = answer.header("Upload-Offset")
        if path in self.promises.announced and offset is not None:
            sha256, size = self.promises.announced[path]
            self.promises.reached[path] = int(offset)
            if int(offset) == size:
                self.promises.kept.add(sha256)

    def judge_promises(self, when: str) -> None:
        """What was said to be here is here, byte for byte, and known."""
        known = {row[0] for row in self._machine.rows("SELECT sha256 FROM attachment")}
        for sha256 in sorted(self.promises.kept):
            if sha256 not in known or not self._lies_there(sha256):
                self._world.judges.accuse("ACKED_LOST", f"file {sha256[:8]} {when}, known: {sha256 in known}")
        for path, offset in sorted(self.promises.reached.items()):
            here = self._files.partial.offset(path.rpartition("/")[2]) or 0
            if here < offset and not self._lies_there(self.promises.announced[path][0]):
                self._world.judges.accuse("ACKED_LOST", f"{here} of {offset} bytes of {path[-8:]} {when}")

    def give_up(self) -> None:
        """What every hour does: uploads that rest and files that nobody named go, once they are old enough."""
        now_ms, partial = self._world.server_clock(), self._files.partial
        before_ms = now_ms - self._machine.settings.upload_days * DAY_MS
        old = self._machine.rows("SELECT sha256 FROM attachment WHERE awaited AND arrived_ms < ?", before_ms)
        self.promises.kept -= {row[0] for row in old}
        for path in list(self.promises.reached):
            if (partial.touched_ms(path.rpartition("/")[2]) or 0) <= before_ms:
                del self.promises.reached[path]
        uploads.give_up(self._machine.database, self._machine.settings, self._files, now_ms)

    def judge(self, photographers: list[Photographer]) -> None:
        """When all is quiet: every record shows its photos and no others; at last nothing is left that is nobody's."""
        for photographer in photographers:
            replaced = {album.replaces for album in photographer.albums}
            for album in photographer.albums:
                self._judge_album(photographer, album, album.instance not in replaced)
        self._judge_disk()
        orphans = [row[0] for row in self._machine.rows("SELECT sha256 FROM attachment WHERE awaited")]
        self._world.server_skew_ms = ALL_OLD_MS
        self.give_up()
        self.judge_promises("after orphans have gone")
        left = self._machine.rows("SELECT count(*) FROM attachment WHERE awaited")[0][0]
        waiting = list(self._files.partial.folder.glob("*"))
        if left or waiting:
            self._world.judges.accuse("LEAK", f"{left} files and {len(waiting)} uploads that nobody names stay")
        for sha256 in filter(self._lies_there, orphans):
            self._world.judges.accuse("LEAK", f"{sha256[:8]} is named by no record, and stays")

    def _judge_album(self, photographer: Photographer, album: Album, is_last: bool) -> None:
        accuse = self._world.judges.accuse
        for photo in album.brought:
            if not self._lies_there(photo.sha256):
                accuse("EDIT_LOST", f"{photo.name} of {photographer.name} is not on the disk")
        found = self._record(album)
        if not found:
            accuse("EDIT_LOST", f"album {album.instance} of {photographer.name} is not there")
            return
        uuid, state, incomplete = found
        shown = msgspec.json.decode(state)
        if is_last and not shown.get("deleted"):
            named = self._judge_shown(album, shown)
            self._judge_missing(album, bool(incomplete))
            self._judge_reading(photographer, uuid, named & self.promises.kept)

    def _judge_shown(self, album: Album, shown: dict[str, Any]) -> set[str]:
        """Every question shows its photo, where that ever came or was told of; the digests of all."""
        fields = {question: shown.get("fields", {}).get(question) for question in album.photos}
        for question, photo in album.photos.items():
            expected = photo.sha256 if album.by_tus or not photo.lost else None
            if (fields[question] or {}).get("sha256") != expected:
                shows = f"{question} of {album.instance} shows {fields[question]} for {photo.name}"
                self._world.judges.accuse("DIVERGED", shows)
        return {value["sha256"] for value in fields.values() if value}

    def _judge_missing(self, album: Album, incomplete: bool) -> None:
        """The last version says which photos are awaited: what an edit replaced is missed no longer."""
        awaited = [photo for photo in album.photos.values() if photo.lost]
        if album.by_tus:  # the same bytes are the same file, whoever brings them
            awaited = [photo for photo in awaited if photo.sha256 not in self.promises.kept]
        if incomplete != bool(awaited):
            said = f"{album.instance} is {'in' if incomplete else ''}complete"
            self._world.judges.accuse("DIVERGED", said)

    def _record(self, album: Album) -> tuple[str, bytes, int] | None:
        """UUID, state and whether it misses files."""
        sql = (
            "SELECT r.uuid, r.state, r.incomplete FROM record r JOIN collection c ON c.id = r.collection_id"
            " WHERE c.kind = 'submission' AND c.of = ? AND r.uuid = "
        )
        named = "SELECT record FROM openrosa_submission WHERE instance = ? LIMIT 1"
        bare = bytes.fromhex(album.instance.replace("-", ""))
        rows = (
            self._machine.rows(f"{sql}?", ALBUM, bare)
            if album.by_tus
            else self._machine.rows(f"{sql}({named})", ALBUM, album.instance)
        )
        return rows[0] if rows else None

    def _judge_reading(self, photographer: Photographer, uuid: Any, own: set[str]) -> None:
        """Whoever reads the record gets its files by it, and no file that it does not name."""
        record, now_ms = records.uuid_text(bytes(uuid)), self._world.server_clock()
        strays = {hashlib.sha256(each).hexdigest() for each in photographer.strays}

        def served(session: Session) -> set[str]:
            reader = readers.find_reader(session, photographer.token, now_ms)
            assert reader is not None
            return {
                sha256 for sha256 in own | strays | self.promises.kept
                if files_read.find(session, reader, record, sha256, "en") is not None
            }  # fmt: skip

        found = self._machine.read(served)
        if found != own:
            self._world.judges.accuse("LEAK", f"{record} serves {len(found - own)} more, {len(own - found)} fewer")

    def _judge_disk(self) -> None:
        """What lies in the store bears the name of its own bytes: so nothing is there twice."""
        folder = self._machine.settings.data / "attachments"
        for path in folder.rglob("*"):
            if path.is_file() and path.name != hashlib.sha256(path.read_bytes()).hexdigest():
                self._world.judges.accuse("DOCTOR", f"{path.name} has other bytes")

    @property
    def _files(self) -> uploads.Files:
        return uploads.open_files(self._machine.settings)

    def _lies_there(self, sha256: str) -> bool:
        owner = self._machine.rows("SELECT id FROM association WHERE slug = 'khl'")[0][0]
        path = self._machine.settings.data / "attachments" / key_of(owner, sha256)
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def _files_named(body: bytes) -> Iterator[str]:
    """Digests of the files of a request that its record names."""
    pieces = [piece.partition(b"\r\n\r\n") for piece in body.split(f"--{BOUNDARY}\r\n".encode())[1:]]
    record = pieces[0][2]
    for head, _, data in pieces[1:]:
        name = _NAME(head)
        if name and b">" + name[1] + b"<" in record:
            whole = data.removesuffix(f"--{BOUNDARY}--\r\n".encode())
            yield hashlib.sha256(whole.removesuffix(b"\r\n")).hexdigest()
