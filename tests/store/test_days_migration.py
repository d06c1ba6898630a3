"""A server that kept the days of its phones among their receipts knows them as before, both ways."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from fieldsync.config import program_folder
from fieldsync.store import devices
from fieldsync.store.devices import DAY_MS
from fieldsync.store.migrate import migrate

RECEIPTS = [(1, 100 * DAY_MS), (1, 101 * DAY_MS - 1), (1, 103 * DAY_MS), (2, 99 * DAY_MS), (None, 104 * DAY_MS)]


def test_the_days_of_phones_come_along(old: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(program_folder("migrations")))
    with old.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0025")
        connection.execute(
            text("INSERT INTO association (id, slug, name, position, forms_position) VALUES (1, 'amal', 'Amal', 0, 0)")
        )
        for device in (1, 2):
            connection.execute(
                text(
                    "INSERT INTO device (id, association_id, kind, name, status, token_digest, wipe, enrolled_ms,"
                    " last_sync_ms, clock_error_ms)"
                    " VALUES (:id, 1, 'device', 'Phone', 'active', :digest, :wipe, 0, 0, 0)"
                ),
                {"id": device, "digest": bytes([device]), "wipe": False},
            )
        for device_id, at in RECEIPTS:
            connection.execute(
                text("INSERT INTO receipt (device_id, received_ms, operations) VALUES (:device, :at, 1)"),
                {"device": device_id, "at": at},
            )
    assert migrate(old, program_folder("migrations"))
    with Session(old) as session:
        assert sorted(devices.days_heard(session, [1, 2], 0)) == [(1, 100), (1, 103), (2, 99)]
        assert devices.days_heard(session, [1, 2], 101) == [(1, 103)]
    with old.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0025")
        assert connection.execute(text("SELECT count(*) FROM receipt")).scalar_one() == len(RECEIPTS)
