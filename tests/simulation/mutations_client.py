"""Seeded bugs of the device."""

from typing import Any

import msgspec

from fieldsync.client import answer as answers
from fieldsync.client import pulled, sync, view
from fieldsync.client import settle as settling
from fieldsync.client.batch import Batch
from fieldsync.client.device import Device
from fieldsync.client.store import Store
from tests.simulation.mutations import around, instead, seeded


@seeded("dropped when sent", "only a result takes an operation from the outbox")
def _() -> list[Any]:
    def build(real: Any, store: Store, *rest: Any) -> Batch | None:
        batch: Batch | None = real(store, *rest)
        with store.transaction():
            store.forget_said(said.position for said in (batch.sent if batch else ()))
        return batch

    return [around(sync, "build", build)]


@seeded("a counter from what is still there", "ids are never reused")
def _() -> list[Any]:
    def say(real: Any, device: Device, about: Any, content: Any, *rest: Any) -> None:
        state = device.store.state()
        own = [said for said in device.store.all_said() if said.author == state.author]
        device.store.update(counter=len(own))
        real(device, about, content, *rest)

    return [around(Device, "_say", say)]


@seeded("the cursor is stored before its data", "both in one transaction")
def _() -> list[Any]:
    def settle(real: Any, store: Store, batch: Batch, answer: Any, *rest: Any) -> Any:
        state = store.state()
        if batch.pull and answer.cursor and state.epoch == answer.epoch and state.cursor == batch.cursor:
            with store.transaction():
                store.update(cursor=answer.cursor)
            batch = Batch(
                batch.author, batch.epoch, answer.cursor, batch.pull, batch.sent, batch.body, batch.headers
            )  # fmt: skip
        return real(store, batch, answer, *rest)

    return [around(sync, "settle", settle)]


@seeded("a new epoch is ignored", "a restored server hears everything again")
def _() -> list[Any]:
    def enter(_real: Any, store: Store, _state: Any, answer: Any, *_rest: Any) -> None:
        store.update(epoch=answer.epoch)

    return [around(settling, "_enter_epoch", enter)]


@seeded("retry is taken for stored", "partial success is not full success")
def _() -> list[Any]:
    return [instead(answers, "DURABLE", answers.DURABLE | {"retry"})]


@seeded("results are taken by position", "each operation follows its own result", likely=156)
def _() -> list[Any]:
    def read(real: Any, body: bytes, sent: Any) -> Any:
        said = msgspec.json.decode(body)
        for key, row in zip(sent, said.get("results", ()), strict=False):
            row["id"] = list(key)
        said["results"] = said.get("results", [])[: len(sent)]
        return real(msgspec.json.encode(said), sent)

    def careful(real: Any, body: bytes, sent: Any) -> Any:
        try:
            return read(real, body, sent)
        except (ValueError, AttributeError, TypeError):
            return real(body, sent)

    return [around(answers, "read", careful)]


@seeded("kept operations are dropped when acknowledged", "a phone keeps what no backup covers")
def _() -> list[Any]:
    def keep(real: Any, store: Store, said: Any, *rest: Any) -> None:
        real(store, said, *rest)
        store.forget_said([said.position])

    return [around(settling, "_keep", keep)]


@seeded("a restored phone goes on as the same", "another life takes another id", likely=12)
def _() -> list[Any]:
    return [instead(settling, "_notice_other_life", lambda store, answer: False)]


@seeded("seen is taken when saving, not from the screen", "an author saw what was on the screen")
def _() -> list[Any]:
    def edit(real: Any, device: Device, record: str, writes: Any, version: Any = None, seen: Any = None) -> None:
        real(device, record, writes, version)

    return [around(Device, "edit", edit)]


@seeded("stamps are not received", "what is written is later than what was seen", likely=10)
def _() -> list[Any]:
    return [instead(pulled, "_hear", lambda store, state, records, now: None)]


@seeded("a clock years ahead is followed", "a wrong clock moves nobody else's", likely=10)
def _() -> list[Any]:
    return [instead(pulled, "receive", lambda last, heard, now: max(last, heard))]


@seeded("what is gone stays on the phone", "what may no longer be read goes")
def _() -> list[Any]:
    return [instead(Store, "put_gone", lambda store, record: None)]


@seeded("the device shows its own work alone", "a device shows the server's record, its own on top")
def _() -> list[Any]:
    return [around(view, "_folded", lambda real, record, own: real({**record, "fields": {}, "conflicts": {}}, own))]
