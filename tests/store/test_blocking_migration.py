"""A server whose index of blocking keys was twice as large finds everybody as before, without comparing anew."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from fieldsync.config import program_folder
from fieldsync.core.blocking import Space
from fieldsync.core.linkage_features import Features
from fieldsync.store import linkage
from fieldsync.store.migrate import migrate

SPACE = Space(b"key", 1, "participants")
WOMEN = {
    7: Features(given=("Fatima",), phone="+212600000001"),
    90_000_000: Features(given=("Itto",), phone="+212600000001"),
}


def test_blocking_keys_come_along_both_ways(old: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(program_folder("migrations")))
    texts = {number: [f"phone {each.phone[-9:]}", f"names {each.given[0]}"] for number, each in WOMEN.items()}
    whole = [(SPACE.digest(each), number) for number, said in texts.items() for each in said]
    with old.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0023")
        for key, number in whole:
            row = {"key": key, "number": number}
            connection.execute(text("INSERT INTO blocking_key (key, record_id) VALUES (:key, :number)"), row)
    assert migrate(old, program_folder("migrations"))
    phone, name = (SPACE.key(each) for each in texts[7])
    with Session(old) as session:
        assert linkage.bearers(session, [phone, name], 10) == {phone: [7, 90_000_000], name: [7]}
        assert linkage.bearers(session, [phone], 1) == {phone: [7]}
    with old.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0023")
        kept = connection.execute(text("SELECT key, record_id FROM blocking_key")).all()
        assert {tuple(row) for row in kept} == {(key & -(2**28), number) for key, number in whole}
