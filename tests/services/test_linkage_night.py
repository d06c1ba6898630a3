"""A night of linkage runs in a process of its own, and ends with the server."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine

from fieldsync.config import Settings
from fieldsync.core.linkage_model import Model
from fieldsync.services import linkage_night, linkage_training, own_process
from fieldsync.services.linkage_lists import linked_lists
from fieldsync.services.linkage_process import Night
from fieldsync.store import linkage, linkage_pairing, linkage_splink
from fieldsync.store.db import execute
from fieldsync.store.linkage_splink import Bench
from tests.linked_world import Register
from tests.services.test_linkage_training import kept, registered
from tests.world import World


@pytest.fixture
def register(engine: Engine, tmp_path: Path) -> Register:
    """A server by settings with which another process finds its database."""
    url = engine.url.render_as_string(hide_password=False) if engine.dialect.name == "postgresql" else ""
    return registered(World(engine, Settings(data=tmp_path, database_url=url, secret_key="0" * 64)))


def test_a_night_in_a_process_of_its_own_leaves_a_model_and_pairs_and_no_file(
    register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = register.world
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert linkage_night.run(Night(world.settings, world.amal, 50), threading.Event()) == 0
    [of_list] = world.read(lambda session: linked_lists(session, world.amal)).values()
    assert of_list.model.version > 0 and kept(world)
    assert not list(tmp_path.glob("fieldsync-night-*"))


def test_a_server_that_stops_ends_the_night_which_is_due_again(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, stopping = register.world, threading.Event()
    monkeypatch.setattr(linkage_training, "RECORDS_LEAST", 50)
    before = kept(world)
    stopping.set()
    assert linkage_night.run(Night(world.settings, world.amal, 50), stopping) != 0
    assert world.read(lambda session: linkage_training.due(session, world.now_ms)) == [world.amal]
    assert kept(world) == before


KILLED = """
import os, sys
from fieldsync.services import linkage_night, own_process
night = own_process.unpacked(sys.stdin.buffer.read(), linkage_night.Night)
linkage_night.start_process(night, sys.argv[1])
os._exit(9)
"""


def test_a_night_ends_with_a_server_that_was_killed(register: Register, tmp_path: Path) -> None:
    """Nobody asks it to end; left alone it would go on beside the night of the next server."""
    world = register.world
    order = own_process.packed(Night(world.settings, world.amal, 50))
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    killed = subprocess.run(command, input=order, capture_output=True)  # ends with the night, which writes there too
    assert killed.returncode == 9, killed.stderr
    assert world.read(lambda session: linkage.trained_ms(session, world.amal, "members")) == 0


def test_of_two_nights_at_once_the_later_stands(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator trains while the server does: neither may drop what the other found."""
    world = register.world
    monkeypatch.setattr(linkage_splink, "train", unlearned)

    def have_a_night() -> list[linkage_training.Trained]:
        return linkage_training.train(world.read, world.write, world.amal, world.now_ms, least=50)

    with monkeypatch.context() as meanwhile:
        later: list[linkage_training.Trained] = []
        told = linkage_training._told

        def told_while_another_begins(*arguments: Any) -> Any:
            meanwhile.setattr(linkage_training, "_told", told)
            later.extend(have_a_night())
            return told(*arguments)

        meanwhile.setattr(linkage_training, "_told", told_while_another_begins)
        assert have_a_night() == []
    [stands] = later
    versions = world.read(lambda session: execute(session, "SELECT DISTINCT model_version FROM candidate_pair"))
    assert [row[0] for row in versions] == [stands.version] and len(kept(world)) == stands.pairs
    assert world.read(lambda session: linkage.trained_ms(session, world.amal, "members")) == world.now_ms


def unlearned(on: Bench, model: Model) -> Model:
    """A night that learns nothing but how common names are: training takes longest, and is proved elsewhere."""
    return msgspec.structs.replace(model, frequencies=linkage_splink.shares(on, model.rarest))


def test_a_night_that_was_cut_off_after_its_model_was_made_is_due_again(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = register.world
    monkeypatch.setattr(linkage_training, "RECORDS_LEAST", 50)
    monkeypatch.setattr(linkage_splink, "train", unlearned)
    with monkeypatch.context() as cut_off:
        cut_off.setattr(linkage, "put_pairs", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            linkage_training.train(world.read, world.write, world.amal, world.now_ms, least=50)
    assert world.read(lambda session: linkage_training.due(session, world.now_ms)) == [world.amal]
    [trained] = linkage_training.train(world.read, world.write, world.amal, world.now_ms, least=50)
    assert trained.pairs == len(kept(world))
    assert world.read(lambda session: linkage_training.due(session, world.now_ms)) == []


def test_a_long_list_is_scored_in_parts_as_a_short_one_is_at_once(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = register.world
    monkeypatch.setattr(linkage_splink, "train", unlearned)
    linkage_training.train(world.read, world.write, world.amal, world.now_ms, least=50)
    whole = kept(world)
    for name in ("PAIRS_AT_ONCE", "STALE_AT_ONCE", "PAGE_ROWS", "ENTRIES_PAGE_ROWS"):
        monkeypatch.setattr(linkage_training, name, 7)
    monkeypatch.setattr(linkage_pairing, "PAIRS_AT_ONCE", 50)
    monkeypatch.setattr(linkage_pairing, "KEPT_MAX", 40)
    monkeypatch.setattr(linkage_pairing, "SCORED_AT_ONCE", 30)
    linkage_training.train(world.read, world.write, world.amal, world.now_ms, least=50)
    assert kept(world) == whole and whole


def test_what_changed_while_it_was_scored_is_compared_as_it_is_now(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A companion corrects one of two records: nothing but a phone is left of it, first her own, then a stranger's."""
    world, told = register.world, linkage_training._told
    monkeypatch.setattr(linkage_splink, "train", unlearned)
    [(left, right, _), *_] = sorted(kept(world))
    phone = b'"+212600000000"'

    def told_and_meanwhile(*arguments: Any) -> Any:
        changed = "UPDATE linkage_feature SET body = ? WHERE record_id = ?"
        world.write(lambda session: execute(session, changed, (b'{"phone":' + phone + b"}", left)))
        return told(*arguments)

    monkeypatch.setattr(linkage_training, "_told", told_and_meanwhile)
    linkage_training.train(world.read, world.write, world.amal, world.now_ms, least=50)
    assert [pair for pair in kept(world) if left in pair[:2]] == [(left, right, "review")]
    phone = b'"+212699999999"'
    linkage_training.train(world.read, world.write, world.amal, world.now_ms, least=50)
    assert not [pair for pair in kept(world) if left in pair[:2]], "none is stored by what was said before"
