"""Edits of edits by ODK Collect, in whatever order they come: one record, which shows what the last of them says."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import text

from fieldsync.services import desk
from tests.routes.collect import Collect, quarantined, said_of, visit
from tests.world import World


@pytest.fixture
def amina(world: World) -> Collect:
    return Collect(world)


ANSWERS = (
    "<name>Amina</name><age>30</age><colour>red</colour>",
    "<name>Amina B.</name><age>30</age>",
    "<name>Amina B.</name><age>31</age><likes>red</likes>",
    "<name>Amina C.</name><age>31</age><colour>green</colour>",
)


def chain(world: World, length: int) -> tuple[list[str], list[str]]:
    """(instance ids, submissions) of a form that was filled and then edited again and again."""
    ids = [world.uuid() for _ in range(length)]
    before = ["", *ids]
    return ids, [visit(each, ANSWERS[n], deprecated=before[n]) for n, each in enumerate(ids)]


def living(world: World, ids: Sequence[str]) -> list[dict[str, Any]]:
    shown = [each for one in ids if (each := world.record(one)) is not None]
    return [each for each in shown if not each["deleted"]]


@pytest.mark.parametrize("length", [3, 4])
def test_every_order_of_a_chain_makes_one_record(world: World, amina: Collect, length: int) -> None:
    ids, sent = chain(world, length)
    for each in sent:
        amina.sends(each)
    expected = {path: value for path, value in world.fields(ids[0]).items() if not path.startswith("meta/")}
    for order in itertools.permutations(range(length)):
        ids, sent = chain(world, length)
        for place in (*order, *order):
            world.now_ms += 1000
            amina.sends(sent[place])
        [shown] = living(world, ids)
        fields = {path: value for path, value in shown["fields"].items() if not path.startswith("meta/")}
        assert {k: v for k, v in fields.items() if v is not None} == {
            k: v for k, v in expected.items() if v is not None
        }, order
        assert shown["fields"]["meta/instanceID"] == f"uuid:{ids[-1]}", order
        assert (shown["conflicts"], shown["delete_conflict"]) == ({}, False), order
