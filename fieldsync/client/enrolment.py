"""How a device gets its id and token (docs/protocol.md, section 7)."""

import random
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
OTHER_ASSOCIATION = "other_association"


@dataclass(frozen=True)
class Enrolment:
    """How it went: enrolled, link_down, busy, refused, malformed or other_association; `detail` is for people."""

    status: str
    detail: str = ""


def enrol(store: Store, transport: Transport, code: str, dice: random.Random | None = None) -> Enrolment:
    """Enrol with a one-time code. A store that has an id keeps it if it may, else takes a new one; nothing is lost."""
    dice = dice or random.SystemRandom()
    state = store.state()
    if state.author is not None and not state.renew:
        again = _ask(store, transport, {"code": code, "author": state.author}, state)
        if again.status != REFUSED:
            return again
    return _ask(store, transport, {"code": code, "author": _next_author(store, dice)}, state)


def renew(store: Store, transport: Transport, dice: random.Random) -> Enrolment:
    """Take a new id for the same device, vouched for by its token; unacknowledged work moves over to it."""
    return _ask(store, transport, {"author": _next_author(store, dice)}, store.state())


def _next_author(store: Store, dice: random.Random) -> str:
    """The id to ask for; the same one again where the answer was lost."""
    with store.transaction():
        author = store.state().next_author or new_author(dice)
        store.update(next_author=author)
        return author


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
            return _accept(store, answer.body, content["author"])
        return _refuse(store, answer, state)


def _accept(store: Store, body: bytes, asked: str) -> Enrolment:
    """Take what the server gave, if it is what was asked for."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Enrolment(MALFORMED, "not JSON")
    if not isinstance(said, dict) or not _is_grant(said) or said["author"] != asked:
        return Enrolment(MALFORMED, "not the answer to an enrolment")
    state = store.state()
    association = _text(said, "association") or state.association
    if state.association and association != state.association:
        return Enrolment(OTHER_ASSOCIATION, "this store belongs to another association; use a new store")
    become(store, said["author"], said["token"])
    store.update(association=association, openrosa_url=_text(said, "openrosa_url") or state.openrosa_url)
    return Enrolment(ENROLLED)


def _refuse(store: Store, answer: Answer, state: State) -> Enrolment:
    """Nothing is lost by a refusal; an id that was refused is not asked for again."""
    if answer.status == 429 or answer.status >= 500:
        return Enrolment(BUSY, f"HTTP {answer.status}")
    if answer.status == 401 and state.author is not None:
        store.update(standing=ENROL_AGAIN)
    elif 400 <= answer.status < 500:
        store.update(next_author=None)
    return Enrolment(REFUSED, f"HTTP {answer.status}")


def _is_grant(said: Mapping[str, Any]) -> bool:
    texts = isinstance(said.get("author"), str) and isinstance(said.get("token"), str)
    return texts and AUTHOR.fullmatch(said["author"]) is not None and bool(said["token"])


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""
