"""How a device gets its id and token (docs/protocol.md, section 7)."""

import random
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from fieldsync.client.identity import AUTHOR, become, new_author
from fieldsync.client.settle import ENROL_AGAIN
from fieldsync.client.store import State, Store
from fieldsync.client.transport import Answer, LinkDown, Transport

PATH = "/api/v1/enrol"

ENROLLED, LINK_DOWN, REFUSED, MALFORMED, BUSY = "enrolled", "link_down", "refused", "malformed", "busy"
OTHER_ASSOCIATION, STORAGE_FAILED = "other_association", "storage_failed"

KEY_BITS = 256


@dataclass(frozen=True)
class Enrolment:
    """How it went; `detail` is for people.

    `status`: enrolled, link_down, busy, refused, malformed, other_association or storage_failed.
    """

    status: str
    detail: str = ""


def enrol(store: Store, transport: Transport, code: str, dice: random.Random | None = None) -> Enrolment:
    """Enrol with a one-time code. A store that has an id keeps it if it may, else takes a new one; nothing is lost.

    It may where the key that it gave at its first enrolment is still known; where that is refused, the next code will
    be used for a new id. Where the answer was lost, or the disk was full, the next code brings the id asked for before.
    """
    try:
        return _enrol(store, transport, code, dice or random.SystemRandom())
    except sqlite3.OperationalError as error:
        return Enrolment(STORAGE_FAILED, str(error))


def _enrol(store: Store, transport: Transport, code: str, dice: random.Random) -> Enrolment:
    state = _prepare(store, dice)
    keeps = state.author is not None and state.proven and not state.renew
    author = state.author if keeps else state.next_author
    content = {"code": code, "author": author or "", "key": state.key or ""}
    went = _ask(store, transport, content, state)
    if went.status == REFUSED and keeps:
        with store.transaction():
            store.update(proven=0)
    return went


def renew(store: Store, transport: Transport, dice: random.Random) -> Enrolment:
    """Take a new id for the same device, vouched for by its token; unacknowledged work moves over to it."""
    state = _prepare(store, dice)
    return _ask(store, transport, {"author": state.next_author or ""}, state)


def vouch(store: Store, transport: Transport) -> Enrolment:
    """Say again which ids are this device's: a restored server may know it by the first alone.

    An id that is refused belongs to another by now; what was said under it stays as the server has it.
    """
    state = store.state()
    for author in sorted(store.authors()):
        went = _say_own(transport, author, state.token or "")
        if went is not None:
            return went
    with store.transaction():
        store.update(vouch=0)
    return Enrolment(ENROLLED)


def _say_own(transport: Transport, author: str, token: str) -> Enrolment | None:
    """One id; how it went where it was not heard."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    try:
        answer = transport.post(PATH, msgspec.json.encode({"author": author}), headers)
    except LinkDown as error:
        return Enrolment(LINK_DOWN, str(error))
    return Enrolment(BUSY, f"HTTP {answer.status}") if answer.status == 429 or answer.status >= 500 else None


def _prepare(store: Store, dice: random.Random) -> State:
    """Draw the id to ask for and the key, and keep them: after a lost answer the same are asked for again."""
    with store.transaction():
        state = store.state()
        author = state.next_author or new_author(dice)
        store.update(next_author=author, key=state.key or f"{dice.getrandbits(KEY_BITS):064x}")
        return store.state()


def _ask(store: Store, transport: Transport, content: Mapping[str, str], state: State) -> Enrolment:
    headers = {"Content-Type": "application/json"}
    if state.token:
        headers["Authorization"] = f"Bearer {state.token}"
    try:
        answer = transport.post(PATH, msgspec.json.encode(content), headers)
    except LinkDown as error:
        return Enrolment(LINK_DOWN, str(error))
    with store.transaction():
        if answer.status in (200, 201):
            return _accept(store, answer.body, content)
        return _refuse(store, answer, state)


def _accept(store: Store, body: bytes, asked: Mapping[str, str]) -> Enrolment:
    """Take what the server gave, if it is what was asked for."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Enrolment(MALFORMED, "not JSON")
    if not isinstance(said, dict) or not _is_grant(said) or said["author"] != asked["author"]:
        return Enrolment(MALFORMED, "not the answer to an enrolment")
    state = store.state()
    association = _text(said, "association") or state.association
    if state.association and association != state.association:
        return Enrolment(OTHER_ASSOCIATION, "this store belongs to another association; use a new store")
    become(store, said["author"], said["token"])
    if "key" in asked:
        store.update(proven=1)
    store.update(association=association, openrosa_url=_text(said, "openrosa_url") or state.openrosa_url)
    return Enrolment(ENROLLED)


def _refuse(store: Store, answer: Answer, state: State) -> Enrolment:
    """Nothing is lost by a refusal; an id that somebody else has is not asked for again."""
    if answer.status == 429 or answer.status >= 500:
        return Enrolment(BUSY, f"HTTP {answer.status}")
    if answer.status == 401 and state.author is not None:
        store.update(standing=ENROL_AGAIN)
    elif answer.status == 409:
        store.update(next_author=None)
    return Enrolment(REFUSED, f"HTTP {answer.status}")


def _is_grant(said: Mapping[str, Any]) -> bool:
    texts = isinstance(said.get("author"), str) and isinstance(said.get("token"), str)
    return texts and AUTHOR.fullmatch(said["author"]) is not None and bool(said["token"])


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""
