"""What a quarantined operation had seen counts, however late it comes."""

from tests.world import World


def test_a_late_quarantined_operation_settles_the_conflict_that_its_author_had_seen(world: World) -> None:
    amina, zaina = world.phone(), world.phone()
    first = amina.says(writes={"name": "Amina"})
    mistaken = zaina.says(first["record"], writes={"colour": "mauve"}, seen=[first])
    later = zaina.says(first["record"], writes={"name": "Amina Aït Ali"})
    assert amina.statuses(first) == ["applied"]
    assert zaina.statuses(later) == ["applied"]
    shown = world.record(first["record"])
    assert shown is not None
    assert set(shown["conflicts"]) == {"name"}
    assert zaina.statuses(mistaken) == ["quarantined"]
    shown = world.record(first["record"])
    assert shown is not None
    assert shown["conflicts"] == {}
    assert shown["fields"] == {"name": "Amina Aït Ali"}
    assert [each["record"] for each in amina.pulls()] == [first["record"]]
