"""What companions do on their phones: fill, correct, open and save later, delete, comment, and make mistakes."""

import random
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from fieldsync.client.device import NotEnrolled, UnknownRecord
from tests.simulation.disk import SimulatedCrash
from tests.simulation.ledger import Ledger
from tests.simulation.phone import Json, Opened, Phone, Saved
from tests.simulation.questionnaire import ALBUM, CONSENT, FIRST, FORM, NEEDS, SECOND, VILLAGES
from tests.simulation.verdicts import Judges

EARLY_SHARE = 0.08
"""Of the submissions that answer a version which the server may not have yet."""

REQUEST_BYTES = 64 * 1024
"""The most that the simulated server takes, unpacked."""

HOT, HOT_SHARE = 2, 0.75
"""Most people have to do with the same few records: that is where they meet."""

MISTAKES: tuple[Json, ...] = (
    {"consent": "perhaps"}, {"age": "forty"}, {"colour": "blue"}, {"needs": {"set": ["gold"]}}, {"head": 7},
)  # fmt: skip


class Companions:
    """The hands on the phones. Everything that is saved is written down in the ledger."""

    def __init__(
        self, dice: random.Random, ledger: Ledger, judges: Judges, few: Mapping[str, Sequence[Any]] | None = None
    ) -> None:
        """`few`: questions that everybody answers with one of these; else no word is said twice."""
        self._dice = dice
        self._few = few or {}
        self._ledger = ledger
        self._judges = judges
        self._count = 0
        self.acts: list[tuple[int, Callable[[Phone], None]]] = [
            (14, self.submit), (44, self.edit), (14, self.open), (12, self.save_opened), (5, self.delete),
            (5, self.comment), (8, self.mistake), (26, self.edit_members), (1, self.paste),
        ]  # fmt: skip

    def act(self, phone: Phone) -> str:
        """One of the things that people do; its name."""
        weights, acts = zip(*self.acts, strict=True)
        act = self._dice.choices(acts, weights)[0]
        act(phone)
        return str(act.__name__)

    def submit(self, phone: Phone) -> None:
        """A new form, with a household that is new or known."""
        answers: Json = {"head": self._answer("head"), **self._some_answers(0.7)}
        if self._dice.random() < 0.9:
            answers["village"] = self._dice.choice(VILLAGES)
        for _ in range(self._dice.randrange(3)):
            answers |= self._member(self._uuid(), self._dice.randrange(9))
        bases = self._name_household(phone, answers) if self._dice.random() < 0.7 else None
        version = self._version(phone)
        self._say(phone, lambda: phone.device.submit(FORM, version, answers, bases, self._uuid()))

    def edit(self, phone: Phone) -> None:
        """Other answers to a record that is on the phone, whoever wrote it."""
        record = self._choose(phone)
        if record is not None:
            answers = self._some_answers(0.5) or {"note": self._word()}
            version = self._version(phone) if self._dice.random() < 0.2 else None
            self._say(phone, lambda: phone.device.edit(record["record"], answers, version))

    def edit_members(self, phone: Phone) -> None:
        """A member more, a member less, or a member's answers."""
        record = self._choose(phone)
        if record is None:
            return
        known = sorted(path for path, key in record["fields"].items() if path.endswith("]") and key is not None)
        chance = self._dice.random()
        if not known or chance < 0.25:
            answers = self._member(self._uuid(), self._dice.randrange(9))
        elif chance < 0.6:
            answers = {self._first(known): None}
        else:
            answers = {f"{self._first(known)}/age": self._dice.randrange(100)}
        self._say(phone, lambda: phone.device.edit(record["record"], answers))

    def open(self, phone: Phone) -> None:
        """A record is opened for editing; it stays on the screen while the world goes on."""
        record = self._choose(phone)
        if record is not None:
            phone.opened.append(Opened(record["record"], record["heads"]))

    def save_opened(self, phone: Phone) -> None:
        """What was opened some time ago is saved with what it showed then."""
        if not phone.opened:
            return
        moved = [one for one in phone.opened if phone.device.heads(one.record) != [tuple(key) for key in one.heads]]
        opened = self._dice.choice(moved or phone.opened)
        phone.opened.remove(opened)
        answers = self._some_answers(0.5) or {"note": self._word()}
        shown = [list(key) for key in opened.heads]
        self._say(phone, lambda: phone.device.edit(opened.record, answers, seen=opened.heads), truth=shown)

    def delete(self, phone: Phone) -> None:
        record = self._choose(phone)
        if record is not None:
            self._say(phone, lambda: phone.device.delete(record["record"]))

    def comment(self, phone: Phone) -> None:
        record = self._choose(phone, entities=True)
        if record is not None:
            self._say(phone, lambda: phone.device.comment(record["record"], self._word()))

    def mistake(self, phone: Phone) -> None:
        """Something that the form does not allow: the server will set it apart."""
        wrong = self._dice.choice(MISTAKES)
        record = self._choose(phone)
        if record is None or self._dice.random() < 0.3:
            answers = {"village": VILLAGES[0], "head": self._word(), **wrong}
            version = SECOND if self._dice.random() < 0.4 else FIRST
            self._say(phone, lambda: phone.device.submit(FORM, version, answers, None, self._uuid()), good=False)
        else:
            self._say(phone, lambda: phone.device.edit(record["record"], wrong), good=False)

    def paste(self, phone: Phone) -> None:
        """A whole document in a note: more than the server takes in one request."""
        answers = {"village": VILLAGES[0], "note": "a long story " * (REQUEST_BYTES // 12)}
        self._say(phone, lambda: phone.device.submit(FORM, FIRST, answers, None, self._uuid()), good=False)

    def _say(self, phone: Phone, act: Callable[[], object], good: bool = True, truth: list[Any] | None = None) -> None:
        """Do it; what was stored, or was stored before the phone died, counts as said."""
        before = phone.position()
        try:
            act()
        except SimulatedCrash:
            phone.crash()
        except (UnknownRecord, NotEnrolled, sqlite3.OperationalError):
            return  # the person is told that nothing was saved
        if phone.position() > before:
            saved = Saved(phone.name, phone.life, phone.position(), phone.last_said(), good, truth=truth)
            self._ledger.note_saved(phone, saved)
            self._judges.on_saved(phone, saved)

    def _choose(self, phone: Phone, entities: bool = False) -> Json | None:
        kinds = ("submission", "entity") if entities else ("submission",)
        others = ("", ALBUM)
        shown = [one for one in phone.device.records() if one["kind"] in kinds and one["of"] not in others]
        few = shown[:HOT] if self._dice.random() < HOT_SHARE else shown
        return self._dice.choice(few) if shown else None

    def _first(self, known: list[str]) -> str:
        """Mostly the first: where two people mean the same member, they meet."""
        return known[0] if self._dice.random() < HOT_SHARE else self._dice.choice(known)

    def _version(self, phone: Phone) -> str:
        if self._dice.random() < EARLY_SHARE:
            return SECOND
        known = [form["version"] for form in phone.device.forms()]
        return self._dice.choice(known) if known else FIRST

    def _name_household(self, phone: Phone, answers: Json) -> dict[str, list[Any]] | None:
        """The form's entity declaration: a new household, or one that the phone knows, with what it showed."""
        known = [record for record in phone.device.records() if record["kind"] == "entity"]
        creates = not known or self._dice.random() < 0.5
        entity = self._uuid() if creates else self._dice.choice(known)["record"]
        answers |= {"meta/entity/@id": entity, "meta/entity/label": answers["head"]}
        answers |= {"meta/entity/@create" if creates else "meta/entity/@update": "1"}
        heads = [] if creates else phone.device.heads(entity)
        return {entity: [list(key) for key in heads]} if heads else None

    def _some_answers(self, share: float) -> Json:
        drawn: Json = {
            "age": self._dice.choice(self._few["age"]) if "age" in self._few else self._dice.randrange(140),
            "consent": self._dice.choice(CONSENT),
            "needs": {"set": sorted(self._dice.sample(NEEDS, self._dice.randrange(4)))},
            "note": self._answer("note"),
            "head": self._answer("head"),
            "village": self._dice.choice(VILLAGES),
        }
        return {path: value for path, value in drawn.items() if self._dice.random() < share}

    def _member(self, uuid: str, order: int) -> Json:
        return {f"members[{uuid}]": order, f"members[{uuid}]/name": self._word()}

    def _answer(self, path: str) -> Any:
        return self._dice.choice(self._few[path]) if path in self._few else self._word()

    def _word(self) -> str:
        self._count += 1
        return f"w{self._count}"

    def _uuid(self) -> str:
        return str(UUID(int=self._dice.getrandbits(128), version=4))
