"""What a figure is measured on: an association with its forms and phones, and the bodies that the phones send."""

import secrets
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

from fieldsync.app import now_ms, open_database
from fieldsync.config import Settings
from fieldsync.services import enrolment
from fieldsync.services.auditing import OPERATOR
from fieldsync.services.enrolment import EVERYTHING, NewDevice
from fieldsync.services.form_publication import Outcome, Sent, definition_of, publish
from fieldsync.store import associations
from tests.benchmarks import household, visits
from tests.benchmarks.load import Body, Operations, Phone, body

PHONES = 40
WINDOWS_AHEAD = 3
"""Windows of bodies that are made while another is sent; each is some 20 MB."""


def set_up(data: Path) -> list[Phone]:
    """An association with its forms and phones, made as the commands make them, in this process."""
    settings = Settings(data=data)
    database = open_database(settings)
    owner = database.write(lambda session: associations.add(session, "bench", "Bench")).id
    for text in (household.definition(), visits.definition()):
        definition = definition_of(Sent(text, "md", None), [], settings)
        assert not isinstance(definition, Outcome), definition.findings
        database.write(lambda session, made=definition: publish(session, owner, made, now_ms(), OPERATOR))  # type: ignore[misc]
    phones = [Phone(secrets.token_hex(16), secrets.token_urlsafe(32)) for _ in range(PHONES)]
    for phone in phones:
        new = NewDevice(owner, "device", "Phone", EVERYTHING)
        database.write(
            lambda session, new=new, phone=phone: enrolment.enrol_at_once(  # type: ignore[misc]
                session, new, phone.author, phone.token, now_ms()
            )
        )
    database.close()
    return phones


class Makers:
    """Processes that make bodies; the counters of the phones move here."""

    def __init__(self, phones: list[Phone], processes: int = 2) -> None:
        self.phones = phones
        self._turn = 0
        self._pool = ProcessPoolExecutor(processes)

    def bodies(self, operations: Operations, records: int, batch: int) -> list[Body]:
        """Packed bodies of so many new records, phone after phone. They are all made before this returns."""
        halves = [self._ordered(operations, part, batch, packed=True) for part in _halved(records, batch)]
        return [made for half in halves for made in half.result()]

    def windows(self, operations: Operations, records: int, window: int, batch: int) -> Iterator[list[Body]]:
        """Plain bodies, window after window; the next ones are made while one is sent."""
        ordered: deque[Future[list[Body]]] = deque()
        for start in range(0, records, window):
            ordered.append(self._ordered(operations, min(window, records - start), batch, packed=False))
            if len(ordered) > WINDOWS_AHEAD:
                yield ordered.popleft().result()
        for each in ordered:
            yield each.result()

    def close(self) -> None:
        """End the processes."""
        self._pool.shutdown()

    def _ordered(self, operations: Operations, records: int, batch: int, packed: bool) -> Future[list[Body]]:
        wanted = []
        for _ in range(records // batch):
            phone = self.phones[self._turn % len(self.phones)]
            self._turn += 1
            wanted.append((phone, phone.next(batch)))
        return self._pool.submit(_made, wanted, operations, batch, packed)


def _made(wanted: list[tuple[Phone, int]], operations: Operations, batch: int, packed: bool) -> list[Body]:
    return [body(phone, operations, first, batch, packed) for phone, first in wanted]


def _halved(records: int, batch: int) -> tuple[int, int]:
    first = records // 2 // batch * batch
    return first, records - first
