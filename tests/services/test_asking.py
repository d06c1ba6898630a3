"""A coordinator cannot say whether two are one and asks: the question reaches the phone, and nothing of the other."""

from sqlalchemy.orm import Session

from fieldsync.core.pair_questions import LANGUAGES, NAMES, QUESTIONS, question
from fieldsync.core.problems import Problem
from fieldsync.services import asking
from tests.routes.test_sync_entities import registers
from tests.services.test_deciding import coordinator_of, found_pair, pair_of
from tests.world import World


def test_the_question_comes_to_the_phone_that_registered_each_with_the_next_sync(world: World) -> None:
    amina, brahim = world.phone(), world.phone()
    older, younger = world.uuid(), world.uuid()
    forms = [registers(amina, older, "فاطمة"), registers(brahim, younger, "Fatima")]
    amina.sync(forms[0])
    brahim.sync(forms[1])
    found_pair(world, older, younger)
    reader = coordinator_of(world)

    def ask(session: Session, sides: tuple[str, ...]) -> Problem | None:
        return asking.ask(session, reader, world.desk(), pair_of(session, world, older, younger), asked, sides)

    asked = question("birth.ar", "الخميس")
    assert world.write(lambda session: ask(session, (asking.RIGHT,))) is None
    comments = [(world.record(each["record"], "submission") or {})["review"]["comments"] for each in forms]
    assert comments[0] == [] and [each["text"] for each in comments[1]] == [asked]
    pulled = brahim.sync()["records"]
    told = [each for each in pulled if each.get("record") == forms[1]["record"]]
    assert told and told[0]["review"]["comments"][0]["text"] == asked
    assert "فاطمة" not in asked
    assert world.write(lambda session: ask(session, asking.SIDES)) is None
    assert len((world.record(forms[0]["record"], "submission") or {})["review"]["comments"]) == 1


def test_every_question_is_there_in_every_language_and_own_words_stand_behind_it() -> None:
    assert all(len(texts) == len(LANGUAGES) and all(texts) for texts in QUESTIONS.values())
    assert len({question(name) for name in NAMES}) == len(NAMES)
    assert question("names.fr", " merci ").endswith("fiche. merci")
    assert question("nothing.fr", "Bonjour") == "Bonjour" and question("", " ") == ""
