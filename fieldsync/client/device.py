"""A device in Python: it keeps what is said until the server has it, whatever happens in between."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from fieldsync.client import view
from fieldsync.client.batch import PULL_LIMIT
from fieldsync.client.identity import AUTHOR, become
from fieldsync.client.store import Said, Store
from fieldsync.client.sync import OK, SyncReport, exchange
from fieldsync.client.transport import LinkDown, Transport
from fieldsync.client.view import MS_MAX, Id, Json
from fieldsync.core.clock import tick

SUBMISSION = "submission"

ROUNDS_MAX = 1000
"""Round trips of sync_until_quiet at most: 100,000 operations said, 200,000 records heard."""


class UnknownRecord(LookupError):
    """The device has no record with this UUID."""


class NotEnrolled(RuntimeError):
    """The device has no id yet: enrol it, or adopt one."""


def wall_clock_ms() -> int:
    """Milliseconds since 1970, by the machine's clock."""
    return time.time_ns() // 1_000_000


class Device:
    """One companion's phone. What submit, edit, delete and comment return for is on disk.

    `now_ms` and `dice` stand for the machine's clock and chance, so that a test can replay them; `pull_limit` is how
    many records one answer may bring, 1 to 1000.
    """

    def __init__(
        self,
        store: Store,
        transport: Transport,
        now_ms: Callable[[], int] = wall_clock_ms,
        dice: random.Random | None = None,
        pull_limit: int = PULL_LIMIT,
    ) -> None:
        self.store = store
        self.transport = transport
        self._now_ms = now_ms
        self._dice = dice or random.SystemRandom()
        self._pull_limit = pull_limit

    def adopt(self, author: str, token: str, association: str = "", url: str = "", openrosa_url: str = "") -> None:
        """Take an id and token that were given out elsewhere, for instance by `fieldsync device enrol`."""
        if not AUTHOR.fullmatch(author) or not token:
            raise ValueError("an author is [a-z0-9-]{1,40}, and a token is not empty")
        with self.store.transaction():
            state = self.store.state()
            if state.association and association and state.association != association:
                raise ValueError("this store belongs to another association; use a new store")
            become(self.store, author, token)
            self.store.update(
                proven=0,
                association=association or state.association,
                url=url or state.url,
                openrosa_url=openrosa_url or state.openrosa_url,
            )

    @property
    def author(self) -> str | None:
        """The device's id, None before enrolment."""
        return self.store.state().author

    @property
    def standing(self) -> str:
        """active, revoked, enrol_again or update_needed: the server's last word about this device."""
        return self.store.state().standing

    # What is said.

    def submit(
        self,
        form: str,
        version: str,
        writes: Mapping[str, Any],
        bases: Mapping[str, Sequence[Sequence[str | int]]] | None = None,
        record: str | None = None,
    ) -> str:
        """Keep a finished form, and give its record's UUID.

        `writes`: path to value (docs/protocol.md, section 1). `bases`: entity UUID to its heads when the form was
        opened, as `heads` gave them. `record`: the instance id, where the form has one already.
        """
        with self.store.transaction():
            uuid = record or self._uuid7()
            about = {"record": uuid, "kind": SUBMISSION, "of": form, "version": version}
            self._say(about, {"writes": dict(writes), **({"bases": dict(bases)} if bases else {})})
            return uuid

    def edit(
        self,
        record: str,
        writes: Mapping[str, Any],
        version: str | None = None,
        seen: Sequence[Sequence[str | int]] | None = None,
    ) -> None:
        """Change answers of a record; null clears one. `version` where another form version was answered.

        `seen`: the heads that were on the screen, as `heads` gave them when the record was opened. Without it, what the
        device shows now is taken for what its user saw.
        """
        with self.store.transaction():
            about = self._about(record)
            self._say({**about, "version": version or about["version"]}, {"writes": dict(writes)}, seen)

    def delete(self, record: str) -> None:
        """Delete a record, as far as the device has seen it."""
        with self.store.transaction():
            self._say(self._about(record), {"delete": True})

    def comment(self, record: str, text: str) -> None:
        """Say something about a record."""
        with self.store.transaction():
            self._say(self._about(record), {"act": {"comment": text}})

    def _about(self, record: str) -> Json:
        """What names the record in an operation: the server's word for it, or the device's own last one."""
        pulled, said = self.store.pulled(record), self.store.said_of(record)
        if not pulled and not said:
            raise UnknownRecord(record)
        on_top = [one.content() for one in reversed(said) if not one.folded and one.state != "aside"]
        words = [*on_top, *pulled[:1], *(one.content() for one in reversed(said))]
        known = pulled[0] if pulled else words[0]
        about = {name: known.get(name) for name in ("record", "kind", "of")}
        return {**about, "version": next((one["version"] for one in words if one.get("version") is not None), None)}

    def _say(self, about: Json, content: Json, opened: Sequence[Sequence[str | int]] | None = None) -> None:
        """Draw the counter and the stamp, and store them with the operation. Within a transaction."""
        state = self.store.state()
        if state.author is None:
            raise NotEnrolled
        _refuse_floats(content)
        stamp = tick((state.clock_ms, state.clock_n), self._present_ms())
        key = (state.author, state.counter + 1)
        seen = self._heads(about["record"], about["kind"], about["of"]) if opened is None else opened
        operation = {"id": key, **about, "stamp": stamp, **({"seen": seen} if seen else {}), **content}
        self.store.say(key, about["record"], msgspec.json.encode(operation))
        self.store.update(counter=key[1], clock_ms=stamp[0], clock_n=stamp[1])

    def _present_ms(self) -> int:
        """The machine's clock, however wrong, as a time that can be written."""
        return min(max(self._now_ms(), 0), MS_MAX)

    def _uuid7(self) -> str:
        """A version 7 UUID from the device's clock and dice."""
        chance = self._dice.getrandbits(74)
        number = self._present_ms() << 80 | 0x7 << 76 | (chance >> 62) << 64 | 0b10 << 62 | chance & ((1 << 62) - 1)
        digits = f"{number:032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    # What is shown.

    def record(self, record: str) -> Json | None:
        """The record as this device shows it: the server's, with the device's own work on top; None if unknown.

        In the shape of docs/protocol.md section 5, with `unsent` (operations in the outbox) and `quarantined` (ids).
        """
        shown = self._shown(record)
        return shown[0] if shown else None

    def records(self) -> list[Json]:
        """Every record that this device shows, oldest UUID first."""
        return [shown for record in self.store.record_ids() for shown in self._shown(record)]

    def heads(self, record: str) -> list[Id]:
        """The record's heads as this device shows it: what `bases` needs of an entity when a form is opened."""
        shown = self.record(record)
        return [tuple(key) for key in shown["heads"]] if shown else []

    def _heads(self, record: str, kind: str, of: str) -> list[Id]:
        base = next((body for body in self.store.pulled(record) if (body["kind"], body["of"]) == (kind, of)), None)
        return view.heads(base, _about_same(self.store.said_of(record), kind, of))

    def _shown(self, record: str) -> list[Json]:
        """What bears this UUID: one record, or one of each kind."""
        said, gone = self.store.said_of(record), self.store.is_gone(record)
        bases: dict[tuple[str, str], Json | None] = {
            (body["kind"], body["of"]): body for body in self.store.pulled(record)
        }
        for one in said:
            content = one.content()
            bases.setdefault((content["kind"], content["of"]), None)
        shown = (view.shown(base, _about_same(said, *key), gone) for key, base in bases.items())
        return [one for one in shown if one is not None]

    def problems(self) -> list[Json]:
        """What the user has to know: operations with problems, held ones, and those set aside, oldest first.

        Each: id, record, status (quarantined, held, applied, set_aside), problems, reason.
        """
        said = self.store.all_said()
        last = {one.record: one.position for one in said if one.state != "aside"}
        return [_problem(one) for one in said if _is_worth_telling(one, last.get(one.record) == one.position)]

    def waiting(self) -> dict[str, int]:
        """How many operations are unsent, kept (acknowledged, not yet safe at the top server) and set aside."""
        return {name: self.store.count(state) for name, state in WAITING_STATES.items()}

    def export_set_aside(self) -> list[Json]:
        """The operations that the server would not read, whole, to be brought to it by hand."""
        aside = self.store.said_in("aside")
        return [{"reason": said.reason, "operation": said.content()} for said in aside]

    # The link.

    def sync(self) -> SyncReport:
        """One round trip, unless it is too early after a failure. Never raises for what the link or server does."""
        return exchange(self.store, self.transport, self._now_ms, self._dice, self._pull_limit)

    def sync_until_quiet(self, limit: int = ROUNDS_MAX, sleep: Callable[[float], None] | None = None) -> SyncReport:
        """Sync until nothing is left to say or hear, at most `limit` round trips; the last report.

        With `sleep` (seconds) it waits out failures; without, it stops at the first that asks for patience.
        """
        report = self.sync()
        for _ in range(limit - 1):
            if report.quiet or (report.status != OK and report.wait_ms and sleep is None):
                break
            if report.wait_ms and sleep is not None:
                sleep(report.wait_ms / 1000)
            report = self.sync()
        return report

    # Forms.

    def forms(self) -> list[Json]:
        """The forms open to this device, as the server lists them: id, version, hash, media."""
        return self.store.forms()

    def form(self, form: str, version: str) -> bytes | None:
        """The form version's XForm, from the server or from the store; None where neither has it."""
        return self._download(f"{_form_path(form, version)}/form.xml")

    def media(self, form: str, version: str, name: str) -> bytes | None:
        """A media or CSV file of a form version."""
        return self._download(f"{_form_path(form, version)}/media/{quote(name, safe='')}")

    def _download(self, path: str) -> bytes | None:
        """The file, asked for only if it changed."""
        state, stored = self.store.state(), self.store.file(path)
        if state.token is None:
            return None
        headers = {"Authorization": f"Bearer {state.token}"}
        if stored and stored[0]:
            headers["If-None-Match"] = stored[0]
        try:
            answer = self.transport.get(path, headers)
        except LinkDown:
            return stored[1] if stored else None
        if answer.status == 200:
            with self.store.transaction():
                self.store.put_file(path, answer.header("ETag"), answer.body)
            return answer.body
        return stored[1] if stored else None


WAITING_STATES = {"unsent": "outbox", "kept": "kept", "set_aside": "aside"}


def _form_path(form: str, version: str) -> str:
    return f"/api/v1/forms/{quote(form, safe='')}/{quote(version, safe='')}"


def _about_same(said: Sequence[Said], kind: str, of: str) -> list[Said]:
    """The operations about the record of this kind; the same UUID elsewhere is another record."""
    contents = ((one, one.content()) for one in said)
    return [one for one, content in contents if (content["kind"], content["of"]) == (kind, of)]


def _is_worth_telling(said: Said, is_last: bool) -> bool:
    """What an applied operation left wrong in its record counts until the device or the server says more of it."""
    if said.state == "aside" or said.status in ("quarantined", "held"):
        return True
    return bool(said.problems) and is_last and not said.folded


def _problem(said: Said) -> Json:
    status = "set_aside" if said.state == "aside" else said.status
    return {
        **{"id": list(said.key), "record": said.record, "status": status},
        **{"problems": list(said.problems), "reason": said.reason},
    }


def _refuse_floats(value: Any) -> None:
    """A decimal travels as text, exactly as given: a float would already have lost it."""
    if isinstance(value, float):
        raise ValueError("give decimals as text, exactly as they were said")
    if isinstance(value, Mapping):
        for inner in value.values():
            _refuse_floats(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_floats(inner)
