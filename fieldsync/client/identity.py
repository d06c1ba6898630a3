"""Who the device is: a new id, and what is not acknowledged said again under it (docs/protocol.md, section 7)."""

import random
import re

import msgspec

from fieldsync.client.answer import OTHER_CONTENT, Json, problem_codes
from fieldsync.client.store import Said, Store

AUTHOR = re.compile(r"[a-z0-9-]{1,40}")

AUTHOR_BITS = 128

Renamed = dict[tuple[str, int], tuple[str, int]]


def new_author(dice: random.Random) -> str:
    """A device's id: 128 random bits."""
    return f"{dice.getrandbits(AUTHOR_BITS):032x}"


def become(store: Store, author: str, token: str) -> None:
    """Take this id and token. Under a new id everything unacknowledged is said again, and all is read anew."""
    state = store.state()
    store.update(token=token, renew=0, next_author=None, standing="active", failures=0, next_attempt_ms=0)
    if state.author == author:
        return
    store.update(author=author)
    if state.author is None:
        return
    store.add_former(state.author)
    count = _say_again(store, author)
    store.update(counter=count, cursor=None, round=state.round + 1, suspects=0, accused=None)


def _say_again(store: Store, author: str) -> int:
    """Give new ids to what the server does not know, and rewrite who saw what; the last counter drawn.

    The ids that are given up are remembered: the server must not wait for them before it covers what came after.

    What was acknowledged but names an id that gets a new name is said again too: under the old name it waits for what
    never comes, or points at what another life of this phone said. Equal values are no conflict.
    """
    renamed: Renamed = {}
    for said in store.all_said():
        content = said.content()
        if not (_is_unknown(said) or _names(content, renamed)):
            continue
        key = (author, len(renamed) + 1)
        raw = msgspec.json.encode(_rewritten(content, key, renamed))
        renamed[said.key] = key  # only now: an id that it saw as its own is another life's, which keeps its name
        state = "aside" if said.state == "aside" else "outbox"
        store.give_up(said.key)
        store.set_said(said.position, author=key[0], counter=key[1], raw=raw, state=state, declared=0)
        store.set_said(said.position, status=None, problems=None, epoch=None, tries=0, folded=0)
    return len(renamed)


def _is_unknown(said: Said) -> bool:
    """Whether this content was never acknowledged under its id."""
    if said.state == "aside" or (said.state == "outbox" and said.status is None):
        return True
    return said.status == "quarantined" and OTHER_CONTENT in problem_codes(said.problems)


def _names(content: Json, renamed: Renamed) -> bool:
    """Whether it saw, or was based on, something that has a new name."""
    named = list(content.get("seen", ())) + [key for heads in content.get("bases", {}).values() for key in heads]
    return any(tuple(key[:2]) in renamed for key in named)


def _rewritten(content: Json, key: tuple[str, int], renamed: Renamed) -> Json:
    """The same statement under another id; whatever else it holds stays."""
    content = {**content, "id": key}
    if "seen" in content:
        content["seen"] = [_renamed(seen, renamed) for seen in content["seen"]]
    if "bases" in content:
        content["bases"] = {
            entity: [_renamed(seen, renamed) for seen in heads] for entity, heads in content["bases"].items()
        }
    return content


def _renamed(key: list[str | int], renamed: Renamed) -> list[str | int]:
    """An id, or an id derived from it, under the new name."""
    new = renamed.get((str(key[0]), int(key[1])))
    return [*new, *key[2:]] if new else key
