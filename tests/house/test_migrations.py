"""The schema has one history."""

from alembic.config import Config
from alembic.script import ScriptDirectory

from fieldsync.config import program_folder


def test_there_is_one_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(program_folder("migrations")))
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1
