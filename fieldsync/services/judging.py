"""What is wrong in itself with what somebody says, and what it must wait for (docs/protocol.md section 4)."""

from dataclasses import dataclass, field

import msgspec
from sqlalchemy.orm import Session

from fieldsync.core.canonical import sameness
from fieldsync.core.operations import Operation, OperationId
from fieldsync.core.parsing import parse_operation
from fieldsync.core.problems import Problem
from fieldsync.services import presence
from fieldsync.services.published import Published, published
from fieldsync.services.senders import Sender
from fieldsync.store import authors
from fieldsync.store.authors import AuthorRow

CLOCK_AHEAD_MS = 24 * 3600 * 1000
"""A stamp further ahead than this is kept and flagged (protocol section 7)."""

ACTS_OF_COMPANIONS = frozenset({"comment"})
"""What a device's author may do besides writing: reviews, verdicts and merges are for people at the desk."""


@dataclass(slots=True)
class Said:
    """One operation on its way in. `problems`: wrong in itself. `waits`: (kind, what) that is not here.

    `counts` is false for what the sender may not speak for. `author` is None where none can be found.
    """

    raw: bytes
    id: OperationId
    operation: Operation | None = None
    problems: tuple[Problem, ...] = ()
    waits: list[tuple[str, str]] = field(default_factory=list)
    author: AuthorRow | None = None
    counts: bool = True
    published: Published | None = None
    notices: tuple[Problem, ...] = ()

    @property
    def key(self) -> tuple[str, int, int]:
        """(author, counter, n), n 0 unless derived."""
        return (self.id[0], self.id[1], self.id[2] if len(self.id) == 3 else 0)

    def digest(self) -> bytes:
        """What makes two statements the same."""
        return sameness(self.raw)


@dataclass
class Judge:
    """Looks at operations alone, with what the sender may do and the form versions that are here."""

    session: Session
    sender: Sender
    now_ms: int
    _forms: dict[tuple[str, str | None], Published | None] = field(default_factory=dict)
    _others: dict[str, AuthorRow | None] = field(default_factory=dict)

    def judge(self, raw: bytes, operation_id: OperationId) -> Said:
        """One operation, read and judged by itself."""
        said = Said(raw, operation_id)
        parsed = parse_operation(raw)
        said.author = self._author(operation_id[0])
        if isinstance(parsed, Operation):
            said.operation = parsed
            said.problems = self._objections(said, parsed)
            if parsed.stamp[0] > self.now_ms + CLOCK_AHEAD_MS:
                said.notices = (Problem("clock_ahead"),)
        else:
            said.problems = self._standing(said) or parsed.problems
        return said

    def _objections(self, said: Said, operation: Operation) -> tuple[Problem, ...]:
        problems = self._standing(said) or _not_for_this_author(said, operation)
        if problems or not operation.writes or operation.kind != "submission":
            return problems
        if operation.version is None:
            return (Problem("no_version"),)
        key = (operation.of, operation.version)
        if key not in self._forms:
            self._forms[key] = published(self.session, self.sender.device.association_id, *key)
        said.published = self._forms[key]
        if said.published is None:
            said.waits.append(("form", form_name(*key)))
            return ()
        return tuple(said.published.compiled.wrong_in_itself(operation.writes))

    def _standing(self, said: Said) -> tuple[Problem, ...]:
        """What the sender's own standing says against it."""
        if said.author is None and self.sender.is_hub and not presence.is_ours(self.session, said.id[0]):
            said.waits.append(("author", said.id[0]))
        elif said.author is None or not self._may_speak_for(said.author):
            said.counts = False
            return (Problem("not_your_author"),)
        elif not said.author.enrolled:
            said.waits.append(("author", said.id[0]))
        return (Problem("device_revoked"),) if self.sender.is_revoked else ()

    def _may_speak_for(self, author: AuthorRow) -> bool:
        device = self.sender.device
        if author.name in self.sender.authors:
            return True
        if author.association_id != device.association_id:
            return False
        if self.sender.is_hub and author.hub_id == device.id:
            return True
        return author.device_id == device.id and author.kind == "device"

    def _author(self, name: str) -> AuthorRow | None:
        own = self.sender.authors.get(name)
        if own is not None:
            return own
        if name not in self._others:
            self._others[name] = authors.find(self.session, name)
        return self._others[name]


def form_name(form: str, version: str | None) -> str:
    """How the waiting list names a form version."""
    return f"{form}\n{version or ''}"


def problems_as_json(problems: tuple[Problem, ...]) -> bytes:
    """Problems as they are stored."""
    return msgspec.json.encode(problems)


def problems_from_json(stored: bytes | None) -> tuple[Problem, ...]:
    """Problems as they were stored."""
    return msgspec.json.decode(stored, type=tuple[Problem, ...]) if stored else ()


def ask_for_form_again(session: Session, association_id: int, said: Said) -> None:
    """Judge an operation by the form version it waits for, where that has come meanwhile."""
    operation = said.operation
    if operation is None or said.published is not None:
        return
    wait = ("form", form_name(operation.of, operation.version))
    found = published(session, association_id, operation.of, operation.version) if wait in said.waits else None
    if found is not None:
        said.published = found
        said.waits.remove(wait)
        said.problems = tuple(found.compiled.wrong_in_itself(operation.writes))


def _not_for_this_author(said: Said, operation: Operation) -> tuple[Problem, ...]:
    if len(said.id) == 3:
        return (Problem("bad_id"),)
    if said.author is not None and said.author.kind != "device":
        return ()
    if operation.act is not None and not ACTS_OF_COMPANIONS.issuperset(operation.act.keys() - {"note"}):
        return (Problem("not_yours_to_write"),)
    if operation.kind == "entity" and (operation.writes or operation.delete):
        return (Problem("not_yours_to_write"),)
    return ()
