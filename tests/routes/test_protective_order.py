"""A designer changes which value of an entity's property protects most."""

from tests.world import World


def test_conflicts_show_the_value_that_the_newest_form_calls_most_protective(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    person = world.uuid()
    named = {"person": person, "meta/entity/@id": person}
    created = amina.says(
        of="person",
        writes=named | {"fullname": "Aicha", "meta/entity/@create": "1", "meta/entity/label": "Aicha"},
    )
    amina.sync(created)
    base = {person: [[*created["id"], 1]]}
    for phone, risk in ((amina, "high"), (brahim, "low")):
        phone.sync(phone.says(of="person", writes=named | {"meta/entity/@update": "1", "risk": risk}, bases=base))
    assert world.fields(person, "entity")["risk"] == "high"
    amina.pulls()
    world.publish("person 2")
    assert world.fields(person, "entity")["risk"] == "low"
    assert [each["fields"]["risk"] for each in amina.pulls()] == ["low"]
