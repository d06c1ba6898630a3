"""What is done at the desk leaves nothing for the doctor to find, and never joins what must stay apart."""

from functools import cache

from pyxform.xls2xform import convert as to_xform
from sqlalchemy.orm import Session

from fieldsync.core.access import Grant
from fieldsync.services import (
    deletion,
    histories,
    provenance,
    publishing,
    quarantine_correction,
    role_book,
    settlement,
)
from fieldsync.services.conversion import convert
from fieldsync.services.publishing import Definition
from fieldsync.services.readers import Reader
from fieldsync.services.settlement import Settlement
from fieldsync.store import quarantine
from tests.services.test_doctor import examined
from tests.services.test_settlement import REVIEWER, disagreement, found, settles
from tests.world import Json, World

JOINING = """
| survey  |
|         | type | name     | label    | bind::fs:class |
|         | csv-external | survivors | |              |
|         | text | survivor | Survivor | P1             |
|         | text | person   | Person   | P1             |
|         | text | called   | Called   | P1             |
| entities |
|         | list_name | entity_id   | create_if       | update_if      | label     |
|         | survivors | ${survivor} | ${called} != '' | ${called} = '' | ${called} |
| settings |
|         | form_id | form_title | version | namespaces              |
|         | f2_join | Joining    | 1       | fs="urn:fieldsync:form" |
"""


def registered(person: str, name: str, **answers: str) -> Json:
    entity = {"meta/entity/@id": person, "meta/entity/@create": "1", "meta/entity/label": name}
    return {"person": person, "fullname": name, **entity, **answers}


def test_the_doctor_agrees_with_a_settlement_and_what_follows_from_it(world: World) -> None:
    amina, zaina, person = world.phone(), world.phone(), world.uuid()
    first = amina.says(writes=registered(person, "Fatima"), of="person")
    amina.tells(first)
    amina.tells(amina.says(first["record"], {"village": "Asni", "risk": "low"}, seen=[first], of="person"))
    zaina.tells(zaina.says(first["record"], {"village": "Imlil", "risk": "high"}, seen=[first], of="person"))
    for path, value in (("village", "Tassaft"), ("risk", "high")):
        heads = disagreement(world, first["record"]).heads
        assert settles(world, first["record"], Settlement(path, heads, value=value)) is None
    assert world.fields(person, "entity")["village"] == "Tassaft"
    assert examined(world).findings == []


def test_the_doctor_agrees_with_a_correction_whatever_came_since(world: World) -> None:
    """What is released gets what follows from it, and so does what was said on top of it before."""
    amina, person = world.phone(), world.uuid()
    wrong = amina.says(writes=registered(person, "Fatima", risk="middling"), of="person")
    later = amina.says(wrong["record"], {"village": "Asni"}, of="person")
    assert amina.statuses(wrong) == ["quarantined"]

    def correct(session: Session) -> list[object]:
        row = quarantine.find(session, world.amal, 1)
        assert row is not None
        return [*quarantine_correction.correct(session, world.desk(), row, {"risk": "low"}, (), "a slip")]

    assert world.write(correct) == []
    assert amina.statuses(later) == ["applied"]
    fields = world.fields(person, "entity")
    assert (fields["risk"], fields["fullname"], fields["village"]) == ("low", "Fatima", "Asni")
    assert examined(world).findings == []


def test_the_doctor_agrees_with_a_deletion_that_is_undone(world: World) -> None:
    amina, person = world.phone(), world.uuid()
    said = amina.says(writes=registered(person, "Fatima"), of="person")
    amina.tells(said)
    for kind, record in (("submission", said["record"]), ("entity", person)):
        for deed in ("delete", "back"):

            def work(session: Session, kind: str = kind, record: str = record, deed: str = deed) -> object:
                one = found(session, world, record, kind)
                spoken = histories.spoken(session, world.amal, one.row)
                assert spoken is not None
                if deed == "delete":
                    return deletion.delete(session, world.desk(), one, spoken.state.heads, "a test")
                return settlement.bring_back(session, world.desk(), one, spoken.state.heads)

            assert world.write(work) is None
            shown = world.record(record, kind)
            assert shown is not None and shown["deleted"] is (deed == "delete")
    assert examined(world).findings == []


# R1: what survivors said leads to nothing else


@cache
def joining_form() -> Definition:
    """A form of the listening centres that names a participant: nobody should write it, somebody may."""
    xform = to_xform(xlsform=JOINING, file_type=".md").xform.encode()
    made = convert(xform, "xml")
    assert made.form is not None, made.findings
    return Definition(made.form, made.xform, None, JOINING.encode(), "md", tuple(made.findings))


def test_nothing_leads_from_what_survivors_said_to_any_other_list_or_back(world: World) -> None:
    """Not even for somebody who may read both."""
    joining = joining_form()
    world.write(lambda session: publishing.publish(session, world.amal, joining, world.now_ms))
    amina, survivor, person, other = world.phone(), world.uuid(), world.uuid(), world.uuid()
    known = {"meta/entity/@create": "1", "meta/entity/label": "x", "called": "x"}
    first = amina.says(of="f2_join", writes={**known, "survivor": survivor, "meta/entity/@id": survivor})
    second = amina.says(first["record"], {"survivor": other, "meta/entity/@id": other}, of="f2_join", seen=[first])
    assert amina.statuses(first, second, amina.says(writes=registered(person, "Fatima"), of="person")) == [
        "applied",
        "applied",
        "applied",
    ]

    def linked(session: Session) -> tuple[bool, bool, int]:
        book = role_book.book(session)
        roles = [book.role(code) for code in ("listening_supervisor", "association_reviewer")]
        grants = tuple(Grant(role, world.amal) for role in roles if role is not None)
        reader = Reader(world.amal, person=REVIEWER, grants=grants, book=book, has_second_factor=True)
        submission, entity = found(session, world, first["record"]), found(session, world, survivor, "entity")
        participant = found(session, world, person, "entity")
        links = provenance.links(session, reader, entity, [submission], [])
        return (
            provenance.is_apart(reader, entity, participant),
            provenance.is_apart(reader, entity, found(session, world, other, "entity")),
            len(links),
        )

    assert world.read(linked) == (True, False, 1)  # the other survivor that the same submission wrote, and nobody else
